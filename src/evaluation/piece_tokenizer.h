// Words of scoring that are the pieces of a SentencePiece model: spBLEU (Goyal et al., 2022), as
// sacreBLEU's tokenizer_spm.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "evaluation/tokenizers.h"

namespace sentencepiece {
class SentencePieceProcessor;
}

namespace penalmt {

// Where sacreBLEU keeps the model of "flores101", "flores200", "spBLEU-1K" or "spm" (which is
// flores101's) once it fetched it: in models/ of the folder that the environment's SACREBLEU names,
// or of ~/.sacrebleu.
std::string piece_model_of_sacrebleu(const std::string& name);

class PieceTokenizer : public ScoreTokenizer {
 public:
  // `model`: a .model file, or "" for the one of that name that sacreBLEU keeps. Throws Error
  // "tokenize: flores101 needs the SentencePiece model that sacreBLEU fetches; ..." where it keeps
  // none; as read_file (base/files.h) and load_piece_model (tokenizers/piece_model.h).
  PieceTokenizer(const std::string& name, const std::string& model);

  // As sacreBLEU's; of "spm" with a model of one's own "spm-" and the beginning of its SHA-256.
  std::string name() const override { return name_; }
  // Throws as expect_within_limits (tokenizers/text_limits.h).
  std::string tokenize(std::string_view line) const override;

 private:
  std::string name_;
  std::shared_ptr<const sentencepiece::SentencePieceProcessor> pieces_;
};

}  // namespace penalmt
