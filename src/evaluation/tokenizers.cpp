#include "evaluation/tokenizers.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <unicode/utf8.h>

#include "base/error.h"
#include "base/text.h"
#include "evaluation/unicode.h"

namespace penalmt {
namespace {

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  std::size_t at = text.find(from);
  if (at == std::string::npos) return;
  std::string replaced;
  std::size_t begin = 0;
  for (; at != std::string::npos; at = text.find(from, begin)) {
    replaced.append(text, begin, at - begin).append(to);
    begin = at + from.size();
  }
  text = replaced.append(text, begin);
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_stop(char c) { return c == '.' || c == ','; }

// Every ASCII sign stands alone but for the apostrophe, comma, dash and stop. The script sets spaces around spaces too,
// which changes nothing.
bool is_separate_sign(char c) {
  return (c >= '!' && c <= '&') || (c >= '(' && c <= '+') || c == '/' || (c >= ':' && c <= '@') ||
         (c >= '[' && c <= '`') || (c >= '{' && c <= '~');
}

// The rules that mteval-v13a has for western languages. They look at ASCII only, so they may run over bytes: a byte of a
// longer character is never a digit, stop or sign. Each rule is a pass from left to right; a pass never looks again at
// what it has rewritten (as a regular expression's substitution).
class WesternRules {
 public:
  static std::string apply(std::string_view line) {
    std::string text, out;
    separate_signs(line, out);
    separate_stops_after_non_digits(out, text);
    separate_stops_before_non_digits(text, out);
    separate_dashes_after_digits(out, text);
    return text;
  }

 private:
  static void separate_signs(std::string_view text, std::string& out) {
    out.clear();
    for (const char c : text) {
      if (is_separate_sign(c))
        out.append({' ', c, ' '});
      else
        out.push_back(c);
    }
  }

  static void separate_stops_after_non_digits(std::string_view text, std::string& out) {
    out.clear();
    for (std::size_t i = 0; i < text.size(); ++i) {
      out.push_back(text[i]);
      if (i + 1 < text.size() && !is_digit(text[i]) && is_stop(text[i + 1])) out.append({' ', text[++i], ' '});
    }
  }

  static void separate_stops_before_non_digits(std::string_view text, std::string& out) {
    out.clear();
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (i + 1 < text.size() && is_stop(text[i]) && !is_digit(text[i + 1])) {
        out.append({' ', text[i], ' ', text[i + 1]});
        ++i;
      } else {
        out.push_back(text[i]);
      }
    }
  }

  static void separate_dashes_after_digits(std::string_view text, std::string& out) {
    out.clear();
    for (std::size_t i = 0; i < text.size(); ++i) {
      out.push_back(text[i]);
      if (i + 1 < text.size() && is_digit(text[i]) && text[i + 1] == '-') out.append({' ', text[++i], ' '});
    }
  }
};

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
    // One after the other: "&amp;lt;" becomes "<".
    if (text.find('&') != std::string::npos) {
      replace_all(text, "&quot;", "\"");
      replace_all(text, "&amp;", "&");
      replace_all(text, "&lt;", "<");
      replace_all(text, "&gt;", ">");
    }
    return WesternRules::apply(" " + text + " ");
  }
};

// Calls use(character, its code point) for each character of the line.
template <class Use>
void for_each_character(std::string_view line, Use use) {
  const auto length = static_cast<int32_t>(line.size());
  for (int32_t i = 0; i < length;) {
    const int32_t begin = i;
    UChar32 code = 0;
    U8_NEXT_UNSAFE(line.data(), i, code);
    use(line.substr(static_cast<std::size_t>(begin), static_cast<std::size_t>(i - begin)), static_cast<int32_t>(code));
  }
}

class CharacterTokenizer : public ScoreTokenizer {
 public:
  std::string name() const override { return "char"; }

  std::string tokenize(std::string_view line) const override {
    std::string out;
    for_each_character(line, [&](std::string_view character, int32_t) { out.append(character) += ' '; });
    return out;
  }
};

// The international rules of mteval-v14: signs stand alone, but for punctuation between two numbers. (A stop after the
// number that ends the line stays with it.)
class InternationalTokenizer : public ScoreTokenizer {
 public:
  std::string name() const override { return "intl"; }

  std::string tokenize(std::string_view line) const override {
    using enum CharacterKind;
    std::string first, second, third;
    // A pass takes two characters at a time where they are a pair, and never looks again at either.
    pass(line, first, [](CharacterKind a, CharacterKind b) { return a != kNumber && b == kPunctuation; }, false);
    pass(first, second, [](CharacterKind a, CharacterKind b) { return a == kPunctuation && b != kNumber; }, true);
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
    return WesternRules::apply(out);
  }

 private:
  static bool is_chinese(int32_t code) {
    // sacreBLEU means the planes beyond U+FFFF by its '\u20000' to '\u2a6d6', but compares with these strings of two
    // characters: that is U+2001 to U+2A6D, and no Chinese character of those planes. Its numbers are what is quoted.
    struct Range {
      int32_t first, last;
    };
    static constexpr Range kRanges[] = {{0x2001, 0x2A6D}, {0x2E80, 0x2EFF}, {0x2F00, 0x2FDF}, {0x2FF0, 0x303F},
                                        {0x3100, 0x312F}, {0x31A0, 0x31BF}, {0x31C0, 0x31EF}, {0x3200, 0x33FF},
                                        {0x3400, 0x4DB5}, {0x4E00, 0x9FBB}, {0xF900, 0xFA2D}, {0xFA30, 0xFA6A},
                                        {0xFA70, 0xFAD9}, {0xFE10, 0xFE1F}, {0xFE30, 0xFE4F}, {0xFF00, 0xFFEF}};
    return std::any_of(std::begin(kRanges), std::end(kRanges),
                       [&](const Range& range) { return code >= range.first && code <= range.last; });
  }
};

struct NamedTokenizer {
  const char* name;
  std::unique_ptr<ScoreTokenizer> (*make)();
};

template <class Tokenizer>
std::unique_ptr<ScoreTokenizer> make() {
  return std::make_unique<Tokenizer>();
}

constexpr NamedTokenizer kTokenizers[] = {{"13a", make<Tokenizer13a>},
                                          {"char", make<CharacterTokenizer>},
                                          {"intl", make<InternationalTokenizer>},
                                          {"none", make<NoTokenizer>},
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

std::unique_ptr<ScoreTokenizer> make_score_tokenizer(const std::string& name) {
  for (const NamedTokenizer& tokenizer : kTokenizers)
    if (name == tokenizer.name) return tokenizer.make();
  throw Error(fmt::format("--tokenize: unknown tokenizer; got '{}', expected one of {}{}", name,
                          fmt::join(score_tokenizer_names(), ", "), did_you_mean(name, score_tokenizer_names())));
}

}  // namespace penalmt
