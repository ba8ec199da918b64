// Building blocks of self-contained HTML pages: they load nothing and work without a network.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace penalmt::html {

// For text and for attribute values in either kind of quotes. Control characters that HTML forbids
// become U+FFFD.
std::string escape(std::string_view text);

std::string base64(std::string_view bytes);

// "1 sentence", "1,000 sentences"
std::string plural(std::size_t count, std::string_view noun);

// Text, escaped, that may be broken after each of `marks`: names of files and signatures have no
// spaces.
std::string breakable(std::string_view text, std::string_view marks);

// A table's place, scrolled sideways by mouse or keyboard where it is too narrow. `name` is text,
// `table` HTML.
std::string scrolled(std::string_view name, std::string_view table);

// A whole page with the house's style sheet and script (page_assets.h); a content security policy
// keeps it from loading anything. `body` is HTML, `title` is text.
std::string page(std::string_view title, std::string_view body);

}  // namespace penalmt::html
