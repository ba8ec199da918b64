#include "evaluation/ter.h"

#include <algorithm>
#include <limits>
#include <span>

#include <fmt/format.h>

#include "base/error.h"
#include "evaluation/edit_rate.h"
#include "evaluation/unicode.h"

namespace penalmt {
namespace {

constexpr int32_t kUnknownWord = -1;  // stands in no reference

}  // namespace

TerStatistics& TerStatistics::operator+=(const TerStatistics& other) {
  edits += other.edits;
  reference_length += other.reference_length;
  return *this;
}

Ter::Ter(TercomOptions options, const std::vector<std::vector<std::string>>& references)
    : options_(options), reference_count_(references.size()) {
  if (references.empty()) throw Error("TER: references; got none, expected one or more");
  sentence_count_ = references.front().size();
  for (const auto& reference : references)
    if (reference.size() != sentence_count_)
      throw Error(fmt::format("TER: references of unequal length; got {} sentences, expected {}", reference.size(),
                              sentence_count_));

  reference_begins_.reserve(sentence_count_ * reference_count_ + 1);
  for (std::size_t i = 0; i < sentence_count_; ++i) {
    for (const auto& reference : references) {
      reference_begins_.push_back(reference_words_.size());
      std::string line = tercom_tokenize(trim_end(reference[i]), options_);
      // A quirk of the reference implementation: it tokenises references twice, but hypotheses once. It makes a
      // difference to normalisation alone: of "it's\tso" the first pass makes "it's so", the second "it 's so".
      if (options_.normalized) line = tercom_tokenize(line, options_);
      for (const std::string_view word : split_unicode_whitespace(line)) {
        auto found = words_.find(word);
        if (found == words_.end()) found = words_.emplace(word, static_cast<int32_t>(words_.size())).first;
        reference_words_.push_back(found->second);
      }
    }
  }
  reference_begins_.push_back(reference_words_.size());
}

std::vector<TerStatistics> Ter::statistics(const std::vector<std::string>& hypotheses) const {
  if (hypotheses.size() != sentence_count_)
    throw Error(fmt::format("TER: hypotheses; got {} sentences, expected {} as in the references", hypotheses.size(),
                            sentence_count_));
  std::vector<TerStatistics> all;
  all.reserve(sentence_count_);
  EditRate edit_rate;
  std::vector<int32_t> hypothesis;
  for (std::size_t i = 0; i < sentence_count_; ++i) {
    hypothesis.clear();
    const std::string line = tercom_tokenize(trim_end(hypotheses[i]), options_);
    for (const std::string_view word : split_unicode_whitespace(line)) {
      const auto found = words_.find(word);
      hypothesis.push_back(found == words_.end() ? kUnknownWord : found->second);
    }
    int64_t fewest = std::numeric_limits<int64_t>::max();
    const std::size_t* begins = &reference_begins_[i * reference_count_];
    for (std::size_t r = 0; r < reference_count_; ++r) {
      const auto reference = std::span(reference_words_).subspan(begins[r], begins[r + 1] - begins[r]);
      fewest = std::min(fewest, edit_rate.edits(hypothesis, reference));
    }
    const auto reference_words = static_cast<double>(begins[reference_count_] - begins[0]);
    all.push_back({static_cast<double>(fewest), reference_words / static_cast<double>(reference_count_)});
  }
  return all;
}

double Ter::score(const TerStatistics& sum) const {
  if (sum.reference_length > 0) return 100 * (sum.edits / sum.reference_length);
  return sum.edits > 0 ? 100 : 0;
}

std::string Ter::signature() const {
  const auto yes_no = [](bool yes) { return yes ? "yes" : "no"; };
  return fmt::format("nrefs:{}|case:{}|tok:tercom|norm:{}|punct:{}|asian:{}|version:penalmt-{}", reference_count_,
                     options_.case_sensitive ? "mixed" : "lc", yes_no(options_.normalized), yes_no(!options_.no_punct),
                     yes_no(options_.asian_support), PENALMT_VERSION);
}

MetricScore Ter::named(double score) const { return {"TER", score, signature(), ""}; }

}  // namespace penalmt
