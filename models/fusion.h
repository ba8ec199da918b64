// How a picture joins the text: fuse(text, image) → memory. The decoder and the beam never see an image.
#pragma once

#include <memory>

#include "models/layers.h"
#include "models/options.h"

namespace penalmt {

// What the decoder attends to.
struct Memory {
  at::Tensor states;   // [B, M, C]
  at::Tensor visible;  // [B, M] bool, true where real
};

// The regions of a batch's pictures.
struct ImageStates {
  at::Tensor regions;  // [B, R, F]; anything where the picture is missing
  at::Tensor present;  // [B] bool
};

class Fusion : public torch::nn::Module {
 public:
  // An example without its picture leaves with its text untouched, to the bit.
  virtual Memory fuse(const Memory& text, const ImageStates& image, const Rows& rows) = 0;
};

// Gated fusion (Wu et al., ACL 2021): out = text + z, z = sigmoid(W [text; image]) * image, image = P pool(regions).
class GatedFusion : public Fusion {
 public:
  GatedFusion(int64_t width, int64_t feature_width, double tau);
  Memory fuse(const Memory& text, const ImageStates& image, const Rows& rows) override;

  Linear image_projection{nullptr};  // P: F → C
  Linear gate{nullptr};              // W: 2 C → C
  PenalConnection connection{nullptr};
};

// Selective attention (Li et al., ACL 2022): text queries look over the regions with one head, and a gate mixes the two:
// out = (1 - g) text + g seen = text + z, z = g (seen - text), g = sigmoid(U text + W seen).
class SelectiveFusion : public Fusion {
 public:
  SelectiveFusion(int64_t width, int64_t feature_width, double tau);
  Memory fuse(const Memory& text, const ImageStates& image, const Rows& rows) override;

  Linear query_projection{nullptr};   // C → C
  Linear region_projection{nullptr};  // F → 2 C: keys, values
  Linear gate{nullptr};               // [U W]: 2 C → C
  PenalConnection connection{nullptr};
};

// "gated" or "selective". Throws c10::Error for "none", which needs no module.
std::shared_ptr<Fusion> make_fusion(const std::string& kind, int64_t width, int64_t feature_width, double tau);

}  // namespace penalmt
