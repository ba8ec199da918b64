// Names and foreign words as they may be shown: what a terminal would take for a command is spelt
// out, and a library's many lines become one.
#pragma once

#include <string>
#include <string_view>

namespace penalmt {

// "a\nb\x1b.png" with a newline and an escape in it → the same, spelt with backslashes. Control
// characters (those of U+0080 to U+009F too) and bytes that are no UTF-8 become \n, \r, \t or
// \x and two digits; all else stays.
std::string printable(std::string_view text);

// The first line that holds something: what a library threw may begin with an empty line, span many
// and carry a backtrace. "" where there is none.
std::string first_line(std::string_view text);

}  // namespace penalmt
