// Why a text is no JSON, in our own words.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace penalmt {

struct JsonMistake {
  std::size_t offset = 0;  // of the first byte that does not fit, or the text's size
  std::string words = {};  // "got 'True', expected a value; did you mean 'true'?"
};

// The first thing in the text that JSON does not have; nullopt where there is none. `comments`: //
// and /* */ are passed over. The text is UTF-8 and nested no deeper than base/json.h allows.
std::optional<JsonMistake> first_json_mistake(std::string_view text, bool comments);

}  // namespace penalmt
