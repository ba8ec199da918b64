#include "evaluation/bleu.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <span>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "evaluation/ngram_table.h"
#include "evaluation/unicode.h"

namespace penalmt {
namespace {

using Words = std::span<const int32_t>;
constexpr int32_t kUnknownWord = -1;  // stands in no reference

// The value that a smoothing method takes by default; nullopt where it takes none.
std::optional<double> default_smooth_value(const std::string& method) {
  if (method == "floor") return 0.1;
  if (method == "add-k") return 1.0;
  if (method == "exp" || method == "none") return std::nullopt;
  throw Error(
      fmt::format("--smooth-method: unknown method; got '{}', expected one of add-k, exp, floor, none", method));
}

// Matches hypotheses with the references of one sentence after another.
class Matcher {
 public:
  void set_references(const std::vector<Words>& references) {
    references_ = references;
    table_.clear();
    limit_.assign(1, 0);
    std::vector<int32_t>& count = scratch_;
    for (const Words reference : references) {
      count.assign(limit_.size(), 0);
      for (std::size_t begin = 0; begin < reference.size(); ++begin) {
        int32_t ngram = NgramTable::kRoot;
        for (const int32_t word :
             reference.subspan(begin, std::min<std::size_t>(kMaxOrder, reference.size() - begin))) {
          ngram = table_.find_or_insert(ngram, word);
          if (static_cast<std::size_t>(ngram) >= count.size()) count.push_back(0);
          ++count[ngram];
        }
      }
      limit_.resize(count.size(), 0);
      for (std::size_t i = 0; i < count.size(); ++i) limit_[i] = std::max(limit_[i], count[i]);
    }
  }

  BleuStatistics match(Words hypothesis) {
    BleuStatistics statistics;
    statistics.hypothesis_length = static_cast<int64_t>(hypothesis.size());
    statistics.reference_length = nearest_length(statistics.hypothesis_length);
    for (int n = 1; n <= kMaxOrder; ++n)
      statistics.total[n - 1] = std::max<int64_t>(0, statistics.hypothesis_length - n + 1);
    std::vector<int32_t>& left = scratch_;  // how often each n-gram may still match
    left = limit_;
    for (std::size_t begin = 0; begin < hypothesis.size(); ++begin) {
      int32_t ngram = NgramTable::kRoot;
      for (std::size_t n = 0; n < kMaxOrder && begin + n < hypothesis.size(); ++n) {
        ngram = table_.find(ngram, hypothesis[begin + n]);
        if (ngram == NgramTable::kAbsent) break;  // a longer one holds this one
        if (left[ngram] > 0) --left[ngram], ++statistics.correct[n];
      }
    }
    return statistics;
  }

 private:
  int64_t nearest_length(int64_t length) const {
    int64_t best = -1;
    for (const Words reference : references_) {
      const auto candidate = static_cast<int64_t>(reference.size());
      const int64_t distance = std::abs(candidate - length), best_distance = std::abs(best - length);
      if (best < 0 || distance < best_distance || (distance == best_distance && candidate < best)) best = candidate;
    }
    return best;
  }

