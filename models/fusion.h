// How a picture joins the text: fuse(text, image) → memory. The decoder and the beam never see an image.
#pragma once

#include <memory>

#include "models/layers.h"
#include "models/options.h"

namespace penalmt {

// The regions of a batch's pictures.
struct ImageStates {
  at::Tensor regions;  // [B, R, F]; anything finite where the picture is missing
  at::Tensor present;  // [B] bool
};

// What the decoder attends to.
struct Memory {
  at::Tensor states;   // [B, M, C]
  at::Tensor visible;  // [B, M] bool, true where real
  // For a decoder that attends to the picture on its own (doubly attentive): regions [B, R, C]; undefined otherwise.
  ImageStates image = {};
};

// How a fusion looked at the pictures, from text position to text position.
struct FusionView {
  at::Tensor gate;       // [B, M] mean over channels; undefined where there is no gate over the text
  at::Tensor attention;  // [B, M, R] weights, sum 1; undefined where regions are pooled, or looked at by the decoder
};

class Fusion : public torch::nn::Module {
 public:
  // An example without its picture leaves with its text untouched, to the bit.
  virtual Memory fuse(const Memory& text, const ImageStates& image, const Rows& rows) = 0;
  // What fuse() does with these, in evaluation.
  virtual FusionView view(const Memory& text, const ImageStates& image) { return {}; }
};

// Gated fusion (Wu et al., ACL 2021): out = text + z, z = sigmoid(W [text; image]) * image, image = P pool(regions).
class GatedFusion : public Fusion {
 public:
  GatedFusion(int64_t width, int64_t feature_width, double tau);
  Memory fuse(const Memory& text, const ImageStates& image, const Rows& rows) override;
  FusionView view(const Memory& text, const ImageStates& image) override;

  Linear image_projection{nullptr};  // P: F → C
  Linear gate{nullptr};              // W: 2 C → C
  PenalConnection connection{nullptr};

 private:
  at::Tensor pooled(const at::Tensor& text, const at::Tensor& regions);          // [B, M, C]
  at::Tensor open(const at::Tensor& text, const at::Tensor& everywhere);         // [B, M, C]
};

// Selective attention (Li et al., ACL 2022): text queries look over the regions with one head, and a gate mixes the two:
// out = (1 - g) text + g seen = text + z, z = g (seen - text), g = sigmoid(U text + W seen).
class SelectiveFusion : public Fusion {
 public:
  SelectiveFusion(int64_t width, int64_t feature_width, double tau);
  Memory fuse(const Memory& text, const ImageStates& image, const Rows& rows) override;
  FusionView view(const Memory& text, const ImageStates& image) override;

  Linear query_projection{nullptr};   // C → C
  Linear region_projection{nullptr};  // F → 2 C: keys, values
  Linear gate{nullptr};               // [U W]: 2 C → C
  PenalConnection connection{nullptr};

 private:
  at::Tensor open(const at::Tensor& text, const at::Tensor& seen);  // [B, M, C]
};

// The regions are more positions of the memory: [text; P regions]. The decoder's attention chooses. Nothing is added to the text, so
// there is no residual.
class ConcatenatedFusion : public Fusion {
 public:
  ConcatenatedFusion(int64_t width, int64_t feature_width);
  Memory fuse(const Memory& text, const ImageStates& image, const Rows& rows) override;

  Linear image_projection{nullptr};  // P: F → C
};

// The regions, P regions, go to the decoder beside the text (Calixto et al., ACL 2017); its layers attend to them (ImageAttention).
class DoublyAttentiveFusion : public Fusion {
 public:
  DoublyAttentiveFusion(int64_t width, int64_t feature_width);
  Memory fuse(const Memory& text, const ImageStates& image, const Rows& rows) override;

  Linear image_projection{nullptr};  // P: F → C
};

// "gated", "selective", "concatenated" or "doubly_attentive". Throws c10::Error for "none", which needs no module.
std::shared_ptr<Fusion> make_fusion(const std::string& kind, int64_t width, int64_t feature_width, double tau);

}  // namespace penalmt
