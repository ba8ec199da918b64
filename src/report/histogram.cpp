#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include "base/progress.h"
#include "report/html.h"
#include "report/svg.h"

namespace penalmt::svg {
namespace {
constexpr double kWidth = 400, kHeight = 200, kLeft = 44, kRight = 388, kTop = 10, kBottom = 156;
}

std::string histogram(const Histogram& chart) {
  const std::vector<double> y_ticks = round_ticks(
      0, static_cast<double>(*std::max_element(chart.counts.begin(), chart.counts.end())), 4);
  const std::vector<double> x_ticks = round_ticks(chart.low, chart.high, 5);
  const double wide = (chart.high - chart.low) / static_cast<double>(chart.counts.size());
  const auto x = [&](double value) {
    return kLeft + (value - chart.low) / (chart.high - chart.low) * (kRight - kLeft);
  };
  const auto y = [&](double count) { return kBottom - count / y_ticks.back() * (kBottom - kTop); };
  const int64_t all = std::accumulate(chart.counts.begin(), chart.counts.end(), int64_t{0});

  std::string text = fmt::format(
      "<svg class=\"chart\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" role=\"img\" "
      "aria-labelledby=\"{2}-title\">\n<title id=\"{2}-title\">{3}</title>\n<g class=\"axes\">",
      kWidth, kHeight, html::escape(chart.id), html::escape(chart.title));
  const auto x_texts = tick_texts(x_ticks), y_texts = tick_texts(y_ticks);
  for (std::size_t i = 0; i < y_ticks.size(); ++i)
    text += fmt::format(
        "<path d=\"M{0:.1f} {1:.1f}H{2:.1f}\"/><text x=\"{3:.1f}\" y=\"{1:.1f}\" "
        "dy=\".35em\">{4}</text>",
        kLeft, y(y_ticks[i]), kRight, kLeft - 6, y_texts[i]);
  for (std::size_t i = 0; i < x_ticks.size(); ++i)
    text += fmt::format(
        "<path d=\"M{0:.1f} {1:.1f}v4\"/><text x=\"{0:.1f}\" y=\"{1:.1f}\" dy=\"1.5em\" "
        "style=\"text-anchor:middle\">{2}</text>",
        x(x_ticks[i]), kBottom, x_texts[i]);
  text += fmt::format(
      "<text x=\"{:.1f}\" y=\"{:.1f}\" style=\"text-anchor:middle\">{}</text></g>\n<g "
      "class=\"c0\">",
      (kLeft + kRight) / 2, kHeight - 4, html::escape(chart.x_name));
  for (std::size_t i = 0; i < chart.counts.size(); ++i) {
    const double from = chart.low + wide * static_cast<double>(i),
                 top = y(static_cast<double>(chart.counts[i]));
    text += fmt::format(
        "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\"><title>{:g} to {:g}: "
        "{} of {}</title></rect>",
        x(from) + 1, top, x(from + wide) - x(from) - 2, kBottom - top, from, from + wide,
        with_commas(chart.counts[i]), with_commas(all));
  }
  return text + "</g>\n</svg>\n";
}

}  // namespace penalmt::svg
