#include "report/images.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "base/files.h"
#include "base/image_signatures.h"
#include "report/html.h"

namespace penalmt::html {
namespace {

int64_t byte_at(std::string_view bytes, std::size_t at) {
  return static_cast<unsigned char>(bytes[at]);
}
int64_t big_endian(std::string_view bytes, std::size_t at) {
  return byte_at(bytes, at) << 8 | byte_at(bytes, at + 1);
}

std::string_view type_of_image(std::string_view bytes) {
  if (is_jpeg(bytes)) return "image/jpeg";
  if (is_png(bytes)) return "image/png";
  if (is_gif(bytes)) return "image/gif";
  if (is_bmp(bytes)) return "image/bmp";
  if (is_webp(bytes)) return "image/webp";
  return {};
}

// P1 to P6 and a blank.
bool is_portable_map(std::string_view bytes) {
  return bytes.size() > 2 && bytes[0] == 'P' && bytes[1] >= '1' && bytes[1] <= '6' &&
         (bytes[2] == ' ' || bytes[2] == '\n' || bytes[2] == '\t');
}

// JPEG is a chain of segments: 0xFF, kind, length of the rest (2 bytes, themselves included). The
// frame's segment holds precision (1 byte), height (2), width (2).
std::optional<ImageSize> size_of_jpeg(std::string_view bytes) {
  for (std::size_t at = 2; at + 9 <= bytes.size() && byte_at(bytes, at) == 0xFF;) {
    const int64_t kind = byte_at(bytes, at + 1);
    if (kind == 0xFF) {  // padding
      ++at;
      continue;
    }
    const bool frame = kind >= 0xC0 && kind <= 0xCF && kind != 0xC4 && kind != 0xC8 && kind != 0xCC;
    if (frame) return ImageSize{big_endian(bytes, at + 7), big_endian(bytes, at + 5)};
    at += 2 + static_cast<std::size_t>(big_endian(bytes, at + 2));
  }
  return std::nullopt;
}

std::string data_uri_of(const std::string& bytes, const std::filesystem::path& image) {
  const std::string_view type = type_of_image(bytes);
  if (type.empty())
    throw Error(image.string() +
                ": not an image that a page can show; expected JPEG, PNG, GIF, WebP or BMP");
  return fmt::format("data:{};base64,{}", type, base64(bytes));
}

}  // namespace

std::optional<ImageSize> image_size(std::string_view bytes) {
  if (is_jpeg(bytes)) return size_of_jpeg(bytes);
  if (is_png(bytes) && bytes.size() >= 24)
    return ImageSize{big_endian(bytes, 16) << 16 | big_endian(bytes, 18),
                     big_endian(bytes, 20) << 16 | big_endian(bytes, 22)};
  if (is_gif(bytes) && bytes.size() >= 10)
    return ImageSize{byte_at(bytes, 7) << 8 | byte_at(bytes, 6),
                     byte_at(bytes, 9) << 8 | byte_at(bytes, 8)};
  return std::nullopt;
}

std::string data_uri(const std::filesystem::path& image) {
  return data_uri_of(read_file(image), image);
}

std::string image(const std::filesystem::path& path, std::string_view alternative) {
  const std::string bytes = read_file(path);
  if (is_portable_map(bytes))
    return fmt::format("<span class=\"quiet\">{}: no browser shows portable maps (.ppm)</span>",
                       escape(path.filename().string()));
  const auto size = image_size(bytes);
  constexpr int64_t kSmall = 128;  // pixels; what is shown larger than it is shows them
  const bool is_small = size && std::max(size->width, size->height) <= kSmall;
  return fmt::format(
      "<img src=\"{}\" alt=\"{}\"{}{}>", data_uri_of(bytes, path), escape(alternative),
      size ? fmt::format(" width=\"{}\" height=\"{}\"", size->width, size->height) : "",
      is_small ? " class=\"pixels\"" : "");
}

}  // namespace penalmt::html
