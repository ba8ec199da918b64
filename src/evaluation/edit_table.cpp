#include "evaluation/edit_table.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <limits>

namespace penalmt {

void ExactEditTable::start(std::span<const int32_t> reference, int32_t letters, int32_t rows) {
  rows_ = rows;
  columns_ = static_cast<int32_t>(reference.size());
  blocks_ = columns_ / 64 + 1;
  places_.assign(static_cast<std::size_t>(letters) * blocks_, 0);
  for (int32_t j = 0; j < columns_; ++j)
    places_[static_cast<std::size_t>(reference[j]) * blocks_ + j / 64] |= uint64_t{1} << (j % 64);
  table_.resize(static_cast<std::size_t>(rows + 1) * blocks_);
  std::fill_n(table_.begin(), blocks_, Block{});  // row 0: 0, 1, 2, ...
  probe_.resize(blocks_);
}

void ExactEditTable::next_row(const Block* above, Block* row, int32_t word) const {
  const uint64_t* places = &places_[static_cast<std::size_t>(word) * blocks_];
  // How the cell at the end of a block differs from the one above it goes on to the next block.
  // Column 0 is one more.
  uint64_t carried_more = 1, carried_less = 0;
  for (int32_t b = 0; b < blocks_; ++b) {
    const auto [more, less] = above[b];
    const uint64_t match = places[b] | carried_less;
    // Cells that equal the one up left of them; the sum carries a match along a run of cells that
    // rise.
    const uint64_t same = (((match & more) + more) ^ more) | match | less;
    // Cells that are one more, or one less, than the one above them; then those whose left
    // neighbour is.
    const uint64_t down_more = less | ~(same | more), down_less = more & same;
    const uint64_t left_more = down_more << 1 | carried_more,
                   left_less = down_less << 1 | carried_less;
    row[b] = {left_less | ~(same | left_more), left_more & same};
    carried_more = down_more >> 63;
    carried_less = down_less >> 63;
  }
}

int32_t ExactEditTable::cell(const Block* row, int32_t i, int32_t j) const {
  int32_t value = i;
  for (; j >= 64; j -= 64, ++row) value += std::popcount(row->more) - std::popcount(row->less);
  const uint64_t mask = (uint64_t{1} << j) - 1;
  return value + std::popcount(row->more & mask) - std::popcount(row->less & mask);
}

void ExactEditTable::fill(const int32_t* hypothesis, int32_t known) {
  Block* row = &table_[static_cast<std::size_t>(known) * blocks_];
  for (int32_t i = known; i < rows_; ++i, row += blocks_)
    next_row(row, row + blocks_, hypothesis[i]);
}

int32_t ExactEditTable::at(int32_t i, int32_t j) const {
  return cell(&table_[static_cast<std::size_t>(i) * blocks_], i, j);
}

int32_t ExactEditTable::distance_of(const int32_t* hypothesis, int32_t known) {
  std::copy_n(&table_[static_cast<std::size_t>(known) * blocks_], blocks_, probe_.begin());
  for (int32_t i = known; i < rows_; ++i) next_row(probe_.data(), probe_.data(), hypothesis[i]);
  return cell(probe_.data(), rows_, columns_);
}

void BeamEditTable::start(std::span<const int32_t> reference, int32_t rows) {
  reference_ = reference;
  rows_ = rows;
  columns_ = static_cast<int32_t>(reference.size());
  const double ratio = rows > 0 ? static_cast<double>(columns_) / rows : 1;
  // Wide enough that the windows of neighbouring rows always touch.
  const int32_t width =
      kBeamWidth < ratio / 2 ? static_cast<int32_t>(std::ceil(ratio / 2 + kBeamWidth)) : kBeamWidth;
  windows_.assign(1, {0, columns_ + 1, 0});
  least_cost_outside_ = std::numeric_limits<int32_t>::max();
  // A path through cell (i, j) costs at least |j - i| to get there and |(columns - j) - (rows - i)|
  // to go on.
  const int32_t excess = columns_ - rows_;
  const auto cost = [excess](int32_t diagonal) {
    return std::abs(diagonal) + std::abs(excess - diagonal);
  };
  for (int32_t i = 1; i <= rows; ++i) {
    const auto middle =
        static_cast<int32_t>(std::floor(i * ratio));  // rounded as in the reference implementation
    const Window& above = windows_.back();
    const Window window = {std::max(0, middle - width), std::min(columns_ + 1, middle + width),
                           above.offset + static_cast<std::size_t>(above.end - above.begin)};
    // The cheapest diagonals are those from 0 to `excess`; of the others, the nearer to them the
    // cheaper.
    if (window.begin > 0)
      least_cost_outside_ =
          std::min(least_cost_outside_, cost(std::min(window.begin - 1 - i, std::min(0, excess))));
    if (window.end <= columns_)
      least_cost_outside_ =
          std::min(least_cost_outside_, cost(std::max(window.end - i, std::max(0, excess))));
    windows_.push_back(window);
  }
}

void BeamEditTable::next_row(const Window& above, const int32_t* above_cells, const Window& window,
                             int32_t* cells, int32_t word) const {
  int32_t left = kUnreachable;
  int32_t corner = above.cell(above_cells, window.begin - 1);
  for (int32_t j = window.begin; j < window.end; ++j) {
    const int32_t up = above.cell(above_cells, j);
    int32_t value = up + 1;
    if (j > 0) value = std::min({value, left + 1, corner + (reference_[j - 1] == word ? 0 : 1)});
    cells[window.offset + static_cast<std::size_t>(j - window.begin)] = left = value;
    corner = up;
  }
}

void BeamEditTable::fill(const int32_t* hypothesis, int32_t known) {
  const Window& last = windows_.back();
  table_.resize(last.offset + static_cast<std::size_t>(last.end - last.begin));
  for (int32_t j = 0; j <= columns_; ++j) table_[j] = j;
  for (int32_t i = known; i < rows_; ++i)
    next_row(windows_[i], table_.data(), windows_[i + 1], table_.data(), hypothesis[i]);
}

int32_t BeamEditTable::distance_of(const int32_t* hypothesis, int32_t known) {
  for (auto& row : probe_) row.resize(static_cast<std::size_t>(columns_) + 1);
  Window above = windows_[known];
  const int32_t* above_cells = table_.data();
  for (int32_t i = known; i < rows_; ++i) {
    Window window = windows_[i + 1];
    window.offset = 0;
    int32_t* cells = probe_[i % 2].data();
    next_row(above, above_cells, window, cells, hypothesis[i]);
    above = window;
    above_cells = cells;
  }
  return above.cell(above_cells, columns_);
}

}  // namespace penalmt
