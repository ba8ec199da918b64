// What BLEU, chrF and TER have in common. A sentence gives a row of numbers, rows are added up, and
// the sum is scored; so a corpus, a part of it and a resampled one are scored alike:
//
//   const Bleu bleu({.tokenizer = "13a"}, references);             // reads the references once
//   const Statistics rows = bleu.statistics(hypotheses);           // [sentence][bleu.width()]
//   bleu.score(rows.sum()).score                                   // 41.03...
//   bleu.sentence_score(rows.row(7)).score
//
// The numbers are sacreBLEU 2.6's, to the last bit. (Its own last bits depend on its Python:
// since 3.12 sum() compensates; ours are those of 3.11.)
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "evaluation/numpy_number.h"
#include "evaluation/score_format.h"

namespace penalmt {

// What is right: one or more references for each sentence, the same number for all or not.
class References {
 public:
  // texts[r][i]: the r-th reference of sentence i. Throws Error where there is none or they are not
  // equally many.
  References(std::vector<std::vector<std::string>> texts);  // NOLINT(google-explicit-constructor)

  static References single(std::vector<std::string> text) { return References({std::move(text)}); }
  // An empty line is no reference, so sentences may have fewer than `texts.size()`. Throws Error
  // where a sentence has none at all.
  static References without_empty(std::vector<std::vector<std::string>> texts);

  std::size_t sentences() const { return texts_.front().size(); }
  // Those of one sentence, at least one.
  std::vector<std::string_view> of(std::size_t sentence) const;
  // For signatures: "1", "4", or "var" where sentences have different numbers of them.
  std::string count() const;

 private:
  std::vector<std::vector<std::string>> texts_;
  bool empty_are_missing_ = false;
};

// One row of numbers for each sentence. The numbers are counts, or (TER's lengths) means of counts.
struct Statistics {
  std::size_t width = 0;
  std::vector<double> numbers;  // [sentence][width]

  std::size_t sentences() const { return numbers.size() / width; }
  std::span<const double> row(std::size_t sentence) const {
    return {&numbers[sentence * width], width};
  }
  // Of all sentences, or of some; [width].
  std::vector<double> sum() const;
  std::vector<double> sum_of(std::span<const std::size_t> some) const;
  // Adds the numbers of other statistics of the same sentences.
  Statistics& operator+=(const Statistics& other);
};

// What makes a score of a sum of rows.
class SumScore {
 public:
  virtual ~SumScore() = default;

  virtual std::size_t width() const = 0;  // numbers in a row of statistics
  virtual double value(std::span<const double> sum) const = 0;
  // Of rows that were added up as NumPy's float32: what sacreBLEU's bootstrap scores.
  virtual NumpyNumber resampled_score(std::span<const NumpyNumber> sum) const = 0;
};

// One that is printed.
class NamedScore : public SumScore {
 public:
  virtual std::string name() const = 0;  // "BLEU", "chrF2++"
  // How it was computed; `resampling` as "bs:1000|seed:12345", where it was.
  virtual std::string signature(const std::string& resampling = "") const = 0;
  virtual bool lower_is_better() const { return false; }

  // The score of added rows, ready for printing.
  virtual MetricScore score(std::span<const double> sum) const {
    return {.name = name(), .score = value(sum), .signature = signature(), .verbose = ""};
  }
  // Of one row; BLEU takes the effective order here.
  virtual MetricScore sentence_score(std::span<const double> row) const { return score(row); }
};

// A score of texts against references.
class Metric : public NamedScore {
 public:
  // "nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:penalmt-0.1.0"; `resampling` stands after
  // the number of references.
  std::string signature(const std::string& resampling = "") const override;

  // Throws Error where there are not as many hypotheses as references; Interrupted after Ctrl-C.
  // `threads`: 0 is one a core. Safe to call from several threads.
  Statistics statistics(const std::vector<std::string>& hypotheses, int threads = 1) const;

 protected:
  explicit Metric(const References& references)
      : sentences_(references.sentences()), count_(references.count()) {}
  // "case:mixed|eff:no|..."
  virtual std::string options_signature() const = 0;
  // Writes the rows of hypotheses begin ... end - 1 to `rows`, [end - begin][width].
  virtual void write_statistics(const std::vector<std::string>& hypotheses, std::size_t begin,
                                std::size_t end, double* rows) const = 0;

 private:
  std::size_t sentences_;
  std::string count_;
};

}  // namespace penalmt
