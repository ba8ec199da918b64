#include "evaluation/metric.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "base/parallel.h"

namespace penalmt {

References::References(std::vector<std::vector<std::string>> texts) : texts_(std::move(texts)) {
  if (texts_.empty()) throw Error("references: got none, expected one or more");
  for (const auto& text : texts_)
    if (text.size() != sentences())
      throw Error(fmt::format("references of unequal length: got {} sentences, expected {}",
                              text.size(), sentences()));
}

References References::without_empty(std::vector<std::vector<std::string>> texts) {
  References references(std::move(texts));
  references.empty_are_missing_ = true;
  for (std::size_t i = 0; i < references.sentences(); ++i)
    if (references.of(i).empty())
      throw Error(fmt::format(
          "references: sentence {} has none; expected at least one that is not empty", i + 1));
  return references;
}

std::vector<std::string_view> References::of(std::size_t sentence) const {
  std::vector<std::string_view> all;
  for (const auto& text : texts_)
    if (!empty_are_missing_ || !text[sentence].empty()) all.push_back(text[sentence]);
  return all;
}

std::string References::count() const {
  if (!empty_are_missing_ || sentences() == 0) return std::to_string(texts_.size());
  const std::size_t first = of(0).size();
  for (std::size_t i = 1; i < sentences(); ++i)
    if (of(i).size() != first) return "var";
  return std::to_string(first);
}

std::vector<double> Statistics::sum() const {
  std::vector<double> sum(width, 0);
  for (std::size_t begin = 0; begin < numbers.size(); begin += width)
    for (std::size_t i = 0; i < width; ++i) sum[i] += numbers[begin + i];
  return sum;
}

std::vector<double> Statistics::sum_of(std::span<const std::size_t> some) const {
  std::vector<double> sum(width, 0);
  for (const std::size_t sentence : some)
    for (std::size_t i = 0; i < width; ++i) sum[i] += numbers[sentence * width + i];
  return sum;
}

Statistics& Statistics::operator+=(const Statistics& other) {
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] += other.numbers[i];
  return *this;
}

std::string Metric::signature(const std::string& resampling) const {
  return fmt::format("nrefs:{}|{}{}{}|version:penalmt-{}", count_, resampling,
                     resampling.empty() ? "" : "|", options_signature(), PENALMT_VERSION);
}

Statistics Metric::statistics(const std::vector<std::string>& hypotheses, int threads) const {
  if (hypotheses.size() != sentences_)
    throw Error(fmt::format("{}: hypotheses; got {} sentences, expected {} as in the references",
                            name(), hypotheses.size(), sentences_));
  Statistics all{.width = width(), .numbers = std::vector<double>(sentences_ * width())};
  constexpr std::size_t kPart = 512;  // sentences of one job
  parallel_for(static_cast<int64_t>((sentences_ + kPart - 1) / kPart), threads, [&](int64_t part) {
    const std::size_t begin = static_cast<std::size_t>(part) * kPart,
                      end = std::min(begin + kPart, sentences_);
    write_statistics(hypotheses, begin, end, &all.numbers[begin * all.width]);
  });
  return all;
}

}  // namespace penalmt
