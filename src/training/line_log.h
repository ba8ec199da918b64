// A file of lines that a run adds to, one by one. A continued run cuts off the lines that its
// checkpoint does not know.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace penalmt {

class LineLog {
 public:
  // Keeps the file's first `lines` lines, JSON objects; makes it where there is none. Throws Error
  // "metrics.jsonl:2: not JSON; ..." where one of them is none; as write_file does.
  LineLog(std::filesystem::path path, int64_t lines);
  ~LineLog();
  LineLog(const LineLog&) = delete;
  LineLog& operator=(const LineLog&) = delete;

  // The line is on the disk when this returns. Throws as write_file.
  void append(const std::string& line);

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
};

}  // namespace penalmt
