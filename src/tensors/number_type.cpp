#include "tensors/number_type.h"

namespace penalmt {

int64_t bytes_of(NumberType type) {
  switch (type) {
    case NumberType::float64:
    case NumberType::int64:
      return 8;
    case NumberType::float32:
    case NumberType::int32:
      return 4;
    case NumberType::float16:
    case NumberType::bfloat16:
    case NumberType::int16:
      return 2;
    default:
      return 1;
  }
}

}  // namespace penalmt
