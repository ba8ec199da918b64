#include "evaluation/resampling.h"

#include <memory>

#include <gtest/gtest.h>

#include "evaluation/bleu.h"
#include "evaluation/chrf.h"
#include "evaluation/ter.h"
#include "tests/evaluation/golden_scores.h"

namespace penalmt::resampling_test {

using Texts = std::vector<std::string>;

// 100 times the sum of the first numbers through the sum of the second ones.
class Ratio : public Metric {
 public:
  explicit Ratio(std::size_t sentences) : Metric(References::single(Texts(sentences))) {}
  std::string name() const override { return "Ratio"; }
  std::size_t width() const override { return 2; }
  double value(std::span<const double> sum) const override { return 100 * sum[0] / sum[1]; }
  NumpyNumber resampled_score(std::span<const NumpyNumber> sum) const override {
    return NumpyNumber(100) * sum[0] / sum[1];
  }

 protected:
  std::string options_signature() const override { return ""; }
  void write_statistics(const Texts&, std::size_t, std::size_t, double*) const override {}
};

std::unique_ptr<Metric> metric_of(const nlohmann::json& json, const References& references) {
  const auto& options = json.at("options");
  if (json.at("metric") == "chrf")
    return std::make_unique<Chrf>(
        ChrfOptions{.word_order = options.value("word_order", 0),
                    .eps_smoothing = options.value("eps_smoothing", false)},
        references);
  if (json.at("metric") == "ter") return std::make_unique<Ter>(TerOptions{}, references);
  return std::make_unique<Bleu>(BleuOptions{.tokenizer = options.value("tokenize", "13a"),
                                            .lowercase = options.value("lowercase", false),
                                            .smooth_method = options.value("smooth_method", "exp")},
                                references);
}

void expect_equal(const std::vector<TestResult>& results, const nlohmann::json& expected,
                  const char* test) {
  for (std::size_t s = 0; s < results.size(); ++s) {
    const auto& row = expected.at("systems").at(s);
    const auto& answer = row.at(test);
    EXPECT_EQ(results[s].score, row.at("score").get<double>());
    ASSERT_EQ(results[s].p_value.has_value(), !answer.at("p").is_null());
    if (results[s].p_value) {
      EXPECT_EQ(*results[s].p_value, answer.at("p").get<double>());
    }
    ASSERT_EQ(results[s].confidence.has_value(), !answer.at("mean").is_null());
    if (!results[s].confidence) continue;
    EXPECT_EQ(results[s].confidence->mean, answer.at("mean").get<double>());
    EXPECT_EQ(results[s].confidence->half_width, answer.at("ci").get<double>());
  }
}

void expect_tests_equal(const Metric& metric, const std::vector<Statistics>& systems,
                        const nlohmann::json& expected) {
  for (const int threads : {1, 3}) {
    const auto options = [&](const char* samples) {
      return ResamplingOptions{.samples = expected.at(samples),
                               .seed = expected.at("seed").get<uint64_t>(),
                               .threads = threads};
    };
    expect_equal(paired_bootstrap(metric, systems, options("bs_samples")), expected, "bs");
    expect_equal(paired_randomisation(metric, systems, options("ar_samples")), expected, "ar");
  }
}

TEST(Resampling, PairedTestsAreSacrebleusToTheLastBit) {
  int tests = 0;
  for (const auto& expected : golden_scores().at("resampling")) {
    const auto& corpus = golden_scores().at("corpora").at(expected.at("corpus").get<std::size_t>());
    SCOPED_TRACE(corpus.at("name").dump() + " " + expected.at("metric").dump() + " " +
                 expected.at("options").dump());
    const auto metric = metric_of(expected, corpus.at("references").get<std::vector<Texts>>());
    std::vector<Statistics> systems;
    for (const auto& system : corpus.at("systems"))
      systems.push_back(metric->statistics(system.get<Texts>()));
    expect_tests_equal(*metric, systems, expected);
    ++tests;
  }
  EXPECT_GE(tests, 30);
}

// Statistics that float32 cannot hold: their sums are rounded at every addition.
TEST(Resampling, SumsAreRoundedAsNumpysFloats) {
  const auto& expected = golden_scores().at("ratio");
  std::vector<Statistics> systems;
  for (const auto& rows : expected.at("rows")) {
    Statistics& system = systems.emplace_back(Statistics{.width = 2, .numbers = {}});
    for (const auto& row : rows)
      for (const auto& number : row) system.numbers.push_back(number);
  }
  expect_tests_equal(Ratio(systems.front().sentences()), systems, expected);
}

TEST(Resampling, ConfidenceOfOneSystemIsSacrebleus) {
  int checked = 0;
  for (const auto& expected : golden_scores().at("resampling")) {
    const auto& corpus = golden_scores().at("corpora").at(expected.at("corpus").get<std::size_t>());
    SCOPED_TRACE(corpus.at("name").dump() + " " + expected.at("metric").dump() + " " +
                 expected.at("options").dump());
    const auto metric = metric_of(expected, corpus.at("references").get<std::vector<Texts>>());
    for (std::size_t s = 0; s < corpus.at("systems").size(); ++s) {
      const auto& answer = expected.at("systems").at(s).at("confidence");
      if (answer.is_null()) continue;
      const Confidence confidence =
          bootstrap_confidence(*metric, metric->statistics(corpus.at("systems").at(s).get<Texts>()),
                               {.samples = 170, .seed = expected.at("seed").get<uint64_t>()});
      EXPECT_EQ(confidence.mean, answer.at(0).get<double>());
      EXPECT_EQ(confidence.half_width, answer.at(1).get<double>());
      ++checked;
    }
  }
  EXPECT_GE(checked, 50);
}

TEST(Resampling, ASystemDoesNotDifferFromItself) {
  const Texts text = {"a b c d", "e f g h", "i j k l"};
  const Bleu bleu({}, References::single({"a b c d", "e f g x", "i j y l"}));
  const std::vector<Statistics> twice(2, bleu.statistics(text));
  EXPECT_EQ(paired_bootstrap(bleu, twice, {.samples = 99})[1].p_value,
            0.01);  // (0 + 1) / (99 + 1), as sacreBLEU's
  EXPECT_EQ(paired_randomisation(bleu, twice, {.samples = 99})[1].p_value, 0.01);
}

}  // namespace penalmt::resampling_test
