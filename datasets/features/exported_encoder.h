// An image encoder that was exported to TorchScript (recipes/vision/export.py), as a folder:
//
//   encoder.pt      TorchScript: float32 [B, 3, crop, crop], normalised → [B, F] (pooled),
//                   [B, R, F] (patches) or [B, F, H, W] (grid)
//   encoder.json    an EncoderDescription
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "datasets/features/feature_store.h"
#include "datasets/images/preprocessing.h"

namespace penalmt {

struct EncoderDescription {
  std::string name, fingerprint, layout = "pooled";
  int64_t regions = 1, width = 0;
  Preprocessing preprocessing;

  template <class Visitor>
  void visit(Visitor& v) {
    v("name", name, "what to call it");
    v("fingerprint", fingerprint, "SHA-256 of encoder.pt");
    v("layout", layout, "what it gives for an image: one vector, a grid or a sequence of them",
      config::one_of({"pooled", "grid", "patches"}));
    v("regions", regions, "vectors an image, R", config::at_least(1));
    v("width", width, "numbers a vector, F", config::at_least(1));
    v.group("preprocessing", preprocessing, "from an image to its input");
  }
};

// Of an encoder's folder. Throws Error where the file is missing, damaged, or has values that are
// not allowed.
EncoderDescription read_encoder_description(const std::filesystem::path& folder);

// Copies share the network; may be used by many threads.
class ExportedEncoder {
 public:
  // Throws Error where a file is missing or damaged, or encoder.json is of another encoder.pt; and,
  // before any of its code runs, where that calls what is not on the list of operators of image
  // networks (script_operators.h), unless all scripts are trusted (script_trust.h).
  static ExportedEncoder open(const std::filesystem::path& folder, c10::Device device);

  const Preprocessing& preprocessing() const;
  FeatureShape shape() const;
  int64_t regions() const { return shape().regions; }
  int64_t width() const { return shape().width; }
  // Name and fingerprint (of network and preprocessing): what a FeatureStore says as its encoder().
  const std::string& name() const;

  // uint8 [B, 3, crop, crop] RGB → float32 [B, R, F] on the encoder's device. Throws Error where
  // the network fails on them, or gives another shape than encoder.json says, MachineError where it
  // lacks memory.
  at::Tensor encode(const at::Tensor& pixels) const;

  // The features of image files, float32 [P, R, F] on the CPU; `threads` at work (0: one a core).
  // Throws what decode_image throws, for the first file that does not decode; where there is
  // `broken`, that gets the Error of each such file at its place instead (it is as long as
  // `files`). Throws as encode(), and Interrupted after Ctrl-C.
  at::Tensor encode_files(const std::vector<std::filesystem::path>& files, int threads,
                          std::vector<std::string>* broken = nullptr) const;

 private:
  struct Data;
  explicit ExportedEncoder(std::shared_ptr<Data> data) : data_(std::move(data)) {}
  std::shared_ptr<Data> data_;
};

// Copies the two files to the folder `to`, which is made, whole or not at all. Throws as read_file
// and AtomicFolder (base/files.h).
void copy_encoder(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace penalmt
