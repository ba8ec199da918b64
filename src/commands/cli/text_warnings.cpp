#include "commands/cli/text_warnings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <vector>

#include "base/progress.h"
#include "translation/text_translator.h"

namespace penalmt {
namespace {

// "2 of 3 lines have capital letters and 1 unspaced marks": what there is of the two.
std::string raw_signs(const SourceSigns& signs, const std::string& lines) {
  const std::string capitals = with_commas(signs.capitals), marks = with_commas(signs.marks);
  if (signs.capitals == 0) return fmt::format("{} of {} lines have unspaced marks", marks, lines);
  if (signs.marks == 0) return fmt::format("{} of {} lines have capital letters", capitals, lines);
  return fmt::format("{} of {} lines have capital letters and {} unspaced marks", capitals, lines,
                     marks);
}

}  // namespace

void warn_of_source(const std::string& model, const TextTranslator& translator,
                    const SourceSigns& signs, const PieceCount& pieces, const std::string& hint) {
  const std::string& text = translator.description().text;
  const std::string lines = with_commas(signs.lines);
  std::vector<std::string> said;
  if (text == "tok" && !hint.empty() && signs.look_raw())
    said.push_back(fmt::format("{}, its text is lower-cased and tokenised ({})",
                               raw_signs(signs, lines), hint));
  if (text == "raw" && signs.look_tokenised())
    said.push_back(fmt::format(
        "{} of {} lines look tokenised, its text is as people write it (penalmt normalize "
        "--reverse joins tokens)",
        with_commas(signs.tokenised), lines));
  if (signs.look_tabbed())
    said.push_back(
        fmt::format("{} of {} lines have tabs, as a table (give the sentences' column "
                    "alone)",
                    with_commas(signs.tabs), lines));
  if (signs.look_comma_separated())
    said.push_back(
        fmt::format("{} of {} lines have commas as in a table (give the sentences' "
                    "column alone)",
                    with_commas(signs.commas), lines));
  if (pieces.look_foreign())
    said.push_back(fmt::format("{} of {} pieces are unknown to it (is this its language?)",
                               with_commas(pieces.unknown), with_commas(pieces.all)));
  if (!said.empty())
    warning(fmt::format("{}: the input does not look like what the model was trained on: {}", model,
                        fmt::join(said, "; ")));
}

void warn_of_languages(const std::string& model, const TextTranslator& translator) {
  if (translator.without_language() == 0) return;
  warning(fmt::format(
      "{}: {} sources name no target language, the model knows {}; --target-language says which",
      model, with_commas(translator.without_language()),
      fmt::join(translator.target_languages(), ", ")));
}

void warn_of_answers(const std::string& model, const AnswerSigns& signs) {
  const std::string text = signs.text();
  if (!text.empty()) warning(fmt::format("{}: {}", model, text));
}

}  // namespace penalmt
