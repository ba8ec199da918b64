// Messages and a progress line on stderr. Both are silent until print_messages(): a program that
// links the library decides for itself what is printed.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace penalmt {

void print_messages(bool printed = true);

// A line with rate and time left, where stderr is a terminal. One at a time.
class Progress {
 public:
  // `unit` names what is counted ("updates", "sentences"); `total` 0: unknown.
  Progress(std::string what, std::string unit, int64_t total);
  ~Progress();
  // Redraws at most ten times a second. `note` follows the counts ("loss 3.21, 5,120 tokens/s").
  // The rate counts from the first call's `done` on, so that resumed work shows its own speed.
  void show(int64_t done, const std::string& note = "");
  // Wipes the line, so that a message can be printed.
  void clear();

 private:
  std::string what_, unit_;
  int64_t total_;
  int64_t first_done_ = -1;
  bool terminal_;
  std::chrono::steady_clock::time_point began_, shown_;
};

// Where a part of the work is shown, and what was done before it; null: nowhere.
struct ProgressPart {
  Progress* whole = nullptr;
  int64_t done = 0;
};

// A message to stderr with the program's name before it; wipes a progress line first.
void message(const std::string& text);
void warning(const std::string& text);

// "1,234,567"
std::string with_commas(int64_t number);

// "0:07", "12:34", "3:25:45"
std::string clock_time(double seconds);

}  // namespace penalmt
