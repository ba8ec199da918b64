#include "commands/train/dry_run.h"

#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <sys/resource.h>

#include "base/files.h"
#include "base/progress.h"
#include "commands/train/training_processes.h"
#include "tensors/devices.h"
#include "training/trainer.h"

namespace penalmt {
namespace {

constexpr double kTimedSeconds = 10;

// Lines as they are known: "epoch       89 batches, 45 updates".
class RehearsalOutput {
 public:
  void line(const char* what, const std::string& text) {
    output_.write(fmt::format("{:<12}{}\n", what, text));
  }
  void end() { output_.commit(); }

 private:
  AtomicFile output_{"-"};
};

// "source 13.1 pieces a sentence, at most 41"
std::string lengths(const char* words, const DataSplit& split, int64_t ExampleLengths::*side,
                    int64_t beyond) {
  double sum = 0;
  int64_t longest = 0;
  for (int64_t i = 0; i < split.size(); ++i) {
    const int64_t length = split.lengths(i).*side - beyond;
    sum += static_cast<double>(length);
    longest = std::max(longest, length);
  }
  return fmt::format("{} {:.1f} pieces a sentence, at most {}", words,
                     sum / static_cast<double>(split.size()), longest);
}

std::string about(const DataSplit& split) {
  int64_t lines = 0;
  const int64_t used = split.size();
  for (const TextPart& part : split.text.parts) lines += static_cast<int64_t>(part.count);
  std::string text = fmt::format("{} sentences", with_commas(used));
  if (lines > used)
    text += fmt::format(" ({} with an empty side left out)", with_commas(lines - used));
  if (split.images) text += fmt::format(", {} with images", with_commas(split.images->found()));
  return fmt::format("{}; {}, {}; the end of a sentence counted", text,
                     lengths("source", split, &ExampleLengths::source, 0),
                     lengths("target", split, &ExampleLengths::target, 1));
}

std::string about(const Tokenizers& tokenizers, const Recipe& recipe, bool trained) {
  const std::string size =
      recipe.joint_vocabulary()
          ? fmt::format("{} pieces for both languages",
                        with_commas(tokenizers.source.vocabulary_size()))
          : fmt::format("{} and {} pieces", with_commas(tokenizers.source.vocabulary_size()),
                        with_commas(tokenizers.target.vocabulary_size()));
  return trained ? fmt::format("{}, {}", recipe.tokenizer.kind, size)
                 : size + ", of training.initial_weights";
}

std::string megabytes(double bytes) {
  return fmt::format("{:.{}f} MB", bytes / 1e6, bytes < 1e7 ? 1 : 0);
}

std::string about_memory(const Rehearsal& found, bool on_cpu) {
  struct rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  const std::string peak = megabytes(static_cast<double>(usage.ru_maxrss) * 1024);
  return on_cpu
             ? fmt::format(
                   "{} at most, of them {} weights, gradients and optimiser; the epoch's largest "
                   "batch was among the updates",
                   peak, megabytes(found.state_bytes))
             : fmt::format(
                   "{} of the GPU for weights, gradients and optimiser, what a batch takes "
                   "not counted; {} beside it",
                   megabytes(found.state_bytes), peak);
}

std::string about_time(const Rehearsal& found, const Recipe& recipe) {
  const double speed = static_cast<double>(found.timed.count) / found.timed.seconds,
               epoch = static_cast<double>(found.target_tokens) / speed;
  const int64_t updates = recipe.training.updates;
  return fmt::format(
      "about {} an epoch and {} for {} updates, validation not counted ({} of them timed: {:.0f} "
      "tokens/s in {} with {})",
      clock_time(epoch),
      clock_time(epoch * static_cast<double>(updates) / static_cast<double>(found.updates)),
      with_commas(updates), found.timed.updates, speed, recipe.training.precision,
      at::get_num_threads() == 1 ? "1 thread" : fmt::format("{} threads", at::get_num_threads()));
}

std::string about_epoch(const Rehearsal& found) {
  return fmt::format("{} batches, {} updates, {} target tokens; {:.0f} % of the places are padding",
                     with_commas(found.batches), with_commas(found.updates),
                     with_commas(found.target_tokens), 100 * found.padding);
}

}  // namespace

void rehearse_training(const TrainingArguments& arguments) {
  expect_one_process("train --dry-run");
  if (arguments.processes > 1)
    throw Error(
        fmt::format("--dry-run: works in one process, got --processes {}", arguments.processes));
  Recipe recipe = load_recipe(recipe_file(arguments), arguments.assignments);
  settle_features(recipe);
  const c10::Device device = choose_device(arguments.machine.device);
  recipe.training.precision = native_precision(recipe.training.precision, device.is_cpu());
  std::optional<Tokenizers> tokenizers = initial_tokenizers(recipe);
  set_threads(arguments.machine.threads);
  bound_kernel_cache();

  RehearsalOutput output;
  DataSplit train = read_split(recipe, recipe.data.train);
  DataSplit valid = read_split(recipe, recipe.data.valid);
  const bool trained = !tokenizers;
  if (trained) tokenizers = train_tokenizers(train.text, recipe);
  output.line("tokenizer", about(*tokenizers, recipe, trained));
  for (DataSplit* split : {&train, &valid}) {
    encode_split(*split, *tokenizers, recipe);
    output.line(split == &train ? "train" : "valid", about(*split));
  }
  Trainer trainer(recipe, "dry run", {*tokenizers, std::move(train), std::move(valid)}, device,
                  /*resume=*/false);
  const Rehearsal found = trainer.rehearse(kTimedSeconds);
  output.line("model", fmt::format("fusion {}, {} parameters", recipe.model.fusion,
                                   with_commas(found.parameters)));
  output.line("epoch", about_epoch(found));
  output.line("memory", about_memory(found, device.is_cpu()));
  output.line("time", about_time(found, recipe));
  output.end();
}

}  // namespace penalmt
