// How large a network is, before it is made.
#pragma once

#include <filesystem>

#include "models/options.h"

namespace penalmt {

// At least how many numbers the weights are; a little less than there are. `options`: resolved.
double least_numbers(const ModelOptions& options, int64_t source_vocabulary,
                     int64_t target_vocabulary);
double least_numbers(const ImageEncoderOptions& options);

// Throws Error where folder/model.safetensors holds fewer numbers than `least`: a description may
// ask for a network that no memory holds, and making it is what would tell. Throws as
// index_safetensors and read_file, too.
void expect_numbers(const std::filesystem::path& folder, double least);

}  // namespace penalmt
