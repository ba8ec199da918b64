// Charts as inline SVG: no script, no font, no file of their own. Colours come from the page's
// style sheet (src/report/page_style.cpp), so that they fit light, dark and paper.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace penalmt::svg {

// What is compared (a system, a run) has one colour and one shape all over the page; the shape
// alone tells it from the others, for those who see no colours and on black-and-white paper. There
// are 6 colours and 6 shapes; from the 7th on their pairs change.
std::string colour_class(std::size_t index);  // "c0"
std::string marker(
    std::size_t index);  // the shape around (0, 0), about 8 units wide, in the current colour

// The name, as HTML, with the shape in its colour before it.
std::string keyed(std::size_t index, const std::string& name);

// The multiples of 1, 2 or 5 times a power of ten that cover low..high: the first is at most `low`,
// the last at least `high`. About `count` of them.
std::vector<double> round_ticks(double low, double high, int count);

// Each with the digits that tell it from its neighbours: "0.5", "1.0"; "2,000".
std::vector<std::string> tick_texts(const std::vector<double>& ticks);

// For a logarithmic scale, of numbers above 0: powers of ten and, where these are few, what lies
// between; round_ticks() where the numbers are too near each other for either.
std::vector<double> logarithmic_ticks(double low, double high);

struct Point {
  double x = 0, y = 0;
  std::string title;  // shown where the mouse rests on it
};

// Each point is marked with the line's shape, or none where they are many; a dashed line's are not.
struct Line {
  std::size_t index = 0;  // of its colour and shape
  bool dashed = false;
  std::vector<Point> points;             // x grows
  std::optional<std::size_t> best = {};  // a point that is always marked, larger than the others
};

struct LineChart {
  std::string id;            // of this page's elements; unique
  std::string title;         // its accessible name
  std::string description;   // what a reader who does not see it is told
  std::string x_name;        // under the horizontal axis
  std::vector<Line> lines;   // at least one point among them
  bool logarithmic = false;  // the vertical axis, where all numbers are above 0
};

// <svg> of 400 x 250 units that is as wide as its place.
std::string line_chart(const LineChart& chart);

// How many things fall into each of several ranges of equal width from `low` to `high`.
struct Histogram {
  std::string id, title, x_name;  // as LineChart's
  std::vector<int64_t> counts;    // not all 0
  double low = 0, high = 1;
};

// <svg> of 400 x 200 units that is as wide as its place.
std::string histogram(const Histogram& histogram);

// A bar from 0 for each thing and system; things below one another.
struct BarChart {
  std::string id, title, x_name;            // as LineChart's
  std::vector<std::string> things;          // at least one
  std::vector<std::vector<double>> values;  // [system][thing], NaN where there is none
};

// <svg> of 400 units' width that is as wide as its place.
std::string bar_chart(const BarChart& chart);

// A number of each thing at each update, as the strength of a colour: one for numbers above 0,
// another for those below.
struct HeatMap {
  std::string id, title;
  std::vector<std::string> things;          // from the bottom up
  std::vector<int64_t> updates;             // growing
  std::vector<std::vector<double>> values;  // [thing][update], NaN where there is none
};

// <svg> of 400 units' width that is as wide as its place. Of more than 100 updates it shows 100.
std::string heat_map(const HeatMap& map);

// A value of each system on one horizontal scale, as wide as its place; NaN where there is none.
std::string dot_strip(const std::vector<double>& values, const std::vector<double>& ticks);

// The scale of the strips below it.
std::string dot_strip_axis(const std::vector<double>& ticks);

}  // namespace penalmt::svg
