#include "datasets/changed_images.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <set>

#include "base/random.h"
#include "base/sorted.h"

namespace penalmt {
namespace {

// Rows of another set, lines of its own.
class Rearranged : public ImageSet {
 public:
  Rearranged(const ImageSet& rows, std::vector<int64_t> index) : rows_(rows) {
    index_ = std::move(index);
  }
  at::Tensor rows(const std::vector<int64_t>& which) const override { return rows_.rows(which); }

 private:
  const ImageSet& rows_;
};

class Zeroed : public ImageSet {
 public:
  explicit Zeroed(const ImageSet& right) : right_(right) { index_ = right.index(); }
  at::Tensor rows(const std::vector<int64_t>& which) const override {
    const at::Tensor rows = right_.rows(which);
    return at::full_like(rows, rows.scalar_type() == at::kByte ? 128 : 0);
  }

 private:
  const ImageSet& right_;
};

// The rows that lines refer to, each once.
std::vector<int64_t> rows_in_use(const ImageSet& images) {
  std::vector<int64_t> rows = images.index();
  std::erase(rows, -1);
  sort_without_repeats(rows);
  return rows;
}

class Noise : public ImageSet {
 public:
  Noise(const ImageSet& right, uint64_t seed) : right_(right), seed_(seed) {
    index_ = right.index();
    double count = 0, sum = 0, squares = 0;
    for (const int64_t row : rows_in_use(right)) {
      const at::Tensor values = right.rows({row}).to(at::kDouble);
      count += static_cast<double>(values.numel());
      sum += values.sum().item<double>();
      squares += values.square().sum().item<double>();
    }
    if (count == 0) return;
    mean_ = sum / count;
    deviation_ = std::sqrt(std::max(0.0, squares / count - mean_ * mean_));
  }
  at::Tensor rows(const std::vector<int64_t>& which) const override {
    const at::Tensor right = right_.rows(which);
    at::Tensor noise = at::empty(right.sizes(), at::kFloat);
    for (std::size_t i = 0; i < which.size(); ++i) fill(noise[static_cast<int64_t>(i)], which[i]);
    return right.scalar_type() == at::kByte ? noise.round_().clamp_(0, 255).to(at::kByte)
                                            : noise.to(right.scalar_type());
  }

 private:
  // By Box and Muller (1958), two at a time.
  void fill(const at::Tensor& values, int64_t row) const {
    SplitMix64 random(seed_, static_cast<uint64_t>(row));
    float* value = values.data_ptr<float>();
    for (float* const end = value + values.numel(); value < end;) {
      const double radius = deviation_ * std::sqrt(-2 * std::log(1 - random.uniform()));
      const double angle = 2 * std::numbers::pi * random.uniform();
      *value++ = static_cast<float>(mean_ + radius * std::cos(angle));
      if (value < end) *value++ = static_cast<float>(mean_ + radius * std::sin(angle));
    }
  }

  const ImageSet& right_;
  uint64_t seed_;
  double mean_ = 0, deviation_ = 0;
};

}  // namespace

std::unique_ptr<ImageSet> images_of_lines(const ImageSet& all,
                                          const std::vector<std::size_t>& lines) {
  std::vector<int64_t> index;
  for (const std::size_t line : lines) index.push_back(all.index()[line]);
  return std::make_unique<Rearranged>(all, std::move(index));
}

std::unique_ptr<ImageSet> shuffled_images(const ImageSet& right, uint64_t seed) {
  SplitMix64 random(seed);
  std::vector<int64_t> index = right.index();
  std::vector<int64_t> different = rows_in_use(right);
  shuffle(different, random);

  // 1. Lines in random order, those of one image beside each other.
  std::map<int64_t, std::vector<std::size_t>> lines_of;
  for (std::size_t line = 0; line < index.size(); ++line)
    if (index[line] >= 0) lines_of[index[line]].push_back(line);
  std::vector<std::size_t> order;
  std::size_t most = 0;
  for (const int64_t row : different) {
    shuffle(lines_of[row], random);
    order.insert(order.end(), lines_of[row].begin(), lines_of[row].end());
    most = std::max(most, lines_of[row].size());
  }
  // 2. The images turned by as many places as the most frequent one has.
  for (std::size_t i = 0; i < order.size(); ++i)
    index[order[i]] = right.index()[order[(i + most) % order.size()]];
  // 3. Where that was in vain, any other.
  for (std::size_t i = 0; i < order.size() && different.size() > 1; ++i) {
    int64_t& row = index[order[i]];
    const int64_t own = right.index()[order[i]];
    while (row == own) row = different[random.below(different.size())];
  }
  return std::make_unique<Rearranged>(right, std::move(index));
}

std::unique_ptr<ImageSet> zeroed_images(const ImageSet& right) {
  return std::make_unique<Zeroed>(right);
}

std::unique_ptr<ImageSet> noise_images(const ImageSet& right, uint64_t seed) {
  return std::make_unique<Noise>(right, seed);
}

const std::vector<std::string>& image_changes() {
  static const std::vector<std::string> changes = {"shuffled", "zeroed", "noise"};
  return changes;
}

bool can_be_shuffled(const ImageSet& right) {
  std::set<int64_t> different(right.index().begin(), right.index().end());
  different.erase(-1);
  return different.size() >= 2;
}

std::vector<ImageCondition> image_conditions(const ImageSet* right,
                                             const std::vector<std::string>& changes,
                                             uint64_t seed) {
  std::vector<ImageCondition> conditions;
  if (right != nullptr) {
    conditions.push_back({"right", nullptr, right});
    for (const std::string& name : changes) {
      ImageCondition condition{name, name == "shuffled" ? shuffled_images(*right, seed)
                                     : name == "zeroed" ? zeroed_images(*right)
                                                        : noise_images(*right, seed)};
      condition.images = condition.changed.get();
      conditions.push_back(std::move(condition));
    }
  }
  conditions.push_back({"none", nullptr, nullptr});
  return conditions;
}

}  // namespace penalmt
