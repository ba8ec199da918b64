// The whole model: encode(source, images) → memory, decode(target so far, memory) → states,
// logits(states).
#pragma once

#include "models/decoder.h"
#include "models/encoder.h"
#include "models/forward_pass.h"
#include "models/fusion.h"
#include "models/image_encoder.h"
#include "models/packing.h"
#include "tensors/token_pair_loss.h"

namespace penalmt {

// The images of a batch.
struct Images {
  at::Tensor
      values;  // of the P sentences that have one, in order: pixels [P, 3, size, size] uint8, or
               // [P, R, F] of any floating type for a model of stored features, and for any other
               // what its image encoder gave for the pixels; undefined: none has
  at::Tensor has_image;  // [B] bool, true at those P; on the CPU, or a GPU is waited for
};

// How a model looked at the images of a batch.
struct ImageView {
  bool of_target = false;  // rows are target positions (the decoder looks) in the place of source
                           // positions (the fusion does)
  at::Tensor gate;  // [B, n] in 0..1: mean of the gate over channels (and layers); concatenated
                    // memory: attention's share on the image
  at::Tensor attention;  // [B, n, R] weights over the regions, sum 1; undefined where they are
                         // pooled (gated fusion)
};

// A batch as the model takes it, its text on the CPU.
struct Sentences {
  at::Tensor source;  // [B, S] int64, padded with kPad
  Images images;
  at::Tensor target_input;   // [B, T] int64, from BOS on
  at::Tensor target_output;  // [B, T] int64, up to EOS
};

class TranslationModelImpl : public torch::nn::Module {
 public:
  // `options` resolved; vocabularies in pieces. Shared embeddings need equal vocabularies.
  TranslationModelImpl(const ModelOptions& options, int64_t source_vocabulary,
                       int64_t target_vocabulary);

  // source: [B, S] int64, padded with kPad. The memory has M = S positions, S + R with
  // concatenated fusion.
  Memory encode(const at::Tensor& source, const Images& images, const ForwardPass& pass = {});
  // Whether sentences can be read without their padding: encode_packed, and the loss.
  bool packs() const;
  // source: [B, S] on the CPU. The memory's states are packed.
  Memory encode_packed(const at::Tensor& source, const Images& images,
                       const ForwardPass& pass = {});
  // target_input: [B, T] int64, from BOS on → [B, T, C].
  at::Tensor decode(const at::Tensor& target_input, const Memory& memory,
                    const ForwardPass& pass = {});
  // states: [.., C] → [.., V].
  at::Tensor logits(const at::Tensor& states);
  // The loss of the target output, summed over its real tokens.
  TokenLoss loss(const Sentences& sentences, double smoothing, const ForwardPass& pass = {});
  // The same of two passes that are to agree (token_pair_loss.h).
  TokenLoss pair_loss(const Sentences& sentences, double smoothing, const PairWeights& weights,
                      const ForwardPass& first, const ForwardPass& second);

  // In evaluation mode. source: [B, S]; images: as Images::values, one a sentence; target_input:
  // [B, T]. Rows of padding hold anything.
  ImageView view_images(const at::Tensor& source, const at::Tensor& images,
                        const at::Tensor& target_input);

  // In evaluation mode. source: [B, S]; target_input: [B, T] → the attention of target positions on
  // source positions [B, T, S], float32, rows sum to 1: of the layer before the last, where it
  // aligns words best (Garg et al. 2019), mean over the heads. Rows of padding hold anything.
  at::Tensor view_source(const at::Tensor& source, const Images& images,
                         const at::Tensor& target_input);

  // As Fusion::start_silent, for whatever looks at the images.
  void start_silent();

  int64_t source_vocabulary() const { return source_embedding_.size(0); }
  const at::Tensor& target_embedding() const { return target_embedding_; }  // [V, C]
  const at::Tensor& output_embedding() const { return output_embedding_; }  // [V, C]
  // What is added to the logits: [V], -infinity at padding; undefined where nothing is.
  at::Tensor output_bias() const;
  // What an embedding is multiplied by.
  double embedding_scale() const;
  const ModelOptions& options() const { return options_; }
  // Sets tau of every penal connection below the child module `stack` ("encoder", "decoder",
  // "fusion", "image_encoder").
  void set_tau(const std::string& stack, double tau);

  Positions source_positions, target_positions;
  CounterDropout source_word_dropout, target_word_dropout;  // of whole tokens
  CounterDropout source_dropout, target_dropout;
  Encoder encoder;
  Decoder decoder;
  std::shared_ptr<ImageEncoder>
      image_encoder;               // null without images, and where they come as features
  std::shared_ptr<Fusion> fusion;  // null without images

 private:
  // source: [B, S], rows of [B, S].
  Memory encode_text(const at::Tensor& source, const Rows& rows);
  ImageStates encode_images(const Images& images, const ForwardPass& pass);
  // What the decoder looks at, in evaluation mode. target_input: [B, T].
  DecoderView view_of(const at::Tensor& target_input, const Memory& memory);
  // The decoder's states of the target's places and what they are to give. The text on the CPU.
  struct TargetStates {
    at::Tensor states;  // [N, C]: packed, N are the real places; else B T
    at::Tensor gold;    // [N] int64
  };
  TargetStates target_states(const Sentences& sentences, const ForwardPass& pass);
  TargetStates packed_target_states(const Sentences& sentences, const ForwardPass& pass);
  // What the losses take: states [N, C'], weight [V', C'] and gold in 0..V' - 1, `pad` elsewhere. A
  // bias is one more column of the weight, and a 1 in every state; padding has no row then.
  struct LossInput {
    at::Tensor weight;
    int64_t first = 0, columns = 0;  // the weight's first piece; columns beyond C
    at::Tensor states(const at::Tensor& states) const;
    at::Tensor gold(const at::Tensor& gold) const { return first == 0 ? gold : gold - first; }
    int64_t pad() const { return kPad - first; }
  };
  LossInput loss_input() const;

  ModelOptions options_;
  at::Tensor source_embedding_, target_embedding_,
      output_embedding_;    // [V, C]; the same tensor where shared
  at::Tensor output_bias_;  // [V], at padding without effect; undefined where there is none
};
TORCH_MODULE(TranslationModel);

}  // namespace penalmt
