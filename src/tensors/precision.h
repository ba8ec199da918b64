// The number format of matrix products: float32, or bfloat16 with float32 sums and float32
// everywhere else.
#pragma once

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
  Precision before_;
  bool autocast_before_;
};

Precision matrix_precision();

// Whether this processor has instructions that multiply bfloat16.
bool bfloat16_is_native();

}  // namespace penalmt
