// penalmt train --dry-run: what a training would be.
#pragma once

#include "commands/train/training_command.h"

namespace penalmt {

// Reads recipe and data, as a training does, takes some updates and prints what there is, and what
// an epoch takes. Writes no file. Throws Error where there are several processes, and as
// load_recipe, read_split (training/training_data.h) and Trainer.
void rehearse_training(const TrainingArguments& arguments);

}  // namespace penalmt
