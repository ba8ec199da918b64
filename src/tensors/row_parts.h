// Rows of a product in two parts, of which the sizes come again.
#pragma once

#include <cstdint>

namespace penalmt {

inline constexpr int64_t kRepeatedRows = 64;

// do_part(first row, rows) for the largest multiple of 64 and for what is left. oneDNN writes code
// for every number of rows that it meets, 0.3 to 0.6 ms a product, and no two packed batches have
// the same: 6 % of an update of Tiny in bfloat16 on one thread of an AMD EPYC. Parts of these sizes
// are few, and their code is kept (hand_over() in commands/registry.cpp makes room for it).
template <class Part>
void for_repeated_parts(int64_t rows, const Part& do_part) {
  const int64_t most = rows / kRepeatedRows * kRepeatedRows;
  if (most > 0) do_part(0, most);
  if (most < rows) do_part(most, rows - most);
}

// The size of the next slice where `left` rows are left and slices have at most `most`: sizes that
// come again, too.
inline int64_t next_slice(int64_t left, int64_t most) {
  if (left >= most) return most;
  return left < kRepeatedRows ? left : left / kRepeatedRows * kRepeatedRows;
}

}  // namespace penalmt
