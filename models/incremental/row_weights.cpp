#include "models/incremental/row_weights.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "base/error.h"
#include "base/token_ids.h"
#include "models/position_vectors.h"

namespace penalmt {
namespace {

// Named parameters in the shapes that the options ask for.
class Reader {
 public:
  Reader(const ModelOptions& options, const ParameterSource& source, const PackMatrix& pack)
      : options_(options), source_(source), pack_(pack) {}

  SharedFloats numbers(const std::string& name, const std::vector<int64_t>& shape) const {
    const std::optional<NumberArray> found = source_.find(name);
    if (!found)
      throw Error(
          fmt::format("no tensor '{}', which the model needs; is it another model's?", name));
    if (found->shape != shape)
      throw Error(fmt::format("tensor '{}': got shape [{}], expected [{}]", name,
                              fmt::join(found->shape, ", "), fmt::join(shape, ", ")));
    return found->numbers;
  }

  PackedMatrix linear(const std::string& name, int64_t in, int64_t out) const {
    return pack_(matrix(name, in, out));
  }

  // The last map of the branch that `residual` adds, its scale folded in.
  PackedMatrix last(const std::string& name, const std::string& residual, int64_t in,
                    int64_t out) const {
    MatrixNumbers numbers = matrix(name, in, out);
    const bool is_removed = source_.removed.contains(residual);
    if (options_.branch_scale == "none" && !is_removed) return pack_(numbers);
    const bool is_one = options_.branch_scale != "channel";
    const SharedFloats scale =
        is_removed ? share(std::vector<float>(out, 0.0f))
                   : this->numbers(residual + ".connection.scale", {is_one ? 1 : out});
    std::vector<float> weight(numbers.weight.get(), numbers.weight.get() + out * in),
        bias(numbers.bias.get(), numbers.bias.get() + out);
    for (int64_t c = 0; c < out; ++c) {
      const float factor = scale.get()[is_one ? 0 : c];
      for (int64_t k = 0; k < in; ++k) weight[c * in + k] *= factor;
      bias[c] *= factor;
    }
    return pack_({share(std::move(weight)), share(std::move(bias)), out, in});
  }

  NormWeights norm(const std::string& name) const {
    const int64_t width = options_.width;
    return {numbers(name + ".weight", {width}), numbers(name + ".bias", {width}), width};
  }

  // Of `side`, "source" or "target".
  RowEmbedding embedding(const std::string& side, int64_t vocabulary) const {
    const int64_t width = options_.width;
    RowEmbedding embedding;
    embedding.matrix = numbers(options_.embeddings == "shared" ? "embedding" : side + "_embedding",
                               {vocabulary, width});
    if (options_.scale_embeddings) embedding.scale = std::sqrt(static_cast<float>(width));
    const PositionKind kind = position_kind_named(options_.positions);
    embedding.positions =
        kind == PositionKind::kLearned
            ? RowPositions(numbers(side + "_positions.weight", {options_.longest, width}),
                           options_.longest)
            : RowPositions(kind, width);
    return embedding;
  }

  // What the encoder's and the decoder's layers have both. `name`: "encoder.layers.0."
  RowLayer layer(const std::string& name) const {
    const int64_t width = options_.width, inner = options_.feed_forward;
    RowLayer layer;
    layer.self_in = linear(name + "self_attention.in_projection", width, 3 * width);
    layer.self_out = last(name + "self_attention.out_projection", name + "self_attention_residual",
                          width, width);
    layer.up = linear(name + "feed_forward.up", width, inner);
    layer.down = last(name + "feed_forward.down", name + "feed_forward_residual", inner, width);
    layer.self_norm = norm(name + "self_attention_residual.norm");
    layer.feed_forward_norm = norm(name + "feed_forward_residual.norm");
    return layer;
  }

  // All but the embedding and the layers. `name`: "encoder".
  RowStack stack(const std::string& name) const {
    RowStack stack{.norm = norm_order_named(options_.norm),
                   .activation = activation_named(options_.activation),
                   .width = options_.width,
                   .heads = options_.heads};
    if (stack.norm == NormOrder::kPre) stack.final_norm = norm(name + ".final_norm");
    return stack;
  }

 private:
  MatrixNumbers matrix(const std::string& name, int64_t in, int64_t out) const {
    return {numbers(name + ".weight", {out, in}), numbers(name + ".bias", {out}), out, in};
  }

