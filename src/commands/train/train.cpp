// penalmt train: a recipe in, a run folder out.
#include <fmt/format.h>

#include "base/progress.h"
#include "commands/train/dry_run.h"
#include "commands/train/training_command.h"
#include "commands/train/training_processes.h"
#include "datasets/features/exported_encoder.h"
#include "tensors/devices.h"
#include "training/trainer.h"

namespace penalmt {
namespace {

// Those of the run, or of the weights it begins with, or new ones; they are written to the run.
Tokenizers settled_tokenizers(const std::filesystem::path& run, const Recipe& recipe,
                              const std::optional<Tokenizers>& initial, const ParallelText& text) {
  std::optional<Tokenizers> tokenizers = read_tokenizers(run);
  if (tokenizers) return *tokenizers;
  tokenizers = initial;
  if (tokenizers)
    message(
        fmt::format("training.initial_weights: its tokenizers are taken, of {} and {} pieces; "
                    "the recipe's tokenizer fields are not used",
                    with_commas(tokenizers->source.vocabulary_size()),
                    with_commas(tokenizers->target.vocabulary_size())));
  if (!tokenizers) tokenizers = train_tokenizers(text, recipe);
  write_tokenizers(run, *tokenizers, recipe.joint_vocabulary());
  return *tokenizers;
}

// Those of rank 0, in all processes.
Tokenizers shared_tokenizers(const std::optional<Tokenizers>& own, ProcessGroup& group) {
  if (group.size() == 1) return *own;
  const auto shared = [&](Tokenizer Tokenizers::*side) {
    return group.shared(own ? ((*own).*side).serialized() : "");
  };
  const std::string place = "the tokenizer of rank 0";
  const Tokenizer source = Tokenizer::from_serialized(shared(&Tokenizers::source), place);
  const std::string target = shared(&Tokenizers::target);
  return {source,
          target == source.serialized() ? source : Tokenizer::from_serialized(target, place)};
}

// What rank 0 does alone before the data are read: the run's folder, and what a run settles.
std::optional<Tokenizers> begin_run(RunFolder& folder, Recipe& recipe, const c10::Device& device,
                                    bool resume) {
  const auto read_again = [](const std::filesystem::path& file) {
    return config::write(load_recipe(file, {}));
  };
  recipe.training.precision =
      settled_precision(recipe.training.precision, folder, read_again, device.is_cpu(), kResume);
  check_run_folder(folder, config::write(recipe), read_again, resume, kResume);
  return newest_checkpoint(folder.path()) ? std::nullopt : initial_tokenizers(recipe);
}

void train_translation_model(const TrainingArguments& arguments, ProcessGroup& group) {
  Recipe recipe = load_recipe(recipe_file(arguments), arguments.assignments);
  expect_same_recipe(config::write(recipe), group);
  expect_processes(recipe, group.size());
  std::optional<RunFolder> folder;
  if (group.leads()) folder.emplace(arguments.out);
  const std::filesystem::path run = folder ? folder->path() : std::filesystem::path(arguments.out);
  settle_features(recipe);
  const c10::Device device = choose_device(arguments.machine.device, group.rank_on_machine());
  group.use_device(device);
  std::optional<Tokenizers> tokenizers;
  if (folder) tokenizers = begin_run(*folder, recipe, device, arguments.resume);
  recipe.training.precision = group.shared(recipe.training.precision);
  set_threads(arguments.machine.threads);
  bound_kernel_cache();

  DataSplit train = read_split(recipe, recipe.data.train);
  DataSplit valid = read_split(recipe, recipe.data.valid);
  if (folder) {
    folder->write_recipe(config::write(recipe).dump(2) + "\n");
    if (train.images && !recipe.data.image_encoder.empty())
      copy_encoder(expand_environment(recipe.data.image_encoder, "data.image_encoder"),
                   run / "image_encoder");
    tokenizers = settled_tokenizers(run, recipe, tokenizers, train.text);
  }
  tokenizers = shared_tokenizers(tokenizers, group);
  for (DataSplit* split : {&train, &valid}) {
    encode_split(*split, *tokenizers, recipe);
    if (group.size() > 1)
      expect_same_data(fmt::format("data: split '{}'", split->name), fingerprint(*split), group);
  }

  Trainer trainer(recipe, run, {*tokenizers, std::move(train), std::move(valid)}, device,
                  arguments.resume, group);
  trainer.run();
  message(fmt::format("{}: done after {} updates; lowest validation nll {:.4f} at update {}",
                      run.string(), trainer.state().update, trainer.state().best_nll,
                      trainer.state().best_update));
}

// The options of `penalmt train`: it may have many processes.
struct TrainArguments : TrainingArguments {
  template <class Visitor>
  void visit(Visitor& v) {
    TrainingArguments::visit(v);
    v("dry_run", dry_run,
      "read recipe and data, take a few updates, say how much there is and how long it takes, and "
      "leave; needs no run folder, writes nothing",
      option().excludes("resume"));
    v("processes", processes,
      "processes on this machine that train together, each on its share of the batches of an "
      "update (training.accumulate); torchrun or srun start them on many",
      config::between(1, 1024));
    v("silence", silence,
      "seconds without a sign of life from one of many processes after which all end; twice as "
      "many at the start",
      option(config::between(5, 86400)).value("SECONDS"));
  }
};

void train(const TrainArguments& arguments) {
  run_training({"train", [] { return config::help(Recipe{}); },
                [](const TrainingArguments& given) {
                  return config::write(load_recipe(recipe_file(given), given.assignments));
                },
                [](const TrainingArguments& given) {
                  if (given.dry_run) return rehearse_training(given);
                  train_together(given, train_translation_model);
                }},
               arguments);
}

}  // namespace

Command train_command() {
  return command<TrainArguments>(
      train,
      "Examples:\n"
      "  penalmt train recipes/shapes/gated.json --set data.folder=shapes --out runs/shapes\n"
      "  penalmt train recipes/multi30k/text.json --out runs/text --set training.seed=2 --set "
      "model.dropout=0.2\n"
      "  penalmt train recipes/multi30k/text.json --dry-run\n"
      "  penalmt train --out runs/text --resume\n"
      "  penalmt train recipes/multi30k/text.json --out runs/text --processes 2 --threads 1\n"
      "  penalmt train --fields                     every key of a recipe: meaning, range, "
      "default\n");
}

}  // namespace penalmt
