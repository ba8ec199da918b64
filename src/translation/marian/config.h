// What config.json and generation_config.json of a MarianMT folder (Hugging Face Transformers; the
// OPUS-MT models) say, as a model of ours.
#pragma once

#include <filesystem>
#include <string>

#include "models/model_folder.h"

namespace penalmt::marian {

struct Config {
  // Vocabularies of ours: of the folder's pieces and one more, our padding.
  ModelDescription description;
  int64_t source_pieces = 0, target_pieces = 0;  // the folder's own
  int64_t padding = 0, end = 0;                  // their ids; decoding starts with padding
  bool separate_vocabularies = false;            // target_vocab.json beside vocab.json
};

// Throws Error with every problem: where the folder is of another kind of model, or of one with
// parts that ours have not; as config::parse_file.
Config read_config(const std::filesystem::path& folder);

}  // namespace penalmt::marian
