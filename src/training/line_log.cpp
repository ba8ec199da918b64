#include "training/line_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/disk.h"
#include "base/error.h"
#include "base/files.h"
#include "base/json.h"
#include "base/text.h"

namespace penalmt {
namespace {

std::string_view first_lines(std::string_view text, int64_t lines) {
  size_t end = 0;
  for (int64_t line = 0; line < lines && end < text.size(); ++line) {
    const size_t newline = text.find('\n', end);
    end = newline == std::string_view::npos ? text.size() : newline + 1;
  }
  return text.substr(0, end);
}

bool is_object(std::string_view line) {
  try {
    return parse_json<nlohmann::json>(line, "a line").is_object();
  } catch (const std::exception&) {
    return false;
  }
}

// What a run has written is whole: a line that is not was changed since.
void expect_objects(std::string_view text, const std::filesystem::path& path) {
  int64_t number = 0;
  for (const std::string_view line : split(text, '\n')) {
    ++number;
    if (line.empty() && number > 1) continue;  // behind the last one
    if (!is_object(line))
      throw Error(fmt::format(
          "{}:{}: not JSON; expected an object, as the run wrote it; put the line right, or remove "
          "the file: the run goes on without it",
          path.string(), number));
  }
}

}  // namespace

LineLog::LineLog(std::filesystem::path path, int64_t lines) : path_(std::move(path)) {
  if (std::filesystem::exists(path_)) {
    const std::string text = read_file(path_);
    const std::string_view kept = first_lines(text, lines);
    if (!kept.empty()) expect_objects(kept, path_);
    if (kept.size() < text.size()) write_file(path_, kept);
  }
  descriptor_ = ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor_ < 0) throw_file_error(path_, "write", errno);
}

LineLog::~LineLog() { ::close(descriptor_); }

void LineLog::append(const std::string& line) {
  if (disk::write(descriptor_, line + "\n") != 0) throw_file_error(path_, "write", errno);
  if (disk::flush(descriptor_) != 0 && is_machine_fault(errno))
    throw_file_error(path_, "write", errno);
}

}  // namespace penalmt
