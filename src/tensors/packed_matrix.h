// A matrix laid out once for many products of few rows, on the CPU: decoding's linear maps.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tensors/candidate_scan.h"
#include "tensors/shared_floats.h"

namespace penalmt {

// What the numbers of a product are. bfloat16 and int8 round the inputs (int8: each row of x and
// each column of the matrix to 255 steps of its own largest), and sum in float32 and whole numbers.
enum class ProductFormat { kFloat32, kBfloat16, kInt8 };

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

// A matrix whose products are a library's: bfloat16, which we have no kernels for. Only the engine
// has one (tensors/packed_linear.h).
class NarrowMatrix {
 public:
  virtual ~NarrowMatrix() = default;
  // Columns [first, first + columns) of x W^T + b. x: [rows, in]; the rows of out lie `stride`
  // floats apart.
  virtual void multiply(const float* x, int64_t rows, int64_t first, int64_t columns, float* out,
                        int64_t stride) const = 0;
  virtual std::shared_ptr<const NarrowMatrix> of_columns(const std::vector<int>& columns) const = 0;
};

// weight: [out, in], bias: [out] or null, float32.
struct MatrixNumbers {
  SharedFloats weight, bias;
  int64_t out = 0, in = 0;
};

// In float32 and int8 through our own kernels (product_kernels.h): what a row gives does not depend
// on the rows beside it, to the bit. Not so in bfloat16. All of it in the caller's thread.
class PackedMatrix {
 public:
  PackedMatrix() = default;
  // The weight stays in use. Throws std::logic_error for bfloat16.
  PackedMatrix(const MatrixNumbers& numbers, ProductFormat format);
  // In bfloat16, through these products.
  PackedMatrix(const MatrixNumbers& numbers, std::shared_ptr<const NarrowMatrix> narrow);

  int64_t in() const { return in_; }
  int64_t out() const { return out_; }
  // x W^T + b. x: [rows, in] → out: [rows, out].
  void apply(const float* x, int64_t rows, float* out) const;
  // The best columns of each row of x [rows, in], and their log probabilities; the products are
  // never in memory as a whole. Where they are rounded, a few more than wanted are computed again
  // in float32, and the order is theirs.
  Candidates best(const float* x, int64_t rows, const CandidateRule& rule) const;
  // These columns alone, laid out anew.
  PackedMatrix of_columns(const std::vector<int>& columns) const;
  // The same where this matrix is of_columns(choice.columns): each row's candidates and the sum of
  // its probabilities are of its group's columns; they are called by their numbers in the whole
  // matrix, as the rule's tokens are. What a row gives does not depend on the other groups', but
  // for the order of that sum.
  Candidates best(const float* x, int64_t rows, const CandidateRule& rule,
                  const ColumnChoice& choice) const;

 private:
  Candidates best(const float* x, int64_t rows, const CandidateRule& rule,
                  const ColumnChoice* choice) const;
  void lay_out_floats(const float* from);
  void lay_out_int8(const float* from);
  struct Rows;
  // Columns [first, first + columns) of the product, `first` a panel's.
  void multiply(const Rows& x, int64_t first, int64_t columns, float* out, int64_t stride) const;
  Rows rows_of(const float* x, int64_t count) const;

  ProductFormat format_ = ProductFormat::kFloat32;
  int64_t in_ = 0, out_ = 0, depth_ = 0;        // depth: of a panel, `in` rounded up for int8
  SharedFloats weight_;                         // [out, in]; of_columns: of all columns
  std::vector<int> columns_;                    // of_columns: which they are
  std::shared_ptr<const NarrowMatrix> narrow_;  // bfloat16 only
  std::vector<float> panels_, bias_, scales_;   // the last panel is filled up with zeros
  std::vector<int8_t> int8_panels_;
  std::vector<int32_t> start_;
};

}  // namespace penalmt
