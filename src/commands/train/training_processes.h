// Training by one process, or by many.
#pragma once

#include <nlohmann/json.hpp>

#include "commands/train/training_command.h"
#include "training/process_group.h"

namespace penalmt {

// Has `train` done by this process alone, or together with those that --processes asks for or the
// environment names (training/process_place.h). Where one of them fails all end: rank 0 says why.
// Throws as LocalProcesses, place_from_environment and GlooGroup; and what `train` throws.
void train_together(const TrainingArguments& arguments,
                    void (*train)(const TrainingArguments& arguments, ProcessGroup& group));

// Throws Error where the environment, or the command line, asks for more than one process.
void expect_one_process(const char* words);

}  // namespace penalmt
