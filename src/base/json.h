// JSON, bounded: every reader and writer of JSON goes through here (or config.h, which does).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace penalmt {

// What walks a value (copies, compares, prints it) calls itself a level: 200,000 brackets would
// overflow the stack. Nothing that the program writes is 10 levels deep.
constexpr int kDeepestJson = 100;

// The offset of the first bracket beyond kDeepestJson levels; nullopt where there is none. Comments
// are passed over. `text` may be anything.
std::optional<std::size_t> first_too_deep(std::string_view text);

// Throws Error "place: nested deeper than 100 levels, at byte 104".
void expect_shallow(std::string_view text, const std::string& place);

// JSON without comments; `options` are Json::parse's. Throws as expect_shallow, and Json::exception
// where it does not parse.
template <class Json, class... Options>
Json parse_json(std::string_view text, const std::string& place, Options&&... options) {
  expect_shallow(text, place);
  return Json::parse(text.begin(), text.end(), std::forward<Options>(options)...);
}

// The value as JSON, on one line unless an indent is given. Bytes that are no UTF-8 (of a file's
// name) become U+FFFD.
template <class Json>
std::string dump_json(const Json& value, int indent = -1) {
  return value.dump(indent, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace);
}

// An object as it stands in a text, so that a value can be changed and all else left alone.
struct ObjectText {
  struct Member {
    std::string key;
    std::size_t begin = 0, end = 0;  // of its value, without what surrounds it
  };
  std::vector<Member> members;  // in their order
  std::size_t end = 0;          // of the bracket that closes it
};
// `object` must be an object that parses.
ObjectText object_text(std::string_view object);

// A member's value as it stands in an object, byte for byte, comments left out: numbers keep digits
// that no double holds. nullopt where there is no such member. `object` must be an object that
// parses.
std::optional<std::string> member_text(std::string_view object, std::string_view key);

}  // namespace penalmt
