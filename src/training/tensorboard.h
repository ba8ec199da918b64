// Scalars and a recipe as TensorBoard's event files: records of
//
//   uint64 length | uint32 masked CRC of the length |
//   a tensorflow.Event (protocol buffer) | uint32 masked CRC of it
//
// little endian, CRC-32C masked as TFRecord does: rotated right by 15, plus 0xA282EAD8.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace penalmt {

class EventWriter {
 public:
  // Makes events.out.tfevents.<time>.penalmt in `folder`; each run or continuation has its own
  // file, as TensorBoard expects: the time is in seconds, the first from now on that no file is
  // called after. A continuation (`first_step` above 1, or another such file there) tells
  // TensorBoard to forget the steps from there on. Throws as write_file (base/files.h) where it
  // cannot be made.
  EventWriter(const std::filesystem::path& folder, int64_t first_step);
  ~EventWriter();
  EventWriter(const EventWriter&) = delete;
  EventWriter& operator=(const EventWriter&) = delete;
  // One event with a value for each tag. A write that fails is no reason to stop training:
  // metrics.jsonl has the same numbers.
  void write(int64_t step, const std::vector<std::pair<std::string, double>>& scalars);
  // The run's values for TensorBoard's table of runs (HPARAMS): "training.warmup". `recipe`: as
  // config::write gives it.
  void write_recipe(const nlohmann::ordered_json& recipe);

 private:
  void record(std::string_view event);
  int descriptor_ = -1;
};

// CRC-32C (Castagnoli) of the bytes.
uint32_t crc32c(std::string_view bytes);

}  // namespace penalmt
