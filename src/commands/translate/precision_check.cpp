#include "commands/translate/precision_check.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/progress.h"
#include "commands/cli/common.h"
#include "evaluation/bleu.h"

namespace penalmt {

PrecisionCheck::PrecisionCheck(const TranslateArguments& arguments, TextTranslator& translator,
                               ProductFormat format)
    : arguments_(arguments), translator_(translator), format_(format) {
  if (!arguments.references.empty()) references_ = read_scored_lines(arguments.references);
}

void PrecisionCheck::add(const SourceLines& lines, const SearchOptions& search,
                         const std::vector<std::string>& translations) {
  const auto wanted = static_cast<std::size_t>(arguments_.check.value_or(0));
  if (found_.size() >= wanted) return;
  const std::size_t count = std::min(lines.texts.size(), wanted - found_.size());
  const auto first = [&](const std::vector<std::string>& all) {
    const auto end = all.begin() + static_cast<int64_t>(std::min(all.size(), count));
    return std::vector<std::string>(all.begin(), end);
  };
  const std::vector<std::string> texts = first(lines.texts);
  translator_.set_format(ProductFormat::kFloat32);
  const auto exact = translator_.translate({.texts = texts,
                                            .images = lines.images,
                                            .place = lines.place,
                                            .prefixes = first(lines.prefixes)},
                                           search, arguments_.batches());
  translator_.set_format(format_);
  for (std::size_t i = 0; i < count; ++i) {
    found_.push_back(translations[i]);
    exact_.push_back(exact[i].n_best.front().text);
    same_ += found_.back() == exact_.back() ? 1 : 0;
  }
}

void PrecisionCheck::tell() const {
  if (found_.empty()) return;
  message(
      fmt::format("{}: {} of {} lines are as in float32", name_of(format_), same_, found_.size()));
  if (references_.empty()) return;
  if (references_.size() < found_.size())
    throw Error(fmt::format("{}: {} lines; expected {} or more, as --check compares",
                            arguments_.references, references_.size(), found_.size()));
  const std::vector<std::string> references(
      references_.begin(), references_.begin() + static_cast<int64_t>(found_.size()));
  const auto bleu = [&](const std::vector<std::string>& lines) {
    return corpus_bleu(lines, References::single(references),
                       {.tokenizer = translator_.description().scoring_tokenizer()})
        .score;
  };
  message(fmt::format("BLEU {:.2f}, in float32 {:.2f}", bleu(found_), bleu(exact_)));
}

}  // namespace penalmt
