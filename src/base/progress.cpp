#include "base/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <atomic>
#include <cmath>
#include <cstdio>

#include "base/printable.h"
#include "base/utf8.h"

namespace penalmt {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kPause = std::chrono::milliseconds(100);
constexpr const char* kWipe = "\r\x1b[K";

std::atomic<bool> messages_are_printed = false, line_is_shown = false;

void wipe() {
  if (line_is_shown.exchange(false)) std::fputs(kWipe, stderr);
}

std::size_t terminal_width() {
  winsize size = {};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

// At most `width` characters: a line that wraps cannot be wiped.
std::string cut(const std::string& text, std::size_t width) {
  std::size_t characters = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!continues_character(text[i]) && ++characters > width) return text.substr(0, i);
  }
  return text;
}

}  // namespace

std::string with_commas(int64_t number) {
  const std::string digits = std::to_string(number);
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const bool after_digit = i > 0 && digits[i - 1] != '-';
    if (after_digit && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

std::string clock_time(double seconds) {
  const auto whole = static_cast<int64_t>(std::llround(seconds));
  if (whole >= 3600)
    return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

Progress::Progress(std::string what, std::string unit, int64_t total)
    : what_(std::move(what)),
      unit_(std::move(unit)),
      total_(total),
      terminal_(messages_are_printed && isatty(STDERR_FILENO) != 0),
      began_(Clock::now()) {}

Progress::~Progress() { clear(); }

void Progress::show(int64_t done, const std::string& note) {
  if (!terminal_) return;
  const auto now = Clock::now();
  if (first_done_ < 0) {
    first_done_ = done;
    began_ = now;
  }
  if (line_is_shown && now - shown_ < kPause) return;
  shown_ = now;
  const double seconds = std::chrono::duration<double>(now - began_).count();
  const double rate = seconds > 0 ? static_cast<double>(done - first_done_) / seconds : 0;
  std::string line = fmt::format("{}: {}", what_, with_commas(done));
  if (total_ > 0) line += fmt::format("/{}", with_commas(total_));
  line += fmt::format(" {}", unit_);
  if (rate > 0) line += fmt::format(", {:.{}f}/s", rate, rate < 10 ? 1 : 0);
  if (rate > 0 && total_ > done)
    line += fmt::format(", {} left", clock_time(static_cast<double>(total_ - done) / rate));
  if (!note.empty()) line += ", " + note;
  std::fputs((kWipe + cut(line, terminal_width() - 1)).c_str(), stderr);
  line_is_shown = true;
}

void Progress::clear() { wipe(); }

void print_messages(bool printed) { messages_are_printed = printed; }

void message(const std::string& text) {
  if (!messages_are_printed) return;
  wipe();
  std::fputs(("penalmt: " + printable(text) + "\n").c_str(), stderr);
}

void warning(const std::string& text) { message("warning: " + text); }

}  // namespace penalmt
