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

bool is_json_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

std::string without_comments(std::string_view value) {
  std::string text;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const std::size_t begin = i;
    if (value[i] == '/') {
      i = end_of_comment(value, i);
      continue;
    }
    if (value[i] == '"') i = end_of_string(value, i);
    text += value.substr(begin, i - begin + 1);
  }
  return text;
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

ObjectText object_text(std::string_view object) {
  ObjectText found;
  int depth = 0;
  bool at_key = false;  // a key comes next
  for (std::size_t i = 0; i < object.size(); ++i) {
    const std::size_t begin = i;
    const char c = object[i];
    if (c == '/') i = end_of_comment(object, i);
    if (c == '"') i = end_of_string(object, i);
    if (c == '[' || c == '{') ++depth;
    if (c == ']' || c == '}') --depth;
    if (c == '}' && depth == 0) {
      found.end = begin;
      return found;
    }
    if (depth == 1 && (c == ',' || (c == '{' && !at_key && found.members.empty()))) {
      at_key = true;
    } else if (at_key && c == '"') {
      const std::string_view key = object.substr(begin, i - begin + 1);
      found.members.push_back({nlohmann::json::parse(key).get<std::string>()});
    } else if (at_key && c == ':') {
      at_key = false;
    } else if (depth > 0 && !at_key && c != '/' && !is_json_space(c)) {
      ObjectText::Member& member = found.members.back();
      if (member.end == 0) member.begin = begin;
      member.end = i + 1;
    }
  }
  return found;
}

std::optional<std::string> member_text(std::string_view object, std::string_view key) {
  for (const ObjectText::Member& member : object_text(object).members)
    if (member.key == key)
      return without_comments(object.substr(member.begin, member.end - member.begin));
  return std::nullopt;
}

}  // namespace penalmt
