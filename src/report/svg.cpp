#include "report/svg.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "base/progress.h"
#include "report/html.h"

namespace penalmt::svg {
namespace {

constexpr std::size_t kColours = 6;
constexpr std::array<const char*, 6> kShapes = {
    "<circle r=\"4\"/>",
    "<path d=\"M-3.7-3.7h7.4v7.4h-7.4z\"/>",
    "<path d=\"M0-4.8 4.6 3.4h-9.2z\"/>",
    "<path d=\"M0-5.2 5.2 0 0 5.2-5.2 0z\"/>",
    "<path d=\"M0 4.8 4.6-3.4h-9.2z\"/>",
    "<path d=\"M-1.4-4.6h2.8v3.2h3.2v2.8h-3.2v3.2h-2.8v-3.2h-3.2v-2.8h3.2z\"/>",
};

}  // namespace

std::string colour_class(std::size_t index) { return fmt::format("c{}", index % kColours); }

std::string marker(std::size_t index) {
  return kShapes[(index + index / kColours) % kShapes.size()];
}

std::string keyed(std::size_t index, const std::string& name) {
  return fmt::format(
      "<span class=\"keyed\"><svg class=\"key {}\" viewBox=\"-6 -6 12 12\" "
      "aria-hidden=\"true\">{}</svg>{}</span>",
      colour_class(index), marker(index), html::breakable(name, "/._-"));
}

// ---- scales
// ------------------------------------------------------------------------------------------------------------

std::vector<double> round_ticks(double low, double high, int count) {
  constexpr double kLargest = std::numeric_limits<double>::max();
  // One value, or several that a double hardly tells apart: some room around them.
  const double size = std::max(std::abs(low), std::abs(high));
  if (!(high / 2 - low / 2 > std::max(size * 1e-10, 1e-300))) {
    const double room = std::max(size * 0.1, 0.5);
    low = std::max(low - room, low < 0 ? -kLargest : 0), high = std::min(high + room, kLargest);
  }
  const double rough = (high / 4 - low / 4) / std::max(count - 1, 1) * 4;
  const double power = std::pow(10, std::floor(std::log10(std::min(rough, kLargest / 10))));
  const double step = power * (rough <= power       ? 1
                               : rough <= 2 * power ? 2
                               : rough <= 5 * power ? 5
                                                    : 10);
  constexpr double kSlack = 1e-9;  // 0.30000000000000004 is 0.3
  const double first = std::floor(low / step + kSlack);
  const auto steps = static_cast<int>(std::ceil(high / step - kSlack) - first);
  std::vector<double> ticks;
  for (int k = 0; k <= steps; ++k) {
    const double multiple = first + k;
    ticks.push_back(multiple == 0 ? 0 : std::clamp(multiple * step, -kLargest, kLargest));
  }
  return ticks;
}

std::vector<std::string> tick_texts(const std::vector<double>& ticks) {
  const double step = ticks.size() < 2 ? 1 : ticks[1] - ticks[0];
  double size = 0;
  for (const double tick : ticks) size = std::max(size, std::abs(tick));
  const int digits = std::max(0, static_cast<int>(-std::floor(std::log10(step) + 1e-9)));
  std::vector<std::string> texts;
  for (const double tick : ticks) {
    if (size >= 1e15 || digits > 12)  // as 1.2e+20
      texts.push_back(fmt::format("{:.{}g}", tick,
                                  2 + static_cast<int>(std::log10(std::max(size / step, 1.0)))));
    else if (digits == 0)
      texts.push_back(with_commas(std::llround(tick)));
    else
      texts.push_back(fmt::format("{:.{}f}", tick, digits));
  }
  return texts;
}

std::vector<double> logarithmic_ticks(double low, double high) {
  constexpr double kLeast = 1e-150, kMost = 1e150;  // far from where ticks are no numbers
  if (low < kLeast || high > kMost) return round_ticks(low, high, 5);
  constexpr std::size_t kEnough = 5;
  constexpr double kMostPowers = 6;
  static const std::vector<double> steps_of_a_power[] = {
      {1}, {1, 3}, {1, 2, 5}, {1, 1.5, 2, 3, 5, 7}};
  for (const std::vector<double>& steps : steps_of_a_power) {
    const double powers =
        steps.size() > 1
            ? 1
            : std::max(1.0, std::ceil((std::log10(high) - std::log10(low)) / kMostPowers));
    std::vector<double> ticks;
    for (double exponent = std::floor(std::log10(low) - 1e-9);; exponent += powers) {
      for (const double step : steps) ticks.push_back(step * std::pow(10, exponent));
      if (ticks.back() >= high) break;
    }
    // From the last that is at most `low` to the first that is at least `high`.
    const auto first = std::upper_bound(ticks.begin(), ticks.end(), low) - 1;
    const auto last = std::lower_bound(ticks.begin(), ticks.end(), high);
    if (last - first + 1 >= static_cast<std::ptrdiff_t>(kEnough)) return {first, last + 1};
  }
  return round_ticks(low, high, 5);
}

namespace {

// Where a value lies between the first tick (0) and the last (1). Halves: their difference is
// finite.
double share(double value, const std::vector<double>& ticks) {
  return (value / 2 - ticks.front() / 2) / (ticks.back() / 2 - ticks.front() / 2);
}

}  // namespace

// ---- line charts
// -------------------------------------------------------------------------------------------------------

namespace {

constexpr double kWidth = 400, kHeight = 250;
constexpr double kLeft = 44, kRight = 388, kTop = 10, kBottom = 206;  // of the plot itself
constexpr std::size_t kMarkers = 30, kTitles = 80;                    // of a line, at most

struct Scales {
  std::vector<double> x_ticks, y_ticks;
  bool is_logarithmic = false;
  double x(double value) const { return kLeft + share(value, x_ticks) * (kRight - kLeft); }
  double y(double value) const {
    const double part = is_logarithmic ? std::log(value / y_ticks.front()) /
                                             std::log(y_ticks.back() / y_ticks.front())
                                       : share(value, y_ticks);
    return kBottom - part * (kBottom - kTop);
  }
  // The round numbers of a narrow range have all the digits they need; others differ in size.
  std::vector<std::string> y_texts() const {
    std::vector<std::string> texts;
    if (!is_logarithmic || y_ticks.back() < 2 * y_ticks.front()) return tick_texts(y_ticks);
    for (const double tick : y_ticks) texts.push_back(fmt::format("{:g}", tick));
    return texts;
  }
};

Scales scales_of(const LineChart& chart) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  double right = -kInfinity, low = kInfinity, high = -kInfinity;
  for (const Line& line : chart.lines)
    for (const Point& point : line.points) {
      right = std::max(right, point.x);
      low = std::min(low, point.y);
      high = std::max(high, point.y);
    }
  if (chart.logarithmic && low > 0) {
    const std::vector<double> ticks = logarithmic_ticks(low, high);
    if (ticks.front() > 0) return {round_ticks(0, right, 5), ticks, true};
  }
  return {round_ticks(0, right, 5), round_ticks(low, high, 5), false};
}

std::string axes(const LineChart& chart, const Scales& scales) {
  std::string text = "<g class=\"axes\">";
  const auto x_texts = tick_texts(scales.x_ticks), y_texts = scales.y_texts();
  for (std::size_t i = 0; i < y_texts.size(); ++i) {
    const double y = scales.y(scales.y_ticks[i]);
    text += fmt::format(
        "<path d=\"M{:.1f} {:.1f}H{:.1f}\"/><text x=\"{:.1f}\" y=\"{:.1f}\" dy=\".35em\">{}</text>",
        kLeft, y, kRight, kLeft - 6, y, y_texts[i]);
  }
  for (std::size_t i = 0; i < x_texts.size(); ++i) {
    const double x = scales.x(scales.x_ticks[i]);
    const char* anchor = i + 1 == x_texts.size() ? "end" : "middle";
    const double shift = i + 1 == x_texts.size() ? kWidth - kRight : 0;
    text += fmt::format(
        "<path d=\"M{0:.1f} {1:.1f}v4\"/><text x=\"{2:.1f}\" y=\"{1:.1f}\" dy=\"1.5em\" "
        "style=\"text-anchor:{3}\">{4}</text>",
        x, kBottom, x + shift, anchor, x_texts[i]);
  }
  text +=
      fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" style=\"text-anchor:middle\">{}</text></g>\n",
                  (kLeft + kRight) / 2, kHeight - 4, html::escape(chart.x_name));
  return text;
}

