#include "report/svg.h"

#include <cmath>
#include <limits>
#include <set>

#include <gtest/gtest.h>

#include "tests/report/page_text.h"

namespace penalmt::svg::svg_test {

using Ticks = std::vector<double>;
using Texts = std::vector<std::string>;

TEST(Svg, TicksAreRoundAndCoverTheRange) {
  EXPECT_EQ(round_ticks(0, 3814, 5), (Ticks{0, 1000, 2000, 3000, 4000}));
  EXPECT_EQ(round_ticks(2.05, 8.69, 5), (Ticks{2, 4, 6, 8, 10}));
  EXPECT_EQ(round_ticks(0, 40, 5), (Ticks{0, 10, 20, 30, 40}));
  EXPECT_EQ(round_ticks(-3, 4, 3), (Ticks{-5, 0, 5}));
  const Ticks tenths = round_ticks(0.1, 0.3, 3);
  ASSERT_EQ(tenths.size(), 3u);
  EXPECT_DOUBLE_EQ(tenths[2], 0.3);
  for (const auto& [low, high] :
       {std::pair(1e-7, 2.3e-7), std::pair(-1e12, 7.0), std::pair(99.999, 100.001)}) {
    const Ticks ticks = round_ticks(low, high, 5);
    EXPECT_LE(ticks.front(), low + 1e-8 * (high - low));
    EXPECT_GE(ticks.back(), high - 1e-8 * (high - low));
    EXPECT_LE(ticks.size(), 8u);
  }
}

TEST(Svg, OneValueHasRoomAroundIt) {
  for (const double value : {0.36, 41.0, -3.0}) {
    const Ticks ticks = round_ticks(value, value, 3);
    EXPECT_LT(ticks.front(), value);
    EXPECT_GT(ticks.back(), value);
  }
  // No BLEU, and no loss, is below zero.
  for (const double value : {0.0, 0.36}) EXPECT_EQ(round_ticks(value, value, 3).front(), 0);
}

// 1e20 and 1e20 plus the least step of a double once took all memory; 1.79e308 crashed.
TEST(Svg, TicksAreFewAndFiniteWhateverTheRange) {
  constexpr double kLargest = std::numeric_limits<double>::max();
  for (const auto& [low, high] :
       {std::pair(1e20, 1.0000000000000002e20), std::pair(kLargest, kLargest),
        std::pair(-kLargest, kLargest), std::pair(0.0, 1.79e308), std::pair(0.0, 5e-324),
        std::pair(-1e-310, 1e-310), std::pair(1e300, 1.1e300), std::pair(3.0, 3.0000000000000004)})
    for (const int count : {2, 3, 4, 5}) {
      const Ticks ticks = round_ticks(low, high, count);
      ASSERT_GE(ticks.size(), 2u) << low << " to " << high;
      EXPECT_LE(ticks.size(), 12u) << low << " to " << high;
      EXPECT_LE(ticks.front(), low);
      EXPECT_GE(ticks.back(), high);
      for (std::size_t i = 0; i < ticks.size(); ++i) {
        EXPECT_TRUE(std::isfinite(ticks[i])) << low << " to " << high;
        if (i > 0) EXPECT_GT(ticks[i], ticks[i - 1]);
      }
      const Texts texts = tick_texts(ticks);
      EXPECT_EQ(std::set<std::string>(texts.begin(), texts.end()).size(), texts.size());
      for (const std::string& text : texts) EXPECT_LE(text.size(), 24u) << text;
    }
  EXPECT_EQ(tick_texts({0, 5e19, 1e20}), (Texts{"0", "5e+19", "1e+20"}));
}

TEST(Svg, ChartsOfExtremeValuesAreDrawnInPlace) {
  LineChart chart{"loss", "nll", "", "updates", {{0, false, {}}}};
  chart.lines[0].points = {{1, -1.7e308, ""}, {2, 1.7e308, ""}};
  const std::string text = line_chart(chart);
  EXPECT_FALSE(holds(text, "nan"));
  EXPECT_FALSE(holds(text, "inf"));
}

TEST(Svg, TicksTellThemselvesFromTheirNeighbours) {
  EXPECT_EQ(tick_texts({0, 1000, 2000}), (Texts{"0", "1,000", "2,000"}));
  EXPECT_EQ(tick_texts({0, 0.5, 1}), (Texts{"0.0", "0.5", "1.0"}));
  EXPECT_EQ(tick_texts({0.1, 0.12}), (Texts{"0.10", "0.12"}));
}

TEST(Svg, TwelveSystemsHaveTwelveLooks) {
  std::set<std::string> looks;
  for (std::size_t i = 0; i < 12; ++i) looks.insert(colour_class(i) + marker(i));
  EXPECT_EQ(looks.size(), 12u);
}

TEST(Svg, ChartsHaveNamesTitlesAndPointsInPlace) {
  LineChart chart{"loss", "nll & more", "falls", "updates", {}};
  chart.lines.push_back({1, true, {{0, 0, "start"}, {100, 10, "<end>"}}});
  const std::string text = line_chart(chart);
  EXPECT_TRUE(holds(text, "role=\"img\" aria-labelledby=\"loss-title loss-description\""));
  EXPECT_TRUE(holds(
      text,
      "<title id=\"loss-title\">nll &amp; more</title><desc id=\"loss-description\">falls</desc>"));
  EXPECT_TRUE(
      holds(text, "<g class=\"c1 dashed\"><path class=\"line\" d=\"M44.0 206.0L388.0 10.0\"/>"));
  EXPECT_TRUE(holds(text, "<title>&lt;end&gt;</title>"));
}

TEST(Svg, LogarithmicTicksCoverTheRangeAndAreAFew) {
  EXPECT_EQ(logarithmic_ticks(1.6, 8), (Ticks{1.5, 2, 3, 5, 7, 10}));
  EXPECT_EQ(logarithmic_ticks(0.02, 30), (Ticks{0.01, 0.1, 1, 10, 100}));
  EXPECT_EQ(logarithmic_ticks(1.61, 1.74), round_ticks(1.61, 1.74, 5));
  for (const auto& [low, high] :
       {std::pair(1e-150, 1e150), std::pair(1e-300, 1e300), std::pair(1.0, 1.0),
        std::pair(5e-324, 1.0), std::pair(0.5, 1.79e308)}) {
    const Ticks ticks = logarithmic_ticks(low, high);
    ASSERT_GE(ticks.size(), 2u) << low << " to " << high;
    EXPECT_LE(ticks.size(), 12u) << low << " to " << high;
    EXPECT_LE(ticks.front(), low);
    EXPECT_GE(ticks.back(), high);
    for (const double tick : ticks) EXPECT_TRUE(std::isfinite(tick)) << low << " to " << high;
  }
}

TEST(Svg, ALogarithmicAxisPutsTheMiddleAtTheRoot) {
  LineChart chart{
      "loss", "nll", "", "updates", {{0, false, {{0, 1, ""}, {1, 10, ""}, {2, 100, ""}}}}};
  chart.lines[0].points.push_back({3, 1000, ""});
  chart.logarithmic = true;
  const std::string text = line_chart(chart);
  EXPECT_TRUE(holds(text, "d=\"M44.0 206.0L158.7 140.7L273.3 75.3L388.0 10.0\"")) << text;
  EXPECT_TRUE(holds(text, ">1000</text>"));
  chart.lines[0].points[0].y = 0;  // then it is none
  EXPECT_FALSE(holds(line_chart(chart), "nan"));
  EXPECT_FALSE(holds(line_chart(chart), "inf"));
}

TEST(Svg, AllPointsAreMarkedOrNoneButAlwaysTheBest) {
  LineChart chart{"loss", "nll", "", "updates", {{0, false, {}}}};
  const auto marks = [&] { return count(line_chart(chart), "<g transform="); };
  for (int i = 0; i < 30; ++i) chart.lines[0].points.push_back({i * 1.0, 1, ""});
  chart.lines[0].best = 7;
  EXPECT_EQ(marks(), 30u);
  EXPECT_EQ(count(line_chart(chart), "<g class=\"best\""), 1u);
  chart.lines[0].points.push_back({30, 1, ""});
  EXPECT_EQ(marks(), 0u);
  EXPECT_EQ(count(line_chart(chart), "<g class=\"best\""), 1u);
  chart.lines[0].points.resize(5);
  chart.lines[0].best.reset();
  chart.lines[0].dashed = true;
  EXPECT_EQ(marks(), 0u);
}

TEST(Svg, LongLinesKeepAllPointsButFewTitles) {
  LineChart chart{"loss", "nll", "", "updates", {{0, false, {}}, {1, false, {}}}};
  for (int i = 1; i <= 5000; ++i) chart.lines[0].points.push_back({i * 1.0, 1.0 / i, "point"});
  const std::string text = line_chart(chart);
  std::size_t titles = 0;
  for (std::size_t at = text.find("<title>"); at != std::string::npos;
       at = text.find("<title>", at + 1))
    ++titles;
  EXPECT_EQ(titles, 80u);
  EXPECT_LT(text.size(), 200000u);
}

TEST(Svg, StripsPutDotsBetweenTheirTicks) {
  const std::string text = dot_strip({5, std::numeric_limits<double>::quiet_NaN(), 10}, {0, 5, 10});
  EXPECT_TRUE(holds(text, "<svg x=\"50.0%\" y=\"50%\" class=\"c0\">"));
  EXPECT_TRUE(holds(text, "<svg x=\"90.0%\" y=\"50%\" class=\"c2\">"));
  EXPECT_FALSE(holds(text, "c1"));
  EXPECT_FALSE(holds(text, "nan"));
  EXPECT_TRUE(
      holds(dot_strip_axis({0, 5, 10}), "<text class=\"first\" x=\"0.0%\" y=\"75%\">0</text>"));
}

}  // namespace penalmt::svg::svg_test
