#include "datasets/images/augmentation.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include <ATen/ATen.h>

#include "base/random.h"

namespace penalmt {
namespace {

constexpr uint8_t kGrey = 128;  // about 0 to the network

// One plane of size x size: place (y, x) of `to` is place (y + down, x + right) of `from`, grey
// where that lies outside.
void shift(const uint8_t* from, uint8_t* to, int64_t size, int64_t down, int64_t right) {
  std::fill(to, to + size * size, kGrey);
  const int64_t left = std::max<int64_t>(0, -right), columns = size - std::abs(right);
  for (int64_t y = std::max<int64_t>(0, -down); y < std::min(size, size - down); ++y)
    std::memcpy(to + y * size + left, from + (y + down) * size + left + right,
                static_cast<size_t>(columns));
}

}  // namespace

at::Tensor augmented(const at::Tensor& pixels, const std::vector<int64_t>& which,
                     const Augmentation& options, uint64_t seed, int64_t epoch) {
  const int64_t size = pixels.size(3), plane = size * size;
  at::Tensor changed = at::empty({static_cast<int64_t>(which.size()), 3, size, size}, at::kByte);
  const uint8_t* from = pixels.const_data_ptr<uint8_t>();
  uint8_t* to = changed.mutable_data_ptr<uint8_t>();
  const uint64_t epoch_seed = SplitMix64(seed, static_cast<uint64_t>(epoch)).next();
  for (const int64_t row : which) {
    SplitMix64 random(epoch_seed, static_cast<uint64_t>(row));
    const auto draw = [&] {
      return static_cast<int64_t>(random.below(static_cast<uint64_t>(2 * options.crop + 1))) -
             options.crop;
    };
    const int64_t down = draw(), right = draw();
    const bool flip = options.flip && random.below(2) == 1;
    for (int64_t channel = 0; channel < 3; ++channel, to += plane) {
      shift(from + (3 * row + channel) * plane, to, size, down, right);
      for (int64_t y = 0; flip && y < size; ++y) std::reverse(to + y * size, to + (y + 1) * size);
    }
  }
  return changed;
}

}  // namespace penalmt
