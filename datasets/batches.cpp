#include "datasets/batches.h"

#include <algorithm>

#include <ATen/ATen.h>

#include "datasets/image_set.h"

namespace penalmt {

Batch collate(const std::vector<Example>& examples, const std::vector<int64_t>& which,
              const ImageSet* images) {
  const auto b = static_cast<int64_t>(which.size());
  int64_t s = 0, t = 0;
  std::size_t with_target = 0;
  for (const int64_t i : which) {
    s = std::max(s, static_cast<int64_t>(examples[i].source.size()));
    t = std::max(t, target_length(lengths_of(examples[i])));
    with_target += !examples[i].target.empty();
  }
  TORCH_CHECK(with_target == 0 || with_target == which.size(),
              "a batch mixes examples with and without a target");

  Batch batch;
  batch.source = at::zeros({b, s}, at::kLong);
  batch.source_lengths = at::empty({b}, at::kLong);
  batch.ids = at::empty({b}, at::kLong);
  batch.has_image = at::zeros({b}, at::kBool);
  if (with_target) {
    batch.target_input = at::zeros({b, t}, at::kLong);
    batch.target_output = at::zeros({b, t}, at::kLong);
  }
  std::vector<int64_t> image_rows;  // of the examples that have one
  for (int64_t row = 0; row < b; ++row) {
    const Example& example = examples[which[row]];
    std::copy(example.source.begin(), example.source.end(),
              batch.source.data_ptr<int64_t>() + row * s);
    batch.source_lengths.data_ptr<int64_t>()[row] = static_cast<int64_t>(example.source.size());
    batch.ids.data_ptr<int64_t>()[row] = example.id;
    if (with_target) {
      std::copy(example.target.begin(), example.target.end() - 1,
                batch.target_input.data_ptr<int64_t>() + row * t);
      std::copy(example.target.begin() + 1, example.target.end(),
                batch.target_output.data_ptr<int64_t>() + row * t);
      batch.target_tokens += target_length(lengths_of(example));
    }
    if (images && example.has_image()) {
      image_rows.push_back(example.image);
      batch.has_image.data_ptr<bool>()[row] = true;
    }
  }
  if (!image_rows.empty()) batch.images = images->rows(image_rows);
  return batch;
}

}  // namespace penalmt
