// What a search needs of a model: the scores of the next token, position by position.
#pragma once

#include <cstdint>
#include <vector>

#include "base/token_ids.h"
#include "tensors/candidate_scan.h"

namespace penalmt {

// A model in the middle of decoding. It holds one row for each open hypothesis; at first one for
// each sentence, in order.
class StepModel {
 public:
  virtual ~StepModel() = default;

  // Moves every row one position on: tokens[r] is the last token of row r (kBos at first). Returns
  // the best next tokens.
  virtual Candidates advance_best(const std::vector<int>& tokens, const CandidateRule& rule) = 0;

  // Row r is from now on a continuation of what was row rows[r]. A row may go on as several or as
  // none.
  virtual void reorder(const std::vector<int64_t>& rows) = 0;
};

}  // namespace penalmt
