// Which of the kernels' instruction sets this process uses.
#pragma once

namespace penalmt {

enum class InstructionSet { plain, avx2, avx512 };

// The best that the processor has, and no more than the environment allows: PENALMT_CPU (plain,
// avx2, avx512, vnni), or LibTorch's own ATEN_CPU_CAPABILITY (default, avx2, avx512).
InstructionSet instruction_set();

// Of one thing in each set's form the one for `set`.
template <class T>
const T& for_set(InstructionSet set, const T& plain, const T& avx2, const T& avx512) {
  return set == InstructionSet::avx512 ? avx512 : set == InstructionSet::avx2 ? avx2 : plain;
}

// Whether the processor multiplies int8 four at a time (VNNI with AVX-512) and the environment
// allows it.
bool has_int8_products();

}  // namespace penalmt
