// The words of a model's options that name what its layers do.
#pragma once

#include <string>

namespace penalmt {

// Where the normalisation stands: after the sum, norm(x + branch(x)) (Vaswani et al., 2017), or
// before the branch, x + branch(norm(x)) (the true chain).
enum class NormOrder { post, pre };
// "pre"; any other word is post.
inline NormOrder norm_order_named(const std::string& name) {
  return name == "pre" ? NormOrder::pre : NormOrder::post;
}

enum class Activation { relu, gelu, silu };
// "gelu" or "silu"; any other word is relu.
inline Activation activation_named(const std::string& name) {
  if (name == "silu") return Activation::silu;
  return name == "gelu" ? Activation::gelu : Activation::relu;
}

// Position vectors: computed, with wavelengths from 2 pi to 20,000 pi, or to almost that
// (Marian's, and Vaswani et al.'s: 2 pi 10000^(2i / C)); or learned.
enum class PositionKind { sinusoidal, marian, learned };
// "marian" or "learned"; any other word is sinusoidal.
inline PositionKind position_kind_named(const std::string& name) {
  if (name == "marian") return PositionKind::marian;
  return name == "learned" ? PositionKind::learned : PositionKind::sinusoidal;
}

}  // namespace penalmt
