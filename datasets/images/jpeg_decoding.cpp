#include "datasets/images/jpeg_decoding.h"

#include <csetjmp>
#include <cstdio>
#include <new>
#include <string>

#include <jpeglib.h>

#include <jerror.h>

#include "datasets/images/undecodable.h"

namespace penalmt {
namespace {

struct Messages {
  jpeg_error_mgr manager;  // first: libjpeg knows this part alone
  std::jmp_buf give_up;
  char first[JMSG_LENGTH_MAX] = "";
  bool lacks_memory = false;
};

[[noreturn]] void give_up(j_common_ptr jpeg) {
  auto* messages = reinterpret_cast<Messages*>(jpeg->err);
  messages->manager.format_message(jpeg, messages->first);
  messages->lacks_memory = jpeg->err->msg_code == JERR_OUT_OF_MEMORY;
  std::longjmp(messages->give_up, 1);
}

// Level -1 is a warning: the data is not what it should be. Bytes between two segments, as some
// cameras leave them, hurt nothing, nor do odd numbers in the heads: Samsung's cameras write odd
// parameters into the head of a scan, which a sequential JPEG has no use for.
void note_warning(j_common_ptr jpeg, int level) {
  const int code = jpeg->err->msg_code;
  const bool is_harmless = code == JWRN_EXTRANEOUS_DATA || code == JWRN_JFIF_MAJOR ||
                           code == JWRN_ADOBE_XFORM || code == JWRN_NOT_SEQUENTIAL;
  if (level < 0 && !is_harmless) give_up(jpeg);
}

// CMYK is stored as Adobe does it, 255 is no ink, with its marker and without (as Pillow has it).
void to_bgr(const uint8_t* light, uint8_t* bgr, int width) {
  for (int x = 0; x < width; ++x, light += 4, bgr += 3)
    for (int c = 0; c < 3; ++c)
      bgr[c] = static_cast<uint8_t>((light[2 - c] * light[3] + 127) / 255);
}

// Nothing here may need a destructor: give_up() jumps out of it.
bool decode_into(std::string_view bytes, jpeg_decompress_struct& jpeg, Messages& messages,
                 cv::Mat& image, cv::Mat& line) {
  if (setjmp(messages.give_up)) return false;
  jpeg_mem_src(&jpeg, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  jpeg_read_header(&jpeg, TRUE);
  const bool is_cmyk = jpeg.jpeg_color_space == JCS_CMYK || jpeg.jpeg_color_space == JCS_YCCK;
  jpeg.out_color_space = is_cmyk ? JCS_CMYK : JCS_EXT_BGR;
  jpeg_start_decompress(&jpeg);
  const auto height = static_cast<int>(jpeg.output_height),
             width = static_cast<int>(jpeg.output_width);
  image.create(height, width, CV_8UC3);
  line.create(1, width, CV_8UC4);
  while (jpeg.output_scanline < jpeg.output_height) {
    uint8_t* to = image.ptr<uint8_t>(static_cast<int>(jpeg.output_scanline));
    uint8_t* row = is_cmyk ? line.ptr<uint8_t>() : to;
    jpeg_read_scanlines(&jpeg, &row, 1);
    if (is_cmyk) to_bgr(row, to, width);
  }
  jpeg_finish_decompress(&jpeg);
  return true;
}

}  // namespace

cv::Mat decode_jpeg(std::string_view bytes) {
  Messages messages;
  jpeg_decompress_struct jpeg;
  jpeg.err = jpeg_std_error(&messages.manager);
  messages.manager.error_exit = give_up;
  messages.manager.emit_message = note_warning;
  jpeg_create_decompress(&jpeg);
  cv::Mat image, line;
  bool decoded = false;
  try {
    decoded = decode_into(bytes, jpeg, messages, image, line);
  } catch (...) {  // no memory for the pixels
    jpeg_destroy_decompress(&jpeg);
    throw;
  }
  jpeg_destroy_decompress(&jpeg);
  if (decoded) return image;
  if (messages.lacks_memory) throw std::bad_alloc();
  throw Undecodable("damaged; " + std::string(messages.first));
}

}  // namespace penalmt
