#include "training/training_loop.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/torch.h>

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <numeric>
#include <utility>

#include "base/files.h"
#include "base/interrupt.h"
#include "base/json.h"
#include "training/schedule.h"

namespace penalmt {
namespace {

constexpr double kRecentUpdates = 20;  // of the mean that tells a divergence

AdamOptions adam_options(const LearningOptions& options) {
  return {.beta1 = options.beta1,
          .beta2 = options.beta2,
          .epsilon = options.epsilon,
          .weight_decay = options.weight_decay,
          .average = options.ema};
}

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// What of this process is in memory.
double resident_megabytes() {
  std::ifstream statm("/proc/self/statm");
  int64_t whole = 0, resident = 0;
  statm >> whole >> resident;
  return static_cast<double>(resident * sysconf(_SC_PAGESIZE)) / 1e6;
}

// TensorBoard groups by what stands before the stroke: "valid_nll" → "valid/nll".
std::string tag_of(std::string name) {
  for (const std::string part : {"valid_", "ema_valid_"})
    if (name.starts_with(part))
      return (part == "valid_" ? "valid/" : "valid/ema_") + name.substr(part.size());
  return name;
}

// The model of a checkpoint as another folder of the run.
void copy_model(const std::filesystem::path& checkpoint, const std::filesystem::path& target) {
  AtomicFolder folder(target);
  for (const char* file : {"model.safetensors", "model.json"})
    write_file(folder.path() / file, read_file(checkpoint / file));
  folder.commit();
}

}  // namespace

void LossSums::add(int64_t more, const at::Tensor& loss, const at::Tensor& nll) {
  count += more;
  losses.push_back(loss.detach());
  nlls.push_back(nll.detach());
}

namespace {

// Of all processes together.
LossSums summed_over(ProcessGroup& group, const LossSums& own) {
  if (group.size() == 1) return own;
  std::vector<double> values = {static_cast<double>(own.count), 0, 0};
  for (const at::Tensor& loss : own.losses) values[1] += loss.item<double>();
  for (const at::Tensor& nll : own.nlls) values[2] += nll.item<double>();
  values = group.sums(std::move(values));
  return {static_cast<int64_t>(values[0]),
          {at::scalar_tensor(values[1], at::kDouble)},
          {at::scalar_tensor(values[2], at::kDouble)}};
}

// What an update gave, read from the device at once.
struct Read {
  double loss = 0, nll = 0, norm = 0;
};

Read read(const LossSums& sums, const at::Tensor& norm) {
  std::vector<at::Tensor> all = sums.losses;
  all.insert(all.end(), sums.nlls.begin(), sums.nlls.end());
  all.push_back(norm);
  for (at::Tensor& scalar : all) scalar = scalar.to(norm.device(), at::kDouble);
  const at::Tensor values = at::stack(all).cpu();
  const double* value = values.const_data_ptr<double>();
  const size_t batches = sums.losses.size();
  return {std::accumulate(value, value + batches, 0.0),
          std::accumulate(value + batches, value + 2 * batches, 0.0), value[2 * batches]};
}

}  // namespace

Precision precision(const LearningOptions& options) {
  return options.precision == "bfloat16" ? Precision::bfloat16 : Precision::float32;
}

TrainingLoop::TrainingLoop(LearningTask& task, const LearningOptions& options, int64_t accumulate,
                           std::filesystem::path run, bool resume, ProcessGroup& group)
    : task_(task),
      options_(options),
      accumulate_(accumulate),
      run_(std::move(run)),
      group_(group),
      adam_(task.module(), adam_options(options),
            [&task](const std::string& parameter) { return task.rate_factor(parameter); }) {
  if (!group_.leads()) return;
  if (const auto folder = resume ? newest_checkpoint(run_) : std::nullopt) {
    expect_undamaged(run_, *folder);
    state_ = load_checkpoint(*folder, task_.module(), adam_);
    expect_averaged();
    message(fmt::format("{}: goes on at update {}", run_.string(), state_.update));
    tidy_checkpoints(run_, state_);
    restore_published();
  }
}

void TrainingLoop::open_logs() {
  metrics_.emplace(run_ / "metrics.jsonl", state_.metrics_lines);
  if (options_.chain_every > 0) chain_.emplace(run_ / "chain.jsonl", state_.chain_lines);
  if (options_.log_every > 0) log_.emplace(run_ / "training.jsonl", state_.log_lines);
  events_.emplace(run_, state_.update + 1);
  events_->write_recipe(task_.recipe());
}

void TrainingLoop::share_start() {
  if (group_.size() == 1) return;
  const std::string state = group_.shared(config::write(state_).dump());
  config::Problems problems("state");
  state_ = {};
  config::read(state_, parse_json<nlohmann::json>(state, "state"), problems);
  problems.throw_if_any();
  group_.share(adam_.parameters());
  for (const at::Tensor& parameter : task_.module().parameters())
    if (!parameter.requires_grad()) group_.share(parameter);
  for (const auto& [name, tensor] : adam_.state()) group_.share(tensor);
  adam_.count_steps();
}

void TrainingLoop::run() {
  if (group_.leads()) open_logs();
  Progress progress("train", "updates", options_.updates);
  share_start();
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
    if (group_.any(interrupted())) {
      progress.clear();
      save_and_leave();
    }
    // 3. One update on the next batches of the epoch.
    const int64_t end = std::min(state_.next_batch + accumulate_, epoch_batches_);
    const Progressed progressed = update(state_.next_batch, end);
    state_.next_batch = end;
    if (log_ && state_.update % options_.log_every == 0) write_log(progressed);
    if (chain_ && state_.update % options_.chain_every == 0) write_chain();
    show(progress);
    // 4. The epoch's end.
    if (end == epoch_batches_) {
      ++state_.epoch;
      state_.next_batch = 0;
      start_epoch();
    }
  }
}

