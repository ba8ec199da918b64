// What a run settles before it trains: that its folder may be begun or gone on with, that all
// processes mean the same.
//
// `resume`: what its user says to go on with a run, in errors.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include <nlohmann/json.hpp>

#include "training/process_group.h"
#include "training/run_folder.h"

namespace penalmt {

// Reads a recipe from the disk and writes it again as config::write does, so that a field that a
// run begun earlier lacks has its default.
using ReadRecipe = std::function<nlohmann::json(const std::filesystem::path&)>;

// Throws Error where the folder has a recipe that cannot be read, or checkpoints and none.
void expect_readable_recipe(const std::filesystem::path& run, const std::string& resume);

// A new run needs a new or empty folder, or one whose start came to no update; one that goes on the
// same recipe, but for how long it goes on. `recipe`: as written by config::write. Throws Error
// where that is not so, with every key that differs; and what `read_again` throws.
void check_run_folder(const RunFolder& run, const nlohmann::json& recipe,
                      const ReadRecipe& read_again, bool goes_on, const std::string& resume);

// What `training.precision` is in this run where it is auto: as the run in the folder has it, else
// bfloat16 where it trains on a CPU that multiplies it. Throws as expect_readable_recipe, unless a
// start came to no update there, and what `read_again` throws.
std::string settled_precision(const std::string& precision, const RunFolder& run,
                              const ReadRecipe& read_again, bool on_cpu, const std::string& resume);

// The precision that `auto` is on a device: bfloat16 on a CPU that multiplies it, else float32.
std::string native_precision(const std::string& precision, bool on_cpu);

// Throws Error in a process whose recipe is not that of rank 0, with every key that differs.
void expect_same_recipe(const nlohmann::json& recipe, ProcessGroup& group);

// Throws Error `place`: other examples than those of rank 0, where that is so.
void expect_same_data(const std::string& place, const std::string& fingerprint,
                      ProcessGroup& group);

}  // namespace penalmt
