#include "tensors/shape_check.h"

#include <c10/util/Exception.h>

namespace penalmt {

void check_shape(const at::Tensor& tensor, std::initializer_list<int64_t> sizes, const char* name) {
  bool fits = tensor.dim() == static_cast<int64_t>(sizes.size());
  int64_t dimension = 0;
  for (const int64_t size : sizes) {
    if (!fits) break;
    fits = size == -1 || tensor.size(dimension) == size;
    ++dimension;
  }
  TORCH_CHECK(fits, name, ": got shape ", tensor.sizes(), ", expected ",
              at::IntArrayRef(sizes.begin(), sizes.size()));
}

}  // namespace penalmt
