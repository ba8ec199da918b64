#include "models/incremental/row_encoder.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <functional>

#include "base/error.h"
#include "models/incremental/cached_decoder.h"
#include "tests/models/formula_model.h"

namespace penalmt::row_encoder_test {

struct Case {
  const char* norm;
  const char* activation;
  const char* positions;
  int64_t width, heads;
};

// The states of the whole encoder, sentence by sentence.
void expect_as_the_full_encoder(TranslationModel& model, double tolerance) {
  c10::InferenceMode guard;
  model->eval();
  const RowStack weights =
      row_encoder_weights(model->options(), model->source_vocabulary(), parameters_of(*model),
                          packer(ProductFormat::kFloat32));
  RowEncoder encoder(weights);
  for (const auto& lengths : {std::vector<int64_t>{7, 1, 40}, std::vector<int64_t>{3}}) {
    std::vector<int> tokens;
    for (const int64_t length : lengths)
      for (int64_t t = 0; t < length; ++t)
        tokens.push_back(static_cast<int>(2 + (t * 5 + length) % 20));
    const float* states = encoder.encode(tokens, lengths);
    int64_t first = 0;
    for (const int64_t length : lengths) {
      const at::Tensor source =
          at::tensor(std::vector<int>(tokens.begin() + first, tokens.begin() + first + length))
              .to(at::kLong)
              .unsqueeze(0);
      const at::Tensor expected = model->encode(source, {}).states.squeeze(0);
      const at::Tensor found = at::from_blob(const_cast<float*>(states + first * weights.width),
                                             {length, weights.width}, at::kFloat);
      EXPECT_LT((found - expected).abs().max().item<double>(), tolerance) << length;
      first += length;
    }
  }
}

TEST(RowEncoder, GivesTheFullEncodersStates) {
  for (const Case& c :
       {Case{"post", "relu", "sinusoidal", 32, 2}, Case{"pre", "gelu", "learned", 64, 4},
        Case{"post", "silu", "marian", 128, 4}, Case{"pre", "relu", "sinusoidal", 48, 1}})
    for (const char* scale : {"none", "scalar", "channel"})
      for (const bool scales : {true, false}) {
        SCOPED_TRACE(std::string(c.norm) + " " + c.activation + " " + c.positions + " " + scale);
        TranslationModel model = formula_model({.norm = c.norm,
                                                .activation = c.activation,
                                                .positions = c.positions,
                                                .branch_scale = scale,
                                                .width = c.width,
                                                .heads = c.heads,
                                                .scale_embeddings = scales});
        expect_as_the_full_encoder(model, 2e-5);
      }
}

TEST(RowEncoder, LeavesOutWhatIsRemoved) {
  TranslationModel model = formula_model({.heads = 2});
  const auto& layer = *model->encoder->layers[1]->as<EncoderLayerImpl>();
  for (Residual residual : {layer.self_attention_residual, layer.feed_forward_residual}) {
    residual->connection->remove(true);
    expect_as_the_full_encoder(model, 2e-5);
    residual->connection->remove(false);
  }
}

// A folder's weights and its description may be of two models.
TEST(RowWeights, AreThoseThatTheOptionsSay) {
  const auto refusal = [](const std::string& described, const std::string& stored,
                          std::vector<int64_t> shape = {}) -> std::string {
    TranslationModel model = formula_model({.branch_scale = stored});
    ModelOptions options = model->options();
    options.branch_scale = described;
    ParameterSource source = parameters_of(*model);
    if (!shape.empty())
      source.find = [find = source.find, shape](const std::string& name) {
        std::optional<NumberArray> found = find(name);
        if (name.ends_with("feed_forward_residual.connection.scale")) found->shape = shape;
        return found;
      };
    try {
      row_encoder_weights(options, model->source_vocabulary(), source,
                          packer(ProductFormat::kFloat32));
    } catch (const Error& error) {
      return error.what();
    }
    return "none";
  };
  for (const char* scale : {"none", "scalar", "channel"}) EXPECT_EQ(refusal(scale, scale), "none");
  EXPECT_EQ(refusal("channel", "none"),
            "no tensor 'encoder.layers.0.self_attention_residual.connection.scale', which the "
            "model needs; is it another model's?");
  EXPECT_EQ(refusal("scalar", "channel"),
            "tensor 'encoder.layers.0.self_attention_residual.connection.scale': got shape [32], "
            "expected [1]");
  EXPECT_EQ(refusal("channel", "channel", {3}),
            "tensor 'encoder.layers.0.feed_forward_residual.connection.scale': got shape [3], "
            "expected [32]");
}

TEST(RowPositions, EndWhereLearnedOnesEnd) {
  RowPositions positions(share(std::vector<float>(12)), 3);
  EXPECT_NO_THROW(positions.first(3));
  EXPECT_THROW(positions.first(4), std::logic_error);
}

}  // namespace penalmt::row_encoder_test
