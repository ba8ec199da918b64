#include "models/incremental/step_kernels.h"

#include <ATen/Functions.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>

#include "tensors/row_kernels.h"

namespace penalmt {
namespace {

bool has_kernel(const at::Tensor& x) {
  return x.is_cpu() && x.scalar_type() == at::kFloat && x.is_contiguous();
}

}  // namespace

void add_norm(const at::Tensor& x, const at::Tensor& branch, const at::Tensor& weight,
              const at::Tensor& bias, double epsilon, at::Tensor& out) {
  const int64_t width = x.size(1);
  const RowKernels& kernels = row_kernels();
  if (!has_kernel(x)) {
    out.copy_(at::layer_norm(at::add(x, branch), {width}, weight, bias, epsilon));
    return;
  }
  const float *from = x.const_data_ptr<float>(), *added = branch.const_data_ptr<float>();
  const RowNorm norm = {weight.const_data_ptr<float>(), bias.const_data_ptr<float>(), width,
                        static_cast<float>(epsilon)};
  float* to = out.mutable_data_ptr<float>();
  at::parallel_for(0, x.size(0), 256, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r)
      kernels.add_norm_row(from + r * width, added + r * width, norm, to + r * width);
  });
}

void embed_tokens(const std::vector<int>& tokens, const at::Tensor& embedding, double scale,
                  const RowPositions& positions, at::Tensor& out) {
  const auto& [vectors, of_row] = positions;
  if (!has_kernel(out)) {
    const bool is_one = std::equal(of_row.begin() + 1, of_row.end(), of_row.begin());
    const at::Tensor ids = at::tensor(tokens, at::kInt).to(embedding.device());
    const at::Tensor shift =
        is_one ? vectors[of_row.front()]
               : vectors.index_select(0, at::tensor(of_row, at::kLong).to(vectors.device()));
    out.copy_(at::add(shift, at::embedding(embedding, ids), scale));
    return;
  }
  const int64_t width = out.size(1);
  const float *table = embedding.const_data_ptr<float>(), *shifts = vectors.const_data_ptr<float>();
  float* to = out.mutable_data_ptr<float>();
  for (size_t r = 0; r < tokens.size(); ++r) {
    const float* shift = shifts + of_row[r] * width;
    for (int64_t c = 0; c < width; ++c)
      to[r * width + c] = table[tokens[r] * width + c] * static_cast<float>(scale) + shift[c];
  }
}

}  // namespace penalmt
