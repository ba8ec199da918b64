// What is dropped whole: layers of a stack, tokens of a sentence.
#include "models/encoder.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>

namespace penalmt::encoder_test {

at::Tensor input() { return torch::cos(torch::arange(2 * 3 * 8, torch::kDouble)).view({2, 3, 8}); }

Rows rows_at(int64_t update) {
  return {.real = {},
          .counters = row_counters(torch::arange(2), 3, 1, update),
          .update_counter = update_counter(1, update)};
}

TEST(Encoder, ADroppedLayerIsSkippedWithItsNormalisations) {
  for (const NormOrder order : {NormOrder::kPre, NormOrder::kPost}) {
    Encoder encoder(StackConfig{.layers = 3,
                                .width = 8,
                                .feed_forward = 16,
                                .heads = 2,
                                .norm = order,
                                .layer_drop = 0.3,
                                .penal = {}});
    encoder->to(torch::kDouble);
    name_dropout_sites(*encoder);
    int dropped = 0;
    for (int64_t update = 0; update < 200; ++update) {
      at::Tensor x = input();
      for (int64_t l = 0; l < 3; ++l) {
        if (encoder->layer_drop->drops(l, rows_at(update)))
          ++dropped;
        else
          x = encoder->layers[l]->as<EncoderLayerImpl>()->forward(x, {}, rows_at(update));
      }
      if (encoder->final_norm) x = encoder->final_norm(x);
      EXPECT_TRUE(torch::equal(encoder->forward(input(), {}, rows_at(update)), x)) << update;
    }
    EXPECT_NEAR(dropped / 600.0, 0.3, 0.06);
    encoder->eval();
    for (int64_t l = 0; l < 3; ++l) EXPECT_FALSE(encoder->layer_drop->drops(l, rows_at(l)));
  }
}

TEST(CounterDropout, OneDrawAnUpdateTellsSeedsUpdatesStacksAndLayersApart) {
  CounterDropout one(0.5), other(0.5);
  one->set_site(1);
  other->set_site(2);
  int differ[4] = {};
  for (int64_t update = 0; update < 400; ++update) {
    const Rows rows{.real = {}, .counters = {}, .update_counter = update_counter(1, update)};
    const bool drawn = one->drops(0, rows);
    EXPECT_EQ(one->drops(0, rows), drawn);
    differ[0] += drawn != one->drops(1, rows);
    differ[1] += drawn != other->drops(0, rows);
    differ[2] += drawn != one->drops(0, Rows{.real = {},
                                             .counters = {},
                                             .update_counter = update_counter(2, update)});
    differ[3] += drawn != one->drops(0, Rows{.real = {},
                                             .counters = {},
                                             .update_counter = update_counter(1, update + 1)});
  }
  for (const int count : differ) EXPECT_NEAR(count, 200, 40);
}

TEST(Embed, DropsWholeTokensAndKeepsTheirPositions) {
  CounterDropout words(0.4), none(0.0);
  words->set_site(5);
  Positions positions(PositionKind::kSinusoidal, 64, 6);
  const at::Tensor ids = torch::arange(1, 201).view({4, 50}),
                   embedding = torch::sin(torch::arange(201 * 6, torch::kDouble))
                                   .view({201, 6})
                                   .set_requires_grad(true);
  const Rows rows{.real = {}, .counters = row_counters(torch::arange(4), 50, 1, 3)};
  const at::Tensor y = embed(ids, {embedding, std::sqrt(6.0)}, *positions, *words, *none, rows);
  const at::Tensor kept =
      dropout_factors(rows.counters, words->active_site(), 1, embedding.detach());  // [4, 50, 1]
  EXPECT_NEAR(kept.eq(0).to(torch::kDouble).mean().item<double>(), 0.4, 0.1);
  const at::Tensor expected =
      torch::embedding(embedding.detach(), ids) * kept * std::sqrt(6.0) + positions->forward(50);
  EXPECT_TRUE(torch::allclose(y.detach(), expected, 1e-12, 1e-12));
  y.sum().backward();
  EXPECT_TRUE(torch::allclose(embedding.grad().narrow(0, 1, 200),
                              (kept * std::sqrt(6.0)).expand({4, 50, 6}).reshape({200, 6}), 1e-12,
                              1e-12));
  words->eval();
  EXPECT_TRUE(
      torch::equal(embed(ids, {embedding, std::sqrt(6.0)}, *positions, *words, *none, rows),
                   embed(ids, {embedding, std::sqrt(6.0)}, *positions, *none, *none, rows)));
}

}  // namespace penalmt::encoder_test
