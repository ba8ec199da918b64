#include "commands/cli/foreign_errors.h"

#include <filesystem>
#include <new>
#include <nlohmann/json.hpp>
#include <system_error>

#include "base/error.h"
#include "base/files.h"
#include "base/printable.h"

namespace penalmt {
namespace {

// "filesystem error: cannot create directories: Permission denied [a/b]" → "a/b: cannot create
// directories: Permission denied"
ForeignError about(const std::filesystem::filesystem_error& error) {
  constexpr std::string_view kBefore = "filesystem error: ";
  const std::string reason = error.code().message();
  std::string what = error.what();
  if (what.starts_with(kBefore)) what.erase(0, kBefore.size());
  what = what.substr(0, what.find(": " + reason));
  const std::string name = error.path1().string();
  return {(name.empty() ? "a file" : name) + ": " + what + ": " + reason,
          is_machine_fault(error.code().value())};
}

// "[json.exception.type_error.302] type must be ..." → "type must be ..."
std::string reason_of(const nlohmann::json::exception& error) {
  const std::string what = error.what();
  const std::size_t end = what.find("] ");
  return end == std::string::npos ? what : what.substr(end + 2);
}

std::string text_of(const std::exception& error) {
  if (const auto* fault = dynamic_cast<const MachineError*>(&error)) return fault->what();
  if (dynamic_cast<const std::bad_alloc*>(&error)) return "out of memory";
  if (const auto known = engine_words(error)) return first_line(*known);
  if (const auto* json = dynamic_cast<const nlohmann::json::exception*>(&error))
    return "internal error: JSON: " + first_line(reason_of(*json));
  if (dynamic_cast<const std::system_error*>(&error))
    return "the system refused: " + first_line(error.what());
  const std::string line = first_line(error.what());
  return "internal error: " + (line.empty() ? "of no name" : line);
}

}  // namespace

ForeignError in_words(const std::exception& error) {
  if (const auto* files = dynamic_cast<const std::filesystem::filesystem_error*>(&error))
    return about(*files);
  return {text_of(error)};
}

}  // namespace penalmt
