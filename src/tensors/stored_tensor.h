// One tensor inside a file: what a header says of it, for those who map the file and do not load
// it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tensors/number_type.h"

namespace penalmt {

struct StoredTensor {
  std::string name;
  NumberType type = NumberType::kFloat32;
  std::vector<int64_t> shape;
  uint64_t begin = 0, end = 0;  // its bytes, counted from the beginning of the file
};

}  // namespace penalmt