  const ModelOptions& options_;
  const ParameterSource& source_;
  const PackMatrix& pack_;
};

// Of the output layer: the model's, null where it has none; or, renormalized, with -infinity at
// the start. Padding has no probability where there is one.
SharedFloats output_bias(const Reader& reader, const ModelOptions& options, int64_t vocabulary,
                         bool renormalized) {
  if (!options.output_bias && !renormalized) return nullptr;
  constexpr float kNever = -std::numeric_limits<float>::infinity();
  std::vector<float> bias(vocabulary, 0.0f);
  if (options.output_bias) {
    std::copy_n(reader.numbers("output_bias", {vocabulary}).get(), vocabulary, bias.begin());
    bias[kPad] = kNever;
  }
  if (renormalized) bias[kBos] = kNever;
  return share(std::move(bias));
}

}  // namespace

const float* RowPositions::first(int64_t length) {
  if (length > ready_) {
    if (kind_ == PositionKind::kLearned) throw std::logic_error("more positions than were learned");
    compute(2 * length);
  }
  return vectors_.get();
}

void RowPositions::compute(int64_t length) {
  const std::vector<double> exact = position_vectors(kind_, length, width_);
  vectors_ = share({exact.begin(), exact.end()});
  ready_ = length;
}

void RowEmbedding::embed(const std::vector<int>& tokens, const std::vector<int64_t>& of_row,
                         const float* vectors, int64_t width, float* x) const {
  for (size_t r = 0; r < tokens.size(); ++r) {
    const float *row = matrix.get() + tokens[r] * width, *shift = vectors + of_row[r] * width;
    for (int64_t c = 0; c < width; ++c) x[r * width + c] = row[c] * scale + shift[c];
  }
}

RowWeights row_weights(const ModelOptions& options, int64_t target_vocabulary,
                       const ParameterSource& source, const PackMatrix& pack, bool renormalized) {
  const Reader reader(options, source, pack);
  const int64_t width = options.width;
  RowWeights weights{.decoder = reader.stack("decoder"),
                     .vocabulary = target_vocabulary,
                     .doubly_attentive = options.fusion_kind().decoder_looks};
  weights.decoder.embedding = reader.embedding("target", target_vocabulary);
  for (int64_t l = 0; l < options.decoder_layers; ++l) {
    const std::string name = fmt::format("decoder.layers.{}.", l);
    RowLayer layer = reader.layer(name);
    layer.query = reader.linear(name + "cross_attention.query_projection", width, width);
    layer.memory = reader.linear(name + "cross_attention.memory_projection", width, 2 * width);
    layer.memory_out = reader.last(name + "cross_attention.out_projection",
                                   name + "cross_attention_residual", width, width);
    layer.memory_norm = reader.norm(name + "cross_attention_residual.norm");
    if (weights.doubly_attentive) {
      const std::string image = name + "image_attention.";
      layer.image_query = reader.linear(image + "attention.query_projection", width, width);
      layer.image_memory = reader.linear(image + "attention.memory_projection", width, 2 * width);
      layer.image_out = reader.last(image + "attention.out_projection",
                                    name + "image_attention_residual", width, width);
      layer.image_gate = reader.linear(image + "gate", width, 1);
      layer.image_norm = reader.norm(name + "image_attention_residual.norm");
    }
    weights.decoder.layers.push_back(std::move(layer));
  }
  const SharedFloats output = options.embeddings == "separate"
                                  ? reader.numbers("output_embedding", {target_vocabulary, width})
                                  : weights.decoder.embedding.matrix;
  weights.output = pack({output, output_bias(reader, options, target_vocabulary, renormalized),
                         target_vocabulary, width});
  return weights;
}

RowStack row_encoder_weights(const ModelOptions& options, int64_t source_vocabulary,
                             const ParameterSource& source, const PackMatrix& pack) {
  const Reader reader(options, source, pack);
  RowStack encoder = reader.stack("encoder");
  encoder.embedding = reader.embedding("source", source_vocabulary);
  for (int64_t l = 0; l < options.encoder_layers; ++l)
    encoder.layers.push_back(reader.layer(fmt::format("encoder.layers.{}.", l)));
  return encoder;
}

}  // namespace penalmt
