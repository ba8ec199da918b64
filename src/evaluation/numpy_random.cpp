#include "evaluation/numpy_random.h"

#include <array>

namespace penalmt {
namespace {

// numpy.random.SeedSequence: spreads a seed over a pool of four words and draws any number of words
// from it.
class SeedSequence {
 public:
  explicit SeedSequence(uint64_t seed) {
    const std::array<uint32_t, kPool> entropy = {static_cast<uint32_t>(seed),
                                                 static_cast<uint32_t>(seed >> 32)};
    uint32_t constant = 0x43b0d7e5;
    for (int i = 0; i < kPool; ++i) pool_[i] = hashed(entropy[i], constant);
    for (int from = 0; from < kPool; ++from)
      for (int to = 0; to < kPool; ++to)
        if (from != to) pool_[to] = mixed(pool_[to], hashed(pool_[from], constant));
  }

  std::array<uint64_t, 4> state() const {
    std::array<uint64_t, 4> words{};
    uint32_t constant = 0x8b51f9dd;
    for (int i = 0; i < 8; ++i) {
      uint32_t word = pool_[i % kPool] ^ constant;
      constant *= 0x58f38ded;
      word *= constant;
      word ^= word >> 16;
      words[i / 2] |= static_cast<uint64_t>(word) << (i % 2 * 32);
    }
    return words;
  }

 private:
  static constexpr int kPool = 4;

  static uint32_t hashed(uint32_t value, uint32_t& constant) {
    value ^= constant;
    constant *= 0x931e8875;
    value *= constant;
    return value ^ value >> 16;
  }
  static uint32_t mixed(uint32_t a, uint32_t b) {
    const uint32_t value = 0xca01f9dd * a - 0x4973f715 * b;
    return value ^ value >> 16;
  }

  std::array<uint32_t, kPool> pool_{};
};

using Word128 = unsigned __int128;

constexpr Word128 joined(uint64_t high, uint64_t low) {
  return static_cast<Word128>(high) << 64 | low;
}
constexpr Word128 kMultiplier = joined(2549297995355413924u, 4865540595714422341u);

}  // namespace

NumpyGenerator::NumpyGenerator(uint64_t seed) {
  const auto words = SeedSequence(seed).state();
  increment_ = joined(words[2], words[3]) << 1 | 1;
  state_ = (increment_ + joined(words[0], words[1])) * kMultiplier + increment_;
}

uint64_t NumpyGenerator::next64() {
  state_ = state_ * kMultiplier + increment_;
  const auto folded = static_cast<uint64_t>(state_ >> 64) ^ static_cast<uint64_t>(state_);
  const auto rotation = static_cast<unsigned>(state_ >> 122);
  return folded >> rotation | folded << (-rotation & 63);
}

uint32_t NumpyGenerator::next32() {
  has_kept_ = !has_kept_;
  if (!has_kept_) return kept_;
  const uint64_t both = next64();
  kept_ = static_cast<uint32_t>(both >> 32);
  return static_cast<uint32_t>(both);
}

uint32_t NumpyGenerator::below(uint32_t bound) {
  if (bound == 1) return 0;
  uint64_t product = static_cast<uint64_t>(next32()) * bound;
  if (static_cast<uint32_t>(product) < bound) {
    const uint32_t threshold = (0u - bound) % bound;  // (2^32 - bound) mod bound
    while (static_cast<uint32_t>(product) < threshold)
      product = static_cast<uint64_t>(next32()) * bound;
  }
  return static_cast<uint32_t>(product >> 32);
}

}  // namespace penalmt
