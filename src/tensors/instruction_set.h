// Which of the kernels' instruction sets this process uses.
#pragma once

namespace penalmt {

// Each with what those before it have, but for avx512, which lacks VNNI.
enum class InstructionSet { kPlain, kAvx2, kAvxVnni, kAvx512, kAvx512Vnni };

bool processor_has(InstructionSet set);

// The best that the processor has, and no more than the environment allows: PENALMT_CPU (plain,
// avx2, avxvnni, avx512, vnni), or LibTorch's own ATEN_CPU_CAPABILITY (default, avx2, avx512).
// Throws Error for another word in PENALMT_CPU.
InstructionSet instruction_set();

// Whether the product kernels are faster in int8 than in float32 (measured: with AVX2 alone 1.3 to
// 1.4 times, with VNNI 2 and more).
constexpr bool is_faster_in_int8(InstructionSet set) {
  return set != InstructionSet::kPlain && set != InstructionSet::kAvx512;
}

// Of one thing in forms for three widths of registers the one for `set`.
template <class T>
const T& for_set(InstructionSet set, const T& plain, const T& avx2, const T& avx512) {
  return set >= InstructionSet::kAvx512 ? avx512 : set >= InstructionSet::kAvx2 ? avx2 : plain;
}

}  // namespace penalmt
