// The images that a feature store is made of: a folder's, or those that a list names.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace penalmt {

struct ImagesToEncode {
  std::filesystem::path root;
  std::vector<std::string> names;   // each once, relative to the root
  std::string list;                 // "" where they are a folder's
  std::vector<int64_t> lines;       // a name: its first line in the list
  std::vector<std::string> others;  // what is no image in the folder, sorted

  // "list.txt:3: " for the image of this number; "" where they are a folder's.
  std::string place(std::size_t number) const;
  // One line for each that is no file: "list.txt:3: images/a.jpg: no such file", the first with
  // what may be meant.
  std::vector<std::string> missing() const;
};

// Throws Error where the folder holds no images, or one whose name is no line of UTF-8; as
// images_in (datasets/images/image_folder.h).
ImagesToEncode images_of_folder(const std::filesystem::path& folder);

// Whether names may lead out of their folder, and what is said of how to take these all the same.
struct OutsideNames {
  bool allowed = false;
  std::string way_out = "";
};

// An empty line names none. Throws Error where no line names an image; as read_image_list
// (datasets/text/parallel_text.h) and expect_inside (datasets/text/image_names.h).
ImagesToEncode images_of_list(const std::filesystem::path& list, const std::filesystem::path& root,
                              const OutsideNames& outside = {});

}  // namespace penalmt