bool TrainingLoop::validation_due() const {
  if (state_.validated_update == state_.update) return false;
  if (state_.update >= options_.updates) return true;
  return options_.validate_every > 0 ? state_.update % options_.validate_every == 0
                                     : state_.next_batch == 0;
}

bool TrainingLoop::finished() const {
  if (state_.validated_update != state_.update) return false;
  return state_.update >= options_.updates ||
         (options_.patience > 0 && state_.validations_since_best >= options_.patience);
}

void TrainingLoop::start_epoch() {
  epoch_batches_ = task_.start_epoch(state_.epoch);
  if (epoch_batches_ < group_.size())
    throw Error(
        fmt::format("training: an epoch has {} {}, expected at least {}, one for each process",
                    epoch_batches_, epoch_batches_ == 1 ? "batch" : "batches", group_.size()));
}

TrainingLoop::Progressed TrainingLoop::update(int64_t first, int64_t last) {
  const double began = now();
  task_.module().train();
  adam_.zero_gradients();
  std::vector<int64_t> batches;
  for (int64_t batch = first + group_.rank(); batch < last; batch += group_.size())
    batches.push_back(batch);
  const LossSums own = task_.add_gradients(batches, state_.update,
                                           linear_growth(state_.update + 1, options_.tau_warmup));
  const LossSums sums = summed_over(group_, own);
  group_.sum(adam_.gradients());
  ++state_.update;
  const auto [loss, nll, norm] =
      read(sums, adam_.step(static_cast<double>(sums.count), options_.clip_norm,
                            learning_rate(options_, state_.update)));
  if (!std::isfinite(norm) || !std::isfinite(loss))
    throw MachineError(fmt::format(
        "{}: update {}: the gradient's norm is {}, the loss {}; expected finite numbers; try a "
        "lower training.learning_rate{}",
        run_.string(), state_.update, norm, loss / static_cast<double>(sums.count),
        before_divergence()));
  state_.target_tokens += sums.count;
  state_.interval_tokens += sums.count;
  state_.loss_sum += loss;
  state_.nll_sum += nll;
  const double seconds = now() - began;
  state_.interval_seconds += seconds;
  state_.seconds += seconds;
  const auto count = static_cast<double>(sums.count);
  expect_no_divergence(nll / count);
  return {loss / count, nll / count, norm, sums.count, seconds};
}

void TrainingLoop::expect_no_divergence(double nll) {
  double& recent = state_.recent_nll;
  recent = recent == 0 ? nll : recent + (nll - recent) / kRecentUpdates;
  state_.lowest_recent_nll = std::min(state_.lowest_recent_nll, recent);
  if (options_.divergence == 0 || recent <= state_.lowest_recent_nll + options_.divergence) return;
  throw MachineError(fmt::format(
      "{}: update {}: diverged: the mean nll of the last updates is {:.2f}, it was {:.2f} before; "
      "training.divergence allows {} more; try a lower training.learning_rate{}",
      run_.string(), state_.update, recent, state_.lowest_recent_nll, options_.divergence,
      before_divergence()));
}

TrainingLoop::Timed TrainingLoop::try_updates(int64_t largest, double seconds) {
  start_epoch();
  update(largest, largest + 1);
  Timed timed;
  for (int64_t next = 0; next < epoch_batches_; next += accumulate_) {
    throw_if_interrupted();
    const Progressed progressed = update(next, std::min(next + accumulate_, epoch_batches_));
    ++timed.updates;
    timed.count += progressed.count;
    timed.seconds += progressed.seconds;
    if (timed.seconds >= seconds) break;
  }
  return timed;
}

