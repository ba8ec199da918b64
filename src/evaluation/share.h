// A ratio of two sums as a score, so that the resampling tests serve it: how many things are right,
// or a mean a token.
#pragma once

#include "evaluation/metric.h"

namespace penalmt {

// Of a row {part, whole}: `scale` x the sum of the parts / the sum of the wholes; 0 where the
// wholes are nothing.
class Share : public SumScore {
 public:
  explicit Share(double scale = 100) : scale_(scale) {}
  std::size_t width() const override { return 2; }
  double value(std::span<const double> sum) const override { return of(sum); }
  NumpyNumber resampled_score(std::span<const NumpyNumber> sum) const override { return of(sum); }

 private:
  template <class Number>
  Number of(std::span<const Number> sum) const {
    return value_of(sum[1]) == 0 ? Number(0) : Number(scale_) * sum[0] / sum[1];
  }
  double scale_;
};

}  // namespace penalmt
