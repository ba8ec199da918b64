// The loop that fills a feature store: images decoded and encoded by many threads, written in
// order.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/progress.h"
#include "datasets/features/exported_encoder.h"
#include "datasets/features/feature_writer.h"

namespace penalmt {

struct FillingOptions {
  int64_t batch = 16;        // images encoded at a time by each thread
  int threads = 0;           // 0: one a core
  bool skip_broken = false;  // images that do not decode are passed over, each with a message
  std::string way_out = "";  // what the Error of such an image ends with, where they are not
};

// Gives the writer the features of its plan's images, files below `root`, from the first that it
// has not got. Throws Error where an image does not decode, unless broken ones are skipped; as
// ExportedEncoder::encode and FeatureWriter::add; Interrupted after Ctrl-C.
void fill_store(const ExportedEncoder& encoder, const std::filesystem::path& root,
                FeatureWriter& writer, const FillingOptions& options, Progress* progress = nullptr);

}  // namespace penalmt
