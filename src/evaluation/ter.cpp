#include "evaluation/ter.h"

#include <algorithm>
#include <limits>
#include <span>

#include <fmt/format.h>

#include "evaluation/edit_rate.h"
#include "evaluation/unicode.h"

namespace penalmt {
namespace {

// Number is double, or what NumPy makes of a resampled corpus.
template <class Number>
Number rate(std::span<const Number> sum) {
  const Number edits = sum[0], reference_length = sum[1];
  if (value_of(reference_length) > 0) return Number(100) * (edits / reference_length);
  return value_of(edits) > 0 ? 100.0 : 0.0;
}

}  // namespace

Ter::Ter(TerOptions options, const References& references) : Metric(references), options_(options) {
  for (std::size_t i = 0; i < references.sentences(); ++i) {
    references_.begin_sentence();
    for (const std::string_view reference : references.of(i)) {
      references_.begin_reference();
      std::string line = tercom_tokenize(trim_end(reference), options_);
      // A quirk of the reference implementation: it tokenises references twice, but hypotheses
      // once. It makes a difference to normalisation alone: of "it's\tso" the first pass makes
      // "it's so", the second "it 's so".
      if (options_.normalized) line = tercom_tokenize(line, options_);
      for (const std::string_view word : split_unicode_whitespace(line))
        references_.symbols().push_back(words_.number(word));
    }
  }
}

void Ter::write_statistics(const std::vector<std::string>& hypotheses, std::size_t begin,
                           std::size_t end, double* rows) const {
  EditRate edit_rate;
  std::vector<NgramMatcher::Symbols> references;
  std::vector<int32_t> hypothesis;
  for (std::size_t i = begin; i < end; ++i, rows += width()) {
    hypothesis.clear();
    const std::string line = tercom_tokenize(trim_end(hypotheses[i]), options_);
    for (const std::string_view word : split_unicode_whitespace(line))
      hypothesis.push_back(words_.find(word));
    references_.of(i, references);
    int64_t fewest = std::numeric_limits<int64_t>::max();
    std::size_t reference_words = 0;
    for (const NgramMatcher::Symbols reference : references) {
      fewest = std::min(fewest, edit_rate.edits(hypothesis, reference));
      reference_words += reference.size();
    }
    rows[0] = static_cast<double>(fewest);
    rows[1] = static_cast<double>(reference_words) / static_cast<double>(references.size());
  }
}

double Ter::value(std::span<const double> sum) const { return rate(sum); }
NumpyNumber Ter::resampled_score(std::span<const NumpyNumber> sum) const { return rate(sum); }

std::string Ter::options_signature() const {
  const auto yes_no = [](bool yes) { return yes ? "yes" : "no"; };
  return fmt::format("case:{}|tok:tercom|norm:{}|punct:{}|asian:{}",
                     options_.case_sensitive ? "mixed" : "lc", yes_no(options_.normalized),
                     yes_no(!options_.no_punct), yes_no(options_.asian_support));
}

}  // namespace penalmt
