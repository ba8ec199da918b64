#include "datasets/images/pnm_decoding.h"

#include <algorithm>
#include <cctype>
#include <string>

#include <fmt/format.h>

#include "base/byte_reader.h"
#include "datasets/images/undecodable.h"

namespace penalmt {
namespace {

bool is_space(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }

// The first place from `at` on that is neither white space nor in a comment.
std::size_t skip_space(std::string_view bytes, std::size_t at) {
  while (at < bytes.size() && (is_space(bytes[at]) || bytes[at] == '#'))
    at = bytes[at] == '#' ? std::min(bytes.find_first_of("\r\n", at), bytes.size()) : at + 1;
  return at;
}

// The number at `at`, which moves behind its digits; nullopt where there is none, or one of more
// than nine digits.
std::optional<int64_t> read_number(std::string_view bytes, std::size_t& at) {
  constexpr std::size_t kMostDigits = 9;
  const std::size_t begin = at;
  int64_t number = 0;
  for (; at < bytes.size() && bytes[at] >= '0' && bytes[at] <= '9'; ++at) {
    if (at - begin == kMostDigits) return std::nullopt;
    number = 10 * number + (bytes[at] - '0');
  }
  return at == begin ? std::nullopt : std::optional(number);
}

uint8_t scaled(int64_t value, int64_t top) {
  return static_cast<uint8_t>((std::min(value, top) * 255 + top / 2) / top);
}

// A value after another of a map that is written as text. Bits need no space between them.
class TextValues {
 public:
  TextValues(std::string_view bytes, const PnmHeader& header)
      : bytes_(bytes), header_(header), at_(header.data) {}
  int64_t next() {
    at_ = skip_space(bytes_, at_);
    if (at_ == bytes_.size())
      throw Undecodable(fmt::format("damaged; got {} of {} values", read_,
                                    header_.width * header_.height * header_.channels()));
    const std::size_t begin = at_;
    std::optional<int64_t> value;
    if (header_.is_bits()) {
      std::size_t digit = 0;
      value = read_number(bytes_.substr(at_++, 1), digit);
    } else {
      value = read_number(bytes_, at_);
    }
    if (!value || *value > header_.top)
      throw Undecodable(
          fmt::format("damaged; the value at byte {} is no number up to {}", begin, header_.top));
    ++read_;
    return *value;
  }

 private:
  const std::string_view bytes_;
  const PnmHeader& header_;
  std::size_t at_;
  int64_t read_ = 0;
};

}  // namespace

std::optional<PnmHeader> read_pnm_header(std::string_view bytes) {
  if (bytes.size() < 3 || bytes[0] != 'P' || bytes[1] < '1' || bytes[1] > '6' ||
      !is_space(bytes[2]))
    return std::nullopt;
  PnmHeader header{.kind = bytes[1], .data = 2};
  const auto next = [&]() -> std::optional<int64_t> {
    header.data = skip_space(bytes, header.data);
    return read_number(bytes, header.data);
  };
  const auto width = next(), height = next();
  const auto top = header.is_bits() ? std::optional<int64_t>(1) : next();
  if (!width || !height || !top) return std::nullopt;
  header.width = *width;
  header.height = *height;
  header.top = *top;
  ++header.data;
  return header;
}

cv::Mat decode_pnm(std::string_view bytes) {
  const std::optional<PnmHeader> header = read_pnm_header(bytes);
  if (!header) throw Undecodable("not an image that can be decoded");
  const int64_t top = header->top;
  if (top < 1 || top > 65535)
    throw Undecodable(
        fmt::format("damaged; a PNM's largest value is {}; expected 1 to 65,535", top));
  const bool is_coloured = header->channels() == 3, is_wide = top > 255;
  // As text, a value takes a digit at least.
  const int64_t least = header->is_text() ? header->width * header->height * header->channels()
                                          : header->row_bytes() * header->height;
  if (static_cast<int64_t>(bytes.size()) < static_cast<int64_t>(header->data) + least)
    throw Undecodable(fmt::format("cut off; got {} bytes, expected {}", bytes.size(),
                                  static_cast<int64_t>(header->data) + least));

  cv::Mat image(static_cast<int>(header->height), static_cast<int>(header->width), CV_8UC3);
  TextValues text(bytes, *header);
  for (int y = 0; y < image.rows; ++y) {
    const std::size_t row = header->data + static_cast<std::size_t>(y * header->row_bytes());
    std::size_t number = 0;  // of the row's values
    const auto next = [&]() -> uint8_t {
      const std::size_t i = number++;
      if (header->is_bits()) {
        const bool is_black = header->is_text()
                                  ? text.next() == 1
                                  : (big_endian(bytes, row + i / 8, 1) >> (7 - i % 8) & 1) != 0;
        return is_black ? 0 : 255;
      }
      if (header->is_text()) return scaled(text.next(), top);
      return scaled(is_wide ? big_endian(bytes, row + 2 * i, 2) : big_endian(bytes, row + i, 1),
                    top);
    };
    uint8_t* to = image.ptr<uint8_t>(y);
    for (int x = 0; x < image.cols; ++x, to += 3) {
      to[2] = next();
      to[1] = is_coloured ? next() : to[2];
      to[0] = is_coloured ? next() : to[2];
    }
  }
  return image;
}

}  // namespace penalmt
