#include "tensors/packed_matrix.h"

#include <ATen/Functions.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "tensors/instruction_set.h"
#include "tensors/product_kernels.h"
#include "tensors/shape_check.h"

namespace penalmt {
namespace {

constexpr int64_t kRowsAtATime = 48;   // their numbers stay in the first cache beside a panel
constexpr int64_t kTile = 8 * kPanel;  // columns of a product at a time: they stay in the second
constexpr int64_t kSpare = 4;          // candidates beyond those wanted where products are rounded

thread_local const PackedMatrices* in_force = nullptr;

int64_t rounded_up(int64_t n, int64_t step) { return (n + step - 1) / step * step; }

float dot(const float* a, const float* b, int64_t n) {
  float sums[16] = {};
  int64_t i = 0;
  for (; i + 16 <= n; i += 16)
    for (int64_t lane = 0; lane < 16; ++lane) sums[lane] += a[i + lane] * b[i + lane];
  float sum = 0;
  for (const float lane : sums) sum += lane;
  for (; i < n; ++i) sum += a[i] * b[i];
  return sum;
}

}  // namespace

ProductFormat product_format(const std::string& name) {
  if (name == "float32") return ProductFormat::float32;
  if (name == "bfloat16") return ProductFormat::bfloat16;
  if (name == "int8") return ProductFormat::int8;
  if (name != "auto")
    throw Error("precision: got '" + name + "', expected auto, float32, bfloat16 or int8");
  return is_faster_in_int8(instruction_set()) ? ProductFormat::int8 : ProductFormat::float32;
}

std::string name_of(ProductFormat format) {
  return format == ProductFormat::int8       ? "int8"
         : format == ProductFormat::bfloat16 ? "bfloat16"
                                             : "float32";
}

// Some rows as the products take them.
struct PackedMatrix::Rows {
  const float* x;
  int64_t count;
  std::vector<uint8_t> numbers;  // int8 only
  std::vector<float> scales;
};

PackedMatrix::PackedMatrix(const at::Tensor& weight, const at::Tensor& bias, ProductFormat format)
    : format_(format), in_(weight.size(1)), out_(weight.size(0)), weight_(weight.contiguous()) {
  const int64_t columns = rounded_up(out_, kPanel);
  const float* from = weight_.const_data_ptr<float>();
  bias_.assign(columns, 0.0f);
  if (bias.defined()) std::copy_n(bias.contiguous().const_data_ptr<float>(), out_, bias_.begin());
  if (format == ProductFormat::bfloat16) {
    narrow_weight_ = weight.to(at::kBFloat16);
    if (bias.defined()) narrow_bias_ = bias.to(at::kBFloat16);
    return;
  }
  depth_ = format == ProductFormat::int8 ? rounded_up(in_, 4) : in_;
  if (format == ProductFormat::float32) {
    panels_.assign(columns * depth_, 0.0f);
    for (int64_t c = 0; c < out_; ++c)
      for (int64_t k = 0; k < in_; ++k)
        panels_[(c / kPanel * depth_ + k) * kPanel + c % kPanel] = from[c * in_ + k];
    return;
  }
  int8_panels_.assign(columns * depth_, 0);
  scales_.assign(columns, 0.0f);
  start_.assign(columns, 0);
  for (int64_t c = 0; c < out_; ++c) {
    float most = 0;
    for (int64_t k = 0; k < in_; ++k) most = std::max(most, std::abs(from[c * in_ + k]));
    scales_[c] = most / 127;
    int8_t* panel = int8_panels_.data() + c / kPanel * depth_ * kPanel;
    for (int64_t k = 0; k < in_; ++k) {
      const auto number =
          static_cast<int8_t>(most > 0 ? std::nearbyint(from[c * in_ + k] * 127 / most) : 0);
      panel[k / 4 * 4 * kPanel + c % kPanel * 4 + k % 4] = number;
      start_[c] -= 128 * number;
    }
  }
}

PackedMatrix::Rows PackedMatrix::rows_of(const float* x, int64_t count) const {
  Rows rows{x, count, {}, {}};
  if (format_ != ProductFormat::int8) return rows;
  rows.numbers.resize(count * depth_);
  rows.scales.resize(count);
  const ProductKernels& kernels = product_kernels();
  for (int64_t r = 0; r < count; ++r)
    kernels.quantise(x + r * in_, in_, depth_, rows.numbers.data() + r * depth_, &rows.scales[r]);
  return rows;
}

void PackedMatrix::multiply(const Rows& x, int64_t first, int64_t columns, float* out,
                            int64_t stride) const {
  const ProductKernels& kernels = product_kernels();
  float rest[kRowsAtATime * kPanel];  // of the last panel, where it is not full
  for (int64_t c = first; c < first + columns; c += kPanel) {
    const int64_t real = std::min(kPanel, first + columns - c);
    float* to = real == kPanel ? out + (c - first) : rest;
    const int64_t step = real == kPanel ? stride : kPanel;
    if (format_ == ProductFormat::int8)
      kernels.multiply_int8({x.numbers.data(), x.scales.data(), x.count, depth_},
                            {int8_panels_.data() + c * depth_, start_.data() + c,
                             scales_.data() + c, bias_.data() + c},
                            to, step);
    else
      kernels.multiply({x.x, x.count, depth_}, {panels_.data() + c * depth_, bias_.data() + c}, to,
                       step);
    if (real < kPanel)
      for (int64_t r = 0; r < x.count; ++r)
        std::copy_n(rest + r * kPanel, real, out + r * stride + (c - first));
  }
}

// narrow_x: [N, in] bfloat16 → [N, columns] float32.
at::Tensor PackedMatrix::narrow_product(const at::Tensor& narrow_x, int64_t first,
                                        int64_t columns) const {
  const at::Tensor bias =
      narrow_bias_.defined() ? narrow_bias_.narrow(0, first, columns) : at::Tensor();
  return at::linear(narrow_x, narrow_weight_.narrow(0, first, columns), bias).to(at::kFloat);
}

void PackedMatrix::apply(const at::Tensor& x, at::Tensor& out) const {
  const int64_t rows = x.size(0);
  check_shape(x, {rows, in_}, "rows of a product");
  if (format_ == ProductFormat::bfloat16) {
    out.copy_(narrow_product(x.to(at::kBFloat16), 0, out_));
    return;
  }
  const float* from = x.const_data_ptr<float>();
  float* to = out.mutable_data_ptr<float>();
  at::parallel_for(0, (rows + kRowsAtATime - 1) / kRowsAtATime, 1, [&](int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; ++block) {
      const int64_t r = block * kRowsAtATime;
      multiply(rows_of(from + r * in_, std::min(kRowsAtATime, rows - r)), 0, out_, to + r * out_,
               out_);
    }
  });
}

