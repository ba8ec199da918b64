// A matrix laid out once for many products of few rows, on the CPU: decoding's linear maps.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "tensors/top_candidates.h"

namespace penalmt {

// What the numbers of a product are. bfloat16 and int8 round the inputs (int8: each row of x and
// each column of the matrix to 255 steps of its own largest), and sum in float32 and whole numbers.
enum class ProductFormat { float32, bfloat16, int8 };

// "float32", "bfloat16", "int8", or "auto": the fastest that this processor has instructions for.
// Throws Error for another name.
ProductFormat product_format(const std::string& name);
std::string name_of(ProductFormat format);

// Some columns of a matrix, of which each group of rows may have its own alone.
struct ColumnChoice {
  std::vector<int> columns;    // [U] ascending
  std::vector<float> barred;   // [groups, U] kBarred where a group may not have the column, else 0
  std::vector<int64_t> group;  // [rows]

  static constexpr float kBarred = -1e30f;  // added to a product, it takes all its probability
};

// In float32 and int8 through our own kernels (product_kernels.h): what a row gives does not depend
// on the rows beside it, to the bit. In bfloat16 through LibTorch's.
class PackedMatrix {
 public:
  PackedMatrix() = default;
  // weight: [out, in] float32 on the CPU; bias: [out], undefined: 0.
  PackedMatrix(const at::Tensor& weight, const at::Tensor& bias, ProductFormat format);

  bool defined() const { return weight_.defined(); }
  // x W^T + b. x: [N, in] float32, contiguous → out: [N, out].
  void apply(const at::Tensor& x, at::Tensor& out) const;
  // x: [.., in] float32 → [.., out].
  at::Tensor product(const at::Tensor& x) const;
  // The best columns of each row of x [N, in], and their log probabilities; the products are never
  // in memory as a whole. Where they are rounded, a few more than wanted are computed again in
  // float32, and the order is theirs.
  Candidates best(const at::Tensor& x, const CandidateRule& rule) const;
  // These columns alone, laid out anew.
  PackedMatrix of_columns(const std::vector<int>& columns) const;
  // The same where this matrix is of_columns(choice.columns): each row's candidates and the sum of
  // its probabilities are of its group's columns; they are called by their numbers in the whole
  // matrix, as the rule's tokens are. What a row gives does not depend on the other groups', but
  // for the order of that sum.
  Candidates best(const at::Tensor& x, const CandidateRule& rule, const ColumnChoice& choice) const;

 private:
  Candidates best(const at::Tensor& x, const CandidateRule& rule, const ColumnChoice* choice) const;
  struct Rows;
  // Columns [first, first + columns) of the product, `first` a panel's.
  void multiply(const Rows& x, int64_t first, int64_t columns, float* out, int64_t stride) const;
  Rows rows_of(const float* x, int64_t count) const;
  at::Tensor narrow_product(const at::Tensor& narrow_x, int64_t first, int64_t columns) const;

  ProductFormat format_ = ProductFormat::float32;
  int64_t in_ = 0, out_ = 0, depth_ = 0;  // depth: of a panel, `in` rounded up for int8
  at::Tensor weight_;                     // [out, in]; of_columns: of all columns
  std::vector<int> columns_;              // of_columns: which they are
  at::Tensor narrow_weight_, narrow_bias_;
  std::vector<float> panels_, bias_, scales_;  // the last panel is filled up with zeros
  std::vector<int8_t> int8_panels_;
  std::vector<int32_t> start_;
};

// By the address of the weight's numbers.
using PackedMatrices = std::unordered_map<const void*, PackedMatrix>;

// While it lives, `linear` (tensors/linear.h) takes these in place of the weights that they were
// made of, in this thread. Not differentiable. A weight must not change meanwhile.
class PackedMatricesScope {
 public:
  explicit PackedMatricesScope(const PackedMatrices& matrices);
  ~PackedMatricesScope();
  PackedMatricesScope(const PackedMatricesScope&) = delete;
  PackedMatricesScope& operator=(const PackedMatricesScope&) = delete;

 private:
  const PackedMatrices* before_;
};

// The one in force for the weight, or null.
const PackedMatrix* packed_form(const at::Tensor& weight);

}  // namespace penalmt
