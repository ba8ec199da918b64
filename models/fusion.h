// How an image joins the text: fuse(text, image) → memory. The decoder and the beam never see an
// image.
#pragma once

#include <memory>

#include "models/layers.h"
#include "models/options.h"

namespace penalmt {

// The images of the P sentences of a batch that have one. Only these are worked on.
struct ImageStates {
  at::Tensor regions;    // [P, R, F]
  at::Tensor has_image;  // [B] bool, true at those P; on the CPU, or a GPU is waited for
};

// What the decoder attends to.
struct Memory {
  at::Tensor states;   // [B, M, C]
  at::Tensor visible;  // [B, M] bool, true where real
  // For a decoder that attends to the image on its own (doubly attentive); undefined otherwise.
  at::Tensor regions = {};    // [B, R, C], zeros where the image is missing
  at::Tensor has_image = {};  // [B] bool
  // Where sentences are packed, states are [1, M, C], visible is undefined, and this is where they
  // begin: [B + 1].
  at::Tensor starts = {};
};

// How a fusion looked at the images, from text position to text position.
struct FusionView {
  at::Tensor gate;  // [P, M] mean over channels; undefined where there is no gate over the text
  at::Tensor attention;  // [P, M, R] weights, sum 1; undefined where regions are pooled, or looked
                         // at by the decoder
};

class Fusion : public torch::nn::Module {
 public:
  // rows: of [B, M], the text's positions. An example without its image leaves with its text
  // untouched, to the bit.
  virtual Memory fuse(const Memory& text, const ImageStates& image, const Rows& rows) = 0;
  // For a model whose text part is trained already: new weights with which an image adds nothing at
  // first, so that what is trained is not disturbed, and learns to. Drawn at random, it disturbs
  // the text, and the gate learns to shut it out for good.
  virtual void start_silent() {}
  // text: [P, M, C]; regions: [P, R, F]. What fuse() does with these, in evaluation, where each
  // sentence has its image.
  virtual FusionView view(const at::Tensor& text, const at::Tensor& regions) { return {}; }
};

// Adds to the text what it sees: out = text + z, where there is an image.
class AdditiveFusion : public Fusion {
 public:
  AdditiveFusion(const PenalOptions& penal, int64_t width)
      : connection(register_module("connection", PenalConnection(0.0, penal, width))) {}
  Memory fuse(const Memory& text, const ImageStates& image, const Rows& rows) final;

  PenalConnection connection;

 protected:
  virtual at::Tensor z(const at::Tensor& text,
                       const at::Tensor& regions) = 0;  // [P, M, C], [P, R, F] → [P, M, C]
};

// Gated fusion (Wu et al., ACL 2021): out = text + z, z = sigmoid(W [text; image]) * image, image =
// P pool(regions).
class GatedFusion : public AdditiveFusion {
 public:
  GatedFusion(int64_t width, int64_t feature_width, const PenalOptions& penal);
  void start_silent() override;  // P = 0
  FusionView view(const at::Tensor& text, const at::Tensor& regions) override;

  Linear image_projection;  // P: F → C
  Linear gate;              // W: 2 C → C

 protected:
  at::Tensor z(const at::Tensor& text, const at::Tensor& regions) override;

 private:
  // regions: [P, R, F]; text: [P, M, C]; image: [P, 1, C].
  at::Tensor pooled(const at::Tensor& regions);                             // [P, 1, C]
  at::Tensor gate_values(const at::Tensor& text, const at::Tensor& image);  // [P, M, C]
};

// Selective attention (Li et al., ACL 2022): text queries look over the regions with one head, and
// a gate mixes the two: out = (1 - g) text + g seen = text + z, z = g (seen - text), g = sigmoid(U
// text + W seen).
class SelectiveFusion : public AdditiveFusion {
 public:
  SelectiveFusion(int64_t width, int64_t feature_width, const PenalOptions& penal);
  void start_silent()
      override;  // values = 0, g = sigmoid(W text - 2): some 12 % of the text is taken away
  FusionView view(const at::Tensor& text, const at::Tensor& regions) override;

  Linear query_projection;   // C → C
  Linear region_projection;  // F → 2 C: keys, values
  Linear gate;               // [U W]: 2 C → C

 protected:
  at::Tensor z(const at::Tensor& text, const at::Tensor& regions) override;

 private:
  at::Tensor gate_values(const at::Tensor& text,
                         const at::Tensor& seen);  // both [P, M, C] → [P, M, C]
};

// The regions are more positions of the memory: [text; P regions]. The decoder's attention chooses.
// Nothing is added to the text, so there is no residual.
class ConcatenatedFusion : public Fusion {
 public:
  ConcatenatedFusion(int64_t width, int64_t feature_width);
  Memory fuse(const Memory& text, const ImageStates& image, const Rows& rows) override;

  Linear image_projection{nullptr};  // P: F → C
};

// The regions, P regions, go to the decoder beside the text (Calixto et al., ACL 2017); its layers
// attend to them (ImageAttention).
class DoublyAttentiveFusion : public Fusion {
 public:
  DoublyAttentiveFusion(int64_t width, int64_t feature_width);
  Memory fuse(const Memory& text, const ImageStates& image, const Rows& rows) override;

  Linear image_projection{nullptr};  // P: F → C
};

// "gated", "selective", "concatenated" or "doubly_attentive". Throws c10::Error for "none", which
// needs no module.
std::shared_ptr<Fusion> make_fusion(const std::string& kind, int64_t width, int64_t feature_width,
                                    const PenalOptions& penal);

}  // namespace penalmt
