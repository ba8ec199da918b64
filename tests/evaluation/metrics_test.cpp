#include "evaluation/metrics.h"

#include <gtest/gtest.h>

#include "tests/base/expect_error.h"

namespace penalmt::metrics_test {

TEST(Metrics, AreMadeByNameOnceEachInTheirOrder) {
  const Metrics metrics =
      make_metrics({"ter", "bleu", "ter"}, {.bleu = {.tokenizer = "none"}, .chrf = {}, .ter = {}},
                   References::single({"a b c d"}));
  ASSERT_EQ(metrics.size(), 2U);
  EXPECT_EQ(metrics[0]->name(), "BLEU");
  EXPECT_EQ(metrics[1]->name(), "TER");
  EXPECT_NE(metrics[0]->signature().find("tok:none"), std::string::npos);
}

TEST(Metrics, KnowWhetherLessIsBetterByTheNamesOfTheirScores) {
  const Metrics metrics = make_metrics(metric_names(), {}, References::single({"a"}));
  ASSERT_EQ(metrics.size(), 3U);
  for (const auto& metric : metrics)
    EXPECT_EQ(metric->lower_is_better(), metric->name() == "TER") << metric->name();
}

TEST(Metrics, RefuseANameThatTheyDoNotHave) {
  expect_metrics({"ter", "chrf"}, "--metrics");
  expect_error(
      [] {
        expect_metrics({"ter", "blue"}, "--metrics");
      },
      "--metrics: unknown metric; got 'blue', expected one of bleu, chrf, ter; did you "
      "mean 'bleu'?");
}

}  // namespace penalmt::metrics_test
