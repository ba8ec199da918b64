#include "models/incremental/cached_decoder.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <functional>

#include "tests/models/formula_model.h"

namespace penalmt::cached_decoder_test {

// Two sentences of different lengths; the second one's memory has a hole in the middle.
Memory some_memory(int64_t width, at::ScalarType type, bool with_images) {
  const at::Tensor place = at::arange(3 * 21 * width, at::kDouble);
  at::Tensor visible = at::ones({3, 21}, at::kBool);
  visible[0].narrow(0, 17, 4).fill_(false);
  visible[1].narrow(0, 4, 3).fill_(false);
  visible[2].narrow(0, 1, 20).fill_(false);
  Memory memory{(place * 0.7).cos().view({3, 21, width}).to(type), visible};
  // The second sentence has no image.
  if (with_images) {
    memory.regions =
        (at::arange(3 * 5 * width, at::kDouble) * 0.9).sin().view({3, 5, width}).to(type);
    memory.has_image = at::tensor({1, 0, 1}).to(at::kBool);
  }
  return memory;
}

struct Case {
  const char* norm;
  const char* activation;
  const char* positions;
  int64_t width, heads;
};

// Decodes three sentences whose hypotheses part and join the wrong way round, and compares each
// step with the whole decoder.
void expect_as_the_full_decoder(TranslationModel& model, at::ScalarType type, double tolerance) {
  c10::InferenceMode guard;
  at::set_num_threads(1);  // for such small tensors waiting for each other costs more than the work
  model->eval();
  const Memory memory =
      some_memory(model->options().width, type, model->options().fusion == "doubly_attentive");
  CachedDecoder decoder(std::make_shared<StepWeights>(*model));
  for (int batch = 0; batch < 2; ++batch) {  // the second one uses the buffers again
    decoder.start(memory);
    std::vector<std::vector<int64_t>> prefixes(3, {1});
    std::vector<int64_t> sentence = {0, 1, 2};
    for (int64_t position = 0; position < 40; ++position) {
      std::vector<int> last;
      for (const auto& prefix : prefixes) last.push_back(static_cast<int>(prefix.back()));
      const at::Tensor states = decoder.advance(last);
      const at::Tensor logits = decoder.logits(states);
      const at::Tensor rows = at::tensor(sentence);
      std::vector<int64_t> flat;
      for (const auto& prefix : prefixes) flat.insert(flat.end(), prefix.begin(), prefix.end());
      const at::Tensor target =
          at::tensor(flat).view({static_cast<int64_t>(prefixes.size()), position + 1});
      Memory of_rows{memory.states.index_select(0, rows), memory.visible.index_select(0, rows)};
      if (memory.regions.defined()) {
        of_rows.regions = memory.regions.index_select(0, rows);
        of_rows.has_image = memory.has_image.index_select(0, rows);
      }
      const at::Tensor full = model->logits(model->decode(target, of_rows)).select(1, position);
      // With an output bias padding has the logit -infinity.
      const int64_t first = model->options().output_bias ? 1 : 0;
      ASSERT_LT((logits - full).slice(1, first).abs().max().item<double>(), tolerance)
          << "position " << position;
      ASSERT_TRUE(torch::equal(logits.slice(1, 0, first).isneginf(),
                               at::ones({logits.size(0), first}, at::kBool)));
      const Candidates best = decoder.best(states, {.count = 3});
      const Candidates expected = top_candidates(full, {.count = 3});
      EXPECT_EQ(best.tokens, expected.tokens);
      for (size_t i = 0; i < best.tokens.size(); ++i)
        EXPECT_NEAR(best.log_probabilities[i], expected.log_probabilities[i], tolerance);
      // Every third position rows are doubled, dropped and turned round.
      std::vector<int64_t> from;
      const int64_t n = static_cast<int64_t>(prefixes.size());
      for (int64_t r = 0; r < n; ++r) {
        from.push_back(r);
        if (position % 3 == 0 && n < 9) from.push_back(r);
      }
      if (position % 5 == 4 && n > 5) from.erase(from.begin() + position % n);
      std::vector<std::vector<int64_t>> next;
      std::vector<int64_t> next_sentence;
      for (size_t r = 0; r < from.size(); ++r) {
        next.push_back(prefixes[from[r]]);
        next.back().push_back(3 + (position * 5 + static_cast<int64_t>(r) * 7) % 20);
        next_sentence.push_back(sentence[from[r]]);
      }
      decoder.reorder(from);
      prefixes = next;
      sentence = next_sentence;
    }
  }
}

TEST(CachedDecoder, GivesTheFullDecodersLogitsAtEveryPosition) {
  for (const Case& c :
       {Case{"post", "relu", "sinusoidal", 32, 4}, Case{"pre", "gelu", "learned", 64, 4},
        Case{"post", "gelu", "sinusoidal", 128, 4}, Case{"pre", "relu", "sinusoidal", 64, 1},
        Case{"post", "relu", "learned", 20, 2}, Case{"post", "relu", "sinusoidal", 128, 1}}) {
    SCOPED_TRACE(std::string(c.norm) + " " + c.activation + " " + c.positions + " " +
                 std::to_string(c.width / c.heads));
    TranslationModel model = formula_model({.norm = c.norm,
                                            .activation = c.activation,
                                            .positions = c.positions,
                                            .width = c.width,
                                            .heads = c.heads});
    expect_as_the_full_decoder(model, at::kFloat, 2e-5);
  }
}

TEST(CachedDecoder, AddsTheOutputBias) {
  for (const char* positions : {"marian", "sinusoidal"}) {
    TranslationModel model = formula_model({.activation = "silu",
                                            .positions = positions,
                                            .scale_embeddings = false,
                                            .output_bias = true});
    expect_as_the_full_decoder(model, at::kFloat, 2e-5);
    model->to(at::kDouble);
    expect_as_the_full_decoder(model, at::kDouble, 1e-6);
  }
}

TEST(CachedDecoder, RenormalizedGivesTheStartNoProbability) {
  for (const bool biased : {true, false}) {
    TranslationModel model = formula_model({.vocabulary = 90, .output_bias = biased});
    c10::InferenceMode guard;
    CachedDecoder decoder(
        std::make_shared<StepWeights>(*model, ProductFormat::kFloat32, /*renormalized=*/true));
    decoder.start(some_memory(32, at::kFloat, false));
    const at::Tensor states = decoder.advance({1, 1, 1});
    at::Tensor expected = model->logits(states);
    expected.select(1, kBos).fill_(-std::numeric_limits<float>::infinity());
    EXPECT_TRUE(at::allclose(decoder.logits(states).slice(1, 1), expected.slice(1, 1), 1e-5, 1e-6));
    const Candidates wanted = top_candidates(expected, {.count = 3}),
                     found = decoder.best(states, {.count = 3});
    EXPECT_EQ(found.tokens, wanted.tokens);
    for (size_t i = 0; i < wanted.tokens.size(); ++i)
      EXPECT_NEAR(found.log_probabilities[i], wanted.log_probabilities[i], 1e-5);
  }
}

TEST(CachedDecoder, AddsTheOutputBiasToThePiecesOfAChoice) {
  TranslationModel model = formula_model({.vocabulary = 90, .output_bias = true});
  c10::InferenceMode guard;
  const Memory memory = some_memory(32, at::kFloat, false);
  const std::vector<int> choice = {0, 1, 2, 3, 5, 17, 40, 41, 77, 89};
  const at::Tensor columns = at::tensor(choice).to(at::kLong);
  for (const ProductFormat format :
       {ProductFormat::kFloat32, ProductFormat::kBfloat16, ProductFormat::kInt8}) {
    CachedDecoder decoder(std::make_shared<StepWeights>(*model, format));
    decoder.start(memory, std::vector<std::vector<int>>(3, choice));
    const at::Tensor states = decoder.advance({1, 1, 1});
    const at::Tensor scores = at::log_softmax(model->logits(states).index_select(1, columns), -1);
    const Candidates expected = top_candidates(scores, {.count = 8});
    const Candidates found = decoder.best(states, {.count = 8});
    const double tolerance = format == ProductFormat::kFloat32 ? 1e-4 : 0.05;
    for (size_t i = 0; i < expected.tokens.size(); ++i) {
      EXPECT_EQ(found.tokens[i], choice[expected.tokens[i]]) << name_of(format);
      EXPECT_NEAR(found.log_probabilities[i], expected.log_probabilities[i], tolerance);
    }
    // The same of all pieces, as far as rounding leaves their order alone.
    decoder.start(memory);
    const at::Tensor again = decoder.advance({1, 1, 1});
    const Candidates whole = top_candidates(model->logits(again), {.count = 1});
    EXPECT_EQ(decoder.best(again, {.count = 1}).tokens, whole.tokens) << name_of(format);
  }
}

Memory one_of(const Memory& memory, int64_t sentence) {
  return {memory.states.narrow(0, sentence, 1), memory.visible.narrow(0, sentence, 1)};
}

// A sentence that is added while others are under way gives what it gives alone, to the bit, and
// leaves theirs as they were; with choices and without.
TEST(CachedDecoder, TakesSentencesInOnTheWay) {
  TranslationModel model = formula_model({.width = 64, .heads = 2, .vocabulary = 90});
  model->eval();
  c10::InferenceMode guard;
  const Memory memory = some_memory(64, at::kFloat, false);
  const std::vector<std::vector<int>> all_choices = {
      {2, 3, 5, 17, 40}, {2, 4, 5, 6, 7, 60, 77, 89}, {2, 3, 17}};
  constexpr int64_t kEnters[] = {0, 4, 9}, kLeaves[] = {12, 30, 40};
  for (const ProductFormat format : {ProductFormat::kFloat32, ProductFormat::kInt8})
    for (const bool chooses : {false, true}) {
      const auto weights = std::make_shared<StepWeights>(*model, format);
      const auto choices = [&](int64_t s) {
        std::vector<std::vector<int>> of_sentence;
        if (chooses) of_sentence.push_back(all_choices[s]);
        return of_sentence;
      };
      CachedDecoder together(weights);
      ASSERT_TRUE(weights->can_add());
      std::vector<std::unique_ptr<CachedDecoder>> alone(3);
      std::vector<int64_t> open;
      for (int64_t step = 0; step < 40; ++step) {
        for (int64_t s = 0; s < 3; ++s) {
          if (step != kEnters[s]) continue;
          step == 0 ? together.start(one_of(memory, s), choices(s))
                    : together.add(one_of(memory, s), choices(s));
          alone[s] = std::make_unique<CachedDecoder>(weights);
          alone[s]->start(one_of(memory, s), choices(s));
          open.push_back(s);
        }
        std::vector<int> last;
        for (const int64_t s : open)
          last.push_back(step == kEnters[s] ? 1 : static_cast<int>(3 + (step * 7 + s) % 80));
        const at::Tensor states = together.advance(last);
        const Candidates best = together.best(states, {.count = 4});
        const at::Tensor logits = together.logits(states);
        for (size_t r = 0; r < open.size(); ++r) {
          CachedDecoder& one = *alone[open[r]];
          const at::Tensor its_states = one.advance({last[r]});
          ASSERT_TRUE(torch::equal(states[r], its_states[0])) << step << " " << open[r];
          ASSERT_TRUE(torch::equal(logits[r], one.logits(its_states)[0]));
          const Candidates its_best = one.best(its_states, {.count = 4});
          ASSERT_GE(best.count, its_best.count);
          for (int64_t k = 0; k < best.count; ++k) {
            const auto place = static_cast<int64_t>(r) * best.count + k;
            ASSERT_EQ(best.tokens[place], k < its_best.count ? its_best.tokens[k] : -1);
            if (k < its_best.count)
              ASSERT_EQ(best.log_probabilities[place], its_best.log_probabilities[k]);
            else
              ASSERT_TRUE(std::isinf(best.log_probabilities[place]));
          }
        }
        std::vector<int64_t> rows, left;
        for (size_t r = 0; r < open.size(); ++r) {
          if (step + 1 == kLeaves[open[r]]) continue;
          rows.push_back(static_cast<int64_t>(r));
          left.push_back(open[r]);
        }
        open = left;
        if (!open.empty()) together.reorder(rows);
      }
    }
}

TEST(CachedDecoder, TakesNoneInWhereItCannot) {
  c10::InferenceMode guard;
  TranslationModel images = formula_model({.fusion = "doubly_attentive"}),
                   doubles = formula_model({.width = 32});
  doubles->to(at::kDouble);
  for (TranslationModel& model : {std::ref(images), std::ref(doubles)}) {
    const auto weights = std::make_shared<StepWeights>(*model);
    EXPECT_FALSE(weights->can_add());
    CachedDecoder decoder(weights);
    const Memory memory = some_memory(32, model->target_embedding().scalar_type(), false);
    decoder.start(memory);
    EXPECT_THROW(decoder.add(memory), c10::Error);
  }
}

TEST(CachedDecoder, AttendsToTheImageOfADoublyAttentiveModel) {
  for (const char* norm : {"post", "pre"}) {
    TranslationModel model = formula_model({.norm = norm, .fusion = "doubly_attentive"});
    expect_as_the_full_decoder(model, at::kFloat, 2e-5);
    model->to(at::kDouble);
    expect_as_the_full_decoder(model, at::kDouble, 1e-6);
  }
}

TEST(CachedDecoder, FoldsTheScalesOfBranchesIn) {
  for (const char* norm : {"post", "pre"})
    for (const char* scale : {"scalar", "channel"}) {
      TranslationModel model =
          formula_model({.norm = norm, .fusion = "doubly_attentive", .branch_scale = scale});
      expect_as_the_full_decoder(model, at::kFloat, 2e-5);
      model->to(at::kDouble);
      expect_as_the_full_decoder(model, at::kDouble, 1e-6);
    }
}

TEST(CachedDecoder, LeavesOutWhatIsRemoved) {
  for (const char* norm : {"post", "pre"}) {
    TranslationModel model = formula_model({.norm = norm});
    const auto& layer = *model->decoder->layers[1]->as<DecoderLayerImpl>();
    for (Residual residual : {layer.self_attention_residual, layer.cross_attention_residual,
                              layer.feed_forward_residual}) {
      residual->connection->remove(true);
      expect_as_the_full_decoder(model, at::kFloat, 2e-5);
      residual->connection->remove(false);
    }
  }
}

TEST(CachedDecoder, ServesOtherNumberFormatsThroughLibTorch) {
  TranslationModel model = formula_model(
      {.norm = "pre", .activation = "gelu", .positions = "learned", .width = 32, .heads = 4});
  model->to(at::kDouble);
  expect_as_the_full_decoder(model, at::kDouble, 1e-6);
  TranslationModel post = formula_model(
      {.norm = "post", .activation = "relu", .positions = "sinusoidal", .width = 32, .heads = 4});
  post->to(at::kDouble);
  expect_as_the_full_decoder(post, at::kDouble, 1e-6);
}

}  // namespace penalmt::cached_decoder_test
