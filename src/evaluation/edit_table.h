// Tables of edit distances between the beginnings of a hypothesis (rows) and of a reference
// (columns):
//
//              a  c  b      at(i, j): the fewest words to insert, delete or substitute that
//           0  1  2  3      make the hypothesis' first i words the reference's first j
//        b  1  1  2  2
//        a  2  1  2  3
//
// Row i depends on the first i words alone, so after a change of the hypothesis the rows before it
// stay right. Both tables keep the rows of one hypothesis and can tell the distance of another that
// begins alike.
//
// Words are numbers 0 ... `letters` - 1; a word of the hypothesis that the reference lacks may be
// any of them that the reference lacks.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace penalmt {

// The exact distances. A row is held as its differences, one bit a column (Myers, 1999; Hyyrö,
// 2003): 64 cells at a time.
class ExactEditTable {
 public:
  // For hypotheses of `rows` words. Keeps a view of the reference.
  void start(std::span<const int32_t> reference, int32_t letters, int32_t rows);
  // The hypothesis whose rows are kept; it has its first `known` words in common with the one
  // before.
  void fill(const int32_t* hypothesis, int32_t known);
  int32_t at(int32_t i, int32_t j) const;
  int32_t distance() const { return at(rows_, columns_); }
  // The distance of a hypothesis that has its first `known` words in common with the one of fill();
  // those are not read.
  int32_t distance_of(const int32_t* hypothesis, int32_t known);

 private:
  // Bit j: cell j + 1 is one more (or one less) than cell j.
  struct Block {
    uint64_t more = ~uint64_t{0}, less = 0;
  };
  void next_row(const Block* above, Block* row, int32_t word) const;
  int32_t cell(const Block* row, int32_t i, int32_t j) const;

  int32_t rows_ = 0, columns_ = 0, blocks_ = 0;
  std::vector<uint64_t> places_;  // [letters][blocks_] bit j: the word is the reference's j-th
  std::vector<Block> table_;      // [rows_ + 1][blocks_]
  std::vector<Block> probe_;      // [blocks_]
};

// The distances as the reference implementation has them: row i looks only at columns near i *
// columns / rows. Where the best path leads through other cells, the distance comes out larger than
// it is.
class BeamEditTable {
 public:
  static constexpr int32_t kBeamWidth = 25;

  void start(std::span<const int32_t> reference, int32_t rows);
  void fill(const int32_t* hypothesis, int32_t known);
  int32_t at(int32_t i, int32_t j) const { return windows_[i].cell(table_.data(), j); }
  int32_t distance() const { return at(rows_, columns_); }
  int32_t distance_of(const int32_t* hypothesis, int32_t known);

  // No path that leaves the beam costs less than this. So where the exact distance is less, all
  // best paths lie in the beam, and the exact table has the beam's distance and the same cells on
  // and beside those paths: it can stand in.
  int32_t least_cost_outside() const { return least_cost_outside_; }

 private:
  static constexpr int32_t kUnreachable = 1 << 29;

  // Columns [begin, end) of a row; their cells stand at table + offset.
  struct Window {
    int32_t begin, end;
    std::size_t offset;
    int32_t cell(const int32_t* table, int32_t j) const {
      return j < begin || j >= end ? kUnreachable
                                   : table[offset + static_cast<std::size_t>(j - begin)];
    }
  };
  void next_row(const Window& above, const int32_t* above_cells, const Window& window,
                int32_t* cells, int32_t word) const;

  std::span<const int32_t> reference_;
  int32_t rows_ = 0, columns_ = 0, least_cost_outside_ = 0;
  std::vector<Window> windows_;  // [rows_ + 1]
  std::vector<int32_t> table_;
  std::vector<int32_t> probe_[2];
};

}  // namespace penalmt
