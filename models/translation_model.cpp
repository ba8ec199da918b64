#include "models/translation_model.h"

#include <torch/torch.h>

#include <cmath>
#include <limits>

#include "tensors/packed_attention.h"
#include "tensors/shape_check.h"

namespace penalmt {
namespace {

// tau: of the stack.
PenalOptions penal_options(const ModelOptions& options, double tau) {
  return {.tau = tau, .grade = options.tau.grade, .penalty = penalty_named(options.penalty)};
}

StackConfig text_stack(const ModelOptions& options, int64_t layers, double tau, double layer_drop) {
  PenalOptions penal = penal_options(options, tau);
  penal.scale = branch_scale_named(options.branch_scale);
  penal.scale_start = options.branch_scale_start;
  return {.layers = layers,
          .width = options.width,
          .feed_forward = options.feed_forward,
          .heads = options.heads,
          .norm = norm_order_named(options.norm),
          .activation = activation_named(options.activation),
          .dropout = options.dropout,
          .attention_dropout = options.attention_dropout,
          .activation_dropout = options.activation_dropout,
          .layer_drop = layer_drop,
          .penal = penal};
}

// [B, M] → [B, 1, 1, M], or undefined where every position is real (then attention needs no mask;
// only asked on the CPU, where the answer costs no wait).
at::Tensor attention_mask(const at::Tensor& visible) {
  if (!visible.defined() || (visible.is_cpu() && visible.all().item<bool>())) return {};
  return visible.unsqueeze(1).unsqueeze(1);
}

}  // namespace

TranslationModelImpl::TranslationModelImpl(const ModelOptions& options, int64_t source_vocabulary,
                                           int64_t target_vocabulary)
    : source_positions(register_module(
          "source_positions",
          Positions(position_kind_named(options.positions), options.longest, options.width))),
      target_positions(register_module(
          "target_positions",
          Positions(position_kind_named(options.positions), options.longest, options.width))),
      source_word_dropout(
          register_module("source_word_dropout", CounterDropout(options.word_dropout.source))),
      target_word_dropout(
          register_module("target_word_dropout", CounterDropout(options.word_dropout.target))),
      source_dropout(register_module("source_dropout", CounterDropout(options.dropout))),
      target_dropout(register_module("target_dropout", CounterDropout(options.dropout))),
      encoder(register_module(
          "encoder", Encoder(text_stack(options, options.encoder_layers, options.tau.encoder,
                                        options.layer_drop.encoder)))),
      decoder(register_module(
          "decoder", Decoder(text_stack(options, options.decoder_layers, options.tau.decoder,
                                        options.layer_drop.decoder),
                             options.fusion_kind().decoder_looks))),
      options_(options) {
  if (options.embeddings == "shared") {
    TORCH_CHECK(source_vocabulary == target_vocabulary, "shared embeddings need one vocabulary");
    source_embedding_ = target_embedding_ = output_embedding_ =
        register_parameter("embedding", new_embedding(source_vocabulary, options.width));
  } else {
    source_embedding_ =
        register_parameter("source_embedding", new_embedding(source_vocabulary, options.width));
    target_embedding_ =
        register_parameter("target_embedding", new_embedding(target_vocabulary, options.width));
    output_embedding_ = options.embeddings == "target"
                            ? target_embedding_
                            : register_parameter("output_embedding",
                                                 new_embedding(target_vocabulary, options.width));
  }
  if (options.output_bias)
    output_bias_ = register_parameter("output_bias", at::zeros({target_vocabulary}));
  if (options.uses_images()) {
    if (!options.takes_features())
      image_encoder = register_module(
          "image_encoder", make_image_encoder(options.image_encoder,
                                              penal_options(options, options.tau.image_encoder)));
    const int64_t feature_width = image_encoder ? image_encoder->width() : options.features.width;
    TORCH_CHECK(feature_width > 0, "features without a width");
    fusion = register_module("fusion", make_fusion(options.fusion, options.width, feature_width,
                                                   penal_options(options, options.tau.fusion)));
  }
  name_dropout_sites(*this);
}

ImageStates TranslationModelImpl::encode_images(const Images& images, const ForwardPass& pass) {
  if (image_encoder && images.values.dim() == 4) {
    ForwardPass image_pass = pass;
    if (pass.ids.defined()) image_pass.ids = pass.ids.masked_select(images.has_image.to(at::kCPU));
    return {image_encoder->regions_of(images.values, image_pass), images.has_image};
  }
  const int64_t regions = image_encoder ? image_encoder->regions() : options_.features.regions;
  const int64_t width = image_encoder ? image_encoder->width() : options_.features.width;
  const int64_t count = images.has_image.sum().item<int64_t>();
  check_shape(images.values, {count, regions, width}, "features");
  return {images.values.to(source_embedding_.scalar_type()), images.has_image};
}

Memory TranslationModelImpl::encode_text(const at::Tensor& source, const Rows& rows) {
  const at::Tensor x = embed(source, {source_embedding_, embedding_scale()}, *source_positions,
                             *source_word_dropout, *source_dropout, rows);
  return {encoder(x, attention_mask(rows.real), rows), rows.real};
}

Memory TranslationModelImpl::encode(const at::Tensor& source, const Images& images,
                                    const ForwardPass& pass) {
  const Rows rows = rows_of(source.ne(kPad), source.size(1), pass, source.device());
  Memory text = encode_text(source, rows);
  if (!fusion || !images.values.defined()) return text;
  return fusion->fuse(text, encode_images(images, pass), rows);
}

at::Tensor TranslationModelImpl::decode(const at::Tensor& target_input, const Memory& memory,
                                        const ForwardPass& pass) {
  const Rows rows =
      rows_of(target_input.ne(kPad), target_input.size(1), pass, target_input.device());
  const at::Tensor x = embed(target_input, {target_embedding_, embedding_scale()},
                             *target_positions, *target_word_dropout, *target_dropout, rows);
  return decoder->forward(x, memory, attention_mask(memory.visible), rows);
}

// Dropped attention weights are drawn a place in the padded batch; a decoder that looks on its own
// does so by batch; where regions joined to the memory stand, a GPU would have to be asked.
bool TranslationModelImpl::packs() const {
  return output_embedding_.scalar_type() == at::kFloat &&
         attention_kernel_takes(output_embedding_, options_.width / options_.heads) &&
         (!is_training() || options_.attention_dropout == 0) &&
         !options_.fusion_kind().decoder_looks &&
         (output_embedding_.is_cpu() || !options_.fusion_kind().joins_memory);
}

Memory TranslationModelImpl::encode_packed(const at::Tensor& source, const Images& images,
                                           const ForwardPass& pass) {
  const PackedText text = packed_text(source, {}, rows_of({}, source.size(1), pass, at::kCPU),
                                      output_embedding_.device());
  Memory memory = encode_text(text.ids, text.rows);
  memory.starts = text.packing.spans.starts;
  if (!fusion || !images.values.defined()) return memory;
  // A fusion reads whole sentences, and adds regions to them or not.
  const at::Tensor real = source.ne(kPad).to(text.ids.device());
  const Rows rows{.real = real, .counters = {}, .tau_scale = pass.tau_scale};
  const Memory fused = fusion->fuse({unpacked(memory.states, text.packing, source.size(0)), real},
                                    encode_images(images, pass), rows);
  const Packing all =
      fused.states.size(1) == source.size(1) ? text.packing : packing_of(fused.visible);
  Memory packed_memory{packed(fused.states, all), {}};
  packed_memory.starts = all.spans.starts;
  return packed_memory;
}

double TranslationModelImpl::embedding_scale() const {
  return options_.scale_embeddings ? std::sqrt(static_cast<double>(options_.width)) : 1;
}

at::Tensor TranslationModelImpl::output_bias() const {
  if (!output_bias_.defined()) return {};
  const at::Tensor padding =
      at::full({kPad + 1}, -std::numeric_limits<double>::infinity(), output_bias_.options());
  return at::cat({padding, output_bias_.slice(0, kPad + 1)});
}

at::Tensor TranslationModelImpl::logits(const at::Tensor& states) {
  return at::linear(states, output_embedding_, output_bias());
}

// Products like rows of a multiple of 8 numbers.
TranslationModelImpl::LossInput TranslationModelImpl::loss_input() const {
  if (!output_bias_.defined()) return {output_embedding_};
  constexpr int64_t kColumns = 8;
  const int64_t first = kPad + 1;
  const at::Tensor bias =
      at::constant_pad_nd(output_bias_.slice(0, first).unsqueeze(1), {0, kColumns - 1});
  return {at::cat({output_embedding_.slice(0, first), bias}, 1), first, kColumns};
}

at::Tensor TranslationModelImpl::LossInput::states(const at::Tensor& states) const {
  if (columns == 0) return states;
  const at::Tensor one =
      at::constant_pad_nd(at::ones({states.size(0), 1}, states.options()), {0, columns - 1});
  return at::cat({states, one}, 1);
}

TranslationModelImpl::TargetStates TranslationModelImpl::packed_target_states(
    const Sentences& sentences, const ForwardPass& pass) {
  const Memory memory = encode_packed(sentences.source, sentences.images, pass);
  const at::Tensor& input = sentences.target_input;
  const PackedText text =
      packed_text(input, sentences.target_output, rows_of({}, input.size(1), pass, at::kCPU),
                  output_embedding_.device());
  const at::Tensor x = embed(text.ids, {target_embedding_, embedding_scale()}, *target_positions,
                             *target_word_dropout, *target_dropout, text.rows);
  return {decoder->forward(x, memory, {}, text.rows).squeeze(0), text.gold};
}

TranslationModelImpl::TargetStates TranslationModelImpl::target_states(const Sentences& sentences,
                                                                       const ForwardPass& pass) {
  if (packs()) return packed_target_states(sentences, pass);
  const c10::Device device = output_embedding_.device();
  const Memory memory = encode(sentences.source.to(device), sentences.images, pass);
  return {decode(sentences.target_input.to(device), memory, pass).flatten(0, 1),
          sentences.target_output.to(device).flatten().contiguous()};
}

TokenLoss TranslationModelImpl::loss(const Sentences& sentences, double smoothing,
                                     const ForwardPass& pass) {
  const auto [states, gold] = target_states(sentences, pass);
  const LossInput input = loss_input();
  return token_loss(input.states(states), input.weight, input.gold(gold), smoothing, input.pad());
}

TokenLoss TranslationModelImpl::pair_loss(const Sentences& sentences, double smoothing,
                                          const PairWeights& weights, const ForwardPass& first,
                                          const ForwardPass& second) {
  const TargetStates a = target_states(sentences, first), b = target_states(sentences, second);
  const LossInput input = loss_input();
  return token_pair_loss({input.states(a.states), input.states(b.states)}, input.weight,
                         input.gold(a.gold), smoothing, weights, input.pad());
}

ImageView TranslationModelImpl::view_images(const at::Tensor& source, const at::Tensor& images,
                                            const at::Tensor& target_input) {
  const Rows rows = rows_of(source.ne(kPad), source.size(1), {}, source.device());
  const Memory text = encode_text(source, rows);
  const ImageStates image = encode_images({images, at::ones({source.size(0)}, at::kBool)}, {});
  const FusionView of_fusion = fusion->view(text.states, image.regions);
  if (of_fusion.gate.defined()) return {false, of_fusion.gate, of_fusion.attention};

  const Memory memory = fusion->fuse(text, image, rows);
  const DecoderView view = view_of(target_input, memory);
  if (!view.gate.empty())
    return {true, at::stack(view.gate).mean(0), at::stack(view.regions).mean(0)};
  const at::Tensor on_regions =
      at::stack(view.memory).mean(0).narrow(2, source.size(1), image.regions.size(1));  // [B, T, R]
  const at::Tensor share = on_regions.sum(-1);                                          // [B, T]
  return {true, share, on_regions / share.unsqueeze(-1)};
}

DecoderView TranslationModelImpl::view_of(const at::Tensor& target_input, const Memory& memory) {
  const Rows rows = rows_of(target_input.ne(kPad), target_input.size(1), {}, target_input.device());
  const at::Tensor x = embed(target_input, {target_embedding_, embedding_scale()},
                             *target_positions, *target_word_dropout, *target_dropout, rows);
  DecoderView view;
  decoder->forward(x, memory, attention_mask(memory.visible), rows, &view);
  return view;
}

at::Tensor TranslationModelImpl::view_source(const at::Tensor& source, const Images& images,
                                             const at::Tensor& target_input) {
  const DecoderView view = view_of(target_input, encode(source, images));
  const at::Tensor of_layer = view.memory[view.memory.size() - (view.memory.size() > 1 ? 2 : 1)];
  const at::Tensor on_words = of_layer.narrow(2, 0, source.size(1)).to(at::kFloat);
  return on_words / on_words.sum(-1, true);
}

void TranslationModelImpl::start_silent() {
  fusion->start_silent();
  for (const auto& layer : *decoder->layers)
    if (auto& attention = layer->as<DecoderLayerImpl>()->image_attention) attention->start_silent();
}

void TranslationModelImpl::set_tau(const std::string& stack, double tau) {
  for (const auto& item : named_modules("", /*include_self=*/false)) {
    auto* connection = item.value()->as<PenalConnectionImpl>();
    if (connection && item.key().starts_with(stack + ".")) connection->set_tau(tau);
  }
}

}  // namespace penalmt
