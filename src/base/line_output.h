// What a command writes line after line: where the work fails, what was done is kept.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/files.h"

namespace penalmt {

class LineOutput {
 public:
  // As AtomicFile: the file appears with commit(), and grows as `path`.partial until then, from the
  // first line on; "-" is standard output.
  explicit LineOutput(const std::filesystem::path& path) : file_(path) {}

  // What stands before all lines; it is written with the first of them, or by commit().
  void write_header(std::string_view bytes) { header_ = bytes; }
  // What the next line of the input gave.
  void write(std::string_view bytes) {
    if (lines_ == 0) file_.grow_in_view();
    file_.write(header_.append(bytes));
    header_.clear();
    ++lines_;
  }
  void flush() { file_.flush(); }
  int64_t lines() const { return lines_; }  // so far
  void commit() {
    if (!header_.empty()) file_.write(header_);
    file_.commit();
  }
  // Instead of commit(), where the work failed: what was written stays as `path`.partial, and a
  // message says so: "out.de.partial: holds the translations of lines 1 to 12". `what`: "the
  // translations of lines". Nothing is kept where no line was written or the output is no plain
  // file.
  void keep(std::string_view what);

 private:
  AtomicFile file_;
  std::string header_;  // still to be written
  int64_t lines_ = 0;
};

}  // namespace penalmt
