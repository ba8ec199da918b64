#include "base/numbers.h"

#include <charconv>
#include <cmath>

namespace penalmt {
namespace {

template <class Number>
std::optional<Number> read(std::string_view text) {
  Number number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, problem] = std::from_chars(text.data(), end, number);
  if (problem != std::errc() || stop != end) return std::nullopt;
  return number;
}

// "010", "-07": octal to some, decimal to others.
bool has_leading_zero(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return text.size() > 1 && text[0] == '0' && text[1] >= '0' && text[1] <= '9';
}

}  // namespace

std::optional<int64_t> whole_number(std::string_view text) {
  return has_leading_zero(text) ? std::nullopt : read<int64_t>(text);
}

std::optional<uint64_t> unsigned_number(std::string_view text) {
  return has_leading_zero(text) ? std::nullopt : read<uint64_t>(text);
}

std::optional<double> finite_number(std::string_view text) {
  const auto number = has_leading_zero(text) ? std::nullopt : read<double>(text);
  return number && std::isfinite(*number) ? number : std::nullopt;
}

}  // namespace penalmt
