#include "datasets/images/decoded_images.h"

#include <algorithm>
#include <atomic>
#include <unordered_map>

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <opencv2/imgproc.hpp>

#include "base/error.h"
#include "base/parallel.h"
#include "datasets/images/image_decoding.h"
#include "datasets/text/image_names.h"

namespace penalmt {
namespace {

namespace fs = std::filesystem;

cv::Mat squashed(const cv::Mat& image, int size) {
  cv::Mat shrunk, square;
  cv::resize(image, shrunk, {std::min(image.cols, size), std::min(image.rows, size)}, 0, 0,
             cv::INTER_AREA);
  cv::resize(shrunk, square, {size, size}, 0, 0, cv::INTER_LINEAR);
  return square;
}

// Writes the image as [3, size, size] RGB.
void write_planes(const cv::Mat& image, int size, uint8_t* planes) {
  const cv::Mat square = squashed(image, size);
  const std::size_t area = static_cast<std::size_t>(size) * size;
  cv::Mat outputs[3];
  for (int c = 0; c < 3; ++c) outputs[c] = cv::Mat(size, size, CV_8U, planes + c * area);
  const int from_to[] = {2, 0, 1, 1, 0, 2};  // BGR → RGB
  cv::mixChannels(&square, 1, outputs, 3, from_to, 3);
}

at::Tensor square_pixels(const cv::Mat& image, int64_t size) {
  at::Tensor pixels = at::empty({3, size, size}, at::kByte);
  write_planes(image, static_cast<int>(size), pixels.data_ptr<uint8_t>());
  return pixels;
}

}  // namespace

at::Tensor load_image(const fs::path& path, int64_t size) {
  return square_pixels(decode_image(path), size);
}

at::Tensor load_image(std::string_view bytes, const fs::path& path, int64_t size) {
  return square_pixels(decode_image(bytes, path), size);
}

ImageFiles find_images(const std::vector<std::string>& names, const fs::path& root,
                       const ImageRules& rules) {
  ImageFiles found;
  std::unordered_map<std::string, int64_t> rows;
  for (const std::string& name : names) {
    const auto [entry, is_new] = rows.try_emplace(name, -1);
    if (is_new && !rules.allow_outside && leads_out(root, name))
      throw Error(fmt::format("{}: the image '{}' is outside of it", root.string(), name));
    std::error_code ignored;
    const fs::path file = root == "." ? fs::path(name) : root / name;  // no "./dog.jpg" in errors
    if (is_new && !name.empty() && fs::is_regular_file(file, ignored)) {
      entry->second = static_cast<int64_t>(found.files.size());
      found.files.push_back(file);
    }
    found.index.push_back(entry->second);
  }
  if (!names.empty() && found.files.empty()) {
    const auto named = std::find_if(names.begin(), names.end(),
                                    [](const std::string& name) { return !name.empty(); });
    throw Error(fmt::format(
        "{}: not one of the images of {} lines is there; {}", root.string(), names.size(),
        named == names.end() ? "no line of the list names one"
                             : fmt::format("expected files such as '{}'{}", *named,
                                           did_you_mean_image(names_like(root, *named)))));
  }
  return found;
}

std::vector<BrokenImage> drop_broken(std::vector<int64_t>& index, const ImageProblems& problems,
                                     const ImageRules& rules) {
  std::vector<BrokenImage> broken;
  for (std::size_t line = 0; line < index.size(); ++line) {
    if (index[line] < 0 || problems[index[line]].empty()) continue;
    broken.push_back({line, problems[index[line]]});
    if (!rules.skip_broken) throw BrokenImageError(broken.back());
    index[line] = -1;
  }
  return broken;
}

DecodedImages::DecodedImages(const std::vector<std::string>& names, const fs::path& root,
                             int64_t size, int threads, const ImageRules& rules) {
  ImageFiles found = find_images(names, root, rules);
  index_ = std::move(found.index);
  pixels_ = at::empty({static_cast<int64_t>(found.files.size()), 3, size, size}, at::kByte);
  ImageProblems problems(found.files.size());
  uint8_t* const pixels = pixels_.data_ptr<uint8_t>();
  std::atomic<int64_t> first_broken = static_cast<int64_t>(found.files.size());
  parallel_for(static_cast<int64_t>(found.files.size()), threads, [&](int64_t i) {
    if (i > first_broken && !rules.skip_broken) return;  // it stops the work, whatever comes after
    try {
      write_planes(decode_image(found.files[i]), static_cast<int>(size),
                   pixels + i * 3 * size * size);
    } catch (const Error& error) {
      problems[i] = error.what();
      int64_t first = first_broken;
      while (i < first && !first_broken.compare_exchange_weak(first, i)) continue;
    }
  });
  broken_ = drop_broken(index_, problems, rules);
}

at::Tensor DecodedImages::rows(const std::vector<int64_t>& which) const {
  return pixels_.index_select(0, at::tensor(which, at::kLong));
}

}  // namespace penalmt
