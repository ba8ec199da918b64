// The tokenisers of scoring, named and behaving as sacreBLEU's. (Those of translation are in
// tokenizers/.)
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace penalmt {

class ScoreTokenizer {
 public:
  virtual ~ScoreTokenizer() = default;
  // The name in signatures.
  virtual std::string name() const = 0;
  // The line with white space between its tokens; split_unicode_whitespace() finds them. Safe to
  // call from many threads.
  virtual std::string tokenize(std::string_view line) const = 0;
};

// The names that make_score_tokenizer() knows, in alphabetical order.
const std::vector<std::string>& score_tokenizer_names();

// "none": words are what stands between white space. "13a": the international mteval-v13a script's.
// "intl": mteval-v14's, for all of Unicode. "zh": every Chinese character is a word. "char": every
// character is. "flores101", "flores200", "spBLEU-1K" and "spm": the pieces of a SentencePiece
// model (piece_tokenizer.h), `model` or where sacreBLEU keeps it; the others take none.
//
// Throws Error "tokenize: unknown tokenizer; got '13b', expected one of 13a, char, ...; did you
// mean '13a'?", and of what needs MeCab in words of its own; as PieceTokenizer.
std::unique_ptr<ScoreTokenizer> make_score_tokenizer(const std::string& name,
                                                     const std::string& model = "");

}  // namespace penalmt
