// The steps that mteval-v13a's tokeniser and Tercom's share. They look at ASCII only, so they may
// run over bytes: a byte of a longer character is never a digit, stop or sign.
#pragma once

#include <string>
#include <string_view>

namespace penalmt {

void replace_all(std::string& text, std::string_view from, std::string_view to);

// &quot; &amp; &lt; &gt; one after the other: "&amp;lt;" becomes "<".
void undo_entities(std::string& text);

// Every ASCII sign with spaces around it but for the apostrophe, comma, dash and stop. (The scripts
// set spaces around spaces too, which changes nothing.)
std::string separate_signs(std::string_view text);

// Stops and commas stand alone but between digits, and so does a dash behind a digit.
void separate_stops_and_dashes(std::string& text);

}  // namespace penalmt
