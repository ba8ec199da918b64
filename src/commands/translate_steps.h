// The steps of `penalmt translate`: options checked, lines read with their images. translate.cpp
// puts them together.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "commands/cli/common.h"
#include "commands/cli/image_options.h"
#include "translation/batch_workers.h"

namespace penalmt {

struct TranslateArguments {
  std::string model, sentence, input = "-", output = "-";
  ImageArguments images;
  std::optional<std::string> image;
  std::optional<int64_t> beam, n_best;
  std::optional<double> length_penalty;
  bool json = false, json_input = false, raw = false, timing = false;
  BatchOptions batches;
  MachineOptions machine;
};

void check(const TranslateArguments& arguments);

struct InputLine {
  std::string source, image;  // image: as the list or the object names it, "" for none
  nlohmann::json id = {};     // the object's, answered as it is
};

struct InputChunk {
  std::vector<InputLine> lines;      // none at the end
  std::unique_ptr<ImageSet> images;  // null: none of the lines has one
  std::vector<std::string> sources() const;
};

// The input, chunk after chunk. Where there is a list of images all of it is read first, to compare
// the counts before any work.
class TranslationInput {
 public:
  TranslationInput(const TranslateArguments& arguments, const Translator& translator);
  InputChunk next();
  std::string name() const;  // what it is called in errors
  const ImageCount& images() const {
    return count_;
  }  // of the lines so far; of none where no line has an image

 private:
  bool read(InputLine& line);

  const TranslateArguments& arguments_;
  std::vector<InputLine> lines_;  // where all is read first
  size_t taken_ = 0;
  std::optional<LineReader> reader_;  // where it is not
  std::shared_ptr<const ImageSource> source_;
  int64_t chunk_;
  ImageCount count_;
};

}  // namespace penalmt
