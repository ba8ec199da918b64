// TER, translation edit rate (Snover et al., 2006), equal to sacreBLEU 2.6's to the last bit: the edits of
// evaluation/edit_rate.h for every hundred words of the references. The less the better.
//
//   const Ter ter({}, references);                                  // reads the references once
//   TerStatistics sum;
//   for (const TerStatistics& one : ter.statistics(hypotheses)) sum += one;
//   ter.score(sum)                                                  // 47.96...
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "evaluation/score_format.h"
#include "evaluation/tercom_tokenizer.h"

namespace penalmt {

// Of one sentence, or added up over many in their order.
struct TerStatistics {
  double edits = 0;             // to the reference that needs the fewest
  double reference_length = 0;  // the mean over the references

  TerStatistics& operator+=(const TerStatistics& other);
  bool operator==(const TerStatistics&) const = default;
};

class Ter {
 public:
  // references[r][i]: the r-th reference of sentence i. Throws Error where there is none or they are not equally many.
  Ter(TercomOptions options, const std::vector<std::vector<std::string>>& references);

  // One entry a sentence. Throws Error where there are not as many hypotheses as references. Safe to call from many
  // threads.
  std::vector<TerStatistics> statistics(const std::vector<std::string>& hypotheses) const;

  // 0 and up; of a hypothesis without any reference word 100, of nothing at all 0.
  double score(const TerStatistics& sum) const;

  // "nrefs:1|case:lc|tok:tercom|norm:no|punct:yes|asian:no|version:penalmt-0.1.0"
  std::string signature() const;

  // With name and signature, ready for printing.
  MetricScore named(double score) const;

 private:
  struct StringHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  TercomOptions options_;
  std::size_t reference_count_ = 0, sentence_count_ = 0;
  std::unordered_map<std::string, int32_t, StringHash, std::equal_to<>> words_;  // the references' words, numbered
  std::vector<int32_t> reference_words_;  // of all references of all sentences, in a row
  std::vector<std::size_t>
      reference_begins_;  // of reference r of sentence i at [i * reference_count_ + r], and the end
};

}  // namespace penalmt
