// The images in a folder and the folders in it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace penalmt {

struct ImageFolder {
  std::vector<std::string> names;   // "a.jpg", "more/b.jpg", relative to the folder; sorted
  std::vector<std::string> others;  // what is no image, and links to folders; sorted
};

// An image has the ending of one (.jpg .jpeg .png .webp .bmp .ppm .pgm .pbm ...) or begins as a
// JPEG, PNG or WebP. What programs leave behind (names that begin with a dot, Thumbs.db,
// desktop.ini, __MACOSX) is left out of both. Throws Error where there is no such folder, and as
// throw_file_error (base/files.h) where one cannot be read.
ImageFolder images_in(const std::filesystem::path& folder);

// True for the name of what a program left behind.
bool is_left_behind(const std::filesystem::path& path);

// "images: 3 entries are no images and are passed over, such as notes.txt"; "" where there are
// none.
std::string about_others(const std::filesystem::path& folder,
                         const std::vector<std::string>& others);

}  // namespace penalmt
