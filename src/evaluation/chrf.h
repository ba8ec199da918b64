// chrF (Popović, 2015), chrF+ and chrF++ (Popović, 2017): the F score of character n-grams, and of
// word n-grams with it, equal to sacreBLEU 2.6 to the last digit.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/config.h"
#include "evaluation/metric.h"
#include "evaluation/symbols.h"

namespace penalmt {

struct ChrfOptions {
  int char_order = 6;       // longest n-gram of characters, 1 or more
  int word_order = 0;       // longest n-gram of words; 1 is chrF+, 2 is chrF++
  int beta = 2;             // how many times recall counts more than precision, 1 or more
  bool lowercase = false;   // both sides
  bool whitespace = false;  // white space counts among the characters
  // false: the orders that hypothesis or reference are too short for are left out. true: they count
  // almost nothing, as in chrF++.py, NLTK and Moses.
  bool eps_smoothing = false;

  template <class Visitor>
  void visit(Visitor& v) {
    v("chrf_char_order", char_order, "chrF: longest n-gram of characters",
      config::between(1, 1000));
    v("chrf_word_order", word_order, "chrF: longest n-gram of words (1: chrF+, 2: chrF++)",
      config::between(0, 1000));
    v("chrf_beta", beta, "chrF: how many times recall counts more than precision",
      config::between(1, 1000));
    v("chrf_whitespace", whitespace, "chrF: white space counts among the characters");
    v("chrf_lowercase", lowercase, "chrF: take capital and small letters as the same");
    v("chrf_eps_smoothing", eps_smoothing,
      "chrF: smooth as chrF++.py, NLTK and Moses, in place of the effective order");
  }
};

// A row: for each order (characters first) the n-grams of the hypothesis, of the reference, and
// those in both. Of several references, the one with the best F score.
class Chrf : public Metric {
 public:
  // Throws Error where an order or beta is out of its range.
  Chrf(ChrfOptions options, const References& references);

  std::string name() const override;
  std::size_t width() const override {
    return 3 * static_cast<std::size_t>(options_.char_order + options_.word_order);
  }
  double value(std::span<const double> sum) const override;
  NumpyNumber resampled_score(std::span<const NumpyNumber> sum) const override;

 protected:
  std::string options_signature() const override;
  void write_statistics(const std::vector<std::string>& hypotheses, std::size_t begin,
                        std::size_t end, double* rows) const override;

 private:
  ChrfOptions options_;
  WordNumbers words_;
  ReferenceSymbols reference_characters_, reference_words_;
};

}  // namespace penalmt
