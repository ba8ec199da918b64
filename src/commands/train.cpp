// penalmt train: a recipe in, a run folder out.
#include <fmt/format.h>

#include "base/progress.h"
#include "commands/training_command.h"
#include "datasets/features/exported_encoder.h"
#include "tensors/devices.h"
#include "training/trainer.h"

namespace penalmt {
namespace {

void train_translation_model(const TrainingArguments& arguments) {
  Recipe recipe = load_recipe(recipe_file(arguments), arguments.assignments);
  RunFolder folder(arguments.out);
  const std::filesystem::path& run = folder.path();
  settle_features(recipe);
  const c10::Device device = choose_device(arguments.machine.device);
  const auto read_again = [](const std::filesystem::path& file) {
    return config::write(load_recipe(file, {}));
  };
  recipe.training.precision =
      settled_precision(recipe.training.precision, folder, read_again, device.is_cpu());
  check_run_folder(folder, config::write(recipe), read_again, arguments.resume);
  std::optional<Tokenizers> initial;
  if (!newest_checkpoint(run)) initial = initial_tokenizers(recipe);
  set_threads(arguments.machine.threads);
  bound_kernel_cache();

  DataSplit train = read_split(recipe, recipe.data.train);
  DataSplit valid = read_split(recipe, recipe.data.valid);
  folder.write_recipe(config::write(recipe).dump(2) + "\n");
  if (train.images && !recipe.data.image_encoder.empty())
    copy_encoder(expand_environment(recipe.data.image_encoder, "data.image_encoder"),
                 run / "image_encoder");
  std::optional<Tokenizers> tokenizers = read_tokenizers(run);
  if (!tokenizers) {
    tokenizers = initial;
    if (tokenizers)
      message(
          fmt::format("training.initial_weights: its tokenizers are taken, of {} and {} pieces; "
                      "the recipe's tokenizer fields are not used",
                      with_commas(tokenizers->source.vocabulary_size()),
                      with_commas(tokenizers->target.vocabulary_size())));
    if (!tokenizers) tokenizers = train_tokenizers(train.text, recipe);
    write_tokenizers(run, *tokenizers, recipe.joint_vocabulary());
  }
  encode_split(train, *tokenizers, recipe);
  encode_split(valid, *tokenizers, recipe);

  Trainer trainer(recipe, run, {*tokenizers, std::move(train), std::move(valid)}, device,
                  arguments.resume);
  trainer.run();
  message(fmt::format("{}: done after {} updates; lowest validation nll {:.4f} at update {}",
                      run.string(), trainer.state().update, trainer.state().best_nll,
                      trainer.state().best_update));
}

void train(const TrainingArguments& arguments) {
  run_training({"train", [] { return config::help(Recipe{}); }, train_translation_model},
               arguments);
}

}  // namespace

Command train_command() {
  return command<TrainingArguments>(
      train,
      "Examples:\n"
      "  penalmt train recipes/shapes/gated.json --set data.folder=shapes --out runs/shapes\n"
      "  penalmt train recipes/multi30k/text.json --out runs/text --set training.seed=2 --set "
      "model.dropout=0.2\n"
      "  penalmt train --out runs/text --resume\n"
      "  penalmt train --fields                     every key of a recipe: meaning, range, "
      "default\n");
}

}  // namespace penalmt
