// A vocabulary of its own for a SentencePiece model, where a network numbers the pieces otherwise
// than the model does: imported networks, whose source and target have one numbering and a model
// each, or models that others trained.
//
// It stands at the end of the .model file, a field 200 of the protocol buffer for each piece, in
// the order of the ids, from "<pad>", "<s>", "</s>" and "<unk>" on. SentencePiece's own tools pass
// over it (extensions begin at 200): they give the same pieces, and the model's own ids.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace penalmt {

inline constexpr uint64_t kVocabularyField = 200;

// The first four pieces of every vocabulary.
const std::vector<std::string>& special_pieces();

class PieceVocabulary {
 public:
  // `pieces`: in the order of their ids, the special ones first. Throws Error "place: ..." where
  // those are others, or a piece stands twice.
  PieceVocabulary(std::vector<std::string> pieces, const std::string& place);

  const std::vector<std::string>& pieces() const { return pieces_; }
  // kUnknown where it has none, and for the special pieces.
  int id(const std::string& piece) const;

 private:
  std::vector<std::string> pieces_;
  std::unordered_map<std::string, int> ids_;  // without the special ones
};

// Those that stand in a model's bytes, which are sound (model_check.h); none: its ids are its own.
std::vector<std::string> vocabulary_of(std::string_view model);

// The model with this vocabulary in the place of any other.
std::string with_vocabulary(std::string_view model, const std::vector<std::string>& pieces);

// ">>deu<<", which tells a model of several languages which to translate into: the pieces of that
// form.
bool is_language_code(std::string_view piece);

}  // namespace penalmt
