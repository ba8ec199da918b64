#include "evaluation/bleu.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"

namespace penalmt {
namespace {

// The value that a smoothing method takes by default; nullopt where it takes none.
std::optional<double> default_smooth_value(const std::string& method) {
  if (method == "floor") return 0.1;
  if (method == "add-k") return 1.0;
  if (method == "exp" || method == "none") return std::nullopt;
  throw Error(fmt::format(
      "smooth_method: unknown method; got '{}', expected one of add-k, exp, floor, none", method));
}

std::size_t nearest_length(std::size_t length,
                           const std::vector<NgramMatcher::Symbols>& references) {
  const auto distance = [&](std::size_t candidate) {
    return candidate > length ? candidate - length : length - candidate;
  };
  std::size_t best = references.front().size();
  for (const NgramMatcher::Symbols reference : references) {
    const std::size_t candidate = reference.size();
    if (distance(candidate) < distance(best) ||
        (distance(candidate) == distance(best) && candidate < best))
      best = candidate;
  }
  return best;
}

// Number is double, or what NumPy makes of a resampled corpus; the order of operations is
// sacreBLEU's.
template <class Number>
struct Parts {
  Number score = 0;
  std::array<Number, kMaxOrder> correct{}, total{}, precisions{};
  double brevity_penalty = 1;
  int64_t hypothesis_length = 0, reference_length = 0;
};

template <class Number>
Parts<Number> parts_of(std::span<const Number> sum, const BleuOptions& options,
                       bool effective_order) {
  Parts<Number> parts;
  parts.hypothesis_length = static_cast<int64_t>(value_of(sum[0]));
  parts.reference_length = static_cast<int64_t>(value_of(sum[1]));
  std::copy_n(sum.begin() + 2, kMaxOrder, parts.correct.begin());
  std::copy_n(sum.begin() + 2 + kMaxOrder, kMaxOrder, parts.total.begin());
  if (parts.hypothesis_length < parts.reference_length) {
    const auto hypothesis = static_cast<double>(parts.hypothesis_length),
               reference = static_cast<double>(parts.reference_length);
    parts.brevity_penalty = hypothesis > 0 ? std::exp(1 - reference / hypothesis) : 0;
  }
  // Without any match: zero, whatever the smoothing.
  if (std::all_of(parts.correct.begin(), parts.correct.end(),
                  [](Number count) { return value_of(count) == 0; }))
    return parts;

  double halvings = 1;
  int orders = kMaxOrder;
  for (int n = 0; n < kMaxOrder; ++n) {
    if (options.smooth_method == "add-k" && n > 0) {
      parts.correct[n] += *options.smooth_value;
      parts.total[n] += *options.smooth_value;
    }
    if (value_of(parts.total[n]) == 0) break;
    if (effective_order) orders = n + 1;
    if (value_of(parts.correct[n]) != 0) {
      parts.precisions[n] = Number(100) * parts.correct[n] / parts.total[n];
    } else if (options.smooth_method == "exp") {
      halvings *= 2;
      parts.precisions[n] = Number(100) / (Number(halvings) * parts.total[n]);
    } else if (options.smooth_method == "floor") {
      parts.precisions[n] = Number(100 * *options.smooth_value) / parts.total[n];
    }
  }
  double sum_of_logs = 0;
  for (int n = 0; n < orders; ++n) {
    const double precision = value_of(parts.precisions[n]);
    sum_of_logs += precision == 0 ? -9999999999.0 : std::log(precision);
  }
  parts.score = parts.brevity_penalty * std::exp(sum_of_logs / orders);
  return parts;
}

}  // namespace

double BleuScore::ratio() const {
  return reference_length == 0
             ? 0
             : static_cast<double>(hypothesis_length) / static_cast<double>(reference_length);
}

std::string BleuScore::verbose() const {
  return fmt::format("{:.1f} (BP = {:.3f} ratio = {:.3f} hyp_len = {} ref_len = {})",
                     fmt::join(precisions, "/"), brevity_penalty, ratio(), hypothesis_length,
                     reference_length);
}

Bleu::Bleu(BleuOptions options, const References& references)
    : Metric(references),
      options_(std::move(options)),
      tokenizer_(make_score_tokenizer(options_.tokenizer, options_.tokenizer_model)) {
  if (!options_.smooth_value) options_.smooth_value = default_smooth_value(options_.smooth_method);
  for (std::size_t i = 0; i < references.sentences(); ++i) {
    references_.begin_sentence();
    for (const std::string_view reference : references.of(i)) {
      references_.begin_reference();
      const std::string line = prepare(reference);
      for (const std::string_view word : split_unicode_whitespace(line))
        references_.symbols().push_back(words_.number(word));
    }
  }
}

void Bleu::write_statistics(const std::vector<std::string>& hypotheses, std::size_t begin,
                            std::size_t end, double* rows) const {
  NgramMatcher matcher(kMaxOrder);
  std::vector<NgramMatcher::Symbols> references;
  std::vector<int32_t> hypothesis;
  for (std::size_t i = begin; i < end; ++i, rows += width()) {
    references_.of(i, references);
    matcher.set_references(references);
    hypothesis.clear();
    const std::string line = prepare(hypotheses[i]);
    for (const std::string_view word : split_unicode_whitespace(line))
      hypothesis.push_back(words_.find(word));
    rows[0] = static_cast<double>(hypothesis.size());
    rows[1] = static_cast<double>(nearest_length(hypothesis.size(), references));
    matcher.match(hypothesis, {rows + 2, kMaxOrder});
    for (std::size_t n = 1; n <= kMaxOrder; ++n)
      rows[1 + kMaxOrder + n] =
          hypothesis.size() < n ? 0 : static_cast<double>(hypothesis.size() - n + 1);
  }
}

MetricScore Bleu::score(std::span<const double> sum) const { return named(details(sum)); }
MetricScore Bleu::sentence_score(std::span<const double> row) const {
  return named(details(row, true));
}

NumpyNumber Bleu::resampled_score(std::span<const NumpyNumber> sum) const {
  return parts_of(sum, options_, options_.effective_order).score;
}

BleuScore Bleu::details(std::span<const double> sum, bool effective_order) const {
  const auto parts = parts_of(sum, options_, effective_order);
  return {.score = parts.score,
          .correct = parts.correct,
          .total = parts.total,
          .precisions = parts.precisions,
          .brevity_penalty = parts.brevity_penalty,
          .hypothesis_length = parts.hypothesis_length,
          .reference_length = parts.reference_length};
}

std::string Bleu::options_signature() const {
  std::string smooth = options_.smooth_method;
  if (default_smooth_value(smooth)) smooth += fmt::format("[{:.2f}]", *options_.smooth_value);
  return fmt::format("case:{}|eff:{}|tok:{}|smooth:{}", options_.lowercase ? "lc" : "mixed",
                     options_.effective_order ? "yes" : "no", tokenizer_->name(), smooth);
}

MetricScore Bleu::named(const BleuScore& score) const {
  return {"BLEU", score.score, signature(), score.verbose()};
}

std::string Bleu::prepare(std::string_view line) const {
  if (!options_.lowercase) return tokenizer_->tokenize(trim_end(line));
  const std::string lowered = lowercase(line);
  return tokenizer_->tokenize(trim_end(lowered));
}

BleuScore corpus_bleu(const std::vector<std::string>& hypotheses, const References& references,
                      const BleuOptions& options) {
  const Bleu bleu(options, references);
  return bleu.details(bleu.statistics(hypotheses).sum());
}

}  // namespace penalmt
