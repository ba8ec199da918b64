#include "evaluation/chrf.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "base/utf8.h"
#include "evaluation/unicode.h"

namespace penalmt {
namespace {

// Number is double, or what NumPy makes of a resampled corpus; the order of operations is
// sacreBLEU's.
template <class Number>
Number f_score(std::span<const Number> row, const ChrfOptions& options) {
  constexpr double kEps = 1e-16;
  const int orders = options.char_order + options.word_order;
  const double factor = static_cast<double>(options.beta) * options.beta;
  Number score = 0, precision_sum = 0, recall_sum = 0;
  int effective_orders = 0;
  for (int i = 0; i < orders; ++i) {
    const Number in_hypothesis = row[3 * i], in_reference = row[3 * i + 1],
                 matches = row[3 * i + 2];
    const bool has_hypothesis = value_of(in_hypothesis) > 0,
               has_reference = value_of(in_reference) > 0;
    const Number precision = has_hypothesis ? matches / in_hypothesis : Number(kEps);
    const Number recall = has_reference ? matches / in_reference : Number(kEps);
    const Number denominator = Number(factor) * precision + recall;
    score += value_of(denominator) > 0 ? Number(1 + factor) * precision * recall / denominator
                                       : Number(kEps);
    if (has_hypothesis && has_reference) {
      precision_sum += precision;
      recall_sum += recall;
      ++effective_orders;
    }
  }
  if (options.eps_smoothing) return Number(100) * score / Number(orders);
  if (effective_orders == 0) return 0;
  const Number precision = precision_sum / Number(effective_orders),
               recall = recall_sum / Number(effective_orders);
  if (value_of(precision + recall) == 0) return 0;
  return Number(100) *
         (Number(1 + factor) * precision * recall / (Number(factor) * precision + recall));
}

void append_characters(std::string_view line, bool whitespace, std::vector<int32_t>& characters) {
  const auto append = [&](std::string_view, int32_t code) { characters.push_back(code); };
  if (whitespace) return for_each_character(line, append);
  for (const std::string_view part : split_unicode_whitespace(line))
    for_each_character(part, append);
}

bool is_punctuation(char c) {
  return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') ||
         (c >= '{' && c <= '~');
}

bool is_one_character(std::string_view word) {
  return std::all_of(word.begin() + 1, word.end(), continues_character);
}

// Calls use(word) for each word, with one ASCII sign at its end, or else at its start, taken off
// ("(hi)" is "(hi", ")").
template <class Use>
void for_each_word(std::string_view line, Use use) {
  for (const std::string_view word : split_unicode_whitespace(line)) {
    if (is_one_character(word)) {
      use(word);
    } else if (is_punctuation(word.back())) {
      use(word.substr(0, word.size() - 1));
      use(word.substr(word.size() - 1));
    } else if (is_punctuation(word.front())) {
      use(word.substr(0, 1));
      use(word.substr(1));
    } else {
      use(word);
    }
  }
}

// Writes hypothesis, reference and match counts of orders 1 ... `orders` to `row`.
void write_orders(NgramMatcher& matcher, NgramMatcher::Symbols hypothesis,
                  NgramMatcher::Symbols reference, int orders, std::vector<double>& matches,
                  double* row) {
  matches.assign(static_cast<std::size_t>(orders), 0);
  matcher.set_reference(reference);
  matcher.match(hypothesis, matches);
  const auto count = [](NgramMatcher::Symbols symbols, std::size_t n) {
    return symbols.size() < n ? 0 : static_cast<double>(symbols.size() - n + 1);
  };
  for (std::size_t n = 1; n <= matches.size(); ++n) {
    const double in_reference = count(reference, n);
    *row++ = in_reference > 0 ? count(hypothesis, n)
                              : 0;  // the hypothesis is not blamed where there is no reference
    *row++ = in_reference;
    *row++ = matches[n - 1];
  }
}

int checked(const char* name, int value, int least) {
  if (value < least)
    throw Error(fmt::format("{}: got {}, expected {} or more", name, value, least));
  return value;
}

}  // namespace

Chrf::Chrf(ChrfOptions options, const References& references)
    : Metric(references), options_(options) {
  checked("chrf char_order", options.char_order, 1);
  checked("chrf word_order", options.word_order, 0);
  checked("chrf beta", options.beta, 1);
  for (std::size_t i = 0; i < references.sentences(); ++i) {
    reference_characters_.begin_sentence();
    reference_words_.begin_sentence();
    for (const std::string_view reference : references.of(i)) {
      const std::string line = options.lowercase ? lowercase(reference) : std::string(reference);
      reference_characters_.begin_reference();
      append_characters(line, options.whitespace, reference_characters_.symbols());
      reference_words_.begin_reference();
      if (options.word_order > 0)
        for_each_word(line, [&](std::string_view word) {
          reference_words_.symbols().push_back(words_.number(word));
        });
    }
  }
}

void Chrf::write_statistics(const std::vector<std::string>& hypotheses, std::size_t begin,
                            std::size_t end, double* rows) const {
  NgramMatcher character_matcher(options_.char_order), word_matcher(options_.word_order);
  std::vector<NgramMatcher::Symbols> characters, words;
  std::vector<int32_t> hypothesis_characters, hypothesis_words;
  std::vector<double> row(width()), matches;
  for (std::size_t i = begin; i < end; ++i, rows += width()) {
    const std::string line = options_.lowercase ? lowercase(hypotheses[i]) : hypotheses[i];
    hypothesis_characters.clear();
    append_characters(line, options_.whitespace, hypothesis_characters);
    hypothesis_words.clear();
    if (options_.word_order > 0)
      for_each_word(line,
                    [&](std::string_view word) { hypothesis_words.push_back(words_.find(word)); });
    reference_characters_.of(i, characters);
    reference_words_.of(i, words);
    double best = -1;
    for (std::size_t r = 0; r < characters.size(); ++r) {
      write_orders(character_matcher, hypothesis_characters, characters[r], options_.char_order,
                   matches, row.data());
      write_orders(word_matcher, hypothesis_words, words[r], options_.word_order, matches,
                   row.data() + 3 * options_.char_order);
      const double score = characters.size() == 1 ? 0 : f_score<double>(row, options_);
      if (score > best) {
        best = score;
        std::copy(row.begin(), row.end(), rows);
      }
    }
  }
}

std::string Chrf::name() const {
  return fmt::format("chrF{}{}", options_.beta,
                     std::string(static_cast<std::size_t>(options_.word_order), '+'));
}

double Chrf::value(std::span<const double> sum) const { return f_score(sum, options_); }
NumpyNumber Chrf::resampled_score(std::span<const NumpyNumber> sum) const {
  return f_score(sum, options_);
}

std::string Chrf::options_signature() const {
  return fmt::format("case:{}|eff:{}|nc:{}|nw:{}|space:{}", options_.lowercase ? "lc" : "mixed",
                     options_.eps_smoothing ? "no" : "yes", options_.char_order,
                     options_.word_order, options_.whitespace ? "yes" : "no");
}

}  // namespace penalmt
