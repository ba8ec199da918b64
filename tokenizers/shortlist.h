// The target pieces that a translation of a sentence may be made of: a few thousand in place of
// all, so that the output layer has less to multiply (as Marian's lexical shortlists).
#pragma once

#include <cstdint>
#include <vector>

#include "tokenizers/lexicon.h"

namespace penalmt {

class Shortlist {
 public:
  // Of each source piece its `best` most probable translations, and always the `frequent` most
  // frequent target pieces: where the lexicon has none counted, the first of the vocabulary, which
  // has so many.
  Shortlist(const Lexicon& lexicon, int64_t target_vocabulary, int64_t frequent, int64_t best);

  // For a source of these pieces: ascending, without doubles; the four special ones are among them,
  // of which padding and start are never written and have their probability all the same. The same
  // whatever the other sentences are.
  std::vector<int> pieces(const std::vector<int>& source) const;

 private:
  int64_t target_vocabulary_;
  std::vector<int> always_;
  std::vector<std::vector<int>> translations_;  // [source vocabulary]
};

}  // namespace penalmt
