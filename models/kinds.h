// The words of a model's options that name what its layers do.
#pragma once

#include <string>

namespace penalmt {

// Where the normalisation stands: after the sum, norm(x + branch(x)) (Vaswani et al., 2017), or
// before the branch, x + branch(norm(x)) (the true chain).
enum class NormOrder { kPost, kPre };
// "pre"; any other word is post.
inline NormOrder norm_order_named(const std::string& name) {
  return name == "pre" ? NormOrder::kPre : NormOrder::kPost;
}

enum class Activation { kRelu, kGelu, kSilu };
// "gelu" or "silu"; any other word is relu.
inline Activation activation_named(const std::string& name) {
  if (name == "silu") return Activation::kSilu;
  return name == "gelu" ? Activation::kGelu : Activation::kRelu;
}

// Position vectors: computed, with wavelengths from 2 pi to 20,000 pi, or to almost that
// (Marian's, and Vaswani et al.'s: 2 pi 10000^(2i / C)); or learned.
enum class PositionKind { kSinusoidal, kMarian, kLearned };
// "marian" or "learned"; any other word is sinusoidal.
inline PositionKind position_kind_named(const std::string& name) {
  if (name == "marian") return PositionKind::kMarian;
  return name == "learned" ? PositionKind::kLearned : PositionKind::kSinusoidal;
}

}  // namespace penalmt
