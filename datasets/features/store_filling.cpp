#include "datasets/features/store_filling.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <map>
#include <mutex>

#include "base/error.h"
#include "base/parallel.h"
#include "datasets/image_set.h"
#include "tensors/devices.h"

namespace penalmt {
namespace {

// The outcome of one batch of images, of which `first` is the number of the first.
struct EncodedBatch {
  at::Tensor features;  // [P, R, F], of those that were kept
  std::vector<bool> kept;
  std::vector<std::string> problems;
};

EncodedBatch encode_batch(const ExportedEncoder& encoder,
                          const std::vector<std::filesystem::path>& files, std::size_t first,
                          const FillingOptions& options) {
  EncodedBatch encoded{
      .features = at::empty({0, encoder.regions(), encoder.width()}), .kept = {}, .problems = {}};
  std::vector<at::Tensor> pixels;
  for (const std::filesystem::path& file : files) {
    try {
      pixels.push_back(load_pixels(file, encoder.preprocessing()));
      encoded.kept.push_back(true);
    } catch (const Error& error) {
      if (!options.skip_broken)
        throw BrokenImageError({first + encoded.kept.size(), error.what() + options.way_out});
      encoded.problems.emplace_back(error.what());
      encoded.kept.push_back(false);
    }
  }
  if (!pixels.empty()) encoded.features = encoder.encode(at::stack(pixels)).to(at::kCPU);
  return encoded;
}

}  // namespace

// Workers take batches, decode and encode them, each on a thread of its own, so that one decodes
// while another encodes; what they give is written in order.
void fill_store(const ExportedEncoder& encoder, const std::filesystem::path& root,
                FeatureWriter& writer, const FillingOptions& options, Progress* progress) {
  const std::vector<std::string>& names = writer.plan().names;
  const auto count = static_cast<int64_t>(names.size());
  const int64_t begin = writer.done(), batch = options.batch;
  std::mutex writing;
  std::map<int64_t, EncodedBatch> waiting;  // by the number of their first image
  const SingleThreadedScope one_thread_each;
  parallel_for((count - begin + batch - 1) / batch, options.threads, [&](int64_t number) {
    const SingleThreadedScope here;
    const int64_t first = begin + number * batch;
    std::vector<std::filesystem::path> files;
    for (int64_t i = first; i < std::min(first + batch, count); ++i)
      files.push_back(root / names[static_cast<size_t>(i)]);
    EncodedBatch encoded = encode_batch(encoder, files, static_cast<std::size_t>(first), options);
    const std::lock_guard lock(writing);
    waiting.emplace(first, std::move(encoded));
    for (auto next = waiting.find(writer.done()); next != waiting.end();
         next = waiting.find(writer.done())) {
      for (const std::string& problem : next->second.problems) message("skipped: " + problem);
      writer.add(next->second.features, next->second.kept);
      waiting.erase(next);
    }
    if (progress) progress->show(writer.done());
  });
}

}  // namespace penalmt
