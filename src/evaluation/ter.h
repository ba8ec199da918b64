// TER, translation edit rate (Snover et al., 2006), equal to sacreBLEU 2.6's to the last bit: the
// edits of evaluation/edit_rate.h for every hundred words of the references. The less the better.
#pragma once

#include <string>
#include <vector>

#include "evaluation/metric.h"
#include "evaluation/symbols.h"
#include "evaluation/tercom_tokenizer.h"

namespace penalmt {

using TerOptions = TercomOptions;

// A row: the edits to the reference that needs the fewest, and the mean length of the references.
// The score is 0 and up; of a hypothesis without any reference word 100, of nothing at all 0.
class Ter : public Metric {
 public:
  Ter(TerOptions options, const References& references);

  bool lower_is_better() const override { return true; }
  std::string name() const override { return "TER"; }
  std::size_t width() const override { return 2; }
  double value(std::span<const double> sum) const override;
  NumpyNumber resampled_score(std::span<const NumpyNumber> sum) const override;

 protected:
  std::string options_signature() const override;
  void write_statistics(const std::vector<std::string>& hypotheses, std::size_t begin,
                        std::size_t end, double* rows) const override;

 private:
  TerOptions options_;
  WordNumbers words_;
  ReferenceSymbols references_;
};

}  // namespace penalmt
