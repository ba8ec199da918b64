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

std::string allowed() {
  for (const char* variable : {"PENALMT_CPU", "ATEN_CPU_CAPABILITY"})
    if (const char* name = std::getenv(variable)) return name;
  return "vnni";
}

InstructionSet allowed_set() {
  const std::string name = allowed();
  if (name == "vnni" || name == "avx512") return InstructionSet::avx512;
  return name == "avx2" ? InstructionSet::avx2 : InstructionSet::plain;
}

}  // namespace

InstructionSet instruction_set() {
  static const InstructionSet set = std::min(set_of_processor(), allowed_set());
  return set;
}

bool has_int8_products() {
#ifdef __x86_64__
  static const bool has = [] {
    const char* name = std::getenv("PENALMT_CPU");
    return instruction_set() == InstructionSet::avx512 && __builtin_cpu_supports("avx512vnni") &&
           (name == nullptr || std::string(name) != "avx512");
  }();
  return has;
#else
  return false;
#endif
}

}  // namespace penalmt
