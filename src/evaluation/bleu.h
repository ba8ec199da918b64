// BLEU (Papineni et al., 2002), equal to sacreBLEU 2.6 to the last digit. Statistics per sentence are added up, and the
// sum is scored:
//
//   const Bleu bleu({.tokenizer = "13a"}, references);              // reads the references once
//   BleuStatistics sum;
//   for (const BleuStatistics& one : bleu.statistics(hypotheses)) sum += one;
//   bleu.score(sum).score                                           // 41.03...
//
// corpus_bleu() does that in one call. (sacreBLEU's own last bits depend on its Python: since 3.12 sum() compensates;
// ours are those of 3.11.)
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "evaluation/score_format.h"
#include "evaluation/tokenizers.h"

namespace penalmt {

constexpr int kMaxOrder = 4;  // longest n-gram

struct BleuOptions {
  std::string tokenizer = "13a";  // one of score_tokenizer_names()
  bool lowercase = false;         // both sides, before tokenising
  // What an order without a match counts as: "exp" 1/2, 1/4, ... match; "floor" `smooth_value` matches (0.1);
  // "add-k" adds `smooth_value` (1) to matches and totals of all orders but the first; "none" 0.
  std::string smooth_method = "exp";
  std::optional<double> smooth_value = std::nullopt;  // nullopt: the method's default
  bool effective_order =
      false;  // leave out the orders that the hypothesis is too short for; right for single sentences
};

// Of one sentence, or added up over many.
struct BleuStatistics {
  int64_t hypothesis_length = 0;
  int64_t reference_length = 0;              // of the reference nearest in length; of two, the shorter
  std::array<int64_t, kMaxOrder> correct{};  // n-grams also in a reference, clipped to how often they stand in any one
  std::array<int64_t, kMaxOrder> total{};

  BleuStatistics& operator+=(const BleuStatistics& other);
  bool operator==(const BleuStatistics&) const = default;
};

struct BleuScore {
  double score = 0;                                  // 0 to 100
  std::array<double, kMaxOrder> correct{}, total{};  // after smoothing by add-k
  std::array<double, kMaxOrder> precisions{};        // percent
  double brevity_penalty = 1;
  int64_t hypothesis_length = 0, reference_length = 0;

  double ratio() const;         // of the lengths; 0 where the reference is empty
  std::string verbose() const;  // "71.0/47.5/33.5/24.3 (BP = 1.000 ratio = 1.010 hyp_len = 12233 ref_len = 12107)"
};

class Bleu {
 public:
  // references[r][i]: the r-th reference of sentence i. Throws Error for unknown option values and where the references
  // are not equally many.
  Bleu(BleuOptions options, const std::vector<std::vector<std::string>>& references);

  // One entry a sentence. Throws Error where there are not as many hypotheses as references. Safe to call from many
  // threads.
  std::vector<BleuStatistics> statistics(const std::vector<std::string>& hypotheses) const;

  BleuScore score(const BleuStatistics& sum) const;
  // The same of one sentence, with the effective order whatever the options say.
  BleuScore sentence_score(const BleuStatistics& one) const;

  // "nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:penalmt-0.1.0"
  std::string signature() const;

  // With name and signature, ready for printing.
  MetricScore named(const BleuScore& score) const;

 private:
  struct StringHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  std::string prepare(std::string_view line) const;
  BleuScore score(const BleuStatistics& sum, bool effective_order) const;

  BleuOptions options_;
  std::unique_ptr<ScoreTokenizer> tokenizer_;
  std::size_t reference_count_ = 0, sentence_count_ = 0;
  std::unordered_map<std::string, int32_t, StringHash, std::equal_to<>> words_;  // the references' words, numbered
  std::vector<int32_t> reference_words_;  // of all references of all sentences, in a row
  std::vector<std::size_t>
      reference_begins_;  // of reference r of sentence i at [i * reference_count_ + r], and the end
};

// Throws Error as Bleu does. `references[r][i]`: the r-th reference of sentence i.
BleuScore corpus_bleu(const std::vector<std::string>& hypotheses,
                      const std::vector<std::vector<std::string>>& references, const BleuOptions& options = {});

}  // namespace penalmt
