// The pieces of subword-nmt (Sennrich et al., 2016): words that spaces part are cut by a list of
// merges, its "codes", and every piece but a word's last ends in "@@":
//
//   "two lower words"  →  "two" "low@@" "er" "words"
//
// A tokenizer's file is the codes and, behind a line "#pieces", its vocabulary, a piece a line.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace penalmt {

class SubwordCodes {
 public:
  // Of such a file's bytes, with a vocabulary or without: "#version: 0.2" or 0.1, then a merge
  // "a b" a line, the first one first. Throws Error "place:3: ..." for a line that is none, for
  // bytes that are no text, and where there is no merge.
  SubwordCodes(std::string_view bytes, const std::string& place);

  // Whether a file's bytes are meant as codes.
  static bool is_codes(std::string_view bytes) { return bytes.starts_with("#version:"); }
  // The bytes of a tokenizer's file, of those of a file of codes.
  static std::string with_vocabulary(std::string_view codes,
                                     const std::vector<std::string>& pieces);

  // Alike for every number of spaces. `drops`: whether a merge is left out this time
  // (BPE-dropout).
  std::vector<std::string> pieces(std::string_view line,
                                  const std::function<bool()>& drops = {}) const;
  static std::string join(const std::vector<std::string>& pieces);
  // Whether the word goes on after the piece.
  static bool goes_on(std::string_view piece) { return piece.ends_with("@@"); }

  static std::string without_mark(const std::string& piece) {
    return goes_on(piece) ? piece.substr(0, piece.size() - 2) : piece;
  }

  const std::vector<std::string>& vocabulary() const { return vocabulary_; }  // the file's, or none

 private:
  std::vector<std::string> cut(std::string_view word, const std::function<bool()>& drops) const;

  bool ends_apart_ = false;  // version 0.1: the end of a word is a piece of its own at first
  std::unordered_map<std::string, size_t> ranks_;  // "a b" → its line
  std::vector<std::string> vocabulary_;
};

}  // namespace penalmt
