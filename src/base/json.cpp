#include "base/json.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"

namespace penalmt {
namespace {

// The offset of the quote that closes the string opened at `begin`, or the text's size.
std::size_t end_of_string(std::string_view text, std::size_t begin) {
  std::size_t i = begin + 1;
  while (i < text.size() && text[i] != '"') i += text[i] == '\\' ? 2 : 1;
  return std::min(i, text.size());
}

// The offset of the last character of what begins with the slash at `begin`: a comment, or the
// slash alone.
std::size_t end_of_comment(std::string_view text, std::size_t begin) {
  const std::string_view two = text.substr(begin, 2);
  if (two == "//") return std::min(text.find('\n', begin), text.size());
  if (two != "/*") return begin;
  const std::size_t end = text.find("*/", begin + 2);
  return end == std::string_view::npos ? text.size() : end + 1;
}

std::string trimmed(const std::string& text) {
  constexpr const char* kSpace = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kSpace);
  return begin == std::string::npos ? ""
                                    : text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

}  // namespace

std::optional<std::size_t> first_too_deep(std::string_view text) {
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    switch (text[i]) {
      case '"':
        i = end_of_string(text, i);
        break;
      case '/':
        i = end_of_comment(text, i);
        break;
      case '[':
      case '{':
        if (++depth > kDeepestJson) return i;
        break;
      case ']':
      case '}':
        --depth;
        break;
      default:
        break;
    }
  }
  return std::nullopt;
}

void expect_shallow(std::string_view text, const std::string& place) {
  if (const auto offset = first_too_deep(text))
    throw Error(fmt::format("{}: nested deeper than {} levels, at byte {}", place, kDeepestJson,
                            *offset + 1));
}

std::optional<std::string> member_text(std::string_view object, std::string_view key) {
  int depth = 0;
  bool at_key = false, wanted = false;  // a key comes next; the value that is read is the member's
  std::string name, value;
  for (std::size_t i = 0; i < object.size(); ++i) {
    const std::size_t begin = i;
    const char c = object[i];
    if (c == '/') {
      i = end_of_comment(object, i);
      continue;
    }
    if (c == '"') i = end_of_string(object, i);
    const std::string_view token = object.substr(begin, i - begin + 1);
    if (c == '[' || c == '{') ++depth;
    if (c == ']' || c == '}') --depth;
    const bool ends = (c == ',' && depth == 1) || depth == 0;
    if (wanted && ends) return trimmed(value);
    if (ends || (c == '{' && depth == 1)) {
      at_key = true;
    } else if (at_key && c == '"') {
      name = nlohmann::json::parse(token).get<std::string>();
    } else if (at_key && c == ':') {
      at_key = false;
      wanted = name == key;
    } else if (wanted) {
      value += token;
    }
  }
  return std::nullopt;
}

}  // namespace penalmt
