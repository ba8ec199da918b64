// Which of the kernels' instruction sets this process uses.
#pragma once

namespace penalmt {

enum class InstructionSet { plain, avx2, avx512 };

// The best that the processor has, and no more than LibTorch's variable ATEN_CPU_CAPABILITY
// (default, avx2, avx512) allows.
InstructionSet instruction_set();

}  // namespace penalmt
