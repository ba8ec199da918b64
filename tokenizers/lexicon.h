// How probable a piece of the translation is where a piece of the source stands: what a shortlist
// is made of. Learnt by IBM Model 1 (Brown et al. 1993), whose words are pieces here.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "tokenizers/sentencepiece.h"

namespace penalmt {

struct PieceWeight {
  int piece;
  float weight;
};

struct Lexicon {
  // [source vocabulary] of each source piece the target pieces that it becomes, the most probable
  // first, of equal ones the smaller; weights are probabilities.
  std::vector<std::vector<PieceWeight>> translations;
  // Target pieces by their share of the text, the most frequent first; none where nobody counted.
  std::vector<PieceWeight> frequent;
};

struct PiecePair {
  std::vector<int> source, target;  // without their ends
};

// `kept`: translations of a source piece that are kept. Every target piece may also come from
// nothing. Deterministic. Memory and time grow with the different pairs of pieces that stand in a
// sentence pair.
Lexicon learn_lexicon(const std::vector<PiecePair>& pairs, int64_t source_vocabulary,
                      int64_t target_vocabulary, int64_t iterations, int64_t kept);

// As Marian reads it: a line "target source probability" for each translation, and "target NULL
// share" for each frequent piece (which Marian passes over).
std::string as_text(const Lexicon& lexicon, const Tokenizer& source, const Tokenizer& target);
// Plain or .gz. Throws Error for a line of another form and where more than one line in ten names a
// piece that the tokenizers do not have ("is it another model's?"); the few are passed over.
Lexicon read_lexicon(const std::filesystem::path& file, const Tokenizer& source,
                     const Tokenizer& target);

}  // namespace penalmt
