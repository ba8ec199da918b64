#include "translation/seen_images.h"

#include <ATen/Functions.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <numeric>

#include "base/parallel.h"
#include "tensors/devices.h"

namespace penalmt {
namespace {

constexpr int64_t kImagesAtATime = 16;

}  // namespace

SeenImages::SeenImages(const ImageSet& images, ImageEncoder& encoder, c10::Device device,
                       const BatchOptions& batches) {
  index_ = images.index();
  broken_ = images.broken();
  const int64_t count =
      1 + std::accumulate(index_.begin(), index_.end(), int64_t{-1},
                          [](int64_t most, int64_t row) { return std::max(most, row); });
  std::vector<at::Tensor> parts((count + kImagesAtATime - 1) / kImagesAtATime);
  const SingleThreadedScope one_thread_each;
  parallel_for(static_cast<int64_t>(parts.size()), device.is_cpu() ? batches.threads : 1,
               [&](int64_t part) {
                 const SingleThreadedScope here;
                 c10::InferenceMode guard;
                 std::vector<int64_t> rows(std::min(kImagesAtATime, count - part * kImagesAtATime));
                 std::iota(rows.begin(), rows.end(), part * kImagesAtATime);
                 parts[part] = encoder.regions_of(images.rows(rows).to(device));
               });
  c10::InferenceMode guard;
  if (count > 0) regions_ = at::cat(parts);
}

at::Tensor SeenImages::rows(const std::vector<int64_t>& which) const {
  return regions_.index_select(0, at::tensor(which, at::kLong).to(regions_.device()));
}

}  // namespace penalmt
