#include "tokenizers/moses_detokenize.h"

#include <algorithm>
#include <vector>

#include "tokenizers/code_points.h"

namespace penalmt {
namespace {

using Token = std::u32string_view;

struct Closeness {
  bool left = false, right = false;  // no space before the token; none behind it
};

constexpr Closeness kFree = {false, false}, kToLeft = {true, false}, kToRight = {false, true},
                    kToBoth = {true, true};

bool is_one_of(Token token, std::initializer_list<Token> words) {
  return std::find(words.begin(), words.end(), token) != words.end();
}

bool consists_of(Token token, std::u32string_view characters) {
  return token.find_first_not_of(characters) == Token::npos;
}

bool begins_with_letter(Token token) { return !token.empty() && is_letter(token.front()); }
bool ends_in_word(Token token) { return !token.empty() && is_letter_or_digit(token.back()); }
bool begins_with_digit(Token token) { return !token.empty() && is_ascii_digit(token.front()); }
bool ends_in_digit(Token token) { return !token.empty() && is_ascii_digit(token.back()); }
bool is_single_letter(Token token) { return token.size() == 1 && is_letter(token[0]); }
bool is_currency(Token token) { return token.size() == 1 && is_currency_sign(token[0]); }

// What is left of an English word behind its apostrophe: "s" of "it's", also in "s-restaurant".
bool begins_with_contraction(Token token) {
  const auto end = std::find_if_not(token.begin(), token.end(), is_letter);
  return is_one_of(token.substr(0, static_cast<std::size_t>(end - token.begin())),
                   {U"s", U"t", U"m", U"d", U"re", U"ll", U"ve"});
}

// A French word that lost its vowel: "l" of "l'homme".
bool is_elided(Token token) {
  return is_one_of(token, {U"c", U"d", U"j", U"l", U"m", U"n", U"s", U"t", U"qu", U"jusqu",
                           U"lorsqu", U"puisqu"});
}

// "& amp ;" was "&amp;", from a caption that had been through HTML.
std::vector<Token> with_entities_whole(const std::vector<Token>& parts) {
  std::vector<Token> tokens;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const bool entity =
        i + 2 < parts.size() && parts[i] == U"&" && parts[i + 1] == U"amp" && parts[i + 2] == U";";
    tokens.push_back(entity ? U"&amp;" : parts[i]);
    if (entity) i += 2;
  }
  return tokens;
}

class Line {
 public:
  Line(std::u32string_view text, MosesLanguage language)
      : language_(language), tokens_(with_entities_whole(split_at_spaces(text))) {
    if (language == MosesLanguage::kFrench) restore_apostrophes();
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      if (tokens_[i] == U"\"") last_double_quote_ = i;
      if (tokens_[i] == U"'" && !is_inside_word(i)) last_single_quote_ = i;
    }
  }

  std::u32string joined() {
    std::u32string text;
    Closeness last = kToBoth;
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      const Closeness here = closeness(i);
      if (!last.right && !here.left) text += U' ';
      text += tokens_[i];
      last = here;
    }
    return text;
  }

 private:
  Token before(std::size_t i) const { return i > 0 ? tokens_[i - 1] : Token(); }
  Token after(std::size_t i) const { return i + 1 < tokens_.size() ? tokens_[i + 1] : Token(); }

  // Moses made a quote of the apostrophe in "d’œil".
  void restore_apostrophes() {
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      if (tokens_[i] == U"\"" && is_elided(before(i)) && begins_with_letter(after(i)))
        tokens_[i] = U"'";
    }
  }

  Closeness closeness(std::size_t i) {
    const Token token = tokens_[i];
    if (token == U"\"") return quote(i, last_double_quote_, double_quote_open_);
    if (token == U"'")
      return is_inside_word(i) ? kToBoth : quote(i, last_single_quote_, single_quote_open_);
    if (token == U"&" || token == U"&amp;")
      return is_single_letter(before(i)) && is_single_letter(after(i)) ? kToBoth : kFree;
    if (is_one_of(token, {U"/", U"_"})) return kToBoth;
    if (is_one_of(token, {U"(", U"[", U"{", U"#", U"¿", U"¡"}) || is_currency(token))
      return kToRight;
    if (consists_of(token, U".,:;?!%)]}°")) return stop(i);
    if (language_ == MosesLanguage::kEnglish) {
      const bool contraction =
          token[0] == U'\'' && begins_with_letter(token.substr(1)) && ends_in_word(before(i));
      if (contraction) return kToLeft;
    }
    if (language_ == MosesLanguage::kFrench && token.ends_with(U'\'') &&
        begins_with_letter(after(i)))
      return kToRight;
    const bool rest_of_compound =
        token.size() > 1 && token[0] == U'-' && before(i) == U"\"" && !double_quote_open_;
    return rest_of_compound ? kToLeft : kFree;  // the "Horns"-Zeichen
  }

  // French writes a space before : ; ? and ! behind a word, though not within 11:27.
  Closeness stop(std::size_t i) const {
    if (tokens_[i] == U":" && ends_in_digit(before(i)) && begins_with_digit(after(i)))
      return kToBoth;
    const bool parted = language_ == MosesLanguage::kFrench && consists_of(tokens_[i], U":;?!") &&
                        ends_in_word(before(i));
    return parted ? kFree : kToLeft;
  }

  // The first of two quotes opens, the second closes. One that nothing closes ends what stands
  // before it.
  static Closeness quote(std::size_t i, std::size_t last, bool& open) {
    const bool opens = !open && i < last;
    const bool begins_line = !open && i == 0;
    open = opens;
    return opens || begins_line ? kToRight : kToLeft;
  }

  // True for an apostrophe between the parts of a word: "mcdonald ' s" in German, "l ' 11" in
  // French.
  bool is_inside_word(std::size_t i) const {
    if (language_ == MosesLanguage::kFrench && is_elided(before(i))) return true;
    return ends_in_word(before(i)) && begins_with_contraction(after(i));
  }

  MosesLanguage language_;
  std::vector<Token> tokens_;
  std::size_t last_double_quote_ = 0, last_single_quote_ = 0;
  bool double_quote_open_ = false, single_quote_open_ = false;
};

}  // namespace

std::u32string moses_detokenized(std::u32string_view text, MosesLanguage language) {
  return Line(text, language).joined();
}

}  // namespace penalmt
