#pragma once

#include <filesystem>
#include <string>

#include "base/error.h"

namespace penalmt {

// Throws the Error "path: what".
[[noreturn]] inline void refuse(const std::filesystem::path& path, const std::string& what) {
  throw Error(path.string() + ": " + what);
}

}  // namespace penalmt
