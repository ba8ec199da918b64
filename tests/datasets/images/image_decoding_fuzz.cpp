// Damaged images by the ten thousand: whatever the bytes, decode_image gives an image or throws an
// Error of one line. Built under AddressSanitizer, from the decoders alone (CMakeLists.txt:
// image_fuzz).
#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <vector>

#include "base/byte_reader.h"
#include "base/error.h"
#include "base/files.h"
#include "base/parallel.h"
#include "base/random.h"
#include "datasets/images/image_decoding.h"
#include "datasets/images/image_header.h"

namespace penalmt {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kMutations = 20000;  // of each kind

// The images of that kind among those that are compared with Pillow's.
std::vector<std::string> sound_images(ImageKind kind) {
  std::vector<std::string> images;
  for (const char* folder : {"tests/golden/vision", "tests/golden/images"}) {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(fs::path(PENALMT_SOURCE) / folder))
      if (entry.is_regular_file()) files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    for (const fs::path& file : files) {
      const std::string bytes = read_file(file);
      const auto header = read_image_header(bytes);
      if (header && header->kind == kind) images.push_back(bytes);
    }
  }
  return images;
}

std::string big_endian_bytes(uint32_t number) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(number >> shift);
  return bytes;
}

// Right checksums, so that the damage reaches the decoder.
void mend_png(std::string& bytes) {
  for (std::size_t at = 8; at + 12 <= bytes.size();) {
    const std::size_t length = big_endian(bytes, at, 4);
    if (length > bytes.size() - at - 12) return;
    const auto* part = reinterpret_cast<const Bytef*>(bytes.data() + at + 4);
    bytes.replace(
        at + 8 + length, 4,
        big_endian_bytes(static_cast<uint32_t>(crc32(0, part, static_cast<uInt>(length + 4)))));
    at += 12 + length;
  }
}

// The length of a WebP that was made longer or shorter.
void mend_webp(std::string& bytes) {
  const auto length = static_cast<uint32_t>(bytes.size() - 8);
  for (int i = 0; i < 4; ++i) bytes[4 + i] = static_cast<char>(length >> (8 * i));
}

// One to four changes: a bit, a byte, a number at its limits, bytes taken out, put in, doubled or
// taken from another image, a cut.
std::string mutated(const std::vector<std::string>& images, SplitMix64& random) {
  std::string bytes = images[random.below(images.size())];
  const bool is_early = random.below(2) == 0;  // headers are where most depends on a byte
  for (uint64_t change = 0, changes = 1 + random.below(4); change < changes; ++change) {
    if (bytes.size() < 16) return bytes;
    const std::size_t at =
        random.below(is_early ? std::min<std::size_t>(bytes.size(), 160) : bytes.size());
    const std::size_t length = std::min<std::size_t>(1 + random.below(40), bytes.size() - at);
    switch (random.below(9)) {
      case 0:
      case 1:
        bytes[at] = static_cast<char>(bytes[at] ^ 1 << random.below(8));
        break;
      case 2:
        bytes[at] = static_cast<char>(random.below(256));
        break;
      case 3: {
        constexpr const char* kLimits[] = {"\x00\x00\x00\x00", "\xff\xff\xff\xff",
                                           "\x7f\xff\xff\xff", "\x80\x00\x00\x00",
                                           "\x00\x00\x00\x80", "\xff\xff\xff\x7f"};
        const std::size_t count = std::min<std::size_t>(1 + random.below(4), bytes.size() - at);
        bytes.replace(at, count, std::string(kLimits[random.below(6)], count));
        break;
      }
      case 4:
        bytes.erase(at, length);
        break;
      case 5: {
        std::string noise;
        for (std::size_t i = 0; i < length; ++i) noise += static_cast<char>(random.below(256));
        bytes.insert(at, noise);
        break;
      }
      case 6:
        bytes.insert(at, bytes.substr(at, length));
        break;
      case 7: {
        const std::string& other = images[random.below(images.size())];
        const std::size_t from = random.below(other.size());
        bytes.replace(at, length, other.substr(from, length));
        break;
      }
      default:
        if (random.below(4) == 0) bytes.resize(at);
    }
  }
  return bytes;
}

void expect_answers(ImageKind kind, std::size_t at_least, void (*mend)(std::string&) = nullptr) {
  const std::vector<std::string> images = sound_images(kind);
  ASSERT_GE(images.size(), at_least);
  std::atomic<int64_t> decoded = 0, refused = 0;
  parallel_for(kMutations, 0, [&](int64_t i) {
    SplitMix64 random(static_cast<uint64_t>(kind), static_cast<uint64_t>(i));
    std::string bytes = mutated(images, random);
    if (mend != nullptr && bytes.size() > 16 && random.below(4) != 0) mend(bytes);
    // In memory of its very size: a byte beyond the end is seen.
    const std::vector<char> exact(bytes.begin(), bytes.end());
    try {
      const cv::Mat image = decode_image({exact.data(), exact.size()}, "image");
      EXPECT_TRUE(image.type() == CV_8UC3 && !image.empty()) << "mutation " << i;
      ++decoded;
    } catch (const Error& error) {
      const std::string words = error.what();
      EXPECT_TRUE(words.starts_with("image: ") && words.size() > 10) << "mutation " << i;
      EXPECT_TRUE(std::all_of(words.begin(), words.end(), [](char c) { return c >= ' '; }))
          << "mutation " << i << ": " << words;
      ++refused;
    } catch (const std::exception& error) {
      ADD_FAILURE() << "mutation " << i << ": " << error.what();
    }
  });
  EXPECT_EQ(decoded + refused, kMutations);
  EXPECT_GT(decoded, kMutations / 50);
  EXPECT_GT(refused, kMutations / 50);
}

TEST(ImageFuzz, DamagedJpegsGetAnAnswer) { expect_answers(ImageKind::jpeg, 5); }
TEST(ImageFuzz, DamagedPngsGetAnAnswer) { expect_answers(ImageKind::png, 10, mend_png); }
TEST(ImageFuzz, DamagedWebpsGetAnAnswer) { expect_answers(ImageKind::webp, 3, mend_webp); }
TEST(ImageFuzz, DamagedBmpsGetAnAnswer) { expect_answers(ImageKind::bmp, 8); }
TEST(ImageFuzz, DamagedPortableMapsGetAnAnswer) { expect_answers(ImageKind::pnm, 6); }

}  // namespace
}  // namespace penalmt
