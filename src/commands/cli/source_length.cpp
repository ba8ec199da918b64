#include "commands/cli/source_length.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/progress.h"
#include "translation/translator.h"

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

LengthCheck::LengthCheck(const LengthOptions& options, const Translator& translator)
    : translator_(translator),
      is_refused_(options.long_lines == "refuse"),
      longest_(longest_source(options, translator.description().model)) {}

void LengthCheck::add(const std::string& text, const std::string& place, int64_t number) {
  // A piece is at least a byte; there may be one for the space in front, and there is the end's.
  if (static_cast<int64_t>(text.size()) + 2 <= longest_) return;
  const int64_t length = translator_.source_length(text);
  if (length <= longest_) return;
  if (++long_lines_ == 1) first_ = number;
  if (is_refused_)
    throw Error(
        fmt::format("{}:{}: a sentence of {} pieces, expected at most {}; split the line, "
                    "or give --long-lines cut{}",
                    place, number, length, longest_,
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

}  // namespace penalmt
