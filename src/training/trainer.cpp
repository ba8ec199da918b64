#include "training/trainer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/torch.h>

#include <chrono>

#include "base/files.h"
#include "base/interrupt.h"
#include "base/text.h"
#include "evaluation/bleu.h"
#include "tensors/precision.h"
#include "training/schedule.h"
#include "translation/model_location.h"
#include "translation/translator.h"

namespace penalmt {
namespace {

ModelDescription describe(const Recipe& recipe, const Tokenizers& tokenizers) {
  return {.model = recipe.model,
          .source_vocabulary = tokenizers.source.vocabulary_size(),
          .target_vocabulary = tokenizers.target.vocabulary_size(),
          .source_language = recipe.data.source_language,
          .target_language = recipe.data.target_language,
          .text = recipe.data.layout == "multi30k" ? recipe.data.text : "",
          .decoding = recipe.decoding};
}

TranslationModel build(const ModelDescription& description, int64_t seed, c10::Device device) {
  torch::manual_seed(static_cast<uint64_t>(seed));
  TranslationModel model(description.model, description.source_vocabulary, description.target_vocabulary);
  model->to(device);
  return model;
}

AdamOptions adam_options(const TrainingOptions& training) {
  return {.beta1 = training.beta1, .beta2 = training.beta2, .epsilon = training.epsilon, .weight_decay = training.weight_decay};
}

Precision precision(const TrainingOptions& training) {
  return training.precision == "bfloat16" ? Precision::bfloat16 : Precision::float32;
}

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// The file's first `lines` lines stay; what a stopped run wrote after its last checkpoint goes.
void cut_lines(const std::filesystem::path& file, int64_t lines) {
  if (!std::filesystem::exists(file)) return;
  const std::string text = read_file(file);
  size_t end = 0;
  for (int64_t line = 0; line < lines && end != std::string::npos; ++line) {
    const size_t newline = text.find('\n', end);
    end = newline == std::string::npos ? text.size() : newline + 1;
  }
  write_file(file, std::string_view(text).substr(0, end));
}

// Weights that others trained, as far as the model has them.
void begin_with(torch::nn::Module& model, const std::filesystem::path& path) {
  const std::filesystem::path file = model_folder(path) / "model.safetensors";
  const std::vector<std::string> drawn = take_weights(file, model);
  message(fmt::format("{}: {} tensors taken{}", file.string(), named_weights(model).size() - drawn.size(),
                      drawn.empty() ? "" : fmt::format("; drawn anew: {}", fmt::join(drawn, ", "))));
}

}  // namespace

Trainer::Trainer(const Recipe& recipe, std::filesystem::path run, const Tokenizers& tokenizers, Split train, Split valid,
                 c10::Device device, bool resume)
    : recipe_(recipe),
      run_(std::move(run)),
      tokenizers_(tokenizers),
      train_(std::move(train)),
      valid_(std::move(valid)),
      device_(device),
      description_(describe(recipe, tokenizers)),
      model_(build(description_, recipe.training.seed, device)),
      adam_(*model_, adam_options(recipe.training)) {
  if (resume) {
    if (const auto folder = newest_checkpoint(run_)) state_ = load_checkpoint(*folder, *model_, adam_);
  }
  if (state_.update == 0 && !recipe_.training.initial_weights.empty())
    begin_with(*model_, expand_environment(recipe_.training.initial_weights, "training.initial_weights"));
  cut_lines(run_ / "metrics.jsonl", state_.metrics_lines);
  metrics_.open(run_ / "metrics.jsonl", std::ios::app);
  events_.emplace(run_);
}

void Trainer::run() {
  const TrainingOptions& training = recipe_.training;
  Progress progress("train", "updates", training.updates);
  start_epoch();
  while (true) {
    // 1. Validation, with its checkpoint. A signal during it leaves it to the resumed run.
    if (validation_due()) {
      progress.clear();
      try {
        finish_validation();
      } catch (const Interrupted&) {
      }
    }
    if (finished()) return;
    // 2. A signal: save and leave.
    if (interrupted()) {
      progress.clear();
      if (state_.validated_update != state_.update) checkpoint();
      message(fmt::format("{}: saved at update {}; continue with --resume", run_.string(), state_.update));
      throw Interrupted();
    }
    // 3. One update on the next batches of the epoch.
    const int64_t last = static_cast<int64_t>(epoch_batches_.size());
    const int64_t end = std::min(state_.next_batch + training.accumulate, last);
    update({epoch_batches_.begin() + state_.next_batch, epoch_batches_.begin() + end});
    state_.next_batch = end;
    show(progress);
    // 4. The epoch's end.
    if (end == last) {
      ++state_.epoch;
      state_.next_batch = 0;
      start_epoch();
    }
  }
}

bool Trainer::validation_due() const {
  const TrainingOptions& training = recipe_.training;
  if (state_.validated_update == state_.update) return false;
  if (state_.update >= training.updates) return true;
  return training.validate_every > 0 ? state_.update % training.validate_every == 0 : state_.next_batch == 0;
}

bool Trainer::finished() const {
  const TrainingOptions& training = recipe_.training;
  if (state_.validated_update != state_.update) return false;
  return state_.update >= training.updates || (training.patience > 0 && state_.validations_since_best >= training.patience);
}

void Trainer::start_epoch() {
  const uint64_t seed = mix64(static_cast<uint64_t>(recipe_.training.seed)) ^ static_cast<uint64_t>(state_.epoch);
  if (recipe_.training.bpe_dropout > 0) sample_split(train_, tokenizers_, recipe_, seed);
  epoch_batches_ = make_batches(train_.examples, recipe_.training.batch_tokens, seed);
}

Batch Trainer::training_batch(const std::vector<int64_t>& which) const {
  const double dropout = recipe_.training.image_dropout;
  if (!train_.images || dropout == 0) return collate(train_.examples, which, train_.images.get());
  // Drawn from (seed, update, sentence), as dropout is.
  std::vector<Example> examples;
  std::vector<int64_t> all;
  for (const int64_t i : which) {
    all.push_back(static_cast<int64_t>(examples.size()));
    examples.push_back(train_.examples[i]);
    const uint64_t drawn = mix64(mix64(mix64(static_cast<uint64_t>(recipe_.training.seed) ^ 0x696D616765ull) ^ static_cast<uint64_t>(state_.update)) ^
                                 static_cast<uint64_t>(examples.back().id));
    if (static_cast<double>(drawn >> 11) * 0x1p-53 < dropout) examples.back().image = -1;
  }
  return collate(examples, all, train_.images.get());
}

double Trainer::learning_rate() const {
  const TrainingOptions& t = recipe_.training;
  return t.decay == "linear" ? linear_decay(state_.update, t.learning_rate, t.warmup, t.initial_learning_rate, t.updates)
                             : inverse_square_root(state_.update, t.learning_rate, t.warmup, t.initial_learning_rate);
}

void Trainer::update(const std::vector<std::vector<int64_t>>& batches) {
  const TrainingOptions& training = recipe_.training;
  const double began = now();
  model_->train();
  adam_.zero_gradients();
  Pass pass{.ids = {},
            .seed = static_cast<uint64_t>(training.seed),
            .update = state_.update,
            .tau_scale = linear_growth(state_.update + 1, training.tau_warmup)};
  int64_t tokens = 0;
  double loss_sum = 0, nll_sum = 0;
  for (const std::vector<int64_t>& which : batches) {
    const Batch batch = training_batch(which);
    pass.ids = batch.ids;
    const PrecisionScope scope(precision(training));
    const TokenLoss loss = model_->loss(batch.source.to(device_), pictures_of(batch, device_), batch.target_input.to(device_),
                                        batch.target_output.to(device_), training.label_smoothing, pass);
    loss.total.backward();
    tokens += loss.tokens;
    loss_sum += loss.total.item<double>();
    nll_sum += loss.nll.item<double>();
  }
  ++state_.update;
  const double norm = adam_.step(static_cast<double>(tokens), training.clip_norm, learning_rate());
  if (!std::isfinite(norm) || !std::isfinite(loss_sum))
    throw MachineError(fmt::format("{}: update {}: the gradient's norm is {}, the loss {}; expected finite numbers; try a lower training.learning_rate",
                                   run_.string(), state_.update, norm, loss_sum / static_cast<double>(tokens)));
  state_.target_tokens += tokens;
  state_.interval_tokens += tokens;
  state_.loss_sum += loss_sum;
  state_.nll_sum += nll_sum;
  const double seconds = now() - began;
  state_.interval_seconds += seconds;
  state_.seconds += seconds;
}

Validation Trainer::validate() {
  torch::NoGradGuard no_grad;
  model_->eval();
  double nll = 0;
  int64_t correct = 0, tokens = 0;
  for (const std::vector<int64_t>& which : make_batches(valid_.examples, recipe_.training.batch_tokens, std::nullopt)) {
    const Batch batch = collate(valid_.examples, which, valid_.images.get());
    const TokenLoss loss = model_->loss(batch.source.to(device_), pictures_of(batch, device_), batch.target_input.to(device_),
                                        batch.target_output.to(device_), 0);
    nll += loss.nll.item<double>();
    correct += loss.correct;
    tokens += loss.tokens;
  }
  return {nll / static_cast<double>(tokens), static_cast<double>(correct) / static_cast<double>(tokens),
          recipe_.training.validate_bleu ? validation_bleu() : -1};
}

double Trainer::validation_bleu() {
  Translator translator(model_, description_, tokenizers_.source, tokenizers_.target);
  std::vector<std::string> hypotheses;
  for (const Translation& translation : translator.translate(valid_.text.source, valid_.images.get(), {.beam = 1},
                                                             {.threads = at::get_num_threads()}, "validation"))
    hypotheses.push_back(translation.n_best.front().text);
  // Tokenised text is scored on its tokens, as the published figures are.
  const std::string tokenizer = description_.text == "tok" ? "none" : "13a";
  return corpus_bleu(hypotheses, References::single(valid_.text.target), {.tokenizer = tokenizer}).score;
}

void Trainer::finish_validation() {
  const TrainingOptions& training = recipe_.training;
  const double began = now();
  const Validation validation = validate();
  state_.seconds += now() - began;
  write_metrics(validation);
  state_.validated_update = state_.update;
  const bool best = validation.nll < state_.best_nll;
  if (best) {
    state_.best_nll = validation.nll;
    state_.best_update = state_.update;
  }
  state_.validations_since_best = best ? 0 : state_.validations_since_best + 1;
  state_.kept.push_back(fmt::format("{:08}", state_.update));
  if (static_cast<int64_t>(state_.kept.size()) > training.average) state_.kept.erase(state_.kept.begin());
  checkpoint();
  if (best) {
    AtomicFolder folder(run_ / "best");
    write_model(folder.path(), named_weights(*model_), description_);
    folder.commit();
  }
  std::vector<std::filesystem::path> folders;
  for (const std::string& name : state_.kept) folders.push_back(run_ / "checkpoints" / name);
  average_models(folders, run_ / "averaged");
  message(fmt::format("update {}, epoch {}: validation nll {:.4f}{}, token accuracy {:.1f} %{}", state_.update, state_.epoch,
                      validation.nll, best ? " (best)" : "", 100 * validation.accuracy,
                      validation.bleu < 0 ? "" : fmt::format(", BLEU {:.2f}", validation.bleu)));
}

void Trainer::checkpoint() { save_checkpoint(run_, *model_, adam_, state_, description_); }

void Trainer::write_metrics(const Validation& validation) {
  const auto tokens = static_cast<double>(std::max<int64_t>(state_.interval_tokens, 1));
  nlohmann::ordered_json line = {{"update", state_.update},
                                 {"epoch", state_.next_batch == 0 ? state_.epoch - 1 : state_.epoch},
                                 {"loss", state_.loss_sum / tokens},
                                 {"nll", state_.nll_sum / tokens},
                                 {"valid_nll", validation.nll},
                                 {"valid_accuracy", validation.accuracy}};
  if (validation.bleu >= 0) line["valid_bleu"] = validation.bleu;
  line["learning_rate"] = learning_rate();
  line["target_tokens"] = state_.target_tokens;
  line["tokens_per_second"] = static_cast<double>(state_.interval_tokens) / std::max(state_.interval_seconds, 1e-9);
  line["seconds"] = state_.seconds;
  metrics_ << line.dump() << std::endl;
  if (!metrics_) throw MachineError(fmt::format("{}: cannot write", (run_ / "metrics.jsonl").string()));
  ++state_.metrics_lines;
  std::vector<std::pair<std::string, double>> scalars;
  for (const auto& [name, value] : line.items())
    if (name != "update") scalars.emplace_back(name, value.get<double>());
  events_->write(state_.update, scalars);
  state_.loss_sum = state_.nll_sum = state_.interval_seconds = 0;
  state_.interval_tokens = 0;
}

void Trainer::show(Progress& progress) {
  const auto tokens = static_cast<double>(std::max<int64_t>(state_.interval_tokens, 1));
  progress.show(state_.update, fmt::format("epoch {}, loss {:.3f}, {:.0f} tokens/s", state_.epoch, state_.loss_sum / tokens,
                                           tokens / std::max(state_.interval_seconds, 1e-9)));
}

}  // namespace penalmt
