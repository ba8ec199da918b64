#include "evaluation/given_scores.h"

#include <fmt/format.h>

#include <cmath>

#include "base/error.h"
#include "base/numbers.h"
#include "base/text.h"

namespace penalmt {

std::vector<double> given_numbers(const std::vector<std::string>& lines, const std::string& place) {
  std::vector<double> numbers;
  for (const std::string& line : lines) {
    constexpr double kLargest = 1e30;  // sums of more are no float32 (resampling.h)
    const auto number = finite_number(single_spaced(line));
    if (!number || std::abs(*number) > kLargest)
      throw Error(fmt::format("{}:{}: got '{}', expected {}", place, numbers.size() + 1, line,
                              number ? "at most 1e30 in size" : "a number"));
    numbers.push_back(*number);
  }
  return numbers;
}

Statistics GivenScore::statistics(const std::vector<double>& numbers) {
  Statistics rows{.width = 2, .numbers = {}};
  for (const double number : numbers) rows.numbers.insert(rows.numbers.end(), {number, 1.0});
  return rows;
}

std::string GivenScore::signature(const std::string& resampling) const {
  return fmt::format("given:mean|{}{}version:penalmt-{}", resampling, resampling.empty() ? "" : "|",
                     PENALMT_VERSION);
}

MetricScore GivenScore::score(std::span<const double> sum) const {
  constexpr int kDigits = 4;
  MetricScore score = NamedScore::score(sum);
  score.least_digits = kDigits;
  return score;
}

}  // namespace penalmt
