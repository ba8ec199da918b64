// The chain measured, against PyTorch's autograd (tests/golden/chain.py) and by hand.
#include "models/chain.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <numeric>
#include <set>

#include "formula_model.h"
#include "models/resnet.h"
#include "peer_names.h"
#include "tensors/safetensors.h"

namespace penalmt::chain_test {

// [mean, deviation of the population] of the golden file; null where there is none.
void expect_moments(const std::vector<double>& got, const nlohmann::json& expected,
                    const std::string& what) {
  if (expected.is_null()) {
    EXPECT_TRUE(got.empty()) << what;
    return;
  }
  ASSERT_FALSE(got.empty()) << what;
  const auto count = static_cast<double>(got.size());
  const double mean = std::accumulate(got.begin(), got.end(), 0.0) / count;
  double squares = 0;
  for (const double number : got) squares += (number - mean) * (number - mean);
  EXPECT_NEAR(mean, expected[0].get<double>(), 1e-10) << what;
  EXPECT_NEAR(std::sqrt(squares / count), expected[1].get<double>(), 1e-10) << what;
}

void expect_chain(const ChainValues& got, const nlohmann::json& expected, const std::string& what) {
  ASSERT_EQ(got.nodes.size(), expected["nodes"].size()) << what;
  for (size_t l = 0; l < got.nodes.size(); ++l) {
    const NodeValues& node = got.nodes[l];
    const nlohmann::json& of_node = expected["nodes"][l];
    const std::string place = what + " " + std::to_string(l) + " ";
    expect_moments(node.step, of_node["step"], place + "step");
    expect_moments(node.state, of_node["state"], place + "state");
    expect_moments(node.ratio, of_node["ratio"], place + "ratio");
    expect_moments(node.alignment, of_node["alignment"], place + "alignment");
    expect_moments(node.turning, of_node["turning"], place + "turning");
  }
  expect_moments(got.straightness, expected["straightness"], what + " straightness");
  expect_moments(got.evenness, expected["evenness"], what + " evenness");
}

at::Tensor peer_tensor(const std::string& name) {
  static const NamedTensors tensors =
      load_safetensors(PENALMT_SOURCE "/tests/golden/tiny_transformer.safetensors");
  return *find(tensors, name);
}

// The chains of the case `name` of chain.py; weight(name, parameter) is what a parameter holds.
template <class Weight>
void match_golden(const std::string& name, const ModelOptions& options, int64_t source_vocabulary,
                  const Images& images, const Weight& weight) {
  const nlohmann::json golden = config::parse_file(PENALMT_SOURCE "/tests/golden/chain.json")[name];
  TranslationModel model(options, source_vocabulary, 23);
  model->to(torch::kDouble);
  model->eval();
  {
    torch::NoGradGuard no_grad;
    for (const auto& item : model->named_parameters())
      at::Tensor(item.value()).copy_(weight(item.key(), item.value()));
  }
  const at::Tensor target = peer_tensor("pre/target");
  const int64_t length = target.size(1) - 1;
  // The decoder is fed no end: what stands before padding is padding.
  const at::Tensor output = target.narrow(1, 1, length),
                   input = target.narrow(1, 0, length).masked_fill(output.eq(kPad), 0);
  ChainRecorder recorder(chains_of(*model));
  const TokenLoss loss =
      model->loss({peer_tensor("pre/source"), images, input, output}, /*smoothing=*/0);
  EXPECT_NEAR(loss.nll.item<double>() / output.ne(kPad).sum().item<double>(),
              golden["nll"].get<double>(), 1e-10);
  const std::vector<ChainValues> values = recorder.values(loss.total);
  ASSERT_EQ(values.size() + 1, golden.size());  // and its nll
  for (size_t c = 0; c < values.size(); ++c) {
    const std::string& stack = recorder.chains()[c].stack;
    ASSERT_TRUE(golden.contains(stack)) << stack;
    expect_chain(values[c], golden[stack], name + " " + stack);
  }
}

// The formula of chain.py.
at::Tensor weight_of_name(const std::string& name, const at::Tensor& parameter) {
  int64_t sum = 0;
  for (const char byte : name) sum += static_cast<unsigned char>(byte);
  const at::Tensor place = at::arange(parameter.numel(), at::kDouble) + sum % 100;
  const bool gain = name.ends_with("norm.weight") || name.ends_with("scale");
  return ((place.square() / 7).cos() * 0.4 + (gain ? 1 : 0)).view_as(parameter);
}

TEST(Chain, EqualsPyTorchPostNorm) {
  ModelOptions options;
  options.width = 16, options.feed_forward = 24, options.heads = 4,
  options.encoder_layers = options.decoder_layers = 2;
  match_golden("post", options, 23, {}, [](const std::string& name, const at::Tensor&) {
    return from_peer(name,
                     [](const std::string& peer) { return peer_tensor("post/weights/" + peer); });
  });
}

ModelOptions pre_norm_options() {
  ModelOptions options;
  options.width = 8, options.feed_forward = 12, options.heads = 2,
  options.encoder_layers = options.decoder_layers = 2, options.norm = "pre";
  return options;
}

TEST(Chain, EqualsPyTorchPreNorm) {
  ModelOptions options = pre_norm_options();
  options.activation = "gelu", options.positions = "learned", options.longest = 12,
  options.embeddings = "separate";
  match_golden("pre", options, 19, {}, weight_of_name);
}

TEST(Chain, EqualsPyTorchOfImagesTheirFusionAndScaledBranches) {
  ModelOptions options = pre_norm_options();
  options.fusion = "selective";
  options.branch_scale = options.image_encoder.branch_scale = "channel";
  options.image_encoder.size = 8, options.image_encoder.patch = 4, options.image_encoder.width = 6,
  options.image_encoder.feed_forward = 10, options.image_encoder.heads = 2,
  options.image_encoder.layers = 2;
  const Images images{(torch::arange(2 * 3 * 8 * 8) * 7 % 251).to(torch::kByte).view({2, 3, 8, 8}),
                      torch::tensor({true, false, true})};
  match_golden("fused", options, 23, images, weight_of_name);
}

at::Tensor source() { return torch::tensor({{5, 9, 14, 7, 2}, {18, 4, 2, 0, 0}}); }
at::Tensor target_input() { return torch::tensor({{1, 8, 22, 3}, {1, 20, 0, 0}}); }
at::Tensor target_output() { return torch::tensor({{8, 22, 3, 2}, {20, 2, 0, 0}}); }
// The second sentence has none.
Images images() {
  return {(torch::arange(3 * 16 * 16) * 7 % 251).to(torch::kByte).reshape({1, 3, 16, 16}),
          torch::tensor({true, false})};
}

TEST(Chain, EveryResidualStandsInOneChain) {
  for (const char* fusion : {"none", "gated", "selective", "concatenated", "doubly_attentive"})
    for (const char* kind : {"vit", "resnet"}) {
      ModelOptions options = formula_model_options({.fusion = fusion});
      options.image_encoder.kind = kind;
      TranslationModel model(options, 23, 23);
      std::set<const PenalConnectionImpl*> all, found;
      for (const auto& item : model->named_modules("", false))
        if (const auto* connection = item.value()->as<PenalConnectionImpl>())
          all.insert(connection);
      size_t nodes = 0;
      for (const Chain& chain : chains_of(*model))
        for (const ChainNode& node : chain.nodes) {
          ++nodes;
          found.insert(node.connection);
        }
      EXPECT_EQ(found, all) << fusion << kind;
      EXPECT_EQ(nodes, all.size()) << fusion << kind;
    }
}

TEST(Chain, TellsWhatItsResidualsAre) {
  ModelOptions options = formula_model_options({.fusion = "doubly_attentive", .layers = 1});
  options.image_encoder.kind = "resnet", options.image_encoder.stages = 2,
  options.image_encoder.blocks = 2;
  TranslationModel model(options, 23, 23);
  std::string names;
  for (const Chain& chain : chains_of(*model)) {
    names += chain.stack + ":";
    for (const ChainNode& node : chain.nodes)
      names += " " + std::to_string(node.layer) + " " + node.sublayer;
    names += "\n";
  }
  EXPECT_EQ(names,
            "encoder: 1 self_attention 1 feed_forward\n"
            "image_encoder.stage1: 1 block 2 block\n"
            "image_encoder.stage2: 1 block 2 block\n"
            "decoder: 1 self_attention 1 cross_attention 1 image_attention 1 feed_forward\n");
}

TEST(Chain, OnlyRealPositionsCount) {
  TranslationModel model = formula_model({.fusion = "doubly_attentive"});
  ChainRecorder recorder(chains_of(*model));
  const std::vector<ChainValues> values =
      recorder.values(model->loss({source(), images(), target_input(), target_output()}, 0).total);
  const ChainValues &encoder = values[0], &image = values[1], &decoder = values[2];
  EXPECT_EQ(encoder.nodes[0].step.size(), 8u);  // 5 + 3 tokens
  EXPECT_EQ(encoder.straightness.size(), 8u);
  EXPECT_EQ(image.nodes[0].step.size(), 4u);       // one image of 2 x 2 patches
  EXPECT_EQ(decoder.nodes[0].step.size(), 6u);     // 4 + 2 tokens
  EXPECT_EQ(decoder.nodes[1].turning.size(), 4u);  // cross-attention, then attention to the image
  EXPECT_EQ(decoder.nodes[2].step.size(), 4u);     // of the sentence that has one
  EXPECT_EQ(decoder.nodes[3].alignment.size(), 6u);
  EXPECT_EQ(decoder.straightness.size(), 6u);
}

TEST(Chain, ObservingLeavesTheModelAsItWas) {
  TranslationModel model = formula_model({.fusion = "gated"});
  const auto loss = [&] {
    torch::NoGradGuard no_grad;
    return model->loss({source(), images(), target_input(), target_output()}, 0)
        .total.item<double>();
  };
  const double before = loss();
  {
    ChainRecorder recorder(chains_of(*model));
    const std::vector<ChainValues> values = recorder.values(
        model->loss({source(), images(), target_input(), target_output()}, 0).total);
    EXPECT_EQ(values[2].nodes[0].step.size(), 5u);  // the fusion: the sentence with the image
    EXPECT_TRUE(values[2].straightness.empty());
    for (const at::Tensor& parameter : model->parameters())
      EXPECT_FALSE(parameter.grad().defined());
  }
  EXPECT_EQ(loss(), before);
}

TEST(Chain, ABatchWithoutImagesHasNoValuesOfTheirEncoder) {
  TranslationModel model = formula_model({.fusion = "gated"});
  ChainRecorder recorder(chains_of(*model));
  const std::vector<ChainValues> values =
      recorder.values(model->loss({source(), {}, target_input(), target_output()}, 0).total);
  EXPECT_EQ(values[0].nodes[0].step.size(), 8u);
  EXPECT_TRUE(values[1].nodes[0].step.empty());
  EXPECT_TRUE(values[2].nodes[0].step.empty());
}

TEST(Chain, ABranchThatAddsNothingHasNoDirection) {
  ModelOptions options = formula_model_options({.norm = "pre", .branch_scale = "scalar"});
  options.branch_scale_start = 0;
  TranslationModel model(options, 23, 23);
  model->eval();
  ChainRecorder recorder(chains_of(*model));
  const std::vector<ChainValues> values =
      recorder.values(model->loss({source(), {}, target_input(), target_output()}, 0).total);
  EXPECT_EQ(values[0].nodes[0].step, std::vector<double>(8, 0.0));
  EXPECT_TRUE(values[0].nodes[0].alignment.empty());
  EXPECT_TRUE(values[0].nodes[0].turning.empty());
  EXPECT_TRUE(values[0].straightness.empty());
}

// The stages of a residual network by hand.
TEST(Chain, AResidualNetworksPositionsArePlacesOfItsFeatureMaps) {
  ImageEncoderOptions options;
  options.kind = "resnet", options.size = 8, options.width = 8, options.stages = 2,
  options.blocks = 2;
  Classifier model(options, PenalOptions{}, 3);
  fill_by_formula(*model);
  model->to(torch::kDouble);
  model->eval();
  const at::Tensor pixels =
      (torch::arange(2 * 3 * 8 * 8) * 7 % 251).to(torch::kByte).reshape({2, 3, 8, 8});
  const at::Tensor labels = torch::tensor({2, 0});
  const auto loss_of = [&](const at::Tensor& logits) {
    return at::cross_entropy_loss(logits, labels, {}, at::Reduction::Sum);
  };
  ChainRecorder recorder(chains_of(*model));
  const std::vector<ChainValues> values = recorder.values(loss_of(model->logits(pixels)));
  ASSERT_EQ(values.size(), 2u);

  auto& network = dynamic_cast<ResNetImpl&>(*model->image_encoder);
  at::Tensor x = network.stem(centred(pixels, network.stem->weight));
  std::vector<at::Tensor> states, steps;
  for (const auto& module : *network.blocks) {
    auto& block = *module->as<ResidualBlockImpl>();
    states.push_back(block.shortcut(x));
    states.back().retain_grad();
    steps.push_back(block.branch(block.projection ? x : states.back()));
    x = states.back() + steps.back();
  }
  loss_of(model->head(torch::relu(network.norm(x)).flatten(2).mean(2))).backward();
  const auto rows = [](const at::Tensor& map) { return map.permute({0, 2, 3, 1}).flatten(0, 2); };
  for (size_t b = 0; b < 4; ++b) {
    const at::Tensor z = rows(steps[b]).detach(), uphill = rows(states[b].grad());
    // Where the gradient is zero, behind units that are off, there is no direction.
    const at::Tensor cosine =
        torch::cosine_similarity(z, -uphill, -1, 1e-300).masked_select(uphill.norm(2, {-1}).ne(0));
    const NodeValues& node = values[b / 2].nodes[b % 2];
    EXPECT_EQ(node.step.size(), b < 2 ? 128u : 32u);
    EXPECT_TRUE(torch::allclose(torch::tensor(node.alignment, torch::kDouble), cosine, 1e-9, 1e-9))
        << b;
    EXPECT_TRUE(
        torch::allclose(torch::tensor(node.step, torch::kDouble), z.norm(2, {-1}), 1e-9, 1e-9))
        << b;
  }
}

TEST(Chain, RemovingAResidualLeavesItsStateAlone) {
  for (const char* norm : {"post", "pre"}) {
    TranslationModel model = formula_model({.norm = norm, .fusion = "selective"});
    const auto encode = [&] {
      torch::NoGradGuard no_grad;
      return model->encode(source(), images()).states.clone();
    };
    const at::Tensor whole = encode();
    auto& layer = *model->encoder->layers[0]->as<EncoderLayerImpl>();
    layer.feed_forward_residual->connection->remove(true);
    const at::Tensor removed = encode();
    layer.feed_forward_residual->connection->remove(false);
    EXPECT_FALSE(torch::allclose(removed, whole, 0, 1e-3));
    {
      torch::NoGradGuard no_grad;
      layer.feed_forward->down->weight.zero_();
      layer.feed_forward->down->bias.zero_();
    }
    EXPECT_TRUE(torch::allclose(encode(), removed, 1e-5, 1e-6));

    auto& fusion = dynamic_cast<AdditiveFusion&>(*model->fusion);
    fusion.connection->remove(true);
    torch::NoGradGuard no_grad;
    EXPECT_TRUE(torch::equal(encode(), model->encode(source(), {}).states));
  }
}

}  // namespace penalmt::chain_test
