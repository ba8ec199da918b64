#include "evaluation/tokenizers.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "base/text.h"
#include "base/utf8.h"
#include "evaluation/piece_tokenizer.h"
#include "evaluation/unicode.h"
#include "evaluation/western_rules.h"

namespace penalmt {
namespace {

// mteval-v13a's rules for western languages.
std::string western_words(std::string_view line) {
  std::string text = separate_signs(line);
  separate_stops_and_dashes(text);
  return text;
}

class NoTokenizer : public ScoreTokenizer {
 public:
  std::string name() const override { return "none"; }
  std::string tokenize(std::string_view line) const override { return std::string(line); }
};

class Tokenizer13a : public ScoreTokenizer {
 public:
  std::string name() const override { return "13a"; }

  std::string tokenize(std::string_view line) const override {
    std::string text(line);
    replace_all(text, "<skipped>", "");
    replace_all(text, "-\n", "");
    replace_all(text, "\n", " ");
    undo_entities(text);
    return western_words(" " + text + " ");
  }
};

class CharacterTokenizer : public ScoreTokenizer {
 public:
  std::string name() const override { return "char"; }

  std::string tokenize(std::string_view line) const override {
    std::string out;
    for_each_character(line,
                       [&](std::string_view character, int32_t) { out.append(character) += ' '; });
    return out;
  }
};

// The international rules of mteval-v14: signs stand alone, but for punctuation between two
// numbers. (A stop after the number that ends the line stays with it.)
class InternationalTokenizer : public ScoreTokenizer {
 public:
  std::string name() const override { return "intl"; }

  std::string tokenize(std::string_view line) const override {
    using enum CharacterKind;
    std::string first, second, third;
    // A pass takes two characters at a time where they are a pair, and never looks again at either.
    pass(
        line, first,
        [](CharacterKind a, CharacterKind b) { return a != kNumber && b == kPunctuation; }, false);
    pass(
        first, second,
        [](CharacterKind a, CharacterKind b) { return a == kPunctuation && b != kNumber; }, true);
    for_each_character(second, [&](std::string_view character, int32_t code) {
      if (kind_of(code) == kSymbol)
        third.append(" ").append(character) += ' ';
      else
        third.append(character);
    });
    return third;
  }

 private:
  // Pairs (a, b) become "a b " or, where `first_alone`, " a b".
  template <class IsPair>
  static void pass(std::string_view line, std::string& out, IsPair is_pair, bool first_alone) {
    std::string_view held;  // the first of a pair, perhaps
    CharacterKind held_kind = CharacterKind::kOther;
    for_each_character(line, [&](std::string_view character, int32_t code) {
      const CharacterKind kind = kind_of(code);
      if (!held.empty() && is_pair(held_kind, kind)) {
        if (first_alone)
          out.append(" ").append(held).append(" ").append(character);
        else
          out.append(held).append(" ").append(character) += ' ';
        held = {};
      } else {
        out.append(held);
        held = character;
        held_kind = kind;
      }
    });
    out.append(held);
  }
};

// Chinese characters stand alone, the rest follows the western rules.
class ChineseTokenizer : public ScoreTokenizer {
 public:
  std::string name() const override { return "zh"; }

  std::string tokenize(std::string_view line) const override {
    std::string out;
    for_each_character(trim_start(trim_end(line)), [&](std::string_view character, int32_t code) {
      if (is_chinese(code))
        out.append(" ").append(character) += ' ';
      else
        out.append(character);
    });
    return western_words(out);
  }

 private:
  static bool is_chinese(int32_t code) {
    // sacreBLEU means the planes beyond U+FFFF by its '\u20000' to '\u2a6d6', but compares with
    // these strings of two characters: that is U+2001 to U+2A6D, and no Chinese character of those
    // planes. Its numbers are what is quoted.
    struct Range {
      int32_t first, last;
    };
    static constexpr Range kRanges[] = {
        {0x2001, 0x2A6D}, {0x2E80, 0x2EFF}, {0x2F00, 0x2FDF}, {0x2FF0, 0x303F},
        {0x3100, 0x312F}, {0x31A0, 0x31BF}, {0x31C0, 0x31EF}, {0x3200, 0x33FF},
        {0x3400, 0x4DB5}, {0x4E00, 0x9FBB}, {0xF900, 0xFA2D}, {0xFA30, 0xFA6A},
        {0xFA70, 0xFAD9}, {0xFE10, 0xFE1F}, {0xFE30, 0xFE4F}, {0xFF00, 0xFFEF}};
    return std::any_of(std::begin(kRanges), std::end(kRanges), [&](const Range& range) {
      return code >= range.first && code <= range.last;
    });
  }
};

struct NamedTokenizer {
  const char* name;
  std::unique_ptr<ScoreTokenizer> (*make)(const std::string& name, const std::string& model);
};

template <class Tokenizer>
std::unique_ptr<ScoreTokenizer> make(const std::string& name, const std::string& model) {
  if (!model.empty()) throw Error(fmt::format("tokenize: {} takes no model; got {}", name, model));
  return std::make_unique<Tokenizer>();
}

std::unique_ptr<ScoreTokenizer> make_pieces(const std::string& name, const std::string& model) {
  return std::make_unique<PieceTokenizer>(name, model);
}

constexpr NamedTokenizer kTokenizers[] = {{"13a", make<Tokenizer13a>},
                                          {"char", make<CharacterTokenizer>},
                                          {"flores101", make_pieces},
                                          {"flores200", make_pieces},
                                          {"intl", make<InternationalTokenizer>},
                                          {"none", make<NoTokenizer>},
                                          {"spBLEU-1K", make_pieces},
                                          {"spm", make_pieces},
                                          {"zh", make<ChineseTokenizer>}};

}  // namespace

const std::vector<std::string>& score_tokenizer_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const NamedTokenizer& tokenizer : kTokenizers) all.emplace_back(tokenizer.name);
    return all;
  }();
  return names;
}

std::unique_ptr<ScoreTokenizer> make_score_tokenizer(const std::string& name,
                                                     const std::string& model) {
  for (const NamedTokenizer& tokenizer : kTokenizers)
    if (name == tokenizer.name) return tokenizer.make(name, model);
  if (name == "ja-mecab" || name == "ko-mecab")
    throw Error(fmt::format(
        "tokenize: {} needs MeCab and a dictionary, which penalmt does not have; cut both texts "
        "into words with MeCab and take none, or take flores200 or char",
        name));
  throw Error(fmt::format("tokenize: unknown tokenizer; got '{}', expected one of {}{}", name,
                          fmt::join(score_tokenizer_names(), ", "),
                          did_you_mean(name, score_tokenizer_names())));
}

}  // namespace penalmt
