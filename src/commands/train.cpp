// penalmt train: a recipe in, a run folder out.
#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/error.h"
#include "base/files.h"
#include "base/progress.h"
#include "commands/commands.h"
#include "commands/common.h"
#include "datasets/exported_encoder.h"
#include "tensors/devices.h"
#include "training/trainer.h"

namespace penalmt {
namespace {

struct TrainArguments {
  std::string recipe, out;
  std::vector<std::string> assignments;
  bool resume = false;
  bool explain = false;
  MachineOptions machine;
};

// A new run needs a new or empty folder; a continued one the same recipe, but for how long it goes on.
void check_run_folder(const std::filesystem::path& run, const Recipe& recipe, bool resume) {
  if (!std::filesystem::exists(run) || std::filesystem::is_empty(run)) return;
  if (!resume) throw Error(fmt::format("{}: already holds files; expected a new folder; continue a run with --resume", run.string()));
  if (!std::filesystem::exists(run / "recipe.json"))
    throw Error(fmt::format("{}: holds files but no recipe.json; expected a run to continue, or a new folder", run.string()));
  // Read and written again: a field that a run begun earlier lacks has its default.
  nlohmann::json before = config::write(load_recipe(run / "recipe.json", {})), now = config::write(recipe);
  for (nlohmann::json* each : {&before, &now}) {
    if (recipe.training.decay != "linear") (*each)["training"].erase("updates");  // the linear decay depends on it
    (*each)["training"].erase("patience");
  }
  const nlohmann::json difference = nlohmann::json::diff(before, now);
  if (!difference.empty())
    throw Error(fmt::format("{}: begun with another recipe: {} differs; expected the same recipe to continue (only training.patience "
                            "and, without linear decay, training.updates may change)",
                            (run / "recipe.json").string(), difference[0]["path"].get<std::string>()));
}

void train(const TrainArguments& arguments) {
  Recipe recipe = load_recipe(arguments.recipe, arguments.assignments);
  settle_features(recipe);
  const std::filesystem::path run = arguments.out;
  check_run_folder(run, recipe, arguments.resume);
  const c10::Device device = choose_device(arguments.machine.device);
  set_threads(arguments.machine.threads);
  bound_kernel_cache();

  Split train = read_split(recipe, recipe.data.train);
  Split valid = read_split(recipe, recipe.data.valid);
  std::filesystem::create_directories(run);
  write_file(run / "recipe.json", config::write(recipe).dump(2) + "\n");
  if (train.images && !recipe.data.image_encoder.empty())
    copy_encoder(expand_environment(recipe.data.image_encoder, "data.image_encoder"), run / "image_encoder");
  std::optional<Tokenizers> tokenizers = read_tokenizers(run);
  if (!tokenizers) {
    tokenizers = initial_tokenizers(recipe);
    if (!tokenizers) tokenizers = train_tokenizers(train.text, recipe);
    write_tokenizers(run, *tokenizers, recipe.joint_vocabulary());
  }
  encode_split(train, *tokenizers, recipe);
  encode_split(valid, *tokenizers, recipe);

  Trainer trainer(recipe, run, *tokenizers, std::move(train), std::move(valid), device, arguments.resume);
  trainer.run();
  message(fmt::format("{}: done after {} updates; lowest validation nll {:.4f} at update {}", run.string(), trainer.state().update,
                      trainer.state().best_nll, trainer.state().best_update));
}

}  // namespace

void add_train(CLI::App& program) {
  auto arguments = std::make_shared<TrainArguments>();
  CLI::App* command = program.add_subcommand(kTrain.name, kTrain.meaning);
  command->footer(
      "Examples:\n"
      "  penalmt train recipes/shapes/gated.json --set data.folder=shapes --out runs/shapes\n"
      "  penalmt train recipes/multi30k/text.json --out runs/text --set training.seed=2 --set model.dropout=0.2\n"
      "  penalmt train recipes/multi30k/text.json --out runs/text --resume\n"
      "  penalmt train --fields                     every key of a recipe: meaning, range, default\n");
  command->add_option("recipe", arguments->recipe, "the recipe: JSON, // comments allowed");
  command->add_option("--out", arguments->out, "the run folder: weights, checkpoints, metrics.jsonl");
  command->add_option("--set", arguments->assignments, "key=value: overrides the recipe; may be repeated")->expected(1)->take_all();
  command->add_flag("--resume", arguments->resume, "continue the run in the folder (or begin it)");
  command->add_flag("--fields", arguments->explain, "print every key of a recipe and leave");
  add_machine_options(*command, arguments->machine);
  command->callback([arguments] {
    if (arguments->explain) {
      fmt::print("{}", config::help(Recipe{}));
      return;
    }
    if (arguments->recipe.empty()) throw Error("train: no recipe given; expected 'penalmt train RECIPE --out RUN'");
    if (arguments->out.empty()) throw Error("train: no run folder given; expected '--out RUN'");
    train(*arguments);
  });
}

}  // namespace penalmt
