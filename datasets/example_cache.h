// A corpus cut into pieces once and kept on the disk: read where it lies, so that memory does not
// grow with the text. Its name says its content, so that another text, or another tokenizer, has
// another.
//
//   DIR/4f1c....examples/   meta.json, places.bin (where each example is), pieces.bin
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "base/files.h"
#include "datasets/batches.h"
#include "datasets/text/corpus.h"
#include "tokenizers/sentencepiece.h"

namespace penalmt {

class ExampleCache {
 public:
  // Of that corpus and these tokenizers: what lies in `folder`, or is made there first; of several
  // processes one makes it. `threads` as in parallel_for (base/parallel.h). Throws Error where a
  // cache is damaged or was written by another version; as PairReader, expect_within_limits
  // (datasets/text/pair_reader.h) and AtomicFolder (base/files.h).
  ExampleCache(const std::filesystem::path& folder, const Corpus& corpus, const Tokenizer& source,
               const Tokenizer& target, int threads);

  // Pairs with both sides, in the order of the text.
  int64_t size() const { return size_; }
  int64_t pairs() const { return pairs_; }  // of the text
  // As a model reads it; without an image; its id is the pair's place in the text.
  Example at(int64_t i) const;
  ExampleLengths lengths(int64_t i) const;
  int64_t line(int64_t i) const;  // where it begins in its file, from 1
  // What the content is called.
  const std::string& name() const { return name_; }

 private:
  struct Place;
  const Place& place(int64_t i) const;
  void make(const std::filesystem::path& cache, const Corpus& corpus, const Tokenizer& source,
            const Tokenizer& target, int threads) const;
  void open(const std::filesystem::path& cache);

  std::string name_;
  std::optional<MappedFile> places_, pieces_;
  int64_t size_ = 0, pairs_ = 0;
  bool narrow_ = false;  // pieces in 2 bytes
};

}  // namespace penalmt
