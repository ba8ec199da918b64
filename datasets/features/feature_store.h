// Image features on the disk: N images, each R regions of width F, float16 or float32, found by the
// image's name.
//
//   STORE.safetensors    tensor "features" [N, R, F]; metadata "names" (one a line) and "encoder"
//   STORE.npy            the same array, with STORE.names.txt (one a line) and STORE.encoder.txt
//                        beside it
//
// Stores made by others are taken too: [N, F] (R = 1), [N, R, F] or [N, F, H, W] (R = H * W, row by
// row); a .safetensors file with one tensor of any name; a names file for either kind, with caption
// ids as in an image list; a name twice, where both rows are equal; no encoder.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

namespace penalmt {

struct FeatureShape {
  int64_t regions = 0, width = 0;  // R, F
};

// Mapped into memory: what is touched is loaded. Copies share one map. May be read by many threads.
class FeatureStore {
 public:
  // `names` empty: the file's own, else PATH with .names.txt in the place of its extension. Throws
  // Error where the file is missing, damaged, of another type or shape, or does not fit its names.
  static FeatureStore open(const std::filesystem::path& path,
                           const std::filesystem::path& names = {});

  const std::vector<std::string>& names() const;  // row i is the image names()[i]
  int64_t regions() const;                        // R
  int64_t width() const;                          // F
  const std::string& encoder() const;  // name and fingerprint; "" where the store does not say
  at::ScalarType type() const;         // float16 or float32
  int64_t row(const std::string& name) const;  // -1 where it is not there

  // [P, R, F] of the stored type, in memory of its own. Throws Error where one of their numbers is
  // not finite, and where the file has become shorter.
  at::Tensor rows(const std::vector<int64_t>& which) const;

  // Throws Error where the features are of another shape, or of another encoder (where both say
  // which).
  void expect(const FeatureShape& shape, const std::string& encoder) const;

 private:
  struct Data;
  explicit FeatureStore(std::shared_ptr<const Data> data) : data_(std::move(data)) {}
  std::shared_ptr<const Data> data_;
};

// PATH with another ending in the place of its extension: the names and encoder beside an .npy
// file.
std::filesystem::path beside_store(const std::filesystem::path& path, const char* ending);

}  // namespace penalmt