at::Tensor PackedMatrix::product(const at::Tensor& x) const {
  std::vector<int64_t> shape = x.sizes().vec();
  shape.back() = out_;
  const at::Tensor rows = x.reshape({-1, in_}).contiguous();
  at::Tensor out = at::empty({rows.size(0), out_}, x.options());
  apply(rows, out);
  return out.view(shape);
}

PackedMatrix PackedMatrix::of_columns(const std::vector<int>& columns) const {
  PackedMatrix chosen;
  chosen.format_ = format_;
  chosen.in_ = in_;
  chosen.depth_ = depth_;
  chosen.out_ = static_cast<int64_t>(columns.size());
  chosen.weight_ = weight_;
  chosen.columns_ = columns;
  const int64_t room = rounded_up(chosen.out_, kPanel);
  chosen.bias_.assign(room, 0.0f);
  for (int64_t c = 0; c < chosen.out_; ++c) chosen.bias_[c] = bias_[columns[c]];
  if (format_ == ProductFormat::bfloat16) {
    const at::Tensor which = at::tensor(columns, at::kInt);
    chosen.narrow_weight_ = narrow_weight_.index_select(0, which);
    if (narrow_bias_.defined()) chosen.narrow_bias_ = narrow_bias_.index_select(0, which);
    return chosen;
  }
  const bool is_int8 = format_ == ProductFormat::int8;
  // A panel holds `step` numbers of a column beside each other, then those of the next one.
  const auto gather = [&](const auto& from, auto& to, int64_t step) {
    to.assign(room * depth_, 0);
    for (int64_t c = 0; c < chosen.out_; ++c) {
      const auto* source =
          from.data() + columns[c] / kPanel * depth_ * kPanel + columns[c] % kPanel * step;
      auto* target = to.data() + c / kPanel * depth_ * kPanel + c % kPanel * step;
      for (int64_t k = 0; k < depth_; k += step)
        std::copy_n(source + k * kPanel, step, target + k * kPanel);
    }
  };
  if (is_int8)
    gather(int8_panels_, chosen.int8_panels_, 4);
  else
    gather(panels_, chosen.panels_, 1);
  chosen.scales_.assign(is_int8 ? room : 0, 0.0f);
  chosen.start_.assign(is_int8 ? room : 0, 0);
  for (int64_t c = 0; is_int8 && c < chosen.out_; ++c) {
    chosen.scales_[c] = scales_[columns[c]];
    chosen.start_[c] = start_[columns[c]];
  }
  return chosen;
}