  std::vector<Words> references_;
  NgramTable table_;
  std::vector<int32_t> limit_;  // per n-gram: how often it stands in the reference that has it most often
  std::vector<int32_t> scratch_;
};

}  // namespace

BleuStatistics& BleuStatistics::operator+=(const BleuStatistics& other) {
  hypothesis_length += other.hypothesis_length;
  reference_length += other.reference_length;
  for (int n = 0; n < kMaxOrder; ++n) {
    correct[n] += other.correct[n];
    total[n] += other.total[n];
  }
  return *this;
}

double BleuScore::ratio() const {
  return reference_length == 0 ? 0 : static_cast<double>(hypothesis_length) / static_cast<double>(reference_length);
}

std::string BleuScore::verbose() const {
  return fmt::format("{:.1f} (BP = {:.3f} ratio = {:.3f} hyp_len = {} ref_len = {})", fmt::join(precisions, "/"),
                     brevity_penalty, ratio(), hypothesis_length, reference_length);
}

Bleu::Bleu(BleuOptions options, const std::vector<std::vector<std::string>>& references)
    : options_(std::move(options)),
      tokenizer_(make_score_tokenizer(options_.tokenizer)),
      reference_count_(references.size()) {
  if (!options_.smooth_value) options_.smooth_value = default_smooth_value(options_.smooth_method);
  if (references.empty()) throw Error("BLEU: references; got none, expected one or more");
  sentence_count_ = references.front().size();
  for (const auto& reference : references)
    if (reference.size() != sentence_count_)
      throw Error(fmt::format("BLEU: references of unequal length; got {} sentences, expected {}", reference.size(),
                              sentence_count_));

  reference_begins_.reserve(sentence_count_ * reference_count_ + 1);
  for (std::size_t i = 0; i < sentence_count_; ++i) {
    for (const auto& reference : references) {
      reference_begins_.push_back(reference_words_.size());
      const std::string line = prepare(reference[i]);
      for (const std::string_view word : split_unicode_whitespace(line)) {
        auto found = words_.find(word);
        if (found == words_.end()) found = words_.emplace(word, static_cast<int32_t>(words_.size())).first;
        reference_words_.push_back(found->second);
      }
    }
  }
  reference_begins_.push_back(reference_words_.size());
}

std::vector<BleuStatistics> Bleu::statistics(const std::vector<std::string>& hypotheses) const {
  if (hypotheses.size() != sentence_count_)
    throw Error(fmt::format("BLEU: hypotheses; got {} sentences, expected {} as in the references", hypotheses.size(),
                            sentence_count_));
  std::vector<BleuStatistics> all;
  all.reserve(sentence_count_);
  Matcher matcher;
  std::vector<Words> references(reference_count_);
  std::vector<int32_t> hypothesis;
  for (std::size_t i = 0; i < sentence_count_; ++i) {
    for (std::size_t r = 0; r < reference_count_; ++r) {
      const std::size_t* begin = &reference_begins_[i * reference_count_ + r];
      references[r] = Words(reference_words_).subspan(begin[0], begin[1] - begin[0]);
    }
    matcher.set_references(references);
    hypothesis.clear();
    const std::string line = prepare(hypotheses[i]);
    for (const std::string_view word : split_unicode_whitespace(line)) {
      const auto found = words_.find(word);
      hypothesis.push_back(found == words_.end() ? kUnknownWord : found->second);
    }
    all.push_back(matcher.match(hypothesis));
  }
  return all;
}

BleuScore Bleu::score(const BleuStatistics& sum) const { return score(sum, options_.effective_order); }
BleuScore Bleu::sentence_score(const BleuStatistics& one) const { return score(one, true); }

BleuScore Bleu::score(const BleuStatistics& sum, bool effective_order) const {
  BleuScore result;
  for (int n = 0; n < kMaxOrder; ++n) {
    result.correct[n] = static_cast<double>(sum.correct[n]);
    result.total[n] = static_cast<double>(sum.total[n]);
  }
  result.hypothesis_length = sum.hypothesis_length;
  result.reference_length = sum.reference_length;
  const auto hypothesis_length = static_cast<double>(sum.hypothesis_length),
             reference_length = static_cast<double>(sum.reference_length);
  if (sum.hypothesis_length < sum.reference_length)
    result.brevity_penalty = sum.hypothesis_length > 0 ? std::exp(1 - reference_length / hypothesis_length) : 0;

  // Without any match: zero, whatever the smoothing.
  if (std::all_of(sum.correct.begin(), sum.correct.end(), [](int64_t count) { return count == 0; })) return result;

  double halvings = 1;
  int orders = kMaxOrder;
  for (int n = 0; n < kMaxOrder; ++n) {
    if (options_.smooth_method == "add-k" && n > 0) {
      result.correct[n] += *options_.smooth_value;
      result.total[n] += *options_.smooth_value;
    }
    if (result.total[n] == 0) break;
    if (effective_order) orders = n + 1;
    if (result.correct[n] != 0) {
      result.precisions[n] = 100 * result.correct[n] / result.total[n];
    } else if (options_.smooth_method == "exp") {
      halvings *= 2;
      result.precisions[n] = 100 / (halvings * result.total[n]);
    } else if (options_.smooth_method == "floor") {
      result.precisions[n] = 100 * *options_.smooth_value / result.total[n];
    }
  }
  double sum_of_logs = 0;
  for (int n = 0; n < orders; ++n)
    sum_of_logs += result.precisions[n] == 0 ? -9999999999.0 : std::log(result.precisions[n]);
  result.score = result.brevity_penalty * std::exp(sum_of_logs / orders);
  return result;
}

std::string Bleu::signature() const {
  std::string smooth = options_.smooth_method;
  if (default_smooth_value(smooth)) smooth += fmt::format("[{:.2f}]", *options_.smooth_value);
  return fmt::format("nrefs:{}|case:{}|eff:{}|tok:{}|smooth:{}|version:penalmt-{}", reference_count_,
                     options_.lowercase ? "lc" : "mixed", options_.effective_order ? "yes" : "no", tokenizer_->name(),
                     smooth, PENALMT_VERSION);
}

MetricScore Bleu::named(const BleuScore& score) const { return {"BLEU", score.score, signature(), score.verbose()}; }

std::string Bleu::prepare(std::string_view line) const {
  if (!options_.lowercase) return tokenizer_->tokenize(trim_end(line));
  const std::string lowered = lowercase(line);
  return tokenizer_->tokenize(trim_end(lowered));
}

BleuScore corpus_bleu(const std::vector<std::string>& hypotheses,
                      const std::vector<std::vector<std::string>>& references, const BleuOptions& options) {
  const Bleu bleu(options, references);
  BleuStatistics sum;
  for (const BleuStatistics& one : bleu.statistics(hypotheses)) sum += one;
  return bleu.score(sum);
}

}  // namespace penalmt
