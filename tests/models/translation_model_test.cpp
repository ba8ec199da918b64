// Laws of the whole model: every residual is penal, padding and the batch's order change nothing,
// images matter and their absence does not.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "graph_additions.h"
#include "models/translation_model.h"

namespace penalmt::translation_model_test {

ModelOptions tiny_options(const std::string& fusion, const std::string& norm) {
  ModelOptions options;
  options.width = 16, options.feed_forward = 24, options.heads = 4, options.encoder_layers = 2,
  options.decoder_layers = 2;
  options.norm = norm, options.fusion = fusion;
  options.image_encoder.size = 16, options.image_encoder.patch = 8,
  options.image_encoder.width = 12, options.image_encoder.heads = 2;
  options.image_encoder.feed_forward = 20, options.image_encoder.layers = 2;
  return options;
}

TranslationModel build(const ModelOptions& options) {
  torch::manual_seed(3);
  return TranslationModel(options, 30, 30);
}

at::Tensor source() {
  return torch::tensor({{5, 9, 14, 7, 2}, {18, 4, 2, 0, 0}, {11, 11, 6, 2, 0}});
}
at::Tensor target_input() { return torch::tensor({{1, 8, 22, 3}, {1, 20, 0, 0}, {1, 4, 9, 0}}); }
at::Tensor target_output() { return torch::tensor({{8, 22, 3, 2}, {20, 2, 0, 0}, {4, 9, 2, 0}}); }
Images images() {
  return {(torch::arange(2 * 3 * 16 * 16) * 7 % 251).to(torch::kByte).reshape({2, 3, 16, 16}),
          torch::tensor({true, false, true})};
}
ForwardPass training_pass() { return {torch::tensor({4, 9, 2}), 1, 7, 1}; }

// Every fusion with every stem, learned and computed positions, both orders of the norm.
std::vector<ModelOptions> all_with_images() {
  std::vector<ModelOptions> all;
  for (const std::string norm : {"pre", "post"})
    for (const std::string positions : {"sinusoidal", "learned"})
      for (const std::string fusion : {"gated", "concatenated", "selective", "doubly_attentive"})
        for (const std::string stem : {"patches", "convolutions"}) {
          all.push_back(tiny_options(fusion, norm));
          all.back().positions = positions;
          all.back().image_encoder.stem = stem;
        }
  return all;
}

TEST(TranslationModel, EveryResidualIsAPenalConnection) {
  for (const ModelOptions& options : all_with_images()) {
    TranslationModel model = build(options);
    const at::Tensor loss =
        model->loss({source(), images(), target_input(), target_output()}, 0.1, training_pass())
            .total;
    const Additions additions = count_additions(loss);
    // 2 encoder layers x 2, 2 decoder layers x 3, 2 image layers x 2; the fusion: 1, none, or 1 a
    // decoder layer.
    const int expected = options.fusion == "concatenated"       ? 14
                         : options.fusion == "doubly_attentive" ? 16
                                                                : 15;
    EXPECT_EQ(additions.penal, expected) << options.norm << options.fusion;
    EXPECT_EQ(additions.plain, 0) << options.norm << options.fusion;
    int modules = 0;
    for (const auto& item : model->named_modules("", false))
      modules += item.value()->as<PenalConnectionImpl>() != nullptr;
    EXPECT_EQ(modules, expected);
  }
}

TEST(TranslationModel, TakesAResidualNetworkForItsImages) {
  ModelOptions options = tiny_options("gated", "pre");
  options.image_encoder.kind = "resnet", options.image_encoder.stages = 2;
  TranslationModel model = build(options);
  const at::Tensor loss =
      model->loss({source(), images(), target_input(), target_output()}, 0.1, training_pass())
          .total;
  const Additions additions = count_additions(loss);
  EXPECT_EQ(additions.penal, 13);  // 2 blocks in the place of 2 layers x 2
  EXPECT_EQ(additions.plain, 0);
  loss.backward();
  for (const auto& item : model->named_parameters()) {
    ASSERT_TRUE(item.value().grad().defined()) << item.key();
    EXPECT_GT(item.value().grad().abs().sum().item<double>(), 0) << item.key();
  }
}

TEST(TranslationModel, RegistersNothingInEvaluation) {
  TranslationModel model = build(tiny_options("gated", "pre"));
  model->eval();
  const Additions additions = count_additions(
      model->loss({source(), images(), target_input(), target_output()}, 0.1).total);
  EXPECT_EQ(additions.penal, 0);
  EXPECT_EQ(additions.plain, 15);
}

TEST(TranslationModel, EveryParameterGetsAGradient) {
  std::vector<ModelOptions> all = all_with_images();
  for (const std::string embeddings : {"target", "separate"}) {
    all.push_back(tiny_options("gated", "post"));
    all.back().embeddings = embeddings;
  }
  for (const ModelOptions& options : all) {
    TranslationModel model = build(options);
    model->loss({source(), images(), target_input(), target_output()}, 0.1, training_pass())
        .total.backward();
    for (const auto& item : model->named_parameters()) {
      ASSERT_TRUE(item.value().grad().defined()) << item.key();
      EXPECT_GT(item.value().grad().abs().sum().item<double>(), 0) << item.key();
    }
  }
}

TEST(TranslationModel, PaddingChangesNothing) {
  TranslationModel model = build(tiny_options("gated", "post"));
  const auto pad = [](const at::Tensor& ids) { return torch::constant_pad_nd(ids, {0, 3}, 0); };
  std::vector<at::Tensor> gradients[2];
  double losses[2];
  for (const int padded : {0, 1}) {
    model->zero_grad();
    const auto shape = [&](const at::Tensor& ids) { return padded ? pad(ids) : ids; };
    const TokenLoss loss =
        model->loss({shape(source()), images(), shape(target_input()), shape(target_output())}, 0.1,
                    training_pass());
    loss.total.backward();
    losses[padded] = loss.total.item<double>();
    for (const at::Tensor& parameter : model->parameters())
      gradients[padded].push_back(parameter.grad().clone());
  }
  EXPECT_NEAR(losses[0], losses[1], 1e-4);
  for (size_t i = 0; i < gradients[0].size(); ++i)
    EXPECT_TRUE(torch::allclose(gradients[0][i], gradients[1][i], 1e-4, 1e-5)) << i;
}

// float32 on the CPU packs the sentences and has a kernel for their attention; float64 pads them
// and composes LibTorch's operators. What is dropped is the same in both.
TEST(TranslationModel, PackedSentencesHaveTheLossAndGradientsOfPaddedOnes) {
  for (const std::string norm : {"post", "pre"})
    for (const std::string fusion : {"none", "gated", "selective", "concatenated"})
      for (const bool pair : {false, true}) {
        ModelOptions options = tiny_options(fusion, norm);
        options.width = 32, options.heads = 2;  // heads of 16 numbers: those the kernel takes
        options.positions = norm == "pre" ? "learned" : "sinusoidal";
        options.word_dropout = {.source = 0.2, .target = 0.2};
        options.tau = {.encoder = 0.02, .decoder = 0.02, .fusion = 0.02, .image_encoder = 0.02};
        TranslationModel packed = build(options), padded = build(options);
        padded->to(torch::kDouble);
        const Sentences batch{source(), fusion == "none" ? Images{} : images(), target_input(),
                              target_output()};
        ForwardPass second = training_pass();
        second.number = 1;
        const auto loss = [&](TranslationModel& model) {
          const TokenLoss found =
              pair ? model->pair_loss(batch, 0.1, r_drop_weights(2), training_pass(), second)
                   : model->loss(batch, 0.1, training_pass());
          found.total.backward();
          return found;
        };
        const TokenLoss one = loss(packed), other = loss(padded);
        EXPECT_NEAR(one.total.item<double>(), other.total.item<double>(), 1e-4);
        EXPECT_NEAR(one.nll.item<double>(), other.nll.item<double>(), 1e-4);
        const auto found = packed->named_parameters(), expected = padded->named_parameters();
        for (const auto& item : found) {
          const at::Tensor want = expected[item.key()].grad();
          EXPECT_LE((item.value().grad().to(torch::kDouble) - want).abs().max().item<double>(),
                    2e-4 * std::max(1.0, want.abs().max().item<double>()))
              << norm << ' ' << fusion << ' ' << item.key();
        }
      }
}

// Every variant at once.
ModelOptions varied_options(const std::string& penalty, const std::string& norm) {
  ModelOptions options = tiny_options("gated", norm);
  options.penalty = penalty;
  options.tau = {
      .encoder = 0.02, .decoder = 0.02, .fusion = 0.02, .image_encoder = 0.02, .grade = 0.5};
  options.branch_scale = options.image_encoder.branch_scale = "channel";
  options.layer_drop = {.encoder = 0.5, .decoder = 0.5};
  options.word_dropout = {.source = 0.3, .target = 0.3};
  return options;
}

TEST(TranslationModel, TheVariantsDoNotDependOnTheBatch) {
  for (const std::string penalty : {"absolute", "relative", "stream"}) {
    TranslationModel model = build(varied_options(penalty, "pre"));
    for (int64_t update = 0; update < 4; ++update) {  // other layers are dropped each time
      ForwardPass pass = training_pass();
      pass.update = update;
      model->zero_grad();
      model->loss({source(), images(), target_input(), target_output()}, 0.1, pass)
          .total.backward();
      std::vector<at::Tensor> whole;
      for (const at::Tensor& parameter : model->parameters())
        whole.push_back(parameter.grad().defined() ? parameter.grad().clone() : at::Tensor());
      model->zero_grad();
      for (const int64_t b : {2, 0, 1}) {
        const auto row = [&](const at::Tensor& tensor) { return tensor.narrow(0, b, 1); };
        ForwardPass alone = pass;
        alone.ids = row(pass.ids);
        Images image;  // the second sentence has none
        if (b != 1) image = {images().values.narrow(0, b / 2, 1), row(images().has_image)};
        model->loss({row(source()), image, row(target_input()), row(target_output())}, 0.1, alone)
            .total.backward();
      }
      for (size_t i = 0; i < whole.size(); ++i) {
        const at::Tensor parts = model->parameters()[i].grad();
        ASSERT_EQ(parts.defined(), whole[i].defined());
        if (!parts.defined()) continue;
        EXPECT_LE((parts - whole[i]).abs().max().item<double>(),
                  1e-4 * std::max(0.1, whole[i].abs().max().item<double>()))
            << i;
      }
    }
  }
}

TEST(TranslationModel, EveryResidualIsAPenalConnectionOfEachVariant) {
  for (const std::string penalty : {"absolute", "relative", "stream"}) {
    ModelOptions options = varied_options(penalty, "pre");
    options.layer_drop = {};
    options.word_dropout = {};
    TranslationModel model = build(options);
    const Additions additions = count_additions(
        model->loss({source(), images(), target_input(), target_output()}, 0.1, training_pass())
            .total);
    EXPECT_EQ(additions.penal, 15);
    EXPECT_EQ(additions.plain, 0);
  }
}

TEST(TranslationModel, InEvaluationNothingIsDropped) {
  ModelOptions plain = tiny_options("gated", "post"), dropping = plain;
  dropping.layer_drop = {.encoder = 0.9, .decoder = 0.9};
  dropping.word_dropout = {.source = 0.9, .target = 0.9};
  double losses[2];
  for (const int kind : {0, 1}) {
    TranslationModel model = build(kind == 0 ? plain : dropping);
    model->eval();
    losses[kind] =
        model->loss({source(), images(), target_input(), target_output()}, 0, training_pass())
            .total.item<double>();
  }
  EXPECT_EQ(losses[0], losses[1]);
}

// Dropout is drawn from counters: a batch's loss is the sum of its sentences' losses, whatever the
// batch.
TEST(TranslationModel, TheBatchDoesNotChangeWhatIsDropped) {
  TranslationModel model = build(tiny_options("gated", "post"));
  const ForwardPass pass = training_pass();
  const double whole = model->loss({source(), images(), target_input(), target_output()}, 0.1, pass)
                           .total.item<double>();
  double sum = 0;
  for (const int64_t b : {2, 0, 1}) {
    const auto row = [&](const at::Tensor& tensor) { return tensor.narrow(0, b, 1); };
    ForwardPass alone = pass;
    alone.ids = row(pass.ids);
    Images image;  // the second sentence has none
    if (b != 1) image = {images().values.narrow(0, b / 2, 1), row(images().has_image)};
    sum +=
        model->loss({row(source()), image, row(target_input()), row(target_output())}, 0.1, alone)
            .total.item<double>();
  }
  EXPECT_NEAR(whole, sum, 1e-4 * whole);
  ForwardPass other = pass;
  other.update = 8;
  EXPECT_NE(whole, model->loss({source(), images(), target_input(), target_output()}, 0.1, other)
                       .total.item<double>());
}

// The two passes of a pair, by hand: each decodes as it does alone, and the sum of all terms gives
// the gradients.
TEST(TranslationModel, ThePairLossIsThatOfTwoPassesWithTheirPenalties) {
  for (const bool cutoff : {false, true}) {
    ModelOptions options = tiny_options("gated", "pre");
    options.word_dropout = {.source = 0.3, .target = 0.3};
    TranslationModel model = build(options);
    model->to(torch::kDouble);
    ForwardPass first = training_pass(), second = training_pass();
    second.number = 1;
    second.token_cutoff = cutoff ? 0.4 : 0;
    const PairWeights weights = cutoff ? token_cutoff_weights(3) : r_drop_weights(5);
    first.tau_scale = weights.first, second.tau_scale = weights.second;
    const auto gradients = [&](const at::Tensor& total) {
      model->zero_grad();
      total.backward();
      std::vector<at::Tensor> all;
      for (const at::Tensor& parameter : model->parameters())
        all.push_back(parameter.grad().defined() ? parameter.grad().clone()
                                                 : torch::zeros_like(parameter));
      return all;
    };
    const TokenLoss pair = model->pair_loss({source(), images(), target_input(), target_output()},
                                            0.1, weights, first, second);
    const std::vector<at::Tensor> ours = gradients(pair.total);
    const auto logs = [&](const ForwardPass& pass) {
      return model
          ->logits(model->decode(target_input(), model->encode(source(), images(), pass), pass))
          .log_softmax(-1);
    };
    const at::Tensor p = logs(first), q = logs(second), real = target_output().ne(0);
    const auto cross_entropy = [&](const at::Tensor& log) {
      return -0.9 * log.gather(-1, target_output().unsqueeze(-1)).squeeze(-1) - 0.1 * log.mean(-1);
    };
    const at::Tensor total =
        ((weights.first * cross_entropy(p) + weights.second * cross_entropy(q) +
          weights.first_to_second * (p.exp() * (p - q)).sum(-1) +
          weights.second_to_first * (q.exp() * (q - p)).sum(-1)) *
         real)
            .sum();
    EXPECT_NEAR(pair.total.item<double>(), total.item<double>(), 1e-9);
    const std::vector<at::Tensor> expected = gradients(total);
    for (size_t i = 0; i < ours.size(); ++i)
      EXPECT_TRUE(torch::allclose(ours[i], expected[i], 1e-8, 1e-10)) << i;
  }
}

TEST(TranslationModel, PassesDifferInDropoutAndNotInDroppedWords) {
  ModelOptions options = tiny_options("none", "pre");
  const auto encoded = [&](const at::Tensor& tokens, int64_t number, double cutoff) {
    TranslationModel model = build(options);
    ForwardPass pass = training_pass();
    pass.number = number;
    pass.token_cutoff = cutoff;
    return model->encode(tokens, {}, pass).states;
  };
  options.dropout = 0.3;
  EXPECT_FALSE(torch::equal(encoded(source(), 0, 0), encoded(source(), 1, 0)));
  options.dropout = 0;
  options.word_dropout.source = 0.5;
  EXPECT_TRUE(torch::equal(encoded(source(), 0, 0), encoded(source(), 1, 0)));
  EXPECT_FALSE(torch::equal(encoded(source(), 1, 0), encoded(source(), 1, 0.5)));
  // Where every token is cut, its position stays and nothing else.
  options.word_dropout.source = 0;
  const at::Tensor others = source().masked_fill(source().ne(0), 6),
                   all = encoded(source(), 1, 0.99999);
  EXPECT_TRUE(torch::equal(all, encoded(others, 1, 0.99999)));
  EXPECT_FALSE(torch::allclose(all[0][0], all[0][1]));
}

TEST(TranslationModel, LaterTokensDoNotChangeEarlierLogits) {
  TranslationModel model = build(tiny_options("none", "pre"));
  model->eval();
  torch::NoGradGuard no_grad;
  const Memory memory = model->encode(source(), {});
  at::Tensor changed = target_input().clone();
  changed[0][3] = 17;
  const at::Tensor before = model->logits(model->decode(target_input(), memory)),
                   after = model->logits(model->decode(changed, memory));
  EXPECT_TRUE(torch::equal(before[0].narrow(0, 0, 3), after[0].narrow(0, 0, 3)));
  EXPECT_FALSE(torch::equal(before[0][3], after[0][3]));
}

TEST(TranslationModel, WithoutItsImageASentenceIsEncodedAsTextAlone) {
  for (const std::string fusion : {"gated", "concatenated", "selective", "doubly_attentive"}) {
    TranslationModel model = build(tiny_options(fusion, "post"));
    model->eval();
    torch::NoGradGuard no_grad;
    const Memory text = model->encode(source(), {}), both = model->encode(source(), images());
    EXPECT_TRUE(torch::equal(text.states[1], both.states[1].narrow(0, 0, source().size(1))))
        << fusion;
    const at::Tensor without = model->decode(target_input(), text),
                     with = model->decode(target_input(), both);
    EXPECT_LE((without[1] - with[1]).abs().max().item<double>(),
              fusion == "concatenated" ? 1e-6 : 0)
        << fusion;
    EXPECT_FALSE(torch::allclose(without[0], with[0], 0, 1e-3)) << fusion;
  }
}

// Of each position the weights are of real source positions, whatever else the memory holds; one
// layer's, mean over the heads: by hand from its projections.
TEST(TranslationModel, ViewsTheSourceAsALayerOfTheDecoderDoes) {
  torch::NoGradGuard guard;
  for (const std::string fusion :
       {"none", "gated", "concatenated", "selective", "doubly_attentive"}) {
    ModelOptions options = tiny_options(fusion, "post");
    options.decoder_layers = 1;
    TranslationModel model = build(options);
    model->eval();
    const Images seen = fusion == "none" ? Images{} : images();
    const at::Tensor weights = model->view_source(source(), seen, target_input());
    ASSERT_EQ(weights.sizes(), (std::vector<int64_t>{3, 4, 5}));
    EXPECT_TRUE(at::allclose(weights.sum(-1), at::ones({3, 4}))) << fusion;
    EXPECT_EQ(weights[1].narrow(1, 3, 2).abs().max().item<double>(), 0) << fusion;

    const Memory memory = model->encode(source(), seen);
    auto& layer = *model->decoder->layers[0]->as<DecoderLayerImpl>();
    const Rows rows = rows_of(target_input().ne(0), 4, {}, at::kCPU);
    const at::Tensor x =
        embed(target_input(), {model->target_embedding(), model->embedding_scale()},
              *model->target_positions, *model->target_word_dropout, *model->target_dropout, rows);
    const at::Tensor after =
        layer.self_attention_residual->norm->forward(x + layer.self_attention->causal(x, rows));
    const auto heads = [](const at::Tensor& all) {
      return all.reshape({3, all.size(1), 4, 4}).transpose(1, 2);  // [B, H, T, D]
    };
    auto& cross = layer.cross_attention;
    const at::Tensor query = heads(cross->query_projection->forward(after));
    const at::Tensor keys =
        heads(cross->memory_projection->forward(memory.states).narrow(2, 0, 16));
    const at::Tensor hidden = memory.visible.logical_not().view({3, 1, 1, -1});
    const at::Tensor scores =
        (at::matmul(query, keys.transpose(2, 3)) / 2.0).masked_fill(hidden, -1e30);
    const at::Tensor words = scores.softmax(-1).mean(1).narrow(2, 0, 5);
    EXPECT_TRUE(at::allclose(weights, words / words.sum(-1, true), 1e-4, 1e-5)) << fusion;
  }
}

TEST(TranslationModel, StartsSilentWhereTheImageIsNewToTheText) {
  for (const std::string fusion : {"gated", "selective", "doubly_attentive"}) {
    TranslationModel model = build(tiny_options(fusion, "pre"));
    model->start_silent();
    const Memory text = model->encode(source(), {}, training_pass()),
                 both = model->encode(source(), images(), training_pass());
    const double moved = ((both.states - text.states).norm() / text.states.norm()).item<double>();
    if (fusion == "selective")  // the gate takes sigmoid(-2 + a little) = 0.12 of the text away
      EXPECT_NEAR(moved, 0.12, 0.04);
    else
      EXPECT_TRUE(torch::equal(both.states, text.states)) << fusion;
    const at::Tensor without = model->decode(target_input(), text, training_pass()),
                     with = model->decode(target_input(), both, training_pass());
    if (fusion != "selective") EXPECT_TRUE(torch::equal(without, with)) << fusion;
    // Yet what is silent learns.
    model->loss({source(), images(), target_input(), target_output()}, 0, training_pass())
        .total.backward();
    const std::string learns =
        fusion == "gated" ? "fusion.image_projection.weight"
        : fusion == "selective"
            ? "fusion.region_projection.weight"
            : "decoder.layers.0.image_attention.attention.out_projection.weight";
    EXPECT_GT(model->named_parameters()[learns].grad().abs().max().item<double>(), 0) << learns;
  }
}

TEST(TranslationModel, SetTauReachesEveryConnectionOfAStackAndNoOther) {
  ModelOptions options = tiny_options("gated", "post");
  TauOptions& tau = options.tau;
  tau.encoder = tau.decoder = tau.fusion = tau.image_encoder = 0.25;
  TranslationModel model = build(options);
  model->set_tau("encoder", 0.5);
  for (const auto& item : model->named_modules("", false))
    if (const auto* connection = item.value()->as<PenalConnectionImpl>()) {
      EXPECT_EQ(connection->tau(), item.key().starts_with("encoder.") ? 0.5 : 0.25) << item.key();
    }
}

TEST(ModelOptions, NamedSizesFillWhatIsLeftOpen) {
  config::Problems problems("test");
  ModelOptions options;
  options.size = "small";
  options.encoder_layers = 3;
  const ModelOptions full = options.resolved(problems);
  EXPECT_TRUE(problems.empty());
  EXPECT_EQ(full.width, 512);
  EXPECT_EQ(full.feed_forward, 1024);
  EXPECT_EQ(full.heads, 4);
  EXPECT_EQ(full.encoder_layers, 3);
  EXPECT_EQ(full.decoder_layers, 6);
}

TEST(ModelOptions, ProblemsOfSeveralFieldsAreAllReported) {
  config::Problems problems("recipe.json");
  ModelOptions options;
  options.heads = 3;
  options.fusion = "gated";
  options.image_encoder.patch = 7;
  options.resolved(problems);
  EXPECT_EQ(problems.lines(),
            (std::vector<std::string>{
                "recipe.json: model.heads: got 3, expected a divisor of width 128",
                "recipe.json: model.image_encoder.patch: got 7, expected a divisor of size 64"}));
}

TEST(ModelOptions, AStreamPenaltyIsOfPreNormStacks) {
  config::Problems problems("recipe.json");
  ModelOptions options;
  options.penalty = "stream";
  options.resolved(problems);
  options.norm = "pre";
  options.resolved(problems);
  EXPECT_EQ(problems.lines(),
            (std::vector<std::string>{"recipe.json: model.penalty: got stream with model.norm "
                                      "post, expected the norm pre"}));
}

TEST(ImageEncoderOptions, AResidualNetworkNeedsASideAndAWidthThatCanBeHalved) {
  config::Problems problems("recipe.json");
  ImageEncoderOptions options;
  options.kind = "resnet";
  options.stages = 5;
  options.patch = 7;  // not asked about
  options.size = 16;
  options.width = 40;
  options.check("image_encoder", problems);
  EXPECT_EQ(problems.lines(),
            (std::vector<std::string>{
                "recipe.json: image_encoder.size: got 16, expected a multiple of 16 from 32 on "
                "(stages 5)",
                "recipe.json: image_encoder.width: got 40, expected a multiple of 16 (stages 5)"}));
}

// One draw an update and layer, whatever the pass: what tells the two apart is the dropout of
// channels and the tokens that are cut.
TEST(TranslationModel, PassesGoWithoutTheSameLayers) {
  ModelOptions options = tiny_options("none", "pre");
  options.dropout = 0;
  options.layer_drop = {.encoder = 0.5, .decoder = 0.5};
  TranslationModel model = build(options);
  const auto decoded = [&](int64_t update, int64_t number, double cutoff) {
    torch::NoGradGuard no_grad;
    ForwardPass pass = training_pass();
    pass.update = update, pass.number = number, pass.token_cutoff = cutoff;
    return model->decode(target_input(), model->encode(source(), {}, pass), pass);
  };
  constexpr double kEveryToken = 0.99999;
  std::vector<at::Tensor> different;
  for (int64_t update = 0; update < 40; ++update) {
    const at::Tensor first = decoded(update, 0, 0);
    EXPECT_TRUE(torch::equal(decoded(update, 1, 0), first)) << update;
    EXPECT_TRUE(torch::equal(decoded(update, 1, kEveryToken), decoded(update, 0, kEveryToken)))
        << update;
    if (std::ranges::none_of(different,
                             [&](const at::Tensor& other) { return torch::equal(other, first); }))
      different.push_back(first);
  }
  // 13 in all: one of three choices of decoder layers with one of four of the encoder's, or no
  // decoder layer, so that nothing looks at the encoder.
  EXPECT_GT(different.size(), 8u);
}

// So the two passes of a pair agree where no channel is dropped: no divergence is left, and the
// pair's loss is that of one pass.
TEST(TranslationModel, APairThatDropsLayersAndWordsAloneHasTheLossOfOnePass) {
  for (const std::string norm : {"pre", "post"}) {
    ModelOptions options = tiny_options("gated", norm);
    options.dropout = options.image_encoder.dropout = 0;
    options.layer_drop = {.encoder = 0.5, .decoder = 0.5};
    options.word_dropout = {.source = 0.3, .target = 0.3};
    TranslationModel model = build(options);
    const Sentences sentences{source(), images(), target_input(), target_output()};
    std::set<double> losses;
    for (int64_t update = 0; update < 20; ++update) {
      torch::NoGradGuard no_grad;
      ForwardPass first = training_pass(), second;
      first.update = update;
      second = first;
      second.number = 1;
      const double one = model->loss(sentences, 0.1, first).total.item<double>();
      const double pair =
          model->pair_loss(sentences, 0.1, r_drop_weights(5), first, second).total.item<double>();
      EXPECT_NEAR(pair, one, 1e-5 * one) << norm << update;
      losses.insert(one);
    }
    EXPECT_GT(losses.size(), 10u);
  }
}

}  // namespace penalmt::translation_model_test
