// Lines of UTF-8 text, plain or gzip, from a file or standard input.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace penalmt {

// How lines are handed on. Clean: without a byte order mark at the file's start, and each as
// clean_line() leaves it; a NUL byte is refused. As it is: every byte but the "\n" (scores are to
// be sacreBLEU's).
enum class LineForm { kClean, kAsItIs };

// Reads lines one by one, without their "\n", which alone ends a line. "-" is standard input; gzip
// is known by its first bytes. A line is returned as soon as it has arrived, so a pipe can be
// talked with. Throws Error "path: cannot read: ..." and "path:12: invalid UTF-8 at byte 7" (both
// counted from 1), and as expect_no_nul; a truncated or damaged gzip file is an Error too. Throws
// MachineError where the disk fails or there is no memory to inflate with, and Interrupted where a
// signal came (base/interrupt.h).
class LineReader {
 public:
  explicit LineReader(const std::filesystem::path& path, LineForm form = LineForm::kClean);
  ~LineReader();
  LineReader(LineReader&&) noexcept;
  // False at the end. A last line without "\n" counts.
  bool next(std::string& line);
  // True where next() answers without waiting: a line is there, or the end. Throws as next().
  bool has_arrived();
  // True for a pipe or a terminal, whose lines may come later and only once.
  bool may_wait() const;
  // Back to before the first line; only for what is not may_wait(). Throws as next().
  void rewind();
  // The number of the line last read, from 1.
  int64_t line_number() const;
  // "path", or "standard input": what to put before a message about a line.
  const std::string& name() const;

 private:
  struct Source;
  std::unique_ptr<Source> source_;
};

// All lines. Throws as LineReader.
std::vector<std::string> read_lines(const std::filesystem::path& path,
                                    LineForm form = LineForm::kClean);

}  // namespace penalmt
