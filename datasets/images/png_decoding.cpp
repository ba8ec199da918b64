#include "datasets/images/png_decoding.h"

#include <csetjmp>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>

#include <png.h>

#include "base/byte_reader.h"
#include "datasets/images/undecodable.h"

namespace penalmt {
namespace {

struct Reading {
  std::string_view rest;
  char problem[256] = "";
  bool lacks_memory = false;
};

[[noreturn]] void give_up(png_structp png, png_const_charp words) {
  auto* reading = static_cast<Reading*>(png_get_error_ptr(png));
  std::strncpy(reading->problem, words, sizeof(reading->problem) - 1);
  png_longjmp(png, 1);
}

// Warnings concern no pixel: what does is an error.
void pass_over(png_structp, png_const_charp) {}

void read_bytes(png_structp png, png_bytep to, std::size_t count) {
  auto* reading = static_cast<Reading*>(png_get_io_ptr(png));
  if (reading->rest.size() < count) png_error(png, "the file ends too early");
  std::memcpy(to, reading->rest.data(), count);
  reading->rest.remove_prefix(count);
}

void* allocate(png_structp png, png_alloc_size_t size) {
  void* memory = std::malloc(size);
  if (memory == nullptr) static_cast<Reading*>(png_get_mem_ptr(png))->lacks_memory = true;
  return memory;
}

void release(png_structp, void* memory) { std::free(memory); }

// A byte of deflated data holds at most 1,032: a small file with a huge image is refused before
// there is memory for it.
bool can_hold(std::string_view bytes, std::size_t expected) {
  constexpr std::size_t kMostOfAByte = 1032;
  std::size_t packed = 0;
  for (std::size_t at = 8; at + 12 <= bytes.size();) {
    const std::size_t length = big_endian(bytes, at, 4);
    if (bytes.substr(at + 4, 4) == "IDAT") packed += length;
    at += 12 + length;
  }
  return expected / kMostOfAByte <= packed;
}

// Nothing here may need a destructor: give_up() jumps out of it.
bool decode_into(std::string_view bytes, png_structp png, png_infop info, cv::Mat& image) {
  if (setjmp(png_jmpbuf(png))) return false;
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
  png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  png_read_info(png, info);
  png_set_expand(png);
  png_set_gray_to_rgb(png);
  png_set_bgr(png);
  if (png_get_bit_depth(png, info) == 16) png_set_swap(png);
  const std::size_t stored =
      png_get_rowbytes(png, info) * static_cast<std::size_t>(png_get_image_height(png, info));
  if (!can_hold(bytes, stored)) png_error(png, "Not enough image data");
  const int passes = png_set_interlace_handling(png);
  png_read_update_info(png, info);
  const auto height = static_cast<int>(png_get_image_height(png, info));
  image.create(height, static_cast<int>(png_get_image_width(png, info)),
               CV_MAKETYPE(png_get_bit_depth(png, info) == 16 ? CV_16U : CV_8U,
                           png_get_channels(png, info)));
  for (int pass = 0; pass < passes; ++pass)  // a row grows from pass to pass
    for (int y = 0; y < height; ++y) png_read_row(png, image.ptr<uint8_t>(y), nullptr);
  return true;
}

}  // namespace

cv::Mat decode_png(std::string_view bytes) {
  Reading reading{.rest = bytes};
  png_structp png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, &reading, give_up, pass_over,
                                             &reading, allocate, release);
  png_infop info = png == nullptr ? nullptr : png_create_info_struct(png);
  cv::Mat image;
  bool decoded = false;
  try {
    if (info != nullptr) {
      png_set_read_fn(png, &reading, read_bytes);
      decoded = decode_into(bytes, png, info, image);
    }
  } catch (...) {
    png_destroy_read_struct(&png, &info, nullptr);
    throw;
  }
  png_destroy_read_struct(&png, &info, nullptr);
  if (decoded) return image;
  if (reading.lacks_memory) throw std::bad_alloc();
  throw Undecodable("damaged; " + std::string(reading.problem));
}

}  // namespace penalmt