void TrainingLoop::write_log(const Progressed& update) {
  const double began = now();
  const Counted words = task_.counted();
  const double speed = static_cast<double>(update.count) / std::max(update.seconds, 1e-9);
  nlohmann::ordered_json line = {{"update", state_.update},
                                 {"loss", update.loss},
                                 {"nll", update.nll},
                                 {"gradient_norm", update.gradient_norm},
                                 {"learning_rate", learning_rate(options_, state_.update)},
                                 {words.each + "s_per_second", speed},
                                 {"memory_mb", resident_megabytes()}};
  const std::optional<double> gate = task_.mean_gate();
  if (gate) line["gate"] = *gate;
  log_->append(line.dump());
  ++state_.log_lines;
  std::vector<std::pair<std::string, double>> scalars;
  for (const auto& [name, value] : line.items())
    if (name != "update") scalars.emplace_back("train/" + name, value.get<double>());
  events_->write(state_.update, scalars);
  if (isatty(STDERR_FILENO) == 0)
    message(fmt::format(
        "update {}: loss {:.4f}, nll {:.4f}, gradient norm {:.3g}, learning rate {:.3g}, "
        "{:.0f} {}s/s, {:.0f} MB{}",
        state_.update, update.loss, update.nll, update.gradient_norm,
        learning_rate(options_, state_.update), speed, words.each, line["memory_mb"].get<double>(),
        gate ? fmt::format(", gate {:.3f}", *gate) : ""));
  state_.seconds += now() - began;
}

std::string TrainingLoop::last_checkpoint() const {
  const auto folder = newest_checkpoint(run_);
  return folder ? "; the last checkpoint is " + folder->string() : "";
}

// What a loss has not shown yet a checkpoint may already hold: good is one that was the best so
// far, or came before any validation.
std::string TrainingLoop::before_divergence() const {
  for (const std::filesystem::path& folder : complete_checkpoints(run_)) {
    const TrainingState state = read_state(folder);
    if (state.best_update == 0 || state.best_update == state.update)
      return "; the last good checkpoint is " + folder.string();
  }
  if (!std::filesystem::exists(run_ / "best")) return "; there is no checkpoint";
  return fmt::format("; the last good weights are {}, of update {}{}", (run_ / "best").string(),
                     state_.best_update, last_checkpoint());
}

void TrainingLoop::finish_validation() {
  const double began = now();
  const Validation validation = task_.validate();
  const std::optional<Validation> average = validate_average();
  state_.seconds += now() - began;
  if (group_.leads()) write_metrics(validation, average);
  state_.loss_sum = state_.nll_sum = state_.interval_seconds = 0;
  state_.interval_tokens = 0;
  state_.validated_update = state_.update;
  const bool best = validation.nll < state_.best_nll;
  if (best) {
    state_.best_nll = validation.nll;
    state_.best_update = state_.update;
  }
  state_.validations_since_best = best ? 0 : state_.validations_since_best + 1;
  choose_whole();
  state_.kept.push_back(fmt::format("{:08}", state_.update));
  if (static_cast<int64_t>(state_.kept.size()) > options_.average)
    state_.kept.erase(state_.kept.begin());
  if (group_.leads()) write_checkpoint(validation, best);
}

void TrainingLoop::expect_averaged() {
  const std::filesystem::path checkpoints = run_ / "checkpoints";
  std::vector<std::string> gone;
  for (const std::string& name : std::exchange(state_.kept, {}))
    (std::filesystem::exists(checkpoints / name) ? state_.kept : gone).push_back(name);
  for (const std::string& name : state_.kept) expect_undamaged_weights(checkpoints / name);
  if (!gone.empty())
    message(fmt::format("{}: averages without what is gone: {}", checkpoints.string(),
                        fmt::join(gone, ", ")));
}

void TrainingLoop::choose_whole() {
  std::vector<std::string> names = std::move(state_.whole);
  names.push_back(checkpoint_folder(run_, state_.update).filename().string());
  const auto count = static_cast<int64_t>(names.size());
  state_.whole.clear();
  for (int64_t i = 0; i < count; ++i) {
    const int64_t update = std::stoll(names[i]);
    if (i + options_.keep_last >= count || (options_.keep_best && update == state_.best_update) ||
        (options_.keep_every > 0 && update % options_.keep_every == 0))
      state_.whole.push_back(names[i]);
  }
}

void TrainingLoop::write_checkpoint(const Validation& validation, bool best) {
  NewCheckpoint checkpoint(run_, task_.module(), adam_, state_, task_.description());
  publish(checkpoint.path(), best);
  checkpoint.publish();
  message(fmt::format("update {}, epoch {}: validation nll {:.4f}{}, {} accuracy {:.1f} %{}",
                      state_.update, epoch_of_metrics(), validation.nll, best ? " (best)" : "",
                      task_.counted().each, 100 * validation.accuracy,
                      validation.bleu ? fmt::format(", BLEU {:.2f}", *validation.bleu) : ""));
}

