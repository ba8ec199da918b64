// The decoder one position at a time on the CPU in float32, without LibTorch: what was computed for
// the positions before is kept.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "models/incremental/row_attention.h"
#include "models/incremental/row_layers.h"
#include "tensors/packed_matrix.h"

namespace penalmt {

// The regions of a batch's images, for decoders that look on their own.
struct RowRegions {
  const float* states = nullptr;  // [B, count, C]
  int64_t count = 0;
  std::vector<bool> has_image;  // [B]
};

// One batch after the other; buffers are used again. Not for two threads at once.
class RowDecoder {
 public:
  explicit RowDecoder(std::shared_ptr<const RowWeights> weights);

  // No row is left.
  void clear();
  // One row a sentence, without a position yet, behind the rows that there are. states: [M of all
  // sentences, C], the memory; every sentence has at least one position of it. choices: of each
  // sentence the tokens that it may be made of, ascending; empty: all; given where the rows that
  // there are have them.
  void add(const float* states, const std::vector<int64_t>& lengths,
           const std::vector<std::vector<int>>& choices = {});
  // What the rows look at that were added to none.
  void look_at(RowRegions regions);
  // One position on: tokens[r] is what row r said last (the start token at first). Returns the
  // states [N, C], valid until the next call.
  const float* advance(const std::vector<int>& tokens);
  // states: [N, C] → out: [N, V]; ColumnChoice::kBarred or less where a token may not be.
  void logits(const float* states, float* out) const;
  // states: [N, C]. The best of logits(states), which are never in memory as a whole.
  Candidates best(const float* states, const CandidateRule& rule) const;
  // Row r goes on from what was row rows[r]. With choices, sentences stay in order.
  void reorder(const std::vector<int64_t>& rows);
  int64_t rows() const { return static_cast<int64_t>(position_.size()); }

 private:
  // The choices of sentences that came together.
  struct Chosen {
    ColumnChoice choice;  // its group: of the rows that are open
    PackedMatrix output;  // of the choice's columns
  };
  Chosen chosen(const std::vector<std::vector<int>>& choices) const;
  // The image's part of a layer, in x [N, C], where the sentence has an image.
  void attend_to_image(int64_t l, float* x);

  const std::shared_ptr<const RowWeights> weights_;
  RowPositions positions_;
  RowAttention attention_, image_attention_;  // the latter's memory: the image's regions
  std::vector<bool> has_image_;               // [N]; none where no sentence has an image
  std::vector<int64_t> position_;             // [N] of each row
  std::vector<Chosen> chosen_;                // none: all pieces may be written
  RowBuffer states_, normed_, wide_, query_, mixed_, branch_, inner_, before_, gate_;
};

}  // namespace penalmt
