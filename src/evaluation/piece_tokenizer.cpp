#include "evaluation/piece_tokenizer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sentencepiece_processor.h>

#include <cstdlib>
#include <filesystem>

#include "base/error.h"
#include "base/files.h"
#include "base/sha256.h"
#include "tokenizers/piece_model.h"
#include "tokenizers/text_limits.h"

namespace penalmt {
namespace {

namespace fs = std::filesystem;

std::string from_environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

std::string piece_model_of_sacrebleu(const std::string& name) {
  const std::string said = from_environment("SACREBLEU");
  const fs::path folder =
      said.empty() ? fs::path(from_environment("HOME")) / ".sacrebleu" : fs::path(said);
  const char* file = name == "flores200"   ? "flores200sacrebleuspm"
                     : name == "spBLEU-1K" ? "spbleu-1k_tokenizer_spm.model"
                                           : "sacrebleu_tokenizer_spm.model";
  return (folder / "models" / file).string();
}

PieceTokenizer::PieceTokenizer(const std::string& name, const std::string& model)
    : name_(name == "spm" ? "flores101" : name) {
  const std::string file = model.empty() ? piece_model_of_sacrebleu(name) : model;
  std::error_code ignored;
  if (model.empty() && !fs::exists(file, ignored))
    throw Error(fmt::format(
        "tokenize: {} needs the SentencePiece model that sacreBLEU fetches; it is not at {}; name "
        "the file, or fetch it with sacreBLEU",
        name, file));
  const std::string bytes = read_file(file);
  pieces_ = load_piece_model(bytes, file);
  constexpr std::size_t kDigits = 8;
  if (name == "spm" && !model.empty()) name_ = "spm-" + sha256(bytes).substr(0, kDigits);
}

std::string PieceTokenizer::tokenize(std::string_view line) const {
  expect_within_limits(line, "tokenize");
  return fmt::format("{}", fmt::join(pieces_->EncodeAsPieces({line.data(), line.size()}), " "));
}

}  // namespace penalmt
