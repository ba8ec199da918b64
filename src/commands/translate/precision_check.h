// What --check of `penalmt translate` compares: the first lines' translations with those in
// float32.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "commands/translate/steps.h"
#include "translation/text_translator.h"

namespace penalmt {

class PrecisionCheck {
 public:
  // `format`: what the translator's own products are in. Throws as read_scored_lines
  // (cli/common.h) for --references.
  PrecisionCheck(const TranslateArguments& arguments, TextTranslator& translator,
                 ProductFormat format);

  // Translates in float32 those of the lines that are among the first N.
  void add(const SourceLines& lines, const SearchOptions& search,
           const std::vector<std::string>& translations);
  // A message with the share of equal lines, and BLEU where there are references. Throws Error for
  // fewer references than lines.
  void tell() const;

 private:
  const TranslateArguments& arguments_;
  TextTranslator& translator_;
  const ProductFormat format_;
  std::vector<std::string> references_, found_, exact_;
  int64_t same_ = 0;
};

}  // namespace penalmt
