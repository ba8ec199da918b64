// The penal connection against the published hook in Python, the explicit loss, and plain addition.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>

#include "base/config.h"
#include "models/penal_connection.h"
#include "tensors/linear.h"
#include "training/optimiser.h"

namespace penalmt::penal_connection_test {

const auto kDouble = torch::dtype(torch::kDouble);

at::Tensor from_json(const nlohmann::json& json) {
  if (!json.is_array()) return torch::tensor(json.get<double>(), kDouble);
  std::vector<at::Tensor> parts;
  for (const nlohmann::json& part : json) parts.push_back(from_json(part));
  return torch::stack(parts);
}

// The network of tests/golden/penal_hook.py: three residuals of a feed-forward branch.
struct HookNetworkImpl : torch::nn::Module {
  HookNetworkImpl(NormOrder order, const PenalOptions& penal) : order(order) {
    for (int i = 0; i < 3; ++i) {
      residuals->push_back(Residual(6, order, /*dropout=*/0, penal.at_depth(i, 3)));
      const std::string name = std::to_string(i);
      up.push_back(register_parameter("up" + name, torch::zeros({8, 6})));
      up_bias.push_back(register_parameter("up_bias" + name, torch::zeros({8})));
      down.push_back(register_parameter("down" + name, torch::zeros({6, 8})));
      down_bias.push_back(register_parameter("down_bias" + name, torch::zeros({6})));
    }
    register_module("residuals", residuals);
    if (order == NormOrder::kPre)
      final_norm =
          register_module("final_norm", torch::nn::LayerNorm(torch::nn::LayerNormOptions({6})));
    output = register_parameter("output", torch::zeros({7, 6}));
  }
  Residual residual(int i) {
    return Residual(std::dynamic_pointer_cast<ResidualImpl>(residuals[i]));
  }

  // Every parameter by the golden file's name.
  std::vector<std::pair<std::string, at::Tensor>> golden_names() {
    std::vector<std::pair<std::string, at::Tensor>> names;
    for (int i = 0; i < 3; ++i) {
      const std::string block = "blocks." + std::to_string(i) + ".";
      names.insert(names.end(), {{block + "up", up[i]},
                                 {block + "up_bias", up_bias[i]},
                                 {block + "down", down[i]},
                                 {block + "down_bias", down_bias[i]},
                                 {block + "norm_gain", residual(i)->norm->weight},
                                 {block + "norm_bias", residual(i)->norm->bias}});
    }
    if (final_norm)
      names.insert(names.end(), {{"final_norm_gain", final_norm->weight},
                                 {"final_norm_bias", final_norm->bias}});
    names.emplace_back("output", output);
    return names;
  }

  at::Tensor states(at::Tensor x, const Rows& rows) {
    for (int i = 0; i < 3; ++i) {
      inputs.push_back(x);
      x = residual(i)->forward(x, rows, [&](const at::Tensor& y) {
        at::Tensor z = linear(torch::relu(linear(y, up[i], up_bias[i])), down[i], down_bias[i]);
        branches.push_back(z);
        return z;
      });
    }
    return final_norm ? final_norm(x) : x;
  }
  at::Tensor summed_loss(const at::Tensor& x, const at::Tensor& targets, const Rows& rows) {
    namespace F = torch::nn::functional;
    return F::cross_entropy(torch::matmul(states(x, rows), output.t()).flatten(0, 1),
                            targets.flatten(),
                            F::CrossEntropyFuncOptions().reduction(torch::kSum).ignore_index(-1));
  }

