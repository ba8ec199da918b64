#include "tensors/packed_linear.h"

#include <ATen/Functions.h>

#include <algorithm>

#include "tensors/shape_check.h"

namespace penalmt {
namespace {

thread_local const PackedMatrices* in_force = nullptr;

// A tensor over numbers that others keep.
at::Tensor view_of(const float* numbers, at::IntArrayRef shape) {
  return at::from_blob(const_cast<float*>(numbers), shape, at::kFloat);
}

class TensorNarrowMatrix : public NarrowMatrix {
 public:
  TensorNarrowMatrix(at::Tensor weight, at::Tensor bias)
      : weight_(std::move(weight)), bias_(std::move(bias)) {}

  void multiply(const float* x, int64_t rows, int64_t first, int64_t columns, float* out,
                int64_t stride) const override {
    const at::Tensor narrow_x = view_of(x, {rows, weight_.size(1)}).to(at::kBFloat16);
    const at::Tensor bias = bias_.defined() ? bias_.narrow(0, first, columns) : at::Tensor();
    at::from_blob(out, {rows, columns}, {stride, 1}, at::kFloat)
        .copy_(at::linear(narrow_x, weight_.narrow(0, first, columns), bias));
  }

  std::shared_ptr<const NarrowMatrix> of_columns(const std::vector<int>& columns) const override {
    const at::Tensor which = at::tensor(columns, at::kInt);
    return std::make_shared<TensorNarrowMatrix>(
        weight_.index_select(0, which), bias_.defined() ? bias_.index_select(0, which) : bias_);
  }

 private:
  const at::Tensor weight_, bias_;  // [out, in], [out], bfloat16
};

}  // namespace

SharedFloats shared_floats(const at::Tensor& x) {
  if (!x.defined()) return nullptr;
  const auto kept = std::make_shared<const at::Tensor>(x.detach().contiguous());
  return {kept, kept->const_data_ptr<float>()};
}

PackedMatrix packed_matrix(const MatrixNumbers& numbers, ProductFormat format) {
  if (format != ProductFormat::kBfloat16) return PackedMatrix(numbers, format);
  const at::Tensor weight = view_of(numbers.weight.get(), {numbers.out, numbers.in});
  at::Tensor bias;
  if (numbers.bias) bias = view_of(numbers.bias.get(), {numbers.out}).to(at::kBFloat16);
  return {numbers, std::make_shared<TensorNarrowMatrix>(weight.to(at::kBFloat16), std::move(bias))};
}

PackedMatrix packed_matrix(const at::Tensor& weight, const at::Tensor& bias, ProductFormat format) {
  return packed_matrix({shared_floats(weight), shared_floats(bias), weight.size(0), weight.size(1)},
                       format);
}

at::Tensor product(const PackedMatrix& matrix, const at::Tensor& x) {
  std::vector<int64_t> shape = x.sizes().vec();
  const at::Tensor rows = x.reshape({-1, shape.back()}).contiguous();
  check_shape(rows, {rows.size(0), matrix.in()}, "rows of a product");
  shape.back() = matrix.out();
  at::Tensor out = at::empty(shape, x.options());
  matrix.apply(rows.const_data_ptr<float>(), rows.size(0), out.mutable_data_ptr<float>());
  return out;
}

PackedMatricesScope::PackedMatricesScope(const PackedMatrices& matrices) : before_(in_force) {
  in_force = &matrices;
}
PackedMatricesScope::~PackedMatricesScope() { in_force = before_; }

const PackedMatrix* packed_form(const at::Tensor& weight) {
  if (in_force == nullptr) return nullptr;
  const auto found = in_force->find(weight.const_data_ptr());
  return found == in_force->end() ? nullptr : &found->second;
}

}  // namespace penalmt
