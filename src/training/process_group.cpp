#include "training/process_group.h"

#include <torch/torch.h>

namespace penalmt {
namespace {

class SingleProcess : public ProcessGroup {
 public:
  int rank() const override { return 0; }
  int size() const override { return 1; }
  void sum(const at::Tensor&) override {}
  void share(const at::Tensor&) override {}
};

}  // namespace

std::vector<double> ProcessGroup::sums(std::vector<double> values) {
  if (size() > 1)
    sum(at::from_blob(values.data(), {static_cast<int64_t>(values.size())}, at::kDouble));
  return values;
}

bool ProcessGroup::any(bool value) { return sums({value ? 1.0 : 0.0})[0] > 0; }

std::string ProcessGroup::shared(const std::string& text) {
  if (size() == 1) return text;
  const at::Tensor length = at::full({1}, static_cast<int64_t>(text.size()), at::kLong);
  share(length);
  std::string ours(length.item<int64_t>(), '\0');
  if (leads()) ours = text;
  if (!ours.empty())
    share(at::from_blob(ours.data(), {static_cast<int64_t>(ours.size())}, at::kByte));
  return ours;
}

ProcessGroup& single_process() {
  static SingleProcess alone;
  return alone;
}

}  // namespace penalmt
