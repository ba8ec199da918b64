// What libraries throw, in words that a user can act on.
#pragma once

#include <exception>
#include <optional>
#include <string>

namespace penalmt {

struct ForeignError {
  std::string text;
  bool machine_fault = true;
};

// Never empty; names the file where the exception does. "runs/x: cannot create directories:
// Permission denied", "out of memory", "internal error: ...".
ForeignError in_words(const std::exception& error);

// What LibTorch or OpenCV threw, in words; nullopt where it is neither's (engine_errors.cpp for
// `penalmt-engine`, light_commands.cpp for `penalmt`, which has neither).
std::optional<std::string> engine_words(const std::exception& error);

}  // namespace penalmt
