// The number format of matrix products: float32, or bfloat16 with float32 sums and float32
// everywhere else.
#pragma once

#include <ATen/core/Tensor.h>

#include <utility>
#include <vector>

namespace penalmt {

enum class Precision { float32, bfloat16 };

// The precision of the matrix products in this thread's scope. On a GPU it switches autocast on; on
// the CPU `linear` and `token_loss` read it. bfloat16 pays on CPUs with AMX or AVX512-BF16 and on
// GPUs; elsewhere it is slow but right.
class PrecisionScope {
 public:
  explicit PrecisionScope(Precision precision);
  ~PrecisionScope();
  PrecisionScope(const PrecisionScope&) = delete;
  PrecisionScope& operator=(const PrecisionScope&) = delete;

 private:
  friend at::Tensor narrowed(const at::Tensor& parameter);
  Precision before_;
  bool autocast_before_;
  PrecisionScope* outer_;
  std::vector<std::pair<at::Tensor, at::Tensor>>
      narrow_;  // a whole storage, and the same in bfloat16
};

Precision matrix_precision();

// A parameter in bfloat16. On a GPU all that lies in memory with it is converted at once (a
// training run's parameters are one vector), and once in a scope: no parameter may change within
// it.
at::Tensor narrowed(const at::Tensor& parameter);

// Whether this processor has instructions that multiply bfloat16.
bool bfloat16_is_native();

}  // namespace penalmt
