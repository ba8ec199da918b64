#include "tensors/packed_matrix.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "base/error.h"
#include "tensors/instruction_set.h"
#include "tensors/product_kernels.h"

namespace penalmt {
namespace {

constexpr int64_t kRowsAtATime = 48;   // their numbers stay in the first cache beside a panel
constexpr int64_t kTile = 8 * kPanel;  // columns of a product at a time: they stay in the second
constexpr int64_t kSpare = 4;          // candidates beyond those wanted where products are rounded

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
  if (name == "float32") return ProductFormat::kFloat32;
  if (name == "bfloat16") return ProductFormat::kBfloat16;
  if (name == "int8") return ProductFormat::kInt8;
  if (name != "auto")
    throw Error("precision: got '" + name + "', expected auto, float32, bfloat16 or int8");
  return is_faster_in_int8(instruction_set()) ? ProductFormat::kInt8 : ProductFormat::kFloat32;
}

std::string name_of(ProductFormat format) {
  return format == ProductFormat::kInt8       ? "int8"
         : format == ProductFormat::kBfloat16 ? "bfloat16"
                                              : "float32";
}

// Some rows as the products take them.
struct PackedMatrix::Rows {
  const float* x;
  int64_t count;
  std::vector<uint8_t> numbers;  // int8 only
  std::vector<float> scales;
};

PackedMatrix::PackedMatrix(const MatrixNumbers& numbers, std::shared_ptr<const NarrowMatrix> narrow)
    : format_(ProductFormat::kBfloat16),
      in_(numbers.in),
      out_(numbers.out),
      weight_(numbers.weight),
      narrow_(std::move(narrow)) {
  bias_.assign(rounded_up(out_, kPanel), 0.0f);
  if (numbers.bias) std::copy_n(numbers.bias.get(), out_, bias_.begin());
}

PackedMatrix::PackedMatrix(const MatrixNumbers& numbers, ProductFormat format)
    : PackedMatrix(numbers, nullptr) {
  if (format == ProductFormat::kBfloat16) throw std::logic_error("bfloat16 without its products");
  format_ = format;
  if (format == ProductFormat::kInt8)
    lay_out_int8(weight_.get());
  else
    lay_out_floats(weight_.get());
}

void PackedMatrix::lay_out_floats(const float* from) {
  depth_ = in_;
  panels_.assign(static_cast<int64_t>(bias_.size()) * depth_, 0.0f);
  for (int64_t c = 0; c < out_; ++c)
    for (int64_t k = 0; k < in_; ++k)
      panels_[(c / kPanel * depth_ + k) * kPanel + c % kPanel] = from[c * in_ + k];
}

void PackedMatrix::lay_out_int8(const float* from) {
  const auto columns = static_cast<int64_t>(bias_.size());
  depth_ = rounded_up(in_, 4);
  int8_panels_.assign(columns * depth_, 0);
  scales_.assign(columns, 0.0f);
  start_.assign(columns, 0);
  for (int64_t c = 0; c < out_; ++c) {
    float most = 0, none = 0;  // none: 0, but no number where a weight is infinite or none
    for (int64_t k = 0; k < in_; ++k) {
      most = std::max(most, std::abs(from[c * in_ + k]));
      none += from[c * in_ + k] - from[c * in_ + k];
    }
    scales_[c] = most / 127 + none;
    if (std::isnan(none)) continue;
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
  if (format_ != ProductFormat::kInt8) return rows;
  rows.numbers.resize(count * depth_);
  rows.scales.resize(count);
  const ProductKernels& kernels = product_kernels();
  for (int64_t r = 0; r < count; ++r)
    kernels.quantise(x + r * in_, in_, depth_, rows.numbers.data() + r * depth_, &rows.scales[r]);
  return rows;
}

void PackedMatrix::multiply(const Rows& x, int64_t first, int64_t columns, float* out,
                            int64_t stride) const {
  if (narrow_) return narrow_->multiply(x.x, x.count, first, columns, out, stride);
  const ProductKernels& kernels = product_kernels();
  float rest[kRowsAtATime * kPanel];  // of the last panel, where it is not full
  for (int64_t c = first; c < first + columns; c += kPanel) {
    const int64_t real = std::min(kPanel, first + columns - c);
    float* to = real == kPanel ? out + (c - first) : rest;
    const int64_t step = real == kPanel ? stride : kPanel;
    if (format_ == ProductFormat::kInt8)
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

void PackedMatrix::apply(const float* x, int64_t rows, float* out) const {
  if (narrow_) return narrow_->multiply(x, rows, 0, out_, out, out_);
  for (int64_t r = 0; r < rows; r += kRowsAtATime)
    multiply(rows_of(x + r * in_, std::min(kRowsAtATime, rows - r)), 0, out_, out + r * out_, out_);
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
  if (narrow_) {
    chosen.narrow_ = narrow_->of_columns(columns);
    return chosen;
  }
  const bool is_int8 = format_ == ProductFormat::kInt8;
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

Candidates PackedMatrix::best(const float* x, int64_t rows, const CandidateRule& rule) const {
  return best(x, rows, rule, nullptr);
}

Candidates PackedMatrix::best(const float* x, int64_t rows, const CandidateRule& rule,
                              const ColumnChoice& choice) const {
  CandidateRule within = rule;
  const auto place = [&](int token) {
    return static_cast<int>(std::lower_bound(columns_.begin(), columns_.end(), token) -
                            columns_.begin());
  };
  within.first_token = place(rule.first_token);
  within.end_token = place(rule.end_token);
  for (int& token : within.asked) token = place(token);
  Candidates found = best(x, rows, within, &choice);
  for (int& token : found.tokens)
    if (token >= 0) token = columns_[token];
  for (float& log_probability : found.log_probabilities)
    if (log_probability < ColumnChoice::kBarred / 2)
      log_probability = -std::numeric_limits<float>::infinity();
  return found;
}

Candidates PackedMatrix::best(const float* x, int64_t rows, const CandidateRule& rule,
                              const ColumnChoice* choice) const {
  const bool is_exact = format_ == ProductFormat::kFloat32;
  std::vector<Candidates> found;
  std::vector<float> tile(kRowsAtATime * kTile);
  for (int64_t r = 0; r < rows; r += kRowsAtATime) {
    const int64_t count = std::min(kRowsAtATime, rows - r);
    const Rows of_block = rows_of(x + r * in_, count);
    const auto bars = [&](int64_t row) {
      return choice->barred.data() + choice->group[r + row] * out_;
    };
    CandidateScan scan(count, rule.of_rows(r, count), is_exact ? 0 : kSpare);
    for (int64_t first = 0; first < out_; first += kTile) {
      const int64_t columns = std::min(kTile, out_ - first);
      multiply(of_block, first, columns, tile.data(), kTile);
      for (int64_t row = 0; choice != nullptr && row < count; ++row)
        for (int64_t c = 0; c < columns; ++c) tile[row * kTile + c] += bars(row)[first + c];
      scan.add(tile.data(), kTile, first, columns);
    }
    const auto exact = [&](int64_t row, int token) {
      const int64_t column = choice ? columns_[token] : token;
      return dot(x + (r + row) * in_, weight_.get() + column * in_, in_) + bias_[token] +
             (choice ? bars(row)[token] : 0.0f);
    };
    found.push_back(is_exact ? scan.finish() : scan.finish(exact));
  }
  return joined(found);
}

}  // namespace penalmt