std::optional<Validation> TrainingLoop::validate_average() {
  if (!adam_.keeps_average()) return std::nullopt;
  const struct Exchanged {
    Adam& adam;
    explicit Exchanged(Adam& adam) : adam(adam) { adam.exchange_average(); }
    ~Exchanged() { adam.exchange_average(); }
  } exchanged(adam_);
  const Validation validation = task_.validate();
  if (!group_.leads()) return validation;
  AtomicFolder folder(run_ / "ema");
  write_model(folder.path(), named_weights(task_.module()), task_.description());
  folder.commit();
  return validation;
}

void TrainingLoop::publish(const std::filesystem::path& checkpoint, bool best) {
  if (best) copy_model(checkpoint, run_ / "best");
  std::vector<std::filesystem::path> folders;
  for (const std::string& name : state_.kept) folders.push_back(run_ / "checkpoints" / name);
  folders.back() = checkpoint;
  average_models(folders, run_ / "averaged");
}

void TrainingLoop::restore_published() {
  if (state_.kept.empty()) return;
  const auto exists = [](const std::filesystem::path& path) {
    return std::filesystem::exists(path);
  };
  std::vector<std::filesystem::path> folders;
  for (const std::string& name : state_.kept) folders.push_back(run_ / "checkpoints" / name);
  const std::string metrics =
      exists(run_ / "metrics.jsonl") ? read_file(run_ / "metrics.jsonl") : "";
  const bool back = std::ranges::count(metrics, '\n') > state_.metrics_lines;
  if (back || !exists(run_ / "averaged")) average_models(folders, run_ / "averaged");
  const std::filesystem::path best = checkpoint_folder(run_, state_.best_update);
  if ((back || !exists(run_ / "best")) && exists(best)) copy_model(best, run_ / "best");
}

void TrainingLoop::save_and_leave() {
  if (group_.leads() && state_.update > 0 && state_.validated_update != state_.update)
    NewCheckpoint(run_, task_.module(), adam_, state_, task_.description()).publish();
  throw TrainingInterrupted(state_.update);
}

int64_t TrainingLoop::epoch_of_metrics() const {
  return state_.next_batch == 0 ? state_.epoch - 1 : state_.epoch;
}

void TrainingLoop::write_metrics(const Validation& validation,
                                 const std::optional<Validation>& average) {
  const Counted words = task_.counted();
  const auto count = static_cast<double>(std::max<int64_t>(state_.interval_tokens, 1));
  nlohmann::ordered_json line = {
      {"update", state_.update},         {"epoch", epoch_of_metrics()},
      {"loss", state_.loss_sum / count}, {"nll", state_.nll_sum / count},
      {"valid_nll", validation.nll},     {"valid_accuracy", validation.accuracy}};
  if (validation.bleu) line["valid_bleu"] = *validation.bleu;
  if (const auto gate = task_.mean_gate()) line["valid_gate"] = *gate;
  if (average) {
    line["ema_valid_nll"] = average->nll;
    line["ema_valid_accuracy"] = average->accuracy;
    if (average->bleu) line["ema_valid_bleu"] = *average->bleu;
  }
  line["learning_rate"] = learning_rate(options_, state_.update);
  line[words.all] = state_.target_tokens;
  line[words.each + "s_per_second"] =
      static_cast<double>(state_.interval_tokens) / std::max(state_.interval_seconds, 1e-9);
  line["seconds"] = state_.seconds;
  metrics_->append(line.dump());
  ++state_.metrics_lines;
  std::vector<std::pair<std::string, double>> scalars;
  for (const auto& [name, value] : line.items())
    if (name != "update") scalars.emplace_back(tag_of(name), value.get<double>());
  events_->write(state_.update, scalars);
}

void TrainingLoop::write_chain() {
  const double began = now();
  const std::vector<ChainStatistics> chains = task_.measure_chain();
  chain_->append(chain_line(state_.update, chains).dump());
  ++state_.chain_lines;
  events_->write(state_.update, chain_scalars(chains));
  state_.seconds += now() - began;
}

void TrainingLoop::show(Progress& progress) {
  const auto count = static_cast<double>(std::max<int64_t>(state_.interval_tokens, 1));
  progress.show(
      state_.update,
      fmt::format("epoch {}, loss {:.3f}, {:.0f} {}s/s", state_.epoch, state_.loss_sum / count,
                  count / std::max(state_.interval_seconds, 1e-9), task_.counted().each));
}

}  // namespace penalmt