  NormOrder order;
  torch::nn::ModuleList residuals;
  std::vector<at::Tensor> up, up_bias, down, down_bias;
  torch::nn::LayerNorm final_norm{nullptr};
  at::Tensor output;
  std::vector<at::Tensor> inputs, branches;  // what each residual got, and its branch gave
};
TORCH_MODULE(HookNetwork);

// Weights by a formula, not by a seed.
void fill(torch::nn::Module& module) {
  torch::NoGradGuard no_grad;
  int64_t p = 0;
  for (at::Tensor parameter : module.parameters())
    for (int64_t i = 0; i < parameter.numel(); ++i, ++p)
      parameter.view(-1)[i] = 0.5 * std::cos(static_cast<double>(p * p) / 7);
}

at::Tensor input(int64_t sentences = 2) {
  return torch::cos(1000 + torch::arange(sentences * 30, kDouble)).reshape({sentences, 5, 6});
}
at::Tensor targets(int64_t sentences = 2) {
  return (3 * torch::arange(sentences * 5) % 7).reshape({sentences, 5});
}
Rows all_real(int64_t sentences = 2) { return {torch::ones({sentences, 5}, torch::kBool), {}, 1}; }

void expect_near(const at::Tensor& got, const at::Tensor& expected, double relative,
                 const std::string& what) {
  const double scale = std::max(expected.abs().max().item<double>(), 1e-30);
  EXPECT_LE((got - expected).abs().max().item<double>(), relative * scale) << what;
}

void match_golden(NormOrder order, const std::string& optimiser) {
  const nlohmann::json golden = config::parse_file(PENALMT_SOURCE "/tests/golden/penal_hook.json");
  const nlohmann::json& run = golden[order == NormOrder::kPre ? "pre" : "post"][optimiser];
  HookNetwork network(order, PenalOptions{.tau = golden["tau"].get<double>()});
  network->to(torch::kDouble);
  {
    torch::NoGradGuard no_grad;
    for (auto& [name, parameter] : network->golden_names())
      parameter.copy_(from_json(run["initial"][name]));
  }
  Adam adam(*network, {.beta1 = 0.9, .beta2 = 0.98, .epsilon = 1e-8, .weight_decay = 0});
  const double tokens = golden["tokens"];
  for (int update = 0; update < golden["updates"]; ++update) {
    adam.zero_gradients();
    const at::Tensor loss = network->summed_loss(input(), targets(), all_real());
    loss.backward();
    EXPECT_NEAR(loss.item<double>(), run["summed_losses"][update].get<double>(),
                1e-9 * loss.item<double>())
        << "update " << update;
    if (optimiser == "adam") {
      adam.step(tokens, 0, 0.01);
    } else {
      torch::NoGradGuard no_grad;
      for (at::Tensor parameter : network->parameters())
        parameter.sub_(parameter.grad(), 0.1 / tokens);
    }
  }
  for (const auto& [name, parameter] : network->golden_names())
    expect_near(parameter, from_json(run["final"][name]), 1e-9, name);
}

TEST(PenalConnection, EqualsThePublishedHookForTwentyAdamUpdatesPreNorm) {
  match_golden(NormOrder::kPre, "adam");
}
TEST(PenalConnection, EqualsThePublishedHookForTwentyAdamUpdatesPostNorm) {
  match_golden(NormOrder::kPost, "adam");
}
TEST(PenalConnection, EqualsThePublishedHookForTwentySgdUpdatesPreNorm) {
  match_golden(NormOrder::kPre, "sgd");
}
TEST(PenalConnection, EqualsThePublishedHookForTwentySgdUpdatesPostNorm) {
  match_golden(NormOrder::kPost, "sgd");
}

std::vector<at::Tensor> gradients(torch::nn::Module& module) {
  std::vector<at::Tensor> all;
  for (const at::Tensor& parameter : module.parameters()) all.push_back(parameter.grad().clone());
  return all;
}

// The penalty of the network's residual i, written out.
at::Tensor explicit_penalty(HookNetworkImpl& network, int i, const PenalOptions& penal) {
  const at::Tensor &x = network.inputs[i], &scale = network.residual(i)->connection->scale;
  const at::Tensor z = scale.defined() ? network.branches[i] * scale : network.branches[i];
  at::Tensor squares = z.pow(2).sum(-1);  // [B, T]
  if (penal.penalty == Penalty::stream) squares = (x + z).pow(2).sum(-1);
  if (penal.penalty == Penalty::relative)
    squares = 6 * squares / x.detach().pow(2).sum(-1).clamp_min(6.0 / 10);
  return penal.at_depth(i, 3).tau / 2 * squares.sum();
}

void expect_the_gradient_of_the_explicit_loss(const PenalOptions& options, NormOrder order) {
  PenalOptions without = options;
  without.tau = 0;
  HookNetwork penal(order, options), plain(order, without);
  for (HookNetwork network : {penal, plain}) {
    network->to(torch::kDouble);
    fill(*network);
  }
  at::Tensor x = input();
  x[0].narrow(0, 0, 2).mul_(0.05);  // below a relative penalty's floor
  penal->summed_loss(x, targets(), all_real()).backward();
  at::Tensor explicit_loss = plain->summed_loss(x, targets(), all_real());
  for (int i = 0; i < 3; ++i) explicit_loss = explicit_loss + explicit_penalty(*plain, i, options);
  explicit_loss.backward();
  const auto got = gradients(*penal), expected = gradients(*plain);
  for (size_t i = 0; i < got.size(); ++i)
    expect_near(got[i], expected[i], 1e-12, "parameter " + std::to_string(i));
}

TEST(PenalConnection, HasTheGradientOfTheExplicitLoss) {
  for (const NormOrder order : {NormOrder::kPre, NormOrder::kPost})
    expect_the_gradient_of_the_explicit_loss({.tau = 0.03}, order);
}

TEST(PenalConnection, RelativeHasTheGradientOfTheExplicitLoss) {
  for (const NormOrder order : {NormOrder::kPre, NormOrder::kPost})
    expect_the_gradient_of_the_explicit_loss({.tau = 0.03, .penalty = Penalty::relative}, order);
}

TEST(PenalConnection, StreamHasTheGradientOfTheExplicitLoss) {
  expect_the_gradient_of_the_explicit_loss({.tau = 0.03, .penalty = Penalty::stream},
                                           NormOrder::kPre);
}

TEST(PenalConnection, AGradedTauIsLinearInDepthAndKeepsItsMean) {
  const PenalOptions penal{.tau = 4, .grade = 0.5};
  EXPECT_DOUBLE_EQ(penal.at_depth(0, 5).tau, 6);
  EXPECT_DOUBLE_EQ(penal.at_depth(1, 5).tau, 5);
  EXPECT_DOUBLE_EQ(penal.at_depth(2, 5).tau, 4);
  EXPECT_DOUBLE_EQ(penal.at_depth(4, 5).tau, 2);
  EXPECT_DOUBLE_EQ(penal.at_depth(0, 1).tau, 4);
  EXPECT_EQ((PenalOptions{.tau = 3e-4}.at_depth(3, 8).tau), 3e-4);
  for (const NormOrder order : {NormOrder::kPre, NormOrder::kPost})
    expect_the_gradient_of_the_explicit_loss({.tau = 0.03, .grade = 0.5}, order);
}

TEST(PenalConnection, TheScaleOfABranchIsPartOfWhatIsAdded) {
  for (const NormOrder order : {NormOrder::kPre, NormOrder::kPost})
    for (const BranchScale scale : {BranchScale::scalar, BranchScale::channel})
      for (const Penalty penalty : {Penalty::absolute, Penalty::relative})
        expect_the_gradient_of_the_explicit_loss({.tau = 0.03, .penalty = penalty, .scale = scale},
                                                 order);
}

TEST(PenalConnection, ABranchScaleBegunAtZeroLeavesTheStreamAlone) {
  PenalConnection connection(0.0, PenalOptions{.scale = BranchScale::channel, .scale_start = 0}, 6);
  const at::Tensor x = input().to(torch::kFloat);
  EXPECT_TRUE(torch::equal(connection(x, torch::sin(x), all_real()), x));
}

TEST(PenalConnection, WithDropoutPenalisesWhatIsReallyAdded) {
  const double tau = 0.05;
  PenalConnection penal(0.4, PenalOptions{.tau = tau}, 6), plain(0.4, PenalOptions{}, 6);
  penal->dropout->set_site(7);
  plain->dropout->set_site(7);
  const Rows rows{torch::ones({2, 5}, torch::kBool), row_counters(torch::arange(2), 5, 1, 3), 1};
  const at::Tensor x = input(), weight = torch::cos(torch::arange(60, kDouble)).reshape({2, 5, 6});
  at::Tensor branch =
      torch::sin(torch::arange(60, kDouble)).reshape({2, 5, 6}).set_requires_grad(true);
  (penal(x, branch, rows) * weight).sum().backward();
  const at::Tensor got = branch.grad().clone();
  branch.mutable_grad() = at::Tensor();
  const at::Tensor sum = plain(x, branch, rows);
  ((sum * weight).sum() + tau / 2 * (sum - x).pow(2).sum()).backward();
  expect_near(got, branch.grad(), 1e-12, "branch");
}

TEST(PenalConnection, WithTauZeroIsPlainAdditionToTheBit) {
  for (const Penalty penalty : {Penalty::absolute, Penalty::relative, Penalty::stream}) {
    PenalConnection connection(0.0, PenalOptions{.tau = 0, .grade = 0.5, .penalty = penalty}, 6);
    at::Tensor x = input().to(torch::kFloat).set_requires_grad(true),
               z = torch::sin(x.detach() * 9).set_requires_grad(true);
    const at::Tensor y = connection(x, z, all_real());
    EXPECT_TRUE(torch::equal(y, x + z));
    EXPECT_EQ(y.grad_fn()->name(), (x + z).grad_fn()->name());
    const at::Tensor weight = torch::cos(x.detach() * 77);
    (y * weight).sum().backward();
    EXPECT_TRUE(torch::equal(x.grad(), weight));
    EXPECT_TRUE(torch::equal(z.grad(), weight));
  }
}

TEST(PenalConnection, RegistersNothingInEvaluation) {
  PenalConnection connection(0.3, PenalOptions{.tau = 0.1}, 6);
  connection->eval();
  const at::Tensor x = input().set_requires_grad(true), z = torch::sin(x);
  const at::Tensor y = connection(x, z, Rows{});
  EXPECT_EQ(y.grad_fn()->name(), "AddBackward0");
  EXPECT_TRUE(torch::equal(y, x + z));
}

TEST(PenalConnection, AddsNothingAtPadding) {
  PenalConnection connection(0.0, PenalOptions{.tau = 0.5}, 6);
  Rows rows = all_real();
  rows.real[1].narrow(0, 3, 2).fill_(false);
  at::Tensor x = input(), z = torch::sin(x).set_requires_grad(true);
  connection(x, z, rows).sum().backward();
  const at::Tensor expected = 1 + 0.5 * z.detach() * rows.real.unsqueeze(-1);
  expect_near(z.grad(), expected, 1e-14, "z");
  EXPECT_TRUE(torch::equal(z.grad()[1].narrow(0, 3, 2), torch::ones({2, 6}, kDouble)));
  for (const Penalty penalty : {Penalty::relative, Penalty::stream}) {
    PenalConnection variant(0.0, PenalOptions{.tau = 0.5, .penalty = penalty}, 6);
    x = input().set_requires_grad(true);
    z.mutable_grad() = at::Tensor();
    variant(x, z, rows).sum().backward();
    for (const at::Tensor& gradient : {x.grad(), z.grad()})
      EXPECT_TRUE(torch::equal(gradient[1].narrow(0, 3, 2), torch::ones({2, 6}, kDouble)));
    EXPECT_FALSE(torch::allclose(z.grad()[1].narrow(0, 0, 3), torch::ones({3, 6}, kDouble)));
  }
}

TEST(PenalConnection, ScalesWithTheLoss) {
  PenalConnection connection(0.0, PenalOptions{.tau = 0.5}, 6);
  Rows rows = all_real();
  at::Tensor z = torch::sin(input()).set_requires_grad(true);
  connection(input(), z, rows).sum().backward();
  const at::Tensor unscaled = z.grad().clone();
  z.mutable_grad() = at::Tensor();
  rows.tau_scale = 1024;
  (connection(input(), z, rows).sum() * 1024).backward();
  expect_near(z.grad() / 1024, unscaled, 1e-13, "z");
}

TEST(PenalConnection, AccumulationOverMicroBatchesChangesNothing) {
  for (const Penalty penalty : {Penalty::absolute, Penalty::relative, Penalty::stream}) {
    const PenalOptions penal{.tau = 0.02, .penalty = penalty, .scale = BranchScale::channel};
    const NormOrder order = penalty == Penalty::stream ? NormOrder::kPre : NormOrder::kPost;
    HookNetwork whole(order, penal), parts(order, penal);
    for (HookNetwork network : {whole, parts}) {
      network->to(torch::kDouble);
      fill(*network);
    }
    whole->summed_loss(input(4), targets(4), all_real(4)).backward();
    for (int i = 0; i < 4; ++i)
      parts->summed_loss(input(4).narrow(0, i, 1), targets(4).narrow(0, i, 1), all_real(1))
          .backward();
    const auto got = gradients(*parts), expected = gradients(*whole);
    for (size_t i = 0; i < got.size(); ++i)
      expect_near(got[i], expected[i], 1e-12, "parameter " + std::to_string(i));
  }
}

// The fused float32 kernel and the composed path are two answers to one question.
TEST(PenalConnection, FusedKernelEqualsTheComposedPath) {
  const Rows rows{
      torch::tensor({{true, true, true, true, false}, {true, true, true, false, false}}),
      row_counters(torch::arange(2), 5, 5, 9), 1};
  std::vector<PenalOptions> all;
  for (const Penalty penalty : {Penalty::absolute, Penalty::relative})
    for (const double tau : {0.0, 0.2}) {
      all.push_back({.tau = tau, .penalty = penalty});
      all.push_back({.tau = tau, .penalty = penalty, .scale = BranchScale::channel});
    }
  for (const double dropout : {0.0, 0.3})
    for (const PenalOptions& penal : all) {
      std::vector<at::Tensor> results[2];
      for (const int kind : {0, 1}) {
        const auto type = kind == 0 ? torch::kFloat : torch::kDouble;  // float takes the kernel
        Residual residual(6, NormOrder::kPost, dropout, penal);
        residual->connection->dropout->set_site(11);
        residual->to(type);
        {
          torch::NoGradGuard no_grad;
          residual->norm->weight.copy_(1 + 0.3 * torch::cos(torch::arange(6)));
          residual->norm->bias.copy_(0.3 * torch::sin(torch::arange(6)));
        }
        at::Tensor x = input().to(type);
        x[0].narrow(0, 0, 2).mul_(0.05);  // below a relative penalty's floor
        x.set_requires_grad(true);
        at::Tensor branch = torch::sin(3 * input()).to(type).set_requires_grad(true);
        const at::Tensor y = residual->forward(x, rows, [&](const at::Tensor&) { return branch; });
        (y * torch::cos(5 * input()).to(type)).sum().backward();
        results[kind] = {y.detach(), x.grad(), branch.grad(), residual->norm->weight.grad(),
                         residual->norm->bias.grad()};
        if (penal.scale != BranchScale::none)
          results[kind].push_back(residual->connection->scale.grad());
      }
      for (size_t i = 0; i < results[0].size(); ++i)
        expect_near(results[0][i].to(torch::kDouble), results[1][i], 3e-6,
                    "result " + std::to_string(i));
    }
}

}  // namespace penalmt::penal_connection_test
