// The letters of every shape comment in this project, and the check used at its borders.
//
//   B sentences     S source tokens     T target tokens    R image regions    M memory positions
//   C model width   H heads             D = C / H          F image-feature width
//   V vocabulary    K beam              L layers           N rows (B * T, or real tokens only)
#pragma once

#include <ATen/core/Tensor.h>

#include <initializer_list>

namespace penalmt {

// Throws c10::Error (our mistake, not the user's) unless `tensor` has these sizes; -1 allows any.
void check_shape(const at::Tensor& tensor, std::initializer_list<int64_t> sizes, const char* name);

}  // namespace penalmt
