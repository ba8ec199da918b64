#include "report/images.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "base/files.h"
#include "base/image_signatures.h"
#include "base/image_size.h"
#include "report/html.h"

namespace penalmt::html {
namespace {

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

std::string data_uri(const std::string& bytes, const std::filesystem::path& image) {
  const std::string_view type = type_of_image(bytes);
  if (type.empty())
    throw Error(image.string() +
                ": not an image that a page can show; expected JPEG, PNG, GIF, WebP or BMP");
  return fmt::format("data:{};base64,{}", type, base64(bytes));
}

}  // namespace

std::string image(const std::filesystem::path& path, std::string_view alternative) {
  const std::string bytes = read_file(path);
  if (is_portable_map(bytes))
    return fmt::format("<span class=\"quiet\">{}: no browser shows portable maps (.ppm)</span>",
                       escape(path.filename().string()));
  const auto size = image_size(bytes);
  constexpr int64_t kSmall = 128;  // pixels; what is shown larger than it is shows them
  const bool is_small = size && std::max(size->width, size->height) <= kSmall;
  return fmt::format(
      "<img src=\"{}\" alt=\"{}\"{}{}>", data_uri(bytes, path), escape(alternative),
      size ? fmt::format(" width=\"{}\" height=\"{}\"", size->width, size->height) : "",
      is_small ? " class=\"pixels\"" : "");
}

}  // namespace penalmt::html