Candidates PackedMatrix::best(const at::Tensor& x, const CandidateRule& rule) const {
  return best(x, rule, nullptr);
}

Candidates PackedMatrix::best(const at::Tensor& x, const CandidateRule& rule,
                              const ColumnChoice& choice) const {
  CandidateRule within = rule;
  const auto place = [&](int token) {
    return static_cast<int>(std::lower_bound(columns_.begin(), columns_.end(), token) -
                            columns_.begin());
  };
  within.first_token = place(rule.first_token);
  within.end_token = place(rule.end_token);
  Candidates found = best(x, within, &choice);
  for (int& token : found.tokens)
    if (token >= 0) token = columns_[token];
  for (float& log_probability : found.log_probabilities)
    if (log_probability < ColumnChoice::kBarred / 2)
      log_probability = -std::numeric_limits<float>::infinity();
  return found;
}

Candidates PackedMatrix::best(const at::Tensor& x, const CandidateRule& rule,
                              const ColumnChoice* choice) const {
  const int64_t rows = x.size(0), blocks = (rows + kRowsAtATime - 1) / kRowsAtATime;
  const float *from = x.const_data_ptr<float>(), *weight = weight_.const_data_ptr<float>();
  std::vector<Candidates> found(blocks);
  at::parallel_for(0, blocks, 1, [&](int64_t begin, int64_t end) {
    std::vector<float> tile(kRowsAtATime * kTile);
    for (int64_t block = begin; block < end; ++block) {
      const int64_t r = block * kRowsAtATime, count = std::min(kRowsAtATime, rows - r);
      const Rows of_block = rows_of(from + r * in_, count);
      at::Tensor narrow;
      if (format_ == ProductFormat::bfloat16) narrow = x.narrow(0, r, count).to(at::kBFloat16);
      const auto bars = [&](int64_t row) {
        return choice->barred.data() + choice->group[r + row] * out_;
      };
      CandidateScan scan(count, rule, format_ == ProductFormat::float32 ? 0 : kSpare);
      for (int64_t first = 0; first < out_; first += kTile) {
        const int64_t columns = std::min(kTile, out_ - first);
        at::Tensor product;
        float* numbers = tile.data();
        int64_t stride = kTile;
        if (format_ == ProductFormat::bfloat16) {
          product = narrow_product(narrow, first, columns);
          numbers = product.mutable_data_ptr<float>();
          stride = columns;
        } else {
          multiply(of_block, first, columns, numbers, stride);
        }
        for (int64_t row = 0; choice != nullptr && row < count; ++row)
          for (int64_t c = 0; c < columns; ++c) numbers[row * stride + c] += bars(row)[first + c];
        scan.add(numbers, stride, first, columns);
      }
      found[block] = format_ == ProductFormat::float32
                         ? scan.finish()
                         : scan.finish([&](int64_t row, int token) {
                             const int64_t column = choice ? columns_[token] : token;
                             return dot(from + (r + row) * in_, weight + column * in_, in_) +
                                    bias_[token] + (choice ? bars(row)[token] : 0.0f);
                           });
    }
  });
  return joined(found);
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
