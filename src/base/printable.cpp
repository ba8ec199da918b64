#include "base/printable.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace penalmt {
namespace {

std::string spelt(unsigned char byte) {
  switch (byte) {
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    default:
      return fmt::format("\\x{:02x}", byte);
  }
}

}  // namespace

std::string printable(std::string_view text) {
  std::string shown;
  while (!text.empty()) {
    const std::string_view sound = text.substr(0, first_invalid_utf8(text).value_or(text.size()));
    for (std::size_t i = 0; i < sound.size(); ++i) {
      const auto byte = static_cast<unsigned char>(sound[i]);
      const bool high_control =
          byte == 0xC2 && static_cast<unsigned char>(sound[i + 1]) < 0xA0;  // U+0080 to U+009F
      if (byte >= 0x20 && byte != 0x7F && !high_control) {
        shown += sound[i];
        continue;
      }
      shown += spelt(byte);
      if (high_control) shown += spelt(static_cast<unsigned char>(sound[++i]));
    }
    text.remove_prefix(sound.size());
    if (text.empty()) break;
    shown += spelt(static_cast<unsigned char>(text.front()));
    text.remove_prefix(1);
  }
  return shown;
}

std::string first_line(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \n"), text.size()));
  return std::string(text.substr(0, text.find('\n')));
}

}  // namespace penalmt
