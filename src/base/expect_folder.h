#pragma once

#include <filesystem>
#include <string>

#include "base/error.h"

namespace penalmt {

// Throws Error "path: no such folder; expected ..." where there is none.
inline void expect_folder(const std::filesystem::path& path, const std::string& expected) {
  if (!std::filesystem::is_directory(path))
    throw Error(path.string() + ": no such folder; expected " + expected);
}

}  // namespace penalmt
