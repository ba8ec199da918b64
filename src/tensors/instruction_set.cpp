#include "tensors/instruction_set.h"

#include <cstdlib>
#include <string>

namespace penalmt {
namespace {

InstructionSet allowed_set() {
  if (const char* variable = std::getenv("PENALMT_CPU")) {
    const std::string name = variable;
    if (name == "vnni") return InstructionSet::avx512vnni;
    if (name == "avx512") return InstructionSet::avx512;
    if (name == "avxvnni") return InstructionSet::avxvnni;
    return name == "avx2" ? InstructionSet::avx2 : InstructionSet::plain;
  }
  if (const char* variable = std::getenv("ATEN_CPU_CAPABILITY")) {
    const std::string name = variable;
    if (name == "avx2") return InstructionSet::avx2;
    if (name != "avx512") return InstructionSet::plain;
  }
  return InstructionSet::avx512vnni;
}

}  // namespace

bool processor_has(InstructionSet set) {
#ifdef __x86_64__
  switch (set) {
    case InstructionSet::avx512vnni:
      return processor_has(InstructionSet::avx512) && __builtin_cpu_supports("avx512vnni");
    case InstructionSet::avx512:
      return __builtin_cpu_supports("x86-64-v4");
    case InstructionSet::avxvnni:
      return processor_has(InstructionSet::avx2) && __builtin_cpu_supports("avxvnni");
    case InstructionSet::avx2:
      return __builtin_cpu_supports("x86-64-v3");
    case InstructionSet::plain:
      break;
  }
#endif
  return set == InstructionSet::plain;
}

InstructionSet instruction_set() {
  static const InstructionSet set = [] {
    for (const InstructionSet best : {InstructionSet::avx512vnni, InstructionSet::avx512,
                                      InstructionSet::avxvnni, InstructionSet::avx2})
      if (best <= allowed_set() && processor_has(best)) return best;
    return InstructionSet::plain;
  }();
  return set;
}

}  // namespace penalmt
