// Logits, loss and every gradient against the same network in PyTorch
// (tests/golden/tiny_transformer.py).
#include <gtest/gtest.h>

#include "models/translation_model.h"
#include "peer_names.h"
#include "tensors/safetensors.h"

namespace penalmt::transformer_golden_test {

const NamedTensors& golden() {
  static const NamedTensors tensors =
      load_safetensors(PENALMT_SOURCE "/tests/golden/tiny_transformer.safetensors");
  return tensors;
}

at::Tensor fetch(const std::string& name) {
  const at::Tensor* tensor = find(golden(), name);
  if (!tensor) throw std::runtime_error("golden file has no " + name);
  return *tensor;
}

ModelOptions post_options(double tau) {
  ModelOptions options;
  options.width = 16, options.feed_forward = 24, options.heads = 4,
  options.encoder_layers = options.decoder_layers = 2;
  options.dropout = 0;
  options.tau = {tau, tau, tau, tau};
  return options;
}

void expect_near(const at::Tensor& got, const at::Tensor& expected, const std::string& what) {
  ASSERT_EQ(got.sizes(), expected.sizes()) << what;
  EXPECT_LE((got - expected).abs().max().item<double>(),
            1e-10 * std::max(1.0, expected.abs().max().item<double>()))
      << what;
}

void match(const std::string& name, const std::string& weights, const ModelOptions& options,
           int64_t source_vocabulary) {
  TranslationModel model(options, source_vocabulary, 23);
  model->to(torch::kDouble);
  {
    torch::NoGradGuard no_grad;
    for (const auto& item : model->named_parameters())
      at::Tensor(item.value()).copy_(from_peer(item.key(), [&](const std::string& peer) {
        return fetch(weights + "/weights/" + peer);
      }));
  }
  const at::Tensor source = fetch(name + "/source"), target = fetch(name + "/target");
  const at::Tensor input = target.narrow(1, 0, target.size(1) - 1),
                   output = target.narrow(1, 1, target.size(1) - 1);
  const at::Tensor logits = model->logits(model->decode(input, model->encode(source, {})));
  const at::Tensor real = output.ne(kPad).unsqueeze(-1);
  expect_near(logits * real, fetch(name + "/logits") * real,
              "logits");  // what stands at padding does not matter
  const TokenLoss loss = model->loss({source, {}, input, output}, 0.1);
  expect_near(loss.total, fetch(name + "/loss"), "loss");
  loss.total.backward();
  for (const auto& item : model->named_parameters())
    expect_near(
        item.value().grad(),
        from_peer(item.key(),
                  [&](const std::string& peer) { return fetch(name + "/gradients/" + peer); }),
        "gradient of " + item.key());
}

TEST(TranslationModel, EqualsThePeerInPyTorch) { match("post", "post", post_options(0), 23); }

TEST(TranslationModel, EqualsThePeerWithItsPenalHook) {
  match("post_penal", "post", post_options(1e-2), 23);
}

TEST(TranslationModel, EqualsPyTorchPreNormGeluLearnedPositionsSeparateVocabularies) {
  ModelOptions options;
  options.width = 8, options.feed_forward = 12, options.heads = 2,
  options.encoder_layers = options.decoder_layers = 1;
  options.norm = "pre", options.activation = "gelu", options.positions = "learned",
  options.longest = 12, options.embeddings = "separate";
  options.dropout = 0;
  options.tau = {0, 0, 0, 0};
  match("pre", "pre", options, 19);
}

}  // namespace penalmt::transformer_golden_test
