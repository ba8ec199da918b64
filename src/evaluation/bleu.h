// BLEU (Papineni et al., 2002), equal to sacreBLEU 2.6 to the last digit.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/config.h"
#include "evaluation/metric.h"
#include "evaluation/symbols.h"
#include "evaluation/tokenizers.h"

namespace penalmt {

constexpr int kMaxOrder = 4;  // longest n-gram

struct BleuOptions {
  std::string tokenizer = "13a";     // one of score_tokenizer_names()
  std::string tokenizer_model = "";  // its SentencePiece model; "": where sacreBLEU keeps it
  bool lowercase = false;            // both sides, before tokenising
  // What an order without a match counts as: "exp" 1/2, 1/4, ... match; "floor" `smooth_value`
  // matches (0.1); "add-k" adds `smooth_value` (1) to matches and totals of all orders but the
  // first; "none" 0.
  std::string smooth_method = "exp";
  std::optional<double> smooth_value = std::nullopt;  // nullopt: the method's default
  bool effective_order = false;  // leave out the orders that the hypothesis is too short for; right
                                 // for single sentences

  template <class Visitor>
  void visit(Visitor& v) {
    visit_words(v);
    v("smooth_method", smooth_method,
      "BLEU: for n-grams without a match: exp, floor, add-k or none");
    v("smooth_value", smooth_value, "BLEU: what floor (0.1) or add-k (1) adds",
      config::between(0, 1e9));
  }
  // How words are told apart.
  template <class Visitor>
  void visit_words(Visitor& v) {
    v("tokenize", tokenizer,
      "BLEU: how words are told apart: 13a, char, intl, none (white space), zh, or as the pieces "
      "of a SentencePiece model: flores101, flores200, spBLEU-1K, spm");
    v("tokenizer_model", tokenizer_model,
      "BLEU: that model; default: where sacreBLEU keeps the one it fetched", config::file());
    v("lowercase", lowercase, "BLEU: take capital and small letters as the same");
  }
};

struct BleuScore {
  double score = 0;                                  // 0 to 100
  std::array<double, kMaxOrder> correct{}, total{};  // after smoothing by add-k
  std::array<double, kMaxOrder> precisions{};        // percent
  double brevity_penalty = 1;
  int64_t hypothesis_length = 0, reference_length = 0;

  double ratio() const;  // of the lengths; 0 where the reference is empty
  std::string verbose()
      const;  // "71.0/47.5/33.5/24.3 (BP = 1.000 ratio = 1.010 hyp_len = 12233 ref_len = 12107)"
};

// A row: hypothesis length, length of the reference nearest to it (of two, the shorter), then per
// order the n-grams that stand in a reference too, clipped to how often they stand in any one, then
// per order all n-grams.
class Bleu : public Metric {
 public:
  // Throws Error for unknown option values.
  Bleu(BleuOptions options, const References& references);

  std::string name() const override { return "BLEU"; }
  std::size_t width() const override { return 2 + 2 * kMaxOrder; }
  double value(std::span<const double> sum) const override { return details(sum).score; }
  MetricScore score(std::span<const double> sum) const override;
  MetricScore sentence_score(std::span<const double> row) const override;
  NumpyNumber resampled_score(std::span<const NumpyNumber> sum) const override;

  // The score with its parts.
  BleuScore details(std::span<const double> sum) const {
    return details(sum, options_.effective_order);
  }

 protected:
  std::string options_signature() const override;
  void write_statistics(const std::vector<std::string>& hypotheses, std::size_t begin,
                        std::size_t end, double* rows) const override;

 private:
  std::string prepare(std::string_view line) const;
  BleuScore details(std::span<const double> sum, bool effective_order) const;
  MetricScore named(const BleuScore& score) const;

  BleuOptions options_;
  std::unique_ptr<ScoreTokenizer> tokenizer_;
  WordNumbers words_;
  ReferenceSymbols references_;
};

// Throws as Bleu and Metric::statistics.
BleuScore corpus_bleu(const std::vector<std::string>& hypotheses, const References& references,
                      const BleuOptions& options = {});

}  // namespace penalmt
