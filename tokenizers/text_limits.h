// Lines that SentencePiece can work on. It joins neighbouring characters that it does not know to
// one piece, and copies that piece for each: the time is the square of their number (a word of
// 3,000,000 would take 20 minutes, in which nothing interrupts it). In training it counts a word's
// characters in 15 bits.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace penalmt {

constexpr std::size_t kLongestWord = 30000;    // characters; a space is the only end of a word
constexpr std::size_t kLongestLine = 1000000;  // bytes

// What is too long, in words: "a word of 32780 characters, expected at most 30000", "a line of
// 2000000 bytes, expected at most 1000000"; nullopt where nothing is.
std::optional<std::string> too_long(std::string_view line);

// The beginning of the line up to what is too long: whole characters.
std::string_view within_limits(std::string_view line);

// Throws Error "place: got a word of 32780 characters, expected at most 30000; is it text?"
void expect_within_limits(std::string_view line, const std::string& place);

}  // namespace penalmt
