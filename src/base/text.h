// UTF-8 text: checked, cleaned, taken apart; spelling help.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace penalmt {

// Throws Error "place: a NUL byte at byte 7; no text has one; ..." where there is one: the text is
// no text, or UTF-16.
void expect_no_nul(std::string_view line, const std::string& place);

// Drops carriage returns at the line's end; a line of white space alone (Unicode's, zero-width
// spaces too) becomes empty.
void clean_line(std::string& line);

// The offset of the first byte that is not UTF-8 (surrogates and overlong forms are not); nullopt
// where all is well.
std::optional<std::size_t> first_invalid_utf8(std::string_view text);

// Splits at spaces, tabs and other ASCII whitespace; no empty parts.
std::vector<std::string_view> split_whitespace(std::string_view text);

// Every run of white space (Unicode's: no-break spaces and tabs too) becomes one space; none is
// left at the ends.
std::string single_spaced(std::string_view text);

// Splits at every `separator`: one more part than there are separators, empty ones kept.
std::vector<std::string_view> split(std::string_view text, char separator);

// The candidate nearest to `word` by edit distance (swapped neighbours count once), where it is
// near enough to be a slip of the fingers. The first of equals.
std::optional<std::string> nearest(std::string_view word,
                                   const std::vector<std::string>& candidates);

// "; did you mean 'updates'?" or nothing.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace penalmt
