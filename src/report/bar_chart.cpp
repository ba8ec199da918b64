#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "report/html.h"
#include "report/svg.h"

namespace penalmt::svg {
namespace {
constexpr double kWidth = 400, kLeft = 110, kRight = 388, kTop = 6, kBar = 9, kGap = 7;
}

std::string bar_chart(const BarChart& chart) {
  double low = 0, high = 0;
  for (const auto& of_system : chart.values)
    for (const double value : of_system)
      if (!std::isnan(value)) low = std::min(low, value), high = std::max(high, value);
  const std::vector<double> ticks = round_ticks(low, high, 5);
  const auto x = [&](double value) {
    return kLeft + (value - ticks.front()) / (ticks.back() - ticks.front()) * (kRight - kLeft);
  };
  const double step = kBar * static_cast<double>(chart.values.size()) + kGap;
  const double bottom = kTop + step * static_cast<double>(chart.things.size());

  std::string text = fmt::format(
      "<svg class=\"chart\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" role=\"img\" "
      "aria-labelledby=\"{2}-title\">\n<title id=\"{2}-title\">{3}</title>\n<g class=\"axes\">",
      kWidth, bottom + 44, html::escape(chart.id), html::escape(chart.title));
  const std::vector<std::string> texts = tick_texts(ticks);
  for (std::size_t i = 0; i < ticks.size(); ++i)
    text += fmt::format(
        "<path d=\"M{0:.1f} {1:.1f}V{2:.1f}\"/><text x=\"{0:.1f}\" y=\"{2:.1f}\" dy=\"1.5em\" "
        "style=\"text-anchor:middle\">{3}</text>",
        x(ticks[i]), kTop, bottom, texts[i]);
  for (std::size_t t = 0; t < chart.things.size(); ++t)
    text +=
        fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" dy=\".35em\">{}</text>", kLeft - 6,
                    kTop + step * (static_cast<double>(t) + 0.5), html::escape(chart.things[t]));
  text +=
      fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" style=\"text-anchor:middle\">{}</text></g>\n",
                  (kLeft + kRight) / 2, bottom + 40, html::escape(chart.x_name));
  for (std::size_t s = 0; s < chart.values.size(); ++s) {
    text += fmt::format("<g class=\"{}\">", colour_class(s));
    for (std::size_t t = 0; t < chart.things.size(); ++t) {
      const double value = chart.values[s][t];
      if (std::isnan(value)) continue;
      text += fmt::format(
          "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\"><title>{}: "
          "{:+.4g}</title></rect>",
          x(std::min(value, 0.0)),
          kTop + step * static_cast<double>(t) + kGap / 2 + kBar * static_cast<double>(s),
          x(std::abs(value)) - x(0), kBar - 1, html::escape(chart.things[t]), value);
    }
    text += "</g>\n";
  }
  return text + "</svg>\n";
}

}  // namespace penalmt::svg
