// The kernel's attention against softmax(q k^T / sqrt(D)) v in float64, sentence by sentence.
#include "tensors/packed_attention.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>

namespace penalmt::packed_attention_test {

constexpr int64_t kHeads = 3;

at::Tensor wave(std::vector<int64_t> sizes, double speed) {
  const at::Tensor place = torch::arange(c10::multiply_integers(sizes), torch::kDouble);
  return ((place + 3) * (place + 1) * 0.0137 * speed).cos().mul(1.5).reshape(sizes);
}

// q: [N, C], k and v: [M, C] of one sentence.
at::Tensor by_hand(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, bool causal) {
  const auto split = [](const at::Tensor& x) {
    return x.view({x.size(0), kHeads, -1}).transpose(0, 1);
  };
  at::Tensor scores =
      torch::matmul(split(q), split(k).transpose(1, 2)) / std::sqrt(q.size(1) / double(kHeads));
  if (causal)
    scores = scores.masked_fill(torch::ones_like(scores[0], torch::kBool).triu(1), -INFINITY);
  return torch::matmul(torch::softmax(scores, -1), split(v)).transpose(0, 1).flatten(1);
}

void expect_near(const at::Tensor& got, const at::Tensor& want, double bound) {
  EXPECT_LE((got.to(torch::kDouble) - want).abs().max().item<double>(),
            bound * want.abs().max().item<double>());
}

void match_self(int64_t depth, bool causal, at::ScalarType type, double bound) {
  const int64_t width = kHeads * depth;
  const at::Tensor starts = torch::tensor({0, 1, 18, 18, 40, 73});  // one sentence is empty
  const at::Tensor values = wave({1, 73, 3 * width}, 1).to(type), slope = wave({1, 73, width}, 0.7);
  const at::Tensor qkv = values.clone().set_requires_grad(true),
                   exact = values.to(torch::kDouble).set_requires_grad(true);
  const at::Tensor out = packed_self_attention(qkv, starts, kHeads, causal);
  out.backward(slope.to(type));
  std::vector<at::Tensor> parts;
  for (int64_t b = 0; b < 5; ++b) {
    const int64_t begin = starts[b].item<int64_t>(), end = starts[b + 1].item<int64_t>();
    const auto x = exact[0].slice(0, begin, end).chunk(3, 1);
    if (end > begin) parts.push_back(by_hand(x[0], x[1], x[2], causal));
  }
  const at::Tensor expected = torch::cat(parts).unsqueeze(0);
  expected.backward(slope.to(type).to(torch::kDouble));
  expect_near(out, expected, bound);
  expect_near(qkv.grad(), exact.grad(), bound);
}

TEST(PackedAttention, OfASentenceOverItselfEqualsTheFormula) {
  for (const int64_t depth : {16, 32, 48})
    for (const bool causal : {false, true}) match_self(depth, causal, torch::kFloat, 3e-6);
}

TEST(PackedAttention, OfBfloat16RowsIsNearTheFormula) {
  for (const bool causal : {false, true}) match_self(32, causal, torch::kBFloat16, 1e-2);
}

TEST(PackedAttention, OverAMemoryEqualsTheFormula) {
  const int64_t width = kHeads * 32;
  const at::Tensor starts = torch::tensor({0, 3, 20, 31}),
                   memory_starts = torch::tensor({0, 50, 51, 67});
  const at::Tensor q = wave({1, 31, width}, 1), kv = wave({1, 67, 2 * width}, 0.6),
                   slope = wave({1, 31, width}, 0.7);
  std::vector<at::Tensor> leaves, exact;
  for (const at::Tensor& leaf : {q, kv}) {
    leaves.push_back(leaf.to(torch::kFloat).set_requires_grad(true));
    exact.push_back(leaf.clone().set_requires_grad(true));
  }
  const at::Tensor out =
      packed_cross_attention(leaves[0], leaves[1], starts, memory_starts, kHeads);
  out.backward(slope.to(torch::kFloat));
  std::vector<at::Tensor> parts;
  for (int64_t b = 0; b < 3; ++b) {
    const auto rows = [&](const at::Tensor& x, const at::Tensor& at) {
      return x[0].slice(0, at[b].item<int64_t>(), at[b + 1].item<int64_t>());
    };
    const auto memory = rows(exact[1], memory_starts).chunk(2, 1);
    parts.push_back(by_hand(rows(exact[0], starts), memory[0], memory[1], false));
  }
  const at::Tensor expected = torch::cat(parts).unsqueeze(0);
  expected.backward(slope);
  expect_near(out, expected, 3e-6);
  expect_near(leaves[0].grad(), exact[0].grad(), 3e-6);
  expect_near(leaves[1].grad(), exact[1].grad(), 3e-6);
}

// A sentence's attention is the same to the bit whatever lies before and behind it, and whatever
// the number of threads.
TEST(PackedAttention, DoesNotDependOnNeighboursAndThreads) {
  const at::Tensor qkv = wave({1, 60, 3 * kHeads * 32}, 1).to(torch::kFloat);
  const at::Tensor all =
      packed_self_attention(qkv, torch::tensor({0, 7, 30, 60}), kHeads, /*causal=*/true);
  const at::Tensor alone =
      packed_self_attention(qkv.narrow(1, 7, 23), torch::tensor({0, 23}), kHeads, /*causal=*/true);
  EXPECT_TRUE(torch::equal(all.narrow(1, 7, 23), alone));
  const int threads = at::get_num_threads();
  at::set_num_threads(threads == 1 ? 2 : 1);
  EXPECT_TRUE(torch::equal(
      all, packed_self_attention(qkv, torch::tensor({0, 7, 30, 60}), kHeads, /*causal=*/true)));
  at::set_num_threads(threads);
}

TEST(PackedAttention, ScoresOfAnySizeStayFinite) {
  const at::Tensor qkv =
      (wave({1, 20, 3 * kHeads * 16}, 1) * 200).to(torch::kFloat).set_requires_grad(true);
  const at::Tensor out = packed_self_attention(qkv, torch::tensor({0, 20}), kHeads, false);
  out.sum().backward();
  EXPECT_TRUE(torch::isfinite(out).all().item<bool>());
  EXPECT_TRUE(torch::isfinite(qkv.grad()).all().item<bool>());
}

}  // namespace penalmt::packed_attention_test
