#include "datasets/images/labelled_images.h"

#include <algorithm>

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "base/expect_folder.h"
#include "base/files.h"
#include "base/parallel.h"
#include "base/text.h"
#include "datasets/images/decoded_images.h"
#include "datasets/images/image_folder.h"
#include "datasets/text/corpus.h"

namespace penalmt {
namespace {

namespace fs = std::filesystem;

// The folders in it, but for hidden ones; sorted. Files beside them are put into `others`.
std::vector<fs::path> folders_in(const fs::path& root, std::vector<std::string>& others) {
  expect_folder(root, "a folder of images");
  std::error_code problem;
  fs::directory_iterator entries(root, problem);
  if (problem) throw_file_error(root, "read", problem.value());
  std::vector<fs::path> folders;
  for (const auto& entry : entries) {
    if (is_left_behind(entry.path())) continue;
    if (entry.is_directory()) {
      if (first_invalid_utf8(entry.path().filename().string()))
        throw Error(entry.path().string() + ": the class's name is no UTF-8; rename the folder");
      folders.push_back(entry.path());
    } else {
      others.push_back(entry.path().filename());
    }
  }
  std::sort(folders.begin(), folders.end());
  return folders;
}

LabelledImages selected(const LabelledImages& images, const std::vector<int64_t>& which) {
  LabelledImages part{images.classes, {}, {}, {}, {}};
  for (const int64_t i : which) part.names.push_back(images.names[i]);
  const at::Tensor rows = at::tensor(which, at::kLong);
  part.pixels = images.pixels.index_select(0, rows);
  part.labels = images.labels.index_select(0, rows);
  return part;
}

}  // namespace

at::Tensor load_images(const std::vector<fs::path>& files, int64_t size, int threads,
                       ImageProblems* problems) {
  const auto count = static_cast<int64_t>(files.size());
  at::Tensor pixels = at::zeros({count, 3, size, size}, at::kByte);
  if (problems != nullptr) problems->assign(files.size(), "");
  parallel_for(count, threads, [&](int64_t i) {
    try {
      pixels[i].copy_(load_image(files[i], size));
    } catch (const Error& error) {
      if (problems == nullptr) throw;
      (*problems)[i] = error.what();
    }
  });
  return pixels;
}

LabelledImages read_labelled_images(const fs::path& root, int64_t size, int threads,
                                    const std::vector<std::string>& known) {
  // 1. The classes.
  LabelledImages images;
  const std::vector<fs::path> folders = folders_in(root, images.others);
  if (folders.empty())
    throw Error(
        fmt::format("{}: got no folders, expected one of images for each class", root.string()));
  images.classes = known;
  if (known.empty())
    for (const fs::path& folder : folders) images.classes.push_back(folder.filename());
  // 2. The images of each.
  std::vector<fs::path> files;
  std::vector<int64_t> labels;
  for (const fs::path& folder : folders) {
    const std::string name = folder.filename();
    const auto label = std::find(images.classes.begin(), images.classes.end(), name);
    if (label == images.classes.end())
      throw Error(fmt::format("{}: unknown class '{}'; expected one of {}{}", root.string(), name,
                              fmt::join(known, ", "), did_you_mean(name, known)));
    const ImageFolder found = images_in(folder);
    if (found.names.empty())
      throw Error(fmt::format("{}: got no images, expected some", folder.string()));
    for (const std::string& image : found.names) {
      images.names.push_back(name + "/" + image);
      files.push_back(folder / image);
      labels.push_back(label - images.classes.begin());
    }
    for (const std::string& other : found.others) images.others.push_back(name + "/" + other);
  }
  std::sort(images.others.begin(), images.others.end());
  images.labels = at::tensor(labels, at::kLong);
  images.pixels = load_images(files, size, threads);
  return images;
}

LabelledSplits read_labelled_splits(const LabelledImageOptions& options, int64_t size,
                                    int threads) {
  const fs::path folder = expand_environment(options.folder, "data.folder");
  expect_folder(folder, "a folder of labelled images; set data.folder");
  const fs::path root = folder / options.train;
  const LabelledImages all = read_labelled_images(root, size, threads);
  if (all.classes.size() < 2)
    throw Error(fmt::format("{}: got one class, '{}'; expected at least two", root.string(),
                            all.classes.front()));
  const at::Tensor counts = at::bincount(all.labels, {}, static_cast<int64_t>(all.classes.size()));
  std::vector<int64_t> train, valid;
  int64_t begin = 0;
  for (size_t label = 0; label < all.classes.size(); ++label) {
    const int64_t count = counts[static_cast<int64_t>(label)].item<int64_t>();
    if (count <= options.valid)
      throw Error(fmt::format("{}: got {} images, expected more than data.valid = {}",
                              (root / all.classes[label]).string(), count, options.valid));
    const int64_t others = count - options.valid;
    const int64_t learned = options.limit > 0 ? std::min(options.limit, others) : others;
    for (int64_t i = 0; i < learned; ++i) train.push_back(begin + i);
    for (int64_t i = others; i < count; ++i) valid.push_back(begin + i);
    begin += count;
  }
  return {selected(all, train), selected(all, valid), root, all.others};
}

}  // namespace penalmt
