#include "translation/translator.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "base/error.h"
#include "tests/translation/tiny_run.h"
#include "translation/model_location.h"
#include "translation/row_translator.h"

namespace penalmt::translator_test {

namespace fs = std::filesystem;

class TranslatorTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("penalmt_translator_" + std::to_string(::getpid()));
    fs::remove_all(folder_);
    make_tiny_run(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  static std::string refusal(const std::function<void()>& action) {
    try {
      action();
    } catch (const Error& error) {
      return error.what();
    }
    return "no refusal";
  }

  fs::path folder_;
};

std::vector<std::string> many_lines() {
  std::vector<std::string> lines;
  for (int i = 0; i < 60; ++i) {
    std::string line;
    for (int word = 0; word <= i * 7 % 11; ++word)
      line += (word ? " " : "") + tiny_text()[(i + word * 3) % tiny_text().size()];
    lines.push_back(i % 13 == 5 ? "" : line);
  }
  return lines;
}

// The same texts, and log probabilities within `tolerance`; 0: to the bit.
void expect_alike(const std::vector<Translation>& got, const std::vector<Translation>& expected,
                  double tolerance, const std::string& what = "") {
  ASSERT_EQ(got.size(), expected.size()) << what;
  for (size_t i = 0; i < got.size(); ++i) {
    ASSERT_EQ(got[i].n_best.size(), expected[i].n_best.size()) << what << ", line " << i;
    for (size_t n = 0; n < got[i].n_best.size(); ++n) {
      EXPECT_EQ(got[i].n_best[n].text, expected[i].n_best[n].text) << what << ", line " << i;
      EXPECT_NEAR(got[i].n_best[n].log_probability, expected[i].n_best[n].log_probability,
                  tolerance)
          << what << ", line " << i;
    }
  }
}

// Not a bit of a score depends on the sentences beside it, where attention has its own kernel.
TEST_F(TranslatorTest, GivesTheSameScoresForAnyBatchSizeInOurOwnFormats) {
  fs::remove_all(folder_);
  make_tiny_run(folder_, {.heads = 1});
  const auto lines = many_lines();
  const SearchOptions search{.beam = 3, .n_best = 2};
  for (const ProductFormat format : {ProductFormat::kFloat32, ProductFormat::kInt8}) {
    Translator translator = Translator::open(folder_, at::kCPU);
    translator.set_format(format);
    const auto expected =
        translator.translate(lines, nullptr, search, {.tokens = 10, .threads = 1});
    for (const BatchOptions& batches : {BatchOptions{4096, 1}, BatchOptions{100, 2}}) {
      const auto got = translator.translate(lines, nullptr, search, batches);
      expect_alike(got, expected, 0, name_of(format));
    }
  }
}

TEST_F(TranslatorTest, FindsTheSameGreedilyWithoutScores) {
  Translator translator = Translator::open(folder_, at::kCPU);
  const auto lines = many_lines();
  const auto scored = translator.translate(lines, nullptr, {.beam = 1}, {});
  const auto blind = translator.translate(lines, nullptr, {.beam = 1, .scores = false}, {});
  for (size_t i = 0; i < lines.size(); ++i) {
    EXPECT_EQ(blind[i].n_best.front().text, scored[i].n_best.front().text);
    EXPECT_EQ(blind[i].n_best.front().score, 0);
  }
}

TEST_F(TranslatorTest, GivesTheSameTextForAnyBatchSizeAndNumberOfThreads) {
  Translator translator = Translator::open(folder_, at::kCPU);
  const auto lines = many_lines();
  const SearchOptions search{.beam = 3, .n_best = 2};
  const auto expected = translator.translate(lines, nullptr, search, {.tokens = 10, .threads = 1});
  ASSERT_EQ(expected.size(), lines.size());
  for (const BatchOptions& batches :
       {BatchOptions{4096, 1}, BatchOptions{100, 2}, BatchOptions{4096, 3}, BatchOptions{37, 4}}) {
    const auto got = translator.translate(lines, nullptr, search, batches);
    for (size_t i = 0; i < lines.size(); ++i) {
      ASSERT_EQ(got[i].n_best.size(), expected[i].n_best.size());
      for (size_t n = 0; n < got[i].n_best.size(); ++n) {
        EXPECT_EQ(got[i].n_best[n].text, expected[i].n_best[n].text);
        EXPECT_NEAR(got[i].n_best[n].score, expected[i].n_best[n].score, 1e-4);
      }
    }
  }
}

TEST_F(TranslatorTest, LeavesEmptyLinesEmpty) {
  Translator translator = Translator::open(folder_, at::kCPU);
  const auto got = translator.translate({"", "a red circle .", "", ""}, nullptr, {.beam = 2}, {});
  ASSERT_EQ(got.size(), 4u);
  for (size_t i : {0, 2, 3}) EXPECT_EQ(got[i].n_best[0].text, "");
  EXPECT_NE(got[1].n_best[0].text, "");
  EXPECT_EQ(translator.timing().sentences, 1);
}

// The search written out with the whole decoder: what greedy decoding and its score are by
// definition.
TEST_F(TranslatorTest, GreedyIsTheWholeDecodersBestTokenAtEachPosition) {
  const ModelDescription description = read_description(folder_ / "best");
  TranslationModel model = read_model(folder_ / "best", description);
  const Tokenizer tokenizer = Tokenizer::open(folder_ / "tokenizer.model");
  Translator translator = Translator::open(folder_, at::kCPU);
  c10::InferenceMode guard;
  for (const std::string& line : tiny_text()) {
    std::vector<int64_t> source, target = {kBos};
    for (int id : tokenizer.encode(line)) source.push_back(id);
    source.push_back(kEos);
    const Memory memory = model->encode(at::tensor(source).unsqueeze(0), {});
    double total = 0;
    const int64_t limit = 2 * static_cast<int64_t>(source.size()) + 20;
    std::vector<int> words;
    while (true) {
      const at::Tensor scores = at::log_softmax(
          model->logits(model->decode(at::tensor(target).unsqueeze(0), memory))[0][-1], -1);
      int64_t best = 2 + scores.narrow(0, 2, scores.size(0) - 2).argmax().item<int64_t>();
      if (static_cast<int64_t>(words.size()) + 1 == limit) best = kEos;
      total += scores[best].item<double>();
      if (best == kEos) break;
      words.push_back(static_cast<int>(best));
      target.push_back(best);
    }
    const auto got = translator.translate({line}, nullptr, {.beam = 1}, {.threads = 1});
    EXPECT_EQ(got[0].n_best[0].text, tokenizer.decode(words));
    EXPECT_EQ(got[0].n_best[0].pieces.size(), words.size());
    EXPECT_NEAR(got[0].n_best[0].score, total / static_cast<double>(words.size() + 1), 1e-4);
  }
}

TEST_F(TranslatorTest, ScoresAreTheSumsOfTheWholeDecodersLogProbabilities) {
  const ModelDescription description = read_description(folder_ / "best");
  TranslationModel model = read_model(folder_ / "best", description);
  const Tokenizer tokenizer = Tokenizer::open(folder_ / "tokenizer.model");
  Translator translator = Translator::open(folder_, at::kCPU);
  const std::vector<std::string> sources = {"a red circle .", "", "the man rides a bike .",
                                            "a dog ."};
  const std::vector<std::string> targets = {"ein roter kreis .", "", "", "ein hund rennt ."};
  const auto scores =
      translator.score(sources, targets, nullptr, {.tokens = 12, .threads = 2}, "a.en", "a.de");
  EXPECT_EQ(scores[1], 0);
  c10::InferenceMode guard;
  for (size_t i : {0, 2, 3}) {
    std::vector<int64_t> source, target = {kBos};
    for (int id : tokenizer.encode(sources[i])) source.push_back(id);
    source.push_back(kEos);
    for (int id : tokenizer.encode(targets[i])) target.push_back(id);
    const at::Tensor states = model->decode(at::tensor(target).unsqueeze(0),
                                            model->encode(at::tensor(source).unsqueeze(0), {}));
    const at::Tensor logs = at::log_softmax(model->logits(states)[0], -1);
    target.push_back(kEos);
    double total = 0;
    for (size_t t = 1; t < target.size(); ++t) total += logs[t - 1][target[t]].item<double>();
    EXPECT_NEAR(scores[i], total, 1e-4);
    EXPECT_EQ(translator.target_length(targets[i]), static_cast<int64_t>(target.size()) - 1);
  }
  EXPECT_EQ(refusal([&] {
              translator.score({"a dog .", ""}, {"ein hund .", "der mann ."}, nullptr, {}, "a.en",
                               "a.de");
            }),
            "a.en:2: an empty line; a.de has words there; expected a source for them");
}

TEST_F(TranslatorTest, PrefersAveragedToBestAndTakesCheckpointFoldersThemselves) {
  EXPECT_EQ(locate_model(folder_).folder, folder_ / "best");
  fs::copy(folder_ / "best", folder_ / "averaged");
  EXPECT_EQ(locate_model(folder_).folder, folder_ / "averaged");
  EXPECT_EQ(locate_model(folder_ / "best").folder, folder_ / "best");
  EXPECT_EQ(locate_model(folder_ / "best").source_tokenizer, folder_ / "tokenizer.model");
  fs::create_directories(folder_ / "checkpoints");
  fs::copy(folder_ / "best", folder_ / "checkpoints" / "12");
  EXPECT_EQ(locate_model(folder_ / "checkpoints" / "12/").source_tokenizer,
            folder_ / "tokenizer.model");
}

TEST_F(TranslatorTest, RefusesFoldersWithoutAModelOrTokenizer) {
  const std::string where = folder_.string();
  EXPECT_EQ(refusal([&] { Translator::open(folder_ / "nowhere", at::kCPU); }),
            where + "/nowhere: no such folder; expected a run folder or a checkpoint folder");
  EXPECT_EQ(refusal([&] { Translator::open(folder_ / "tokenizer.model", at::kCPU); }),
            where + "/tokenizer.model: not a folder; expected a run folder or a checkpoint folder");
  fs::create_directories(folder_ / "empty");
  EXPECT_EQ(
      refusal([&] { Translator::open(folder_ / "empty", at::kCPU); }),
      where +
          "/empty: no model here; expected averaged/, best/, or model.safetensors and model.json");
  fs::remove(folder_ / "tokenizer.model");
  EXPECT_EQ(refusal([&] { Translator::open(folder_, at::kCPU); }),
            where +
                "/best: no tokenizer here or in the two folders above; expected tokenizer.model, "
                "or source.model and "
                "target.model");
}

TEST_F(TranslatorTest, RefusesAnotherRunsTokenizer) {
  const Tokenizer other =
      Tokenizer::train(tiny_text(), {.vocabulary = 45, .exact_vocabulary = false});
  const Tokenizer own = Tokenizer::open(folder_ / "tokenizer.model");
  write_file(folder_ / "tokenizer.model", other.serialized());
  EXPECT_EQ(refusal([&] { Translator::open(folder_, at::kCPU); }),
            folder_.string() + "/tokenizer.model: " + std::to_string(other.vocabulary_size()) +
                " pieces; expected " + std::to_string(own.vocabulary_size()) + ", as " +
                folder_.string() + "/best/model.json says; is it another run's?");
}

TEST_F(TranslatorTest, RefusesSentencesLongerThanLearnedPositions) {
  make_tiny_run(folder_, {.positions = "learned", .longest = 12});
  Translator translator = Translator::open(folder_, at::kCPU);
  EXPECT_NE(translator.translate({"a dog ."}, nullptr, {.beam = 2}, {})[0].n_best[0].text, "");
  std::string line = "a";
  for (int i = 0; i < 11; ++i) line += " a";
  EXPECT_EQ(refusal([&] {
              translator.translate({"a dog .", line}, nullptr, {.beam = 2}, {}, {"captions.en", 7});
            }),
            "captions.en:8: a sentence of 13 tokens; the model's learned positions serve at most "
            "12; split the line");
}

TEST_F(TranslatorTest, TranslatesSentencesLongerThanTheKeptPositions) {
  Translator translator = Translator::open(folder_, at::kCPU);
  std::string line = "a";
  for (int i = 0; i < 700; ++i) line += " a";
  const auto got = translator.translate({line}, nullptr, {.beam = 2}, {.threads = 1});
  EXPECT_NE(got[0].n_best[0].text, "");
}

TEST_F(TranslatorTest, RefusesWeightsThatAreNotNumbers) {
  const ModelDescription description = read_description(folder_ / "best");
  TranslationModel model = read_model(folder_ / "best", description);
  {
    torch::NoGradGuard guard;
    model->named_parameters()["decoder.layers.0.feed_forward.up.bias"].fill_(std::nan(""));
  }
  const Tokenizer tokenizer = Tokenizer::open(folder_ / "tokenizer.model");
  Translator translator(model, description, tokenizer, tokenizer);
  EXPECT_EQ(refusal([&] {
              translator.translate({"", "a dog ."}, nullptr, {.beam = 2}, {});
            }),
            "input:2: the model's scores are not numbers; expected finite weights");
}

TEST_F(TranslatorTest, AnImageChangesAMultimodalModelsScoresAndAMissingOneDoesNot) {
  make_tiny_run(folder_, {.fusion = "gated"});
  Translator translator = Translator::open(folder_, at::kCPU);
  EXPECT_TRUE(translator.uses_images());
  // A PPM, the simplest of images.
  std::string ppm = "P6\n16 16\n255\n";
  for (int i = 0; i < 16 * 16 * 3; ++i) ppm += static_cast<char>(i * 7 % 256);
  write_file(folder_ / "wave.ppm", ppm);
  const DecodedImages images({"wave.ppm", "", "absent.ppm"}, folder_,
                             translator.description().model.image_encoder.size, 1);
  const SearchOptions search{.beam = 3};
  const std::vector<std::string> lines(3, "a red circle .");
  const auto with = translator.translate(lines, &images, search, {});
  const auto without = translator.translate(lines, nullptr, search, {});
  EXPECT_GT(std::abs(with[0].n_best[0].score - without[0].n_best[0].score), 1e-3);
  for (size_t i : {1, 2}) EXPECT_NEAR(with[i].n_best[0].score, without[i].n_best[0].score, 1e-6);
}

double sum_of(const std::vector<float>& numbers) {
  double sum = 0;
  for (const float number : numbers) sum += number;
  return sum;
}

// Whatever is forced, forbidden or drawn: a translation's score is what score() gives its pieces.
TEST_F(TranslatorTest, ScoresWhatRulesAndChanceChoseAsTheModelDoes) {
  Translator translator = Translator::open(folder_, at::kCPU);
  const auto lines = many_lines();
  for (const SearchOptions& search :
       {SearchOptions{.beam = 3, .min_length = 6, .no_repeat_ngram = 2, .no_unknown = true},
        SearchOptions{.beam = 1, .max_length = 9},
        SearchOptions{.n_best = 2, .sampling = SamplingOptions{.temperature = 2, .top_p = 0.9}}})
    for (const Translation& translation : translator.translate(lines, nullptr, search, {})) {
      for (const ScoredText& text : translation.n_best) {
        if (text.pieces.empty()) continue;
        if (search.max_length > 0) EXPECT_LE(text.pieces.size(), 9u);
        if (search.min_length > 0) EXPECT_GE(text.pieces.size(), 6u);
        ASSERT_EQ(text.piece_log_probabilities.size(), text.pieces.size() + 1);
        EXPECT_NEAR(sum_of(text.piece_log_probabilities), text.log_probability, 1e-4);
      }
    }
  // A text that is forced as a whole: what score() says of it.
  const std::vector<std::string> sources = {"a red circle .", "a dog runs fast ."},
                                 texts = {"ein roter kreis .", "der mann ."};
  const auto scores = translator.score(sources, texts, nullptr, {}, "a", "b");
  for (const int64_t beam : {1, 3}) {
    const auto forced = translator.translate({.texts = sources, .prefixes = texts},
                                             {.beam = beam, .max_length = 1}, {});
    for (size_t i = 0; i < sources.size(); ++i) {
      EXPECT_EQ(forced[i].n_best[0].text, texts[i]);
      EXPECT_NEAR(forced[i].n_best[0].log_probability, scores[i], 1e-3);
    }
  }
}

TEST_F(TranslatorTest, BeginsWithThePrefix) {
  Translator translator = Translator::open(folder_, at::kCPU);
  const std::vector<std::string> lines = {"a red circle .", "a dog runs fast .",
                                          "two blue squares ."};
  const std::vector<std::string> prefixes = {"ein roter", "", "zwei blaue quadrate"};
  const auto plain = translator.translate(lines, nullptr, {.beam = 3}, {});
  for (const int64_t beam : {1, 3})
    for (const bool scores : {true, false}) {
      const auto got = translator.translate({.texts = lines, .prefixes = prefixes},
                                            {.beam = beam, .scores = scores}, {});
      for (const size_t i : {0, 2}) EXPECT_TRUE(got[i].n_best[0].text.starts_with(prefixes[i]));
      if (beam == 3 && scores) EXPECT_EQ(got[1].n_best[0].text, plain[1].n_best[0].text);
    }
  EXPECT_EQ(refusal([&] {
              translator.translate({.texts = lines, .prefixes = prefixes}, {.max_length = 1}, {});
            }),
            "no refusal");  // a prefix stands, whatever the length says
}

TEST_F(TranslatorTest, DrawsTheSameForAnyBatchSizeAndPlace) {
  Translator translator = Translator::open(folder_, at::kCPU);
  const auto lines = many_lines();
  const SearchOptions search{.n_best = 3, .sampling = SamplingOptions{.seed = 3}};
  const auto whole = translator.translate(lines, nullptr, search, {4096, 1});
  const auto small = translator.translate(lines, nullptr, search, {20, 2});
  const std::vector<std::string> later(lines.begin() + 40, lines.end());
  const auto part = translator.translate(later, nullptr, search, {100, 1}, {"input", 41});
  for (size_t i = 0; i < lines.size(); ++i)
    for (size_t n = 0; n < whole[i].n_best.size(); ++n) {
      EXPECT_EQ(small[i].n_best[n].text, whole[i].n_best[n].text);
      if (i >= 40) EXPECT_EQ(part[i - 40].n_best[n].text, whole[i].n_best[n].text);
    }
}

// By its definition: of one model twice, the model; of two, the mean of their probabilities.
TEST_F(TranslatorTest, AnEnsembleHasTheMeanOfItsModels) {
  const auto lines = many_lines();
  Translator alone = Translator::open(folder_, at::kCPU);
  Translator twice = Translator::open(folder_, at::kCPU);
  twice.join(Translator::open(folder_, at::kCPU));
  const SearchOptions search{.beam = 3, .n_best = 2};
  const auto expected = alone.translate(lines, nullptr, search, {});
  const auto got = twice.translate(lines, nullptr, search, {});
  for (size_t i = 0; i < lines.size(); ++i)
    for (size_t n = 0; n < expected[i].n_best.size(); ++n) {
      EXPECT_EQ(got[i].n_best[n].text, expected[i].n_best[n].text);
      EXPECT_NEAR(got[i].n_best[n].score, expected[i].n_best[n].score, 1e-4);
    }
  make_tiny_run(folder_ / "other", {.heads = 1});
  Translator other = Translator::open(folder_ / "other", at::kCPU);
  Translator both = Translator::open(folder_, at::kCPU);
  both.join(Translator::open(folder_ / "other", at::kCPU));
  const std::vector<std::string> line = {"a red circle ."}, prefix = {"ein roter kreis"};
  // The first piece after nothing, by both models.
  const auto first = [&](Translator& translator) {
    const auto found = translator.translate({.texts = line, .prefixes = prefix}, {.beam = 1}, {});
    return std::exp(found[0].n_best[0].piece_log_probabilities[0]);
  };
  EXPECT_NEAR(first(both), (first(alone) + first(other)) / 2, 1e-5);
  EXPECT_GT(std::abs(first(alone) - first(other)), 1e-4);

  make_tiny_run(folder_ / "gated", {.fusion = "gated"});
  EXPECT_EQ(refusal([&] { both.join(Translator::open(folder_ / "gated", at::kCPU)); }),
            (folder_ / "gated").string() +
                ": got a model that looks at images; expected it before " + folder_.string() +
                ", which does not");
  Translator looking = Translator::open(folder_ / "gated", at::kCPU);
  looking.join(Translator::open(folder_, at::kCPU));
  EXPECT_EQ(looking.translate(line, nullptr, search, {}).size(), 1u);
}

// Among the list's pieces alone, with their share of the probability; no other sentence matters.
TEST_F(TranslatorTest, WritesPiecesOfTheShortlistAlone) {
  fs::remove_all(folder_);
  make_tiny_run(folder_, {.heads = 1});
  const auto lines = many_lines();
  const SearchOptions search{.beam = 3, .n_best = 2};
  for (const ProductFormat format : {ProductFormat::kFloat32, ProductFormat::kInt8}) {
    Translator translator = Translator::open(folder_, at::kCPU);
    translator.set_format(format);
    const auto whole = translator.translate(lines, nullptr, search, {});
    const Tokenizer& source = translator.source_tokenizer();
    const int64_t vocabulary = translator.target_tokenizer().vocabulary_size();
    // A list of all changes nothing.
    Lexicon lexicon;
    lexicon.translations.resize(source.vocabulary_size());
    translator.set_shortlist(Shortlist(lexicon, vocabulary, vocabulary, 1));
    const auto all = translator.translate(lines, nullptr, search, {});
    expect_alike(all, whole, 1e-4, name_of(format));
    // Of each source piece two neighbours of its number.
    for (int piece = 0; piece < source.vocabulary_size(); ++piece)
      for (const int step : {7, 11})
        lexicon.translations[piece].push_back(
            {static_cast<int>(4 + (piece + step) % (vocabulary - 4)), 0.5f});
    const Shortlist shortlist(lexicon, vocabulary, 6, 2);
    translator.set_shortlist(shortlist);
    const auto expected =
        translator.translate(lines, nullptr, search, {.tokens = 10, .threads = 1});
    for (const BatchOptions& batches : {BatchOptions{4096, 1}, BatchOptions{100, 2}}) {
      const auto got = translator.translate(lines, nullptr, search, batches);
      expect_alike(got, expected, 1e-4, name_of(format));
    }
    // Greedily by full logits (a prefix asks for them) and by the list's columns: the same.
    const std::vector<std::string> prefixes(lines.size(), "ein");
    for (size_t i = 0; i < lines.size(); ++i) {
      if (lines[i].empty()) continue;
      const auto listed = shortlist.pieces(source.encode(lines[i]));
      for (const ScoredText& text : expected[i].n_best)
        for (const std::string& piece : text.pieces)
          EXPECT_TRUE(std::any_of(listed.begin(), listed.end(), [&](int id) {
            return translator.target_tokenizer().piece(id) == piece;
          })) << piece;
    }
    const auto begun =
        translator.translate({.texts = lines, .prefixes = prefixes}, {.beam = 1}, {});
    for (size_t i = 0; i < lines.size(); ++i)
      if (!lines[i].empty()) EXPECT_TRUE(begun[i].n_best[0].text.starts_with("ein"));
  }
}

// Every word of the translation has a word of the source; the pairs come from view_source().
TEST_F(TranslatorTest, AlignsEveryWord) {
  for (const char* fusion : {"none", "gated"}) {
    fs::remove_all(folder_);
    make_tiny_run(folder_, {.fusion = fusion});
    Translator translator = Translator::open(folder_, at::kCPU);
    const auto pairs = translator.alignment({"a red circle .", "", "a dog runs fast ."},
                                            {"ein roter kreis .", "", "ein hund"}, nullptr, {});
    ASSERT_EQ(pairs.size(), 3u);
    EXPECT_TRUE(pairs[1].empty());
    ASSERT_EQ(pairs[0].size(), 4u) << fusion;
    ASSERT_EQ(pairs[2].size(), 2u);
    for (size_t word = 0; word < 4; ++word) {
      EXPECT_EQ(pairs[0][word].second, static_cast<int64_t>(word));
      EXPECT_GE(pairs[0][word].first, 0);
      EXPECT_LT(pairs[0][word].first, 4);
    }
  }
}

TEST_F(TranslatorTest, SeesAnImageOnceForManyLooks) {
  make_tiny_run(folder_, {.fusion = "gated"});
  Translator translator = Translator::open(folder_, at::kCPU);
  std::vector<std::string> names;
  for (int image = 0; image < 20; ++image) {  // more than are encoded at a time
    std::string ppm = "P6\n16 16\n255\n";
    for (int i = 0; i < 16 * 16 * 3; ++i) ppm += static_cast<char>(i * (7 + image) % 256);
    names.push_back(std::to_string(image) + ".ppm");
    write_file(folder_ / names.back(), ppm);
  }
  names.insert(names.end(), {"", names[3], names[3]});
  const DecodedImages images(names, folder_, translator.description().model.image_encoder.size, 1);
  const auto seen = translator.seen(images, {.threads = 2});
  ASSERT_NE(seen, nullptr);
  EXPECT_EQ(seen->index(), images.index());
  const std::vector<std::string> lines(names.size(), "a red circle .");
  const auto expected = translator.translate(lines, &images, {.beam = 2}, {});
  const auto got = translator.translate(lines, seen.get(), {.beam = 2}, {});
  const std::vector<std::string> targets(names.size(), "ein kreis .");
  const auto looked = translator.image_use(lines, targets, images, {});
  const auto again = translator.image_use(lines, targets, *seen, {});
  for (size_t i = 0; i < lines.size(); ++i) {
    EXPECT_EQ(got[i].n_best[0].text, expected[i].n_best[0].text);
    EXPECT_NEAR(got[i].n_best[0].score, expected[i].n_best[0].score, 1e-5);
    ASSERT_EQ(again[i].gate.size(), looked[i].gate.size());
    for (size_t g = 0; g < looked[i].gate.size(); ++g)
      EXPECT_NEAR(again[i].gate[g], looked[i].gate[g], 1e-5);
  }
}

// SentencePiece would take the square of the time: the library refuses such a line, or cuts it.
TEST_F(TranslatorTest, RefusesWordsThatTheTokenizerDoesNotTakeOrCutsThem) {
  Translator translator = Translator::open(folder_, at::kCPU);
  const std::string word(400'000, '#');
  const auto translate = [&] {
    return translator.translate({"der mann .", word}, nullptr, {}, {});
  };
  EXPECT_EQ(refusal(translate),
            "input:2: got a word of 400000 characters, expected at most 30000; is it text?");
  EXPECT_EQ(refusal([&] { translator.score({"der mann ."}, {word}, nullptr, {}, "a.en", "a.de"); }),
            "a.de:1: got a word of 400000 characters, expected at most 30000; is it text?");
  translator.cut_lines(20);
  EXPECT_EQ(translate().size(), 2U);
  const std::string many = "der mann . der mann . der mann . der mann . der mann . der mann .";
  EXPECT_GT(translator.target_length(many), 20);
  EXPECT_EQ(translator.scored_length(many), 20);
}

// Without LibTorch: not a bit of a score differs, whatever the search.
TEST_F(TranslatorTest, TranslatesTheSameWithoutLibTorch) {
  for (const char* positions : {"sinusoidal", "learned"}) {
    fs::remove_all(folder_);
    make_tiny_run(folder_, {.positions = positions, .longest = 100, .heads = 1});
    ASSERT_TRUE(is_row_model_folder(folder_ / "best"));
    RowTranslator rows(folder_);
    Translator whole = Translator::open(folder_, at::kCPU);
    const std::vector<std::string> lines = many_lines();
    std::vector<std::string> prefixes(lines.size());
    for (size_t i = 0; i < lines.size(); i += 3) prefixes[i] = "ein";
    for (const ProductFormat format : {ProductFormat::kFloat32, ProductFormat::kInt8}) {
      rows.set_format(format);
      whole.set_format(format);
      for (const SearchOptions& search :
           {SearchOptions{.beam = 3, .n_best = 2}, SearchOptions{.beam = 1, .scores = false},
            SearchOptions{.beam = 4, .refill = true, .min_length = 2, .no_repeat_ngram = 2}})
        for (const bool prefixed : {false, true}) {
          const SourceLines source{.texts = lines,
                                   .prefixes = prefixed ? prefixes : std::vector<std::string>()};
          expect_alike(rows.translate(source, search, {.tokens = 90, .threads = 2}),
                       whole.translate(source, search, {.threads = 1}), 0,
                       std::string(positions) + " " + name_of(format));
        }
    }
  }
}

TEST_F(TranslatorTest, KnowsWhatItTranslatesWithoutLibTorch) {
  EXPECT_FALSE(is_row_model_folder(folder_ / "best"));  // heads of 8 numbers
  fs::remove_all(folder_);
  make_tiny_run(folder_, {.fusion = "gated", .heads = 1});
  EXPECT_FALSE(is_row_model_folder(folder_ / "best"));
}

TEST_F(TranslatorTest, RefusesWithoutLibTorchWhatItWouldTake) {
  fs::remove_all(folder_);
  make_tiny_run(folder_, {.heads = 1});
  RowTranslator rows(folder_);
  EXPECT_THROW(rows.set_format(ProductFormat::kBfloat16), std::logic_error);
  EXPECT_THROW(rows.translate({"a dog ."}, nullptr, {.beam = 1, .sampling = SamplingOptions()}, {}),
               std::logic_error);
  // Other numbers than float32 are the engine's.
  const fs::path file = folder_ / "best" / "model.safetensors";
  std::string bytes = read_file(file);
  for (size_t at; (at = bytes.find("\"F32\"")) != std::string::npos;)
    bytes.replace(at, 5, "\"I32\"");
  write_file(file, bytes);
  EXPECT_FALSE(is_row_model_folder(folder_ / "best"));
  EXPECT_NE(refusal([&] { RowTranslator{folder_}; }), "no refusal");
}

TEST_F(TranslatorTest, RefusesWeightsOfAnotherModelInTheSameWordsWithoutLibTorch) {
  const auto rewrite = [&](const std::string& from, const std::string& to) {
    fs::remove_all(folder_);
    make_tiny_run(folder_, {.heads = 1});
    const fs::path file = folder_ / "best" / "model.safetensors";
    std::string bytes = read_file(file);
    for (size_t at; (at = bytes.find(from)) != std::string::npos;)
      bytes.replace(at, from.size(), to);
    write_file(file, bytes);
  };
  for (const auto& [from, to] :
       {std::pair<std::string, std::string>("\"encoder.layers.0.feed_forward.up.bias\"",
                                            "\"encoder.layers.0.feed_forward.up.bia2\""),
        {"\"shape\":[48,16]", "\"shape\":[16,48]"}}) {
    rewrite(from, to);
    const std::string expected = refusal([&] { Translator::open(folder_, at::kCPU); });
    EXPECT_NE(expected, "no refusal");
    EXPECT_EQ(refusal([&] { RowTranslator{folder_}; }), expected);
  }
}

}  // namespace penalmt::translator_test