// At most `count` of 0 .. size-1, evenly spaced; the last is one of them.
std::vector<std::size_t> spread(std::size_t size, std::size_t count) {
  count = std::min(size, count);
  std::vector<std::size_t> chosen;
  for (std::size_t k = 1; k <= count; ++k) chosen.push_back(k * size / count - 1);
  return chosen;
}

std::string drawn(const Line& line, const Scales& scales) {
  const auto at = [&](std::size_t i) {
    return fmt::format("{:.1f} {:.1f}", scales.x(line.points[i].x), scales.y(line.points[i].y));
  };
  std::string path, markers, titles;
  for (std::size_t i = 0; i < line.points.size(); ++i) path += (i == 0 ? "M" : "L") + at(i);
  if (!line.dashed && line.points.size() <= kMarkers)
    for (std::size_t i = 0; i < line.points.size(); ++i)
      markers += fmt::format("<g transform=\"translate({})\">{}</g>", at(i), marker(line.index));
  if (line.best)
    markers += fmt::format("<g class=\"best\" transform=\"translate({}) scale(1.7)\">{}</g>",
                           at(*line.best), marker(line.index));
  for (const std::size_t i : spread(line.points.size(), kTitles))
    titles += fmt::format(
        "<circle class=\"spot\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"7\"><title>{}</title></circle>",
        scales.x(line.points[i].x), scales.y(line.points[i].y), html::escape(line.points[i].title));
  return fmt::format("<g class=\"{}{}\"><path class=\"line\" d=\"{}\"/>{}{}</g>\n",
                     colour_class(line.index), line.dashed ? " dashed" : "", path, markers, titles);
}

}  // namespace

