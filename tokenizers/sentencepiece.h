// Subword pieces by SentencePiece (Kudo and Richardson, 2018): BPE or unigram, trained on lines of
// text, kept as SentencePiece's own .model file, so that its other tools read what we train and
// give the same pieces.
//
// A line is split into pieces that, joined, are the line with "▁" (U+2581) for each space and one
// more in front:
//   "two men ."  →  "▁two" "▁men" "▁."  →  104 87 9
// What decode(encode(line)) gives back, with the normaliser `identity`: the line, byte for byte,
// spaces at the ends and double ones included, where every character of it stood in the training
// text (coverage 1) or byte_fallback is on, and where "▁" itself does not occur in it (it comes
// back as a space). A character never seen is the unknown piece and comes back as " ⁇ " from ids;
// pieces keep it. SentencePiece leaves lines with a tab out of training, so a tab is never seen.
//
// A language code that begins a line (">>deu<<") and is a piece is that piece, and gives no text.
//
// A .model file may have a vocabulary of its own (piece_vocabulary.h): ids are then its own, pieces
// that it lacks are unknown, and text is as Transformers' MarianTokenizer has it: the unknown piece
// gives no text. In the place of
// SentencePiece's may stand the codes of subword-nmt (subword_codes.h), with such a vocabulary.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/config.h"
#include "base/token_ids.h"
#include "tokenizers/piece_vocabulary.h"
#include "tokenizers/subword_codes.h"

namespace sentencepiece {
class SentencePieceProcessor;
}

namespace penalmt {

struct TokenizerOptions {
  int64_t vocabulary = 10000;
  std::string kind = "bpe";
  std::string normalizer = "identity";
  double coverage = 1.0;
  bool byte_fallback = false;
  bool exact_vocabulary = true;

  template <class Visitor>
  void visit(Visitor& v) {
    v("vocabulary", vocabulary, "number of pieces, the four special ones included",
      config::between(5, 1000000));
    v("kind", kind, "how pieces are found", config::one_of({"bpe", "unigram"}));
    v("normalizer", normalizer, "how text is rewritten first; all but identity lose something",
      config::one_of({"identity", "nfkc", "nfkc_cf", "nmt_nfkc", "nmt_nfkc_cf"}));
    v("coverage", coverage, "share of the training text's characters that get a piece",
      config::between(0.9, 1));
    v("byte_fallback", byte_fallback,
      "spell characters never seen in bytes (256 of the pieces), so that nothing is unknown");
    v("exact_vocabulary", exact_vocabulary,
      "refuse text too small for that many pieces; false: make fewer");
  }
};

// Immutable; copies share the model. Every member may be called from several threads.
class Tokenizer {
 public:
  // The bytes are checked before the library sees them (model_check.h). Throws Error where they are
  // no SentencePiece model or a damaged one, or its pad, bos, eos and unknown ids are not ours, and
  // for codes without a vocabulary; as SubwordCodes, PieceVocabulary and read_file (base/files.h).
  static Tokenizer open(const std::filesystem::path& model_file);
  // A model that others trained: open(), or, where its pad, bos, eos and unknown ids are not ours,
  // with a vocabulary of its own that has them first and then its pieces in their order. Or codes
  // of subword-nmt, whose vocabulary is the pieces of `lines`, the most frequent first. Throws
  // Error where lines give none.
  static Tokenizer adopt(const std::filesystem::path& model_file,
                         const std::vector<std::string>& lines);
  // The same from a .model file's bytes; `place` names them in errors.
  static Tokenizer from_serialized(std::string bytes, const std::string& place);
  // The same lines and options give the same bytes. `language_codes` become pieces, as ">>fr<<",
  // behind the special ones. Throws Error where the text is empty or does not fit the vocabulary;
  // as expect_within_limits (text_limits.h); MachineError where the system has no thread to give:
  // the library would end the program.
  static Tokenizer train(const std::vector<std::string>& lines, const TokenizerOptions& options,
                         const std::vector<std::string>& language_codes = {});

  // No bos, no eos. These and sample() throw as expect_within_limits (text_limits.h).
  std::vector<int> encode(std::string_view line) const;
  std::vector<std::string> pieces(std::string_view line) const;
  // BPE-dropout (Provilkov et al., 2020): the pieces of each line when every merge is left out with
  // probability `dropout`, so that a model sees a word cut in many ways. The same lines, dropout
  // and seed give the same pieces. The kind must be bpe. No bos, no eos. One call at a time works.
  // Throws MachineError where the system has no thread to give.
  std::vector<std::vector<int>> sample(const std::vector<std::string>& lines, double dropout,
                                       uint64_t seed) const;
  // Special pieces give no text. Throws Error for an id outside the vocabulary.
  std::string decode(const std::vector<int>& ids) const;
  std::string decode(const std::vector<std::string>& pieces) const;

  int64_t vocabulary_size() const;
  const std::string& piece(int id) const;  // id: in the vocabulary
  // Of a row of ids, as SentencePiece marks words: "▁" before each piece that begins one, whatever
  // the tokenizer's own marks are.
  std::vector<std::string> marked_pieces(const std::vector<int>& ids) const;
  // The piece of that text; nullopt where there is none.
  std::optional<int> find(const std::string& piece) const;
  // The pieces that are such.
  const std::vector<std::string>& language_codes() const { return *language_codes_; }
  // The .model file's bytes.
  const std::string& serialized() const { return *serialized_; }

 private:
  // What cuts lines: one of the two is there.
  struct Cutter {
    std::shared_ptr<const sentencepiece::SentencePieceProcessor> processor;
    std::shared_ptr<const SubwordCodes> codes;
  };
  Tokenizer(Cutter cutter, std::shared_ptr<const PieceVocabulary> vocabulary,
            std::string serialized);
  static Tokenizer of_codes(std::string bytes, const std::string& place);
  std::vector<std::vector<int>> sample_codes(const std::vector<std::string>& lines, double dropout,
                                             uint64_t seed) const;
  std::vector<int> ids_of(const std::vector<std::string>& pieces) const;
  // A line as the cutter takes it, and the language code that began it and is a piece, "" where
  // none did.
  struct CodedLine {
    std::string_view code, text;
  };
  CodedLine coded(std::string_view line) const;
  Cutter cutter_;
  std::shared_ptr<const PieceVocabulary> vocabulary_;  // null where ids are the model's own
  std::shared_ptr<const std::vector<std::string>> language_codes_;
  std::shared_ptr<const std::string> serialized_;
};

}  // namespace penalmt
