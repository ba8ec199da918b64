#include "commands/cli/source_length.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "tokenizers/text_limits.h"
#include "translation/text_translator.h"

namespace penalmt {
namespace {

constexpr int64_t kLongestSource = 512;

int64_t longest_source(const LengthOptions& options, const ModelOptions& model) {
  if (model.positions != "learned") return options.longest.value_or(kLongestSource);
  if (options.longest.value_or(0) > model.longest)
    throw Error(
        fmt::format("--max-source-length: got {}, expected at most {}, which the model's "
                    "learned positions serve",
                    *options.longest, model.longest));
  return options.longest.value_or(model.longest);
}

}  // namespace

LengthCheck::LengthCheck(const LengthOptions& options, const TextTranslator& translator,
                         LineSide side)
    : translator_(translator),
      side_(side),
      is_refused_(options.long_lines == "refuse"),
      longest_(longest_source(options, translator.description().model)) {}

void LengthCheck::add(const std::string& text, const std::string& place, int64_t number) {
  throw_if_interrupted();
  // A piece is at least a byte; there may be one for the space in front, and there is the end's.
  if (static_cast<int64_t>(text.size()) + 2 <= longest_) return;
  const std::optional<std::string> problem = too_long(translator_.as_trained(text));
  const int64_t length = problem                      ? longest_ + 1
                         : side_ == LineSide::kSource ? translator_.source_length(text)
                                                      : translator_.target_length(text);
  if (length <= longest_) return;
  if (++long_lines_ == 1) first_ = number;
  if (!is_refused_) return;
  const std::string cut = "; split the line, or give --long-lines cut";
  if (problem) throw Error(fmt::format("{}: {}{}", place, *problem, cut));
  throw Error(fmt::format("{}: a sentence of {} pieces, expected at most {}{}{}", place, length,
                          longest_, cut,
                          translator_.description().model.positions == "learned"
                              ? ""
                              : ", or a higher --max-source-length"));
}

void LengthCheck::warn(const std::string& place, int64_t lines) const {
  if (long_lines_ > 0)
    warning(
        fmt::format("{}: {} of {} lines were longer than --max-source-length, {} pieces, and "
                    "were cut; the first is line {}",
                    place, long_lines_, lines, longest_, first_));
}

void check_lengths(const LengthOptions& options, const TextTranslator& translator, LineSide side,
                   const std::vector<std::string>& lines, const std::string& place,
                   const std::vector<int64_t>& numbers) {
  LengthCheck lengths(options, translator, side);
  for (size_t i = 0; i < lines.size(); ++i) {
    const int64_t number = numbers.empty() ? static_cast<int64_t>(i) + 1 : numbers[i];
    lengths.add(lines[i], fmt::format("{}:{}", place, number), number);
  }
  lengths.warn(place, static_cast<int64_t>(lines.size()));
}

void limit_lengths(const LengthOptions& options, TextTranslator& translator,
                   const PlacedLines& sources, const PlacedLines& targets,
                   const std::vector<int64_t>& numbers) {
  check_lengths(options, translator, LineSide::kSource, sources.lines, sources.place, numbers);
  check_lengths(options, translator, LineSide::kTarget, targets.lines, targets.place, numbers);
  translator.cut_lines(LengthCheck(options, translator).longest());
}

}  // namespace penalmt
