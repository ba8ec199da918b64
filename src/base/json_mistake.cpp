#include "base/json_mistake.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <regex>
#include <vector>

#include <fmt/format.h>

#include "base/ascii.h"
#include "base/printable.h"
#include "base/text.h"
#include "base/utf8.h"

namespace penalmt {
namespace {

constexpr std::size_t kMostShown = 30;  // bytes of what was got

bool is_word(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         c == '+' || c == '-' || c == '.' || (c & 0x80) != 0;
}

// Walks over the text, one value inside the other, and stops at what does not fit.
class JsonWalk {
 public:
  JsonWalk(std::string_view text, bool comments) : text_(text), comments_(comments) {
    if (text.starts_with("\xEF\xBB\xBF")) at_ = 3;
  }

  std::optional<JsonMistake> mistake() {
    value();
    if (fits() && (pass_space(), at_ < text_.size())) expect("the end of the text");
    return mistake_;
  }

 private:
  bool fits() const { return !mistake_; }
  char next() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool at_end() const { return at_ == text_.size(); }

  void fail(std::size_t offset, std::string words) {
    if (fits()) mistake_ = {offset, std::move(words)};
  }
  // "got 'x', expected ..."
  void expect(const std::string& what, const std::string& hint = "") {
    if (at_end()) return fail(at_, "it ends too early; expected " + what);
    fail(at_, fmt::format("got '{}', expected {}{}", shown(), what, hint));
  }
  // The word or character that stands next.
  std::string shown() const {
    std::size_t end = at_;
    while (end < text_.size() && is_word(text_[end])) ++end;
    if (end == at_) return printable(text_.substr(at_, 1));
    std::string_view word = text_.substr(at_, end - at_);
    if (word.size() <= kMostShown) return printable(word);
    std::size_t size = kMostShown;
    while (continues_character(word[size])) --size;
    return printable(word.substr(0, size)) + "...";
  }

  void pass_space() {
    while (fits()) {
      while (next() == ' ' || next() == '\t' || next() == '\n' || next() == '\r') ++at_;
      if (!comments_ || next() != '/') return;
      const std::string_view two = text_.substr(at_, 2);
      if (two != "//" && two != "/*") return;
      const bool is_line = two == "//";
      const std::size_t end = text_.find(is_line ? "\n" : "*/", at_ + 2);
      if (end == std::string_view::npos && !is_line)
        return fail(at_, "a comment without its end; expected */");
      at_ = end == std::string_view::npos ? text_.size() : end + (is_line ? 1 : 2);
    }
  }

  void value() {
    pass_space();
    if (!fits()) return;
    if (next() == '{') return members('}', [this] { member(); });
    if (next() == '[') return members(']', [this] { value(); });
    if (next() == '"') return string();
    word();
  }

  // What stands between brackets, separated by commas.
  template <class Member>
  void members(char closing, const Member& member) {
    ++at_;
    pass_space();
    if (fits() && next() == closing) {
      ++at_;
      return;
    }
    while (fits()) {
      member();
      pass_space();
      if (!fits()) return;
      const bool goes_on = next() == ',';
      if (!goes_on && next() != closing) return expect(fmt::format("',' or '{}'", closing));
      ++at_;
      if (!goes_on) return;
      pass_space();
      if (fits() && next() == closing)
        return fail(at_, fmt::format("got a comma before '{}', expected none", closing));
    }
  }

  void member() {
    pass_space();
    if (!fits()) return;
    if (next() != '"') return expect("a key in double quotes");
    string();
    pass_space();
    if (fits() && next() != ':') return expect("':' after the key");
    ++at_;
    value();
  }

  void string() {
    const std::size_t begin = at_++;
    while (fits() && !at_end() && next() != '"') {
      if (static_cast<unsigned char>(next()) < 0x20)
        return fail(at_, fmt::format("got '{}' inside a text, expected its closing quote",
                                     printable(text_.substr(at_, 1))));
      if (next() == '\\')
        escape();
      else
        ++at_;
    }
    if (fits() && at_end()) fail(begin, "a text without its closing quote");
    ++at_;
  }

  void escape() {
    const std::size_t begin = at_;
    const auto refuse = [&] {
      fail(begin, fmt::format("got '{}' inside a text, expected an escape of JSON's, such as \\\\, "
                              "\\\" or \\u00e9",
                              printable(text_.substr(begin, next() == 'u' ? 6 : 2))));
    };
    ++at_;
    if (next() != 'u') {
      if (at_end() || std::string_view("\"\\/bfnrt").find(next()) == std::string_view::npos)
        return refuse();
      ++at_;
      return;
    }
    const auto first = code(at_ + 1);
    if (!first) return refuse();
    const bool is_half = *first >= 0xD800 && *first <= 0xDFFF;
    const auto second = text_.substr(at_ + 5, 2) == "\\u" ? code(at_ + 7) : std::nullopt;
    if (is_half && (*first >= 0xDC00 || !second || *second < 0xDC00 || *second > 0xDFFF))
      return fail(
          begin, fmt::format("got {}, half of a character, inside a text", text_.substr(begin, 6)));
    at_ += is_half ? 11 : 5;
  }

  // Four hexadecimal digits.
  std::optional<unsigned> code(std::size_t begin) const {
    if (begin + 4 > text_.size()) return std::nullopt;
    const std::string digits(text_.substr(begin, 4));
    if (digits.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos)
      return std::nullopt;
    return static_cast<unsigned>(std::strtoul(digits.c_str(), nullptr, 16));
  }

  // A number, true, false or null.
  void word() {
    std::size_t end = at_;
    while (end < text_.size() && is_word(text_[end])) ++end;
    const std::string word(text_.substr(at_, end - at_));
    static const std::regex number_pattern("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][-+]?[0-9]+)?");
    const bool is_number = word.size() < 1000 && std::regex_match(word, number_pattern);
    if (is_number && !std::isfinite(std::strtod(word.c_str(), nullptr)))
      return expect("a number that a double holds");
    const std::vector<std::string> literals = {"true", "false", "null"};
    if (!is_number && std::find(literals.begin(), literals.end(), word) == literals.end()) {
      const bool quoted = next() == '\'';
      return expect("a value", quoted         ? "; texts stand in double quotes"
                               : word.empty() ? ""
                                              : did_you_mean(lowercase_ascii(word), literals));
    }
    at_ = end;
  }

  std::string_view text_;
  const bool comments_;
  std::size_t at_ = 0;
  std::optional<JsonMistake> mistake_;
};

}  // namespace

std::optional<JsonMistake> first_json_mistake(std::string_view text, bool comments) {
  return JsonWalk(text, comments).mistake();
}

}  // namespace penalmt
