// Lines that are longer than a model may read: refused, or cut with a warning.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "commands/cli/options.h"

namespace penalmt {

class TextTranslator;

struct LengthOptions {
  std::optional<int64_t> longest;  // pieces, the end counted; nullopt: the model's, else 512
  std::string long_lines = "refuse";

  template <class Visitor>
  void visit(Visitor& v) {
    v("max_source_length", longest,
      "pieces that a line may have, a given translation too, its end counted; default: what the "
      "model's learned positions serve, else 512",
      config::between(2, 1000000));
    v("long_lines", long_lines,
      "what becomes of a longer line: refuse (before any work, where the input is a file) or cut, "
      "with a warning",
      config::one_of({"refuse", "cut"}));
  }
};

// Whose pieces count: the source's, or those of a given translation.
enum class LineSide { kSource, kTarget };

class LengthCheck {
 public:
  // Throws Error where the model's learned positions do not serve what is asked.
  LengthCheck(const LengthOptions& options, const TextTranslator& translator,
              LineSide side = LineSide::kSource);

  int64_t longest() const { return longest_; }
  // Counts a line, number `number`, where it is too long, for the limit or the tokenizer
  // (text_limits.h); throws Error, which names its `place`, where such are refused, and Interrupted
  // after Ctrl-C.
  void add(const std::string& text, const std::string& place, int64_t number);
  // Forgets the lines that were counted.
  void restart() { long_lines_ = first_ = 0; }
  // Tells how many of `lines` lines of `place` were cut.
  void warn(const std::string& place, int64_t lines) const;

 private:
  const TextTranslator& translator_;
  const LineSide side_;
  const bool is_refused_;
  int64_t longest_;
  int64_t long_lines_ = 0, first_ = 0;  // first: its number
};

// All lines of `place`: throws as LengthCheck, or warns of those that are cut. `numbers`: theirs;
// none: line i is number i + 1.
void check_lengths(const LengthOptions& options, const TextTranslator& translator, LineSide side,
                   const std::vector<std::string>& lines, const std::string& place,
                   const std::vector<int64_t>& numbers = {});

// What both sides of parallel text go through before any work: throws as LengthCheck, or has what
// is longer cut, with a warning a file.
struct PlacedLines {
  const std::vector<std::string>& lines;
  const std::string& place;
};
void limit_lengths(const LengthOptions& options, TextTranslator& translator,
                   const PlacedLines& sources, const PlacedLines& targets,
                   const std::vector<int64_t>& numbers = {});

}  // namespace penalmt
