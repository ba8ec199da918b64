// Building blocks of self-contained HTML pages: they load nothing and work without a network.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace penalmt::html {

// For text and for attribute values in either kind of quotes. Control characters that HTML forbids become U+FFFD.
std::string escape(std::string_view text);

std::string base64(std::string_view bytes);

// "data:image/jpeg;base64,..."; the type is told from the first bytes (JPEG, PNG, GIF, WebP).
// Throws Error where the file cannot be read or is none of these.
std::string data_uri(const std::filesystem::path& picture);

// "12,345"
std::string with_thousands(int64_t number);

// A whole page with the house's style sheet: readable on phones and on paper, light and dark. `body` is HTML, `title`
// is text.
std::string page(std::string_view title, std::string_view body);

}  // namespace penalmt::html