std::string line_chart(const LineChart& chart) {
  const Scales scales = scales_of(chart);
  std::string text = fmt::format(
      "<svg class=\"chart\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" role=\"img\" "
      "aria-labelledby=\"{2}-title {2}-description\">\n<title id=\"{2}-title\">{3}</title>"
      "<desc id=\"{2}-description\">{4}</desc>\n",
      kWidth, kHeight, html::escape(chart.id), html::escape(chart.title),
      html::escape(chart.description));
  text += axes(chart, scales);
  for (const Line& line : chart.lines)
    if (!line.points.empty()) text += drawn(line, scales);
  return text + "</svg>\n";
}

// ---- strips of dots
// ----------------------------------------------------------------------------------------------------
// Their width is that of a table's cell, so positions are percentages: 10 % are left free on either
// side.

namespace {
double percent(double value, const std::vector<double>& ticks) {
  return 10 + 80 * share(value, ticks);
}
}  // namespace

std::string dot_strip(const std::vector<double>& values, const std::vector<double>& ticks) {
  std::string text = "<svg class=\"strip\" aria-hidden=\"true\">";
  for (const double tick : ticks)
    text +=
        fmt::format("<line x1=\"{0:.1f}%\" x2=\"{0:.1f}%\" y2=\"100%\"/>", percent(tick, ticks));
  for (std::size_t i = values.size(); i-- > 0;)  // the first system's on top
    if (!std::isnan(values[i]))
      text += fmt::format("<svg x=\"{:.1f}%\" y=\"50%\" class=\"{}\">{}</svg>",
                          percent(values[i], ticks), colour_class(i), marker(i));
  return text + "</svg>";
}

std::string dot_strip_axis(const std::vector<double>& ticks) {
  std::string text = "<svg class=\"strip\" aria-hidden=\"true\">";
  const auto texts = tick_texts(ticks);
  // The outer ones stay inside, and on a narrow page they stand alone.
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const bool first = i == 0, last = i + 1 == texts.size();
    text += fmt::format("<text class=\"{}\" x=\"{:.1f}%\" y=\"75%\">{}</text>",
                        first  ? "first"
                        : last ? "last"
                               : "inner",
                        first  ? 0
                        : last ? 100
                               : percent(ticks[i], ticks),
                        texts[i]);
  }
  return text + "</svg>";
}

}  // namespace penalmt::svg
