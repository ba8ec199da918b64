// The examples of a search, read by one worker: batches of its supply, as room comes free.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "datasets/examples.h"
#include "decoding/beam_search.h"
#include "translation/workers.h"

namespace penalmt {

// Encoded sentences and what the search is told of each.
struct SearchedSentences {
  const std::vector<Example>& examples;
  const std::vector<SentenceSearch>& sentences;
};

class ExampleFeed : public SentenceFeed {
 public:
  // Gives the model rows for these examples, behind those that it has or, `first`, since none is
  // open; choices: what each may be made of, none: everything.
  using Enter = std::function<void(const std::vector<int64_t>& which,
                                   const std::vector<std::vector<int>>& choices, bool first)>;

  // tokens: of the sources that are searched at a time at most, where that is a batch or more; 0: a
  // batch is done before the next enters. found: of each example.
  ExampleFeed(const SearchedSentences& searched, BatchSupply& supply, int64_t tokens, Enter enter,
              std::vector<std::vector<Hypothesis>>& found)
      : searched_(searched),
        supply_(supply),
        tokens_(tokens),
        enter_(std::move(enter)),
        found_(found) {}

  std::vector<SentenceSearch> next() override;
  void done(int64_t sentence, std::vector<Hypothesis> found) override;

 private:
  int64_t length(int64_t example) const {
    return static_cast<int64_t>(searched_.examples[example].source.size());
  }
  bool has_room() const;
  void put_in(const std::vector<int64_t>& which, std::vector<SentenceSearch>& sentences);

  const SearchedSentences searched_;
  BatchSupply& supply_;
  const int64_t tokens_;
  const Enter enter_;
  std::vector<std::vector<Hypothesis>>& found_;
  const std::vector<int64_t>* waiting_ = nullptr;
  std::vector<int64_t> entered_;  // the example of each sentence of the search
  int64_t open_ = 0, open_tokens_ = 0;
};

// Tokens of what enters a search at once, where `tokens` are searched at a time: half of them, as
// soon as there is room.
inline int64_t entering_tokens(int64_t tokens) { return tokens > 1 ? tokens / 2 : 1; }

}  // namespace penalmt
