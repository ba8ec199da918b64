// The letters A to Z in lower case; all other bytes as they are, whatever the locale.
#pragma once

#include <string>

namespace penalmt {

inline std::string lowercase_ascii(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

}  // namespace penalmt
