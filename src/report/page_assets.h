// What every page carries: its style sheet and its script.
#pragma once

#include <string_view>

namespace penalmt::html {

// Readable on phones and on paper, light and dark.
extern const std::string_view kPageStyle;

// Sorts tables and sentences, filters sentences, shows the attention of single pieces. Without it
// the page lacks only the controls for that.
extern const std::string_view kPageScript;

}  // namespace penalmt::html
