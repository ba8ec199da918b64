#include "tensors/instruction_set.h"

#include <algorithm>
#include <cstdlib>
#include <string>

namespace penalmt {
namespace {

InstructionSet set_of_processor() {
#ifdef __x86_64__
  if (__builtin_cpu_supports("x86-64-v4")) return InstructionSet::avx512;
  if (__builtin_cpu_supports("x86-64-v3")) return InstructionSet::avx2;
#endif
  return InstructionSet::plain;
}

InstructionSet allowed_set() {
  const char* name = std::getenv("ATEN_CPU_CAPABILITY");
  if (!name || std::string(name) == "avx512") return InstructionSet::avx512;
  return std::string(name) == "avx2" ? InstructionSet::avx2 : InstructionSet::plain;
}

}  // namespace

InstructionSet instruction_set() {
  static const InstructionSet set = std::min(set_of_processor(), allowed_set());
  return set;
}

}  // namespace penalmt
