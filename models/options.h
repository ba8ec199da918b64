// What a model is made of: the fields of a recipe's "model" group. Sizes left at 0 come from the
// named size.
#pragma once

#include <string>

#include "base/config.h"

namespace penalmt {

// tau of each stack's penal connections; 0 is plain addition. The defaults of the text stacks are
// what recipes/study found best on little data; those of the others have not been measured.
struct TauOptions {
  double encoder = 1e-3;
  double decoder = 1e-3;
  double fusion = 3e-4;
  double image_encoder = 3e-4;
  double grade = 1;
  template <class Visitor>
  void visit(Visitor& v) {
    v("encoder", encoder, "penal strength of the text encoder's residuals; 0 is plain addition",
      config::between(0, 1));
    v("decoder", decoder, "penal strength of the decoder's residuals", config::between(0, 1));
    v("fusion", fusion, "penal strength of the fusion's residual", config::between(0, 1));
    v("image_encoder", image_encoder, "penal strength of the image encoder's residuals",
      config::between(0, 1));
    v("grade", grade,
      "factor of tau at a stack's last residual, linear in depth, the mean over the stack kept; 1: "
      "tau everywhere",
      config::between(0, 2));
  }
};

// Probabilities that an update goes without a layer (LayerDrop, Fan et al., 2020).
struct LayerDropOptions {
  double encoder = 0, decoder = 0;
  template <class Visitor>
  void visit(Visitor& v) {
    v("encoder", encoder, "of a layer of the text encoder", config::between(0, 0.99));
    v("decoder", decoder, "of a layer of the decoder", config::between(0, 0.99));
  }
};

// Probabilities that a token's embedding is set to zero, the others' divided by 1 - p (Sennrich et
// al., 2016); its position vector stays.
struct WordDropoutOptions {
  double source = 0, target = 0;
  template <class Visitor>
  void visit(Visitor& v) {
    v("source", source, "of a source token", config::between(0, 0.99));
    v("target", target, "of a token that the decoder is fed", config::between(0, 0.99));
  }
};

// The small image encoder, trained with the rest: a vision transformer over square patches, or a
// residual network.
struct ImageEncoderOptions {
  std::string kind = "vit";
  int64_t size = 64;
  int64_t width = 128;
  // vit
  int64_t patch = 8;
  std::string stem = "patches";
  int64_t feed_forward = 256;
  int64_t heads = 4;
  int64_t layers = 2;
  double dropout = 0.1;
  // resnet
  int64_t stages = 3;
  int64_t blocks = 1;
  // both
  std::string branch_scale = "none";
  double branch_scale_start = 0.1;
  template <class Visitor>
  void visit(Visitor& v) {
    v("kind", kind,
      "vit: a vision transformer; resnet: pre-activated residual blocks of convolutions; features "
      "(of translation models alone): none, vectors come from data.features",
      config::one_of({"vit", "resnet", "features"}));
    v("size", size, "side in pixels that images are brought to", config::between(8, 1024));
    v("width", width,
      "width of a region vector; resnet: of the last stage, each stage before has half",
      config::between(4, 8192));
    v("patch", patch, "vit: side of a patch in pixels; divides size", config::between(1, 256));
    v("stem", stem,
      "vit: how pixels become region vectors: one linear map of each patch, or convolutions that "
      "halve the side (patch: a power of 2)",
      config::one_of({"patches", "convolutions"}));
    v("feed_forward", feed_forward, "vit: width inside the feed-forward block",
      config::between(1, 65536));
    v("heads", heads, "vit: attention heads; divides width", config::between(1, 256));
    v("layers", layers, "vit: layers", config::between(1, 100));
    v("dropout", dropout, "vit: probability of dropping a channel of a branch's output",
      config::between(0, 0.99));
    v("stages", stages, "resnet: stages, each of half the side of the one before",
      config::between(1, 6));
    v("blocks", blocks, "resnet: blocks of a stage; with 3 stages 1 is ResNet-8, 3 is ResNet-20",
      config::between(1, 100));
    v("branch_scale", branch_scale, "as model.branch_scale, of the image encoder's residuals",
      config::one_of({"none", "scalar", "channel"}));
    v("branch_scale_start", branch_scale_start, "what these scales begin with",
      config::between(0, 10));
  }

