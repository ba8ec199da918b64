#include "tensors/instruction_set.h"

#include <cstdlib>
#include <string>

#include "base/error.h"

namespace penalmt {
namespace {

InstructionSet allowed_set() {
  if (const char* variable = std::getenv("PENALMT_CPU")) {
    const std::string name = variable;
    if (name == "vnni") return InstructionSet::kAvx512Vnni;
    if (name == "avx512") return InstructionSet::kAvx512;
    if (name == "avxvnni") return InstructionSet::kAvxVnni;
    if (name == "avx2") return InstructionSet::kAvx2;
    if (name == "plain") return InstructionSet::kPlain;
    throw Error("PENALMT_CPU: got '" + name + "', expected plain, avx2, avxvnni, avx512 or vnni");
  }
  if (const char* variable = std::getenv("ATEN_CPU_CAPABILITY")) {
    const std::string name = variable;
    if (name == "avx2") return InstructionSet::kAvx2;
    if (name != "avx512") return InstructionSet::kPlain;
  }
  return InstructionSet::kAvx512Vnni;
}

}  // namespace

bool processor_has(InstructionSet set) {
#ifdef __x86_64__
  switch (set) {
    case InstructionSet::kAvx512Vnni:
      return processor_has(InstructionSet::kAvx512) && __builtin_cpu_supports("avx512vnni");
    case InstructionSet::kAvx512:
      return __builtin_cpu_supports("x86-64-v4");
    case InstructionSet::kAvxVnni:
      return processor_has(InstructionSet::kAvx2) && __builtin_cpu_supports("avxvnni");
    case InstructionSet::kAvx2:
      return __builtin_cpu_supports("x86-64-v3");
    case InstructionSet::kPlain:
      break;
  }
#endif
  return set == InstructionSet::kPlain;
}

InstructionSet instruction_set() {
  static const InstructionSet set = [] {
    for (const InstructionSet best : {InstructionSet::kAvx512Vnni, InstructionSet::kAvx512,
                                      InstructionSet::kAvxVnni, InstructionSet::kAvx2})
      if (best <= allowed_set() && processor_has(best)) return best;
    return InstructionSet::kPlain;
  }();
  return set;
}

}  // namespace penalmt
