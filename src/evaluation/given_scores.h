// Scores that another program gave each sentence (COMET, METEOR, ...): they are shown and tested as
// our own. The score of many sentences is their mean.
#pragma once

#include <string>
#include <vector>

#include "evaluation/metric.h"
#include "evaluation/share.h"

namespace penalmt {

// The number of each line. Throws Error "comet.txt:3: got 'x', expected a number"; `place` is
// "comet.txt".
std::vector<double> given_numbers(const std::vector<std::string>& lines, const std::string& place);

class GivenScore : public NamedScore {
 public:
  GivenScore(std::string name, bool lower_is_better)
      : name_(std::move(name)), lower_is_better_(lower_is_better) {}

  // One row a sentence: its number, 1.
  static Statistics statistics(const std::vector<double>& numbers);

  std::string name() const override { return name_; }
  // "given:mean|version:penalmt-0.1.0"
  std::string signature(const std::string& resampling = "") const override;
  bool lower_is_better() const override { return lower_is_better_; }
  std::size_t width() const override { return mean_.width(); }
  double value(std::span<const double> sum) const override { return mean_.value(sum); }
  NumpyNumber resampled_score(std::span<const NumpyNumber> sum) const override {
    return mean_.resampled_score(sum);
  }
  // With at least four digits: many such scores lie between 0 and 1.
  MetricScore score(std::span<const double> sum) const override;

 private:
  std::string name_;
  bool lower_is_better_;
  Share mean_{1};
};

}  // namespace penalmt