  // Problems that concern several fields go to `problems`, their keys under `group`.
  void check(const std::string& group, config::Problems& problems) const;
};

// What vectors of images a model takes that has no encoder of its own: those of a feature store or
// of an exported encoder.
struct FeatureOptions {
  int64_t regions = 0, width = 0;
  std::string encoder = "";
  template <class Visitor>
  void visit(Visitor& v) {
    v("regions", regions, "vectors of an image; 0: as the store has them", config::between(0, 1e6));
    v("width", width, "numbers of a vector; 0: as the store has them", config::between(0, 1e6));
    v("encoder", encoder, "what made them; empty: as the store says", config::anything());
  }
};

// What the rest of a model must know of a fusion.
struct FusionKind {
  const char* name;
  bool decoder_looks;  // the decoder attends to the regions on its own: its layers have more
  bool joins_memory;   // the regions become positions of what the decoder attends to
};
// In the order in which they are listed; "none" first.
const std::vector<FusionKind>& fusion_kinds();
std::vector<std::string> fusion_names();

struct ModelOptions {
  std::string size = "tiny";
  int64_t width = 0, feed_forward = 0, heads = 0, encoder_layers = 0, decoder_layers = 0;
  std::string norm = "post";
  std::string activation = "relu";
  std::string positions = "sinusoidal";
  int64_t longest = 1024;
  std::string embeddings = "shared";
  bool scale_embeddings = true, output_bias = false;
  double dropout = 0.3, attention_dropout = 0, activation_dropout = 0;
  TauOptions tau;
  std::string penalty = "absolute";
  std::string branch_scale = "none";
  double branch_scale_start = 0.1;
  LayerDropOptions layer_drop;
  WordDropoutOptions word_dropout;
  std::string fusion = "none";
  ImageEncoderOptions image_encoder;
  FeatureOptions features;

  template <class Visitor>
  void visit(Visitor& v) {
    v("size", size,
      "named size: tiny 4+4 layers of 128, small 6+6 of 512 (feed-forward 1024), base 6+6 of 512 "
      "(2048)",
      config::one_of({"tiny", "small", "base"}));
    v("width", width, "model width C; 0: as the size says", config::between(0, 8192));
    v("feed_forward", feed_forward, "width inside the feed-forward block; 0: as the size says",
      config::between(0, 65536));
    v("heads", heads, "attention heads, a divisor of width; 0: as the size says",
      config::between(0, 256));
    v("encoder_layers", encoder_layers, "encoder layers; 0: as the size says",
      config::between(0, 100));
    v("decoder_layers", decoder_layers, "decoder layers; 0: as the size says",
      config::between(0, 100));
    v("norm", norm, "layer normalisation after the sum, or before the branch",
      config::one_of({"post", "pre"}));
    v("activation", activation, "of the feed-forward block; silu: x sigmoid(x), or swish",
      config::one_of({"relu", "gelu", "silu"}));
    v("positions", positions,
      "position vectors; i of C / 2 sinusoids turns by 10000^(-i / (C / 2 - 1)) a position, "
      "marian: "
      "by 10000^(-i / (C / 2))",
      config::one_of({"sinusoidal", "marian", "learned"}));
    v("longest", longest, "longest sentence in tokens that learned positions serve",
      config::between(2, 65536));
    v("embeddings", embeddings,
      "one matrix for source, target and output (joint vocabulary), for target and output, or "
      "three",
      config::one_of({"shared", "target", "separate"}));
    v("scale_embeddings", scale_embeddings,
      "an embedding is multiplied by the square root of the width before its position is added");
    v("output_bias", output_bias,
      "a number a piece is added to its logit; padding, which is never written, has none then, nor "
      "a share of the smoothed labels");
    v("dropout", dropout,
      "probability of dropping a channel of the embedding sum and of each branch's output",
      config::between(0, 0.99));
    v("attention_dropout", attention_dropout, "the same of an attention weight",
      config::between(0, 0.99));
    v("activation_dropout", activation_dropout, "the same of a channel after the activation",
      config::between(0, 0.99));
    v.group("tau", tau, "strength of the penal connections, by stack");
    v("penalty", penalty,
      "what tau weighs: ||z||^2 of what a branch adds; the same over the mean square of what it is "
      "added to (text and fusion; the image encoder's stays absolute); or, as a control, ||x||^2 "
      "of "
      "the sum (norm pre)",
      config::one_of({"absolute", "relative", "stream"}));
    v("branch_scale", branch_scale,
      "what each branch's output of the text stacks is multiplied by: nothing, a learned number, "
      "or one a channel (LayerScale)",
      config::one_of({"none", "scalar", "channel"}));
    v("branch_scale_start", branch_scale_start, "what the scales begin with; 0: ReZero",
      config::between(0, 10));
    v.group("layer_drop", layer_drop, "probability that an update goes without a layer, by stack");
    v.group("word_dropout", word_dropout,
            "probability that a token's embedding is set to zero in training");
    v("fusion", fusion,
      "how the image joins the text: a gated sum with one pooled vector, regions as more memory, "
      "selective attention, or attention of the decoder's own",
      {.words = fusion_names()});
    v.group("image_encoder", image_encoder, "the small image encoder, where fusion is not none");
    v.group("features", features, "image_encoder.kind features: what comes in its place");
  }

  // The same with every size a number. Problems that concern several fields go to `problems`.
  ModelOptions resolved(config::Problems& problems) const;
  bool uses_images() const { return fusion != "none"; }
  const FusionKind& fusion_kind() const;
  bool takes_features() const { return image_encoder.kind == "features"; }
};

}  // namespace penalmt
