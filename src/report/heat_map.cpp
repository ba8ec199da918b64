#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/progress.h"
#include "report/html.h"
#include "report/svg.h"

namespace penalmt::svg {
namespace {

constexpr double kWidth = 400, kLeft = 110, kRight = 388, kTop = 6, kRow = 14;
constexpr std::size_t kColumns = 100;  // at most

// Which columns are shown: all, or evenly spaced ones up to the last.
std::vector<std::size_t> shown_columns(std::size_t all) {
  const std::size_t count = std::min(all, kColumns);
  std::vector<std::size_t> shown;
  for (std::size_t k = 1; k <= count; ++k) shown.push_back(k * all / count - 1);
  return shown;
}

}  // namespace

std::string heat_map(const HeatMap& map) {
  double largest = 0;
  for (const auto& row : map.values)
    for (const double value : row)
      if (!std::isnan(value)) largest = std::max(largest, std::abs(value));
  const std::vector<std::size_t> columns = shown_columns(map.updates.size());
  const double wide = (kRight - kLeft) / static_cast<double>(columns.size());
  const double bottom = kTop + kRow * static_cast<double>(map.things.size());
  const auto y = [&](std::size_t thing) { return bottom - kRow * static_cast<double>(thing + 1); };

  std::string text = fmt::format(
      "<svg class=\"chart\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" role=\"img\" "
      "aria-labelledby=\"{2}-title\">\n<title id=\"{2}-title\">{3}</title>\n<g class=\"axes\">",
      kWidth, bottom + 40, html::escape(map.id), html::escape(map.title));
  for (std::size_t t = 0; t < map.things.size(); ++t)
    text += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" dy=\".35em\">{}</text>", kLeft - 6,
                        y(t) + kRow / 2, html::escape(map.things[t]));
  text += fmt::format(
      "<text x=\"{0:.1f}\" y=\"{2:.1f}\" dy=\"1.5em\" style=\"text-anchor:start\">{3}</text><text "
      "x=\"{1:.1f}\" y=\"{2:.1f}\" dy=\"1.5em\">{4}</text><text x=\"{5:.1f}\" y=\"{6:.1f}\" "
      "style=\"text-anchor:middle\">updates; strongest colour: {7:.3g}</text></g>\n",
      kLeft, kRight, bottom, with_commas(map.updates.front()), with_commas(map.updates.back()),
      (kLeft + kRight) / 2, bottom + 36, largest);
  for (const bool above : {true, false}) {
    text += fmt::format("<g class=\"{}\">", colour_class(above ? 0 : 1));
    for (std::size_t t = 0; t < map.things.size(); ++t)
      for (std::size_t c = 0; c < columns.size(); ++c) {
        const double value = map.values[t][columns[c]];
        if (std::isnan(value) || (value >= 0) != above) continue;
        text += fmt::format(
            "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" "
            "fill-opacity=\"{:.2f}\"><title>{}, update {}: {:.3f}</title></rect>",
            kLeft + wide * static_cast<double>(c), y(t), wide, kRow - 1,
            largest > 0 ? std::abs(value) / largest : 0, html::escape(map.things[t]),
            with_commas(map.updates[columns[c]]), value);
      }
    text += "</g>\n";
  }
  return text + "</svg>\n";
}

}  // namespace penalmt::svg
