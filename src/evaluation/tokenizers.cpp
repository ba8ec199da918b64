#include "evaluation/tokenizers.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "base/text.h"

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

class NoTokenizer : public ScoreTokenizer {
 public:
  std::string name() const override { return "none"; }
  std::string tokenize(std::string_view line) const override { return std::string(line); }
};

// mteval-v13a. Its rules look at ASCII only, so they may run over bytes: a byte of a longer character is never a digit,
// stop or sign. Each rule is a pass from left to right; a pass never looks again at what it has rewritten (as a regular
// expression's substitution).
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
    std::string out;
    separate_signs(" " + text + " ", out);
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

}  // namespace

const std::vector<std::string>& score_tokenizer_names() {
  static const std::vector<std::string> names = {"13a", "none"};
  return names;
}

std::unique_ptr<ScoreTokenizer> make_score_tokenizer(const std::string& name) {
  if (name == "none") return std::make_unique<NoTokenizer>();
  if (name == "13a") return std::make_unique<Tokenizer13a>();
  throw Error(fmt::format("--tokenize: unknown tokenizer; got '{}', expected one of {}{}", name,
                          fmt::join(score_tokenizer_names(), ", "), did_you_mean(name, score_tokenizer_names())));
}

}  // namespace penalmt
