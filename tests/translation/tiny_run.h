// A run folder with a tiny model whose weights are a formula, written without LibTorch:
// best/model.safetensors, best/model.json and tokenizer.model.
#pragma once

#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/files.h"
#include "tokenizers/sentencepiece.h"

namespace penalmt {

struct TinyRun {
  std::string fusion = "none", positions = "sinusoidal";
  int64_t longest = 12;   // of learned positions
  int64_t heads = 2;      // of 16 numbers in all
  bool features = false;  // images come as features [2, 6] of the encoder "toy"; no image encoder
};

inline const std::vector<std::string>& tiny_text() {
  static const std::vector<std::string> lines = {
      "a red circle .",    "two blue squares .",      "the man rides a bike .",
      "a dog runs fast .", "three green triangles .", "a woman reads the book .",
      "ein roter kreis .", "zwei blaue quadrate .",   "der mann .",
      "ein hund rennt ."};
  return lines;
}

inline int64_t write_tiny_weights(const std::filesystem::path& file, const TinyRun& run,
                                  int64_t vocabulary) {
  constexpr int64_t width = 16, inner = 32, image_width = 8, image_inner = 16, patches = 4,
                    patch_values = 3 * 8 * 8;
  std::vector<std::pair<std::string, std::vector<int64_t>>> tensors;
  const auto linear = [&](const std::string& name, int64_t out, int64_t in) {
    tensors.push_back({name + ".weight", {out, in}});
    tensors.push_back({name + ".bias", {out}});
  };
  const auto norm = [&](const std::string& name, int64_t size) {
    tensors.push_back({name + ".weight", {size}});
    tensors.push_back({name + ".bias", {size}});
  };
  const auto layer = [&](const std::string& name, int64_t size, int64_t wide, bool cross) {
    linear(name + ".self_attention.in_projection", 3 * size, size);
    linear(name + ".self_attention.out_projection", size, size);
    norm(name + ".self_attention_residual.norm", size);
    if (cross) {
      linear(name + ".cross_attention.query_projection", size, size);
      linear(name + ".cross_attention.memory_projection", 2 * size, size);
      linear(name + ".cross_attention.out_projection", size, size);
      norm(name + ".cross_attention_residual.norm", size);
    }
    linear(name + ".feed_forward.up", wide, size);
    linear(name + ".feed_forward.down", size, wide);
    norm(name + ".feed_forward_residual.norm", size);
  };
  tensors.push_back({"embedding", {vocabulary, width}});
  if (run.positions == "learned")
    for (const char* side : {"source_positions.weight", "target_positions.weight"})
      tensors.push_back({side, {run.longest, width}});
  layer("encoder.layers.0", width, inner, false);
  layer("decoder.layers.0", width, inner, true);
  const int64_t feature_width = run.features ? 6 : image_width;
  if (run.fusion != "none" && !run.features) {
    linear("image_encoder.patches.projection", image_width, patch_values);
    tensors.push_back({"image_encoder.positions", {patches, image_width}});
    layer("image_encoder.encoder.layers.0", image_width, image_inner, false);
  }
  if (run.fusion == "gated") linear("fusion.image_projection", width, feature_width);
  if (run.fusion == "selective") {
    linear("fusion.query_projection", width, width);
    linear("fusion.region_projection", 2 * width, feature_width);
  }
  if (run.fusion != "none") linear("fusion.gate", width, 2 * width);

  nlohmann::ordered_json header;
  std::string data;
  int64_t order = 0;
  for (const auto& [name, shape] : tensors) {
    int64_t size = 1;
    for (int64_t n : shape) size *= n;
    const bool gain = name.ends_with("norm.weight");
    const double scale = shape.size() == 2 ? 1.6 / std::sqrt(static_cast<double>(shape[1])) : 0.2;
    const size_t begin = data.size();
    ++order;
    for (int64_t i = 0; i < size; ++i) {
      const double place = static_cast<double>(i + 3 * order);
      const float value = static_cast<float>(
          std::cos(place * place * 0.0137 + static_cast<double>(order)) * scale + (gain ? 1 : 0));
      data.append(reinterpret_cast<const char*>(&value), sizeof(value));
    }
    header[name] = {{"dtype", "F32"}, {"shape", shape}, {"data_offsets", {begin, data.size()}}};
  }
  std::string text = header.dump();
  while (text.size() % 8 != 0) text += ' ';
  const uint64_t length = text.size();
  std::string bytes(reinterpret_cast<const char*>(&length), sizeof(length));
  write_file(file, bytes + text + data);
  return order;
}

// A feature store that such a run takes: an .npy file [names.size(), 2, width] of a formula's
// numbers, with its names file.
inline void make_tiny_store(const std::filesystem::path& path,
                            const std::vector<std::string>& names, int64_t width = 6) {
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (" +
                       std::to_string(names.size()) + ", 2, " + std::to_string(width) + "), }";
  header.resize((10 + header.size() + 64) / 64 * 64 - 11, ' ');
  header += '\n';
  std::string bytes =
      std::string("\x93NUMPY\x01\x00", 8) + static_cast<char>(header.size()) + '\0' + header;
  for (int64_t i = 0; i < static_cast<int64_t>(names.size()) * 2 * width; ++i) {
    const float value = static_cast<float>(std::sin(static_cast<double>(i) * 1.3) * 2);
    bytes.append(reinterpret_cast<const char*>(&value), sizeof(value));
  }
  write_file(path, bytes);
  std::string lines;
  for (const std::string& name : names) lines += name + "\n";
  write_file(std::filesystem::path(path).replace_extension(".names.txt"), lines);
}

inline void make_tiny_run(const std::filesystem::path& folder, const TinyRun& run = {}) {
  std::filesystem::create_directories(folder / "best");
  const Tokenizer tokenizer =
      Tokenizer::train(tiny_text(), {.vocabulary = 80, .exact_vocabulary = false});
  write_file(folder / "tokenizer.model", tokenizer.serialized());
  write_tiny_weights(folder / "best" / "model.safetensors", run, tokenizer.vocabulary_size());
  nlohmann::ordered_json model = {{"width", 16},
                                  {"feed_forward", 32},
                                  {"heads", run.heads},
                                  {"encoder_layers", 1},
                                  {"decoder_layers", 1},
                                  {"positions", run.positions},
                                  {"longest", run.longest},
                                  {"fusion", run.fusion},
                                  {"image_encoder",
                                   {{"size", 16},
                                    {"patch", 8},
                                    {"width", 8},
                                    {"feed_forward", 16},
                                    {"heads", run.heads},
                                    {"layers", 1}}}};
  if (run.features) {
    model["image_encoder"] = {{"kind", "features"}};
    model["features"] = {{"regions", 2}, {"width", 6}, {"encoder", "toy"}};
  }
  const nlohmann::ordered_json description = {{"model", model},
                                              {"source_vocabulary", tokenizer.vocabulary_size()},
                                              {"target_vocabulary", tokenizer.vocabulary_size()},
                                              {"source_language", "en"},
                                              {"target_language", "de"},
                                              {"text", "tok"},
                                              {"decoding", {{"beam", 4}, {"length_penalty", 1.0}}}};
  write_file(folder / "best" / "model.json", description.dump(2) + "\n");
}

}  // namespace penalmt
