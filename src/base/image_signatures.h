// The bytes that image files begin with.
#pragma once

#include <string_view>

namespace penalmt {

inline constexpr std::string_view kPngSignature = "\x89PNG\r\n\x1a\n";

inline bool is_jpeg(std::string_view bytes) { return bytes.starts_with("\xff\xd8\xff"); }
inline bool is_png(std::string_view bytes) { return bytes.starts_with(kPngSignature); }
inline bool is_gif(std::string_view bytes) { return bytes.starts_with("GIF8"); }
inline bool is_bmp(std::string_view bytes) { return bytes.starts_with("BM"); }
// "RIFF", the bytes that follow (4), "WEBP".
inline bool is_webp(std::string_view bytes) {
  return bytes.size() >= 12 && bytes.starts_with("RIFF") && bytes.substr(8, 4) == "WEBP";
}

}  // namespace penalmt
