// A model whose every prefix has a distribution by a formula, and what is found in it by
// definition.
#pragma once

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <functional>
#include <set>

#include "decoding/search_options.h"
#include "decoding/tensor_step.h"

namespace penalmt::formula_steps {

using Prefix = std::vector<int>;  // the tokens so far, the start left out

// Logits of the token after `prefix` in a translation of sentence `sentence`.
using Formula = std::function<std::vector<double>(int64_t sentence, const Prefix& prefix)>;

// Every prefix has its own, reproducible distribution; `end` shifts the logit of the end token.
inline Formula mixed(int vocabulary, double end = 0.0, double spread = 2.0) {
  return [=](int64_t sentence, const Prefix& prefix) {
    uint64_t key = 1469598103934665603ULL + static_cast<uint64_t>(sentence) * 7919;
    for (int token : prefix) key = (key ^ static_cast<uint64_t>(token)) * 1099511628211ULL;
    std::vector<double> logits(vocabulary);
    for (int v = 0; v < vocabulary; ++v) {
      uint64_t bits = (key + static_cast<uint64_t>(v)) * 0x9E3779B97F4A7C15ULL;
      bits ^= bits >> 29;
      logits[v] = spread * (static_cast<double>(bits >> 11 & 0xFFFFF) / 0xFFFFF - 0.5) * 2;
    }
    logits[kEos] += end;
    return logits;
  };
}

// A step model that remembers prefixes and asks the formula; it also writes down what it was asked.
class FormulaModel : public TensorStepModel {
 public:
  FormulaModel(Formula formula, std::vector<int64_t> sentences)
      : formula_(std::move(formula)), sentences_(std::move(sentences)) {
    prefixes_.resize(sentences_.size());
  }
  // A row behind the others.
  void add(int64_t sentence) {
    sentences_.push_back(sentence);
    prefixes_.emplace_back();
  }
  void clear() {
    sentences_.clear();
    prefixes_.clear();
  }
  at::Tensor advance(const std::vector<int>& tokens) override {
    EXPECT_EQ(tokens.size(), prefixes_.size());
    rows_of_step.push_back(static_cast<int64_t>(tokens.size()));
    std::vector<at::Tensor> rows;
    for (size_t r = 0; r < tokens.size(); ++r) {
      fed.insert(tokens[r]);
      if (prefixes_[r].empty()) {
        EXPECT_EQ(tokens[r], kBos);
      }
      prefixes_[r].push_back(tokens[r]);
      const Prefix behind_start(prefixes_[r].begin() + 1, prefixes_[r].end());
      rows.push_back(at::tensor(formula_(sentences_[r], behind_start), at::kDouble).to(at::kFloat));
    }
    return at::stack(rows);
  }
  void reorder(const std::vector<int64_t>& rows) override {
    std::vector<Prefix> prefixes;
    std::vector<int64_t> sentences;
    for (int64_t row : rows) {
      prefixes.push_back(prefixes_.at(row));
      sentences.push_back(sentences_.at(row));
    }
    prefixes_ = prefixes;
    sentences_ = sentences;
  }
  std::vector<int64_t> rows_of_step;
  std::set<int> fed;

 private:
  Formula formula_;
  std::vector<int64_t> sentences_;
  std::vector<Prefix> prefixes_;  // with the start
};

inline std::vector<double> log_softmax(const std::vector<double>& logits) {
  double sum = 0;
  for (double x : logits) sum += std::exp(x);
  std::vector<double> out;
  for (double x : logits) out.push_back(x - std::log(sum));
  return out;
}

inline std::vector<SentenceSearch> within(int64_t limit, size_t sentences) {
  return std::vector<SentenceSearch>(sentences, {.limit = limit});
}

}  // namespace penalmt::formula_steps
