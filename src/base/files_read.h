// The plain files that this process has read: what a command writes may take the place of none.
#pragma once

#include <filesystem>

namespace penalmt {

// To be called for each file that is opened to be read; what is no plain file is not remembered.
// From any thread.
void remember_read(int descriptor);

// True where `path` is one of them, through links of any kind. A file that was made since in the
// place of one, as by a rename, is another.
bool was_read(const std::filesystem::path& path);

}  // namespace penalmt
