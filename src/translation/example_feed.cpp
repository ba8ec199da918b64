#include "translation/example_feed.h"

#include <utility>

namespace penalmt {

std::vector<SentenceSearch> ExampleFeed::next() {
  std::vector<SentenceSearch> sentences;
  while (true) {
    if (waiting_ == nullptr) waiting_ = supply_.next();
    if (waiting_ == nullptr || !has_room()) return sentences;
    put_in(*waiting_, sentences);
    waiting_ = nullptr;
  }
}

void ExampleFeed::done(int64_t sentence, std::vector<Hypothesis> found) {
  const int64_t example = entered_[sentence];
  --open_;
  open_tokens_ -= length(example);
  found_[example] = std::move(found);
  supply_.done(1);
}

bool ExampleFeed::has_room() const {
  if (open_ == 0) return true;
  int64_t tokens = open_tokens_;
  for (const int64_t example : *waiting_) tokens += length(example);
  return tokens <= tokens_;
}

void ExampleFeed::put_in(const std::vector<int64_t>& which,
                         std::vector<SentenceSearch>& sentences) {
  std::vector<std::vector<int>> choices;
  for (const int64_t example : which)
    if (const auto& choice = searched_.sentences[example].choice; !choice.empty())
      choices.push_back(choice);
  enter_(which, choices, open_ == 0);
  for (const int64_t example : which) {
    entered_.push_back(example);
    ++open_;
    open_tokens_ += length(example);
    sentences.push_back(searched_.sentences[example]);
  }
}

}  // namespace penalmt
