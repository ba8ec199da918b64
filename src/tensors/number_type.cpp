#include "tensors/number_type.h"

namespace penalmt {

int64_t bytes_of(NumberType type) {
  switch (type) {
    case NumberType::kFloat64:
    case NumberType::kInt64:
      return 8;
    case NumberType::kFloat32:
    case NumberType::kInt32:
      return 4;
    case NumberType::kFloat16:
    case NumberType::kBfloat16:
    case NumberType::kInt16:
      return 2;
    default:
      return 1;
  }
}

}  // namespace penalmt
