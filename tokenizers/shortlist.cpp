#include "tokenizers/shortlist.h"

#include <algorithm>

#include "base/number_set.h"

namespace penalmt {
namespace {

std::vector<int> first_of(const std::vector<PieceWeight>& weights, int64_t count) {
  std::vector<int> pieces;
  for (const PieceWeight& each : weights)
    if (static_cast<int64_t>(pieces.size()) < count) pieces.push_back(each.piece);
  return pieces;
}

}  // namespace

Shortlist::Shortlist(const Lexicon& lexicon, int64_t target_vocabulary, int64_t frequent,
                     int64_t best)
    : target_vocabulary_(target_vocabulary), always_(first_of(lexicon.frequent, frequent)) {
  if (lexicon.frequent.empty())
    for (int piece = kUnknown + 1; piece < std::min(target_vocabulary, kUnknown + 1 + frequent);
         ++piece)
      always_.push_back(piece);
  always_.insert(always_.end(), {kPad, kBos, kEos, kUnknown});
  for (const auto& of_source : lexicon.translations)
    translations_.push_back(first_of(of_source, best));
}

std::vector<int> Shortlist::pieces(const std::vector<int>& source) const {
  NumberSet pieces(target_vocabulary_);
  pieces.add(always_);
  for (const int piece : source) pieces.add(translations_[piece]);
  return pieces.ascending();
}

}  // namespace penalmt
