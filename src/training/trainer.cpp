#include "training/trainer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/torch.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

#include "evaluation/bleu.h"
#include "tensors/devices.h"
#include "tensors/precision.h"
#include "training/chain_measuring.h"
#include "training/level_batches.h"
#include "translation/model_location.h"
#include "translation/translator.h"

namespace penalmt {
namespace {

// The first of validation, for training.chain_every and the gates.
constexpr size_t kMeasuredSentences = 32;

ModelDescription describe(const Recipe& recipe, const Tokenizers& tokenizers) {
  return {.model = recipe.model,
          .source_vocabulary = tokenizers.source.vocabulary_size(),
          .target_vocabulary = tokenizers.target.vocabulary_size(),
          .source_language = recipe.data.source_language,
          .target_language = recipe.data.target_language,
          .text = recipe.data.layout == "multi30k" ? recipe.data.text : "",
          .decoding = recipe.decoding};
}

// Parameters that do not learn ask for no gradient.
TranslationModel build(const ModelDescription& description, const Recipe& recipe,
                       c10::Device device) {
  torch::manual_seed(static_cast<uint64_t>(recipe.training.seed));
  TranslationModel model(description.model, description.source_vocabulary,
                         description.target_vocabulary);
  model->to(device);
  for (const auto& item : model->named_parameters())
    at::Tensor(item.value()).set_requires_grad(recipe.trains(item.key()));
  return model;
}

// How many of the tensors each part has: "fusion (6), image_encoder (27)".
std::string by_part(const std::vector<std::string>& names) {
  std::map<std::string, int> counts;
  for (const std::string& name : names) ++counts[name.substr(0, name.find('.'))];
  std::vector<std::string> parts;
  for (const auto& [part, count] : counts) parts.push_back(fmt::format("{} ({})", part, count));
  return fmt::format("{}", fmt::join(parts, ", "));
}

// Weights that others trained, as far as the model has them. A fusion that joins a trained text
// model starts silent.
void begin_with(TranslationModelImpl& model, const std::filesystem::path& path) {
  const std::filesystem::path file = model_folder(path) / "model.safetensors";
  const std::vector<std::string> drawn = load_matching_weights(file, model);
  const auto is_drawn = [&](std::string_view part) {
    return std::ranges::any_of(drawn,
                               [&](const std::string& name) { return name.starts_with(part); });
  };
  if (is_drawn("fusion.") && !is_drawn("encoder.")) model.start_silent();
  message(fmt::format("{}: {} tensors taken{}", file.string(),
                      named_weights(model).size() - drawn.size(),
                      drawn.empty() ? "" : "; drawn anew: " + by_part(drawn)));
}

// Some lines' images.
class ImagesOfLines : public ImageSet {
 public:
  ImagesOfLines(const ImageSet& all, const std::vector<int64_t>& lines) : all_(all) {
    for (const int64_t line : lines) index_.push_back(all.index()[line]);
  }
  at::Tensor rows(const std::vector<int64_t>& which) const override { return all_.rows(which); }

 private:
  const ImageSet& all_;
};

}  // namespace

Trainer::Trainer(const Recipe& recipe, std::filesystem::path run, TrainingData data,
                 c10::Device device, bool resume, ProcessGroup& group)
    : recipe_(recipe),
      data_(std::move(data)),
      device_(device),
      group_(group),
      description_(describe(recipe, data_.tokenizers)),
      model_(build(description_, recipe, device)),
      ahead_([this](const BatchPlace& place) { return batch_at(place); }),
      loop_(*this, recipe.training, recipe.training.accumulate, std::move(run), resume, group) {
  for (const at::Tensor& parameter : model_->parameters())
    if (parameter.requires_grad()) parameters_.push_back(parameter);
  if (group_.leads() && state().update == 0 && !recipe_.training.initial_weights.empty())
    begin_with(*model_,
               expand_environment(recipe_.training.initial_weights, "training.initial_weights"));
}

int64_t Trainer::start_epoch(int64_t epoch) {
  ahead_.drop();
  const uint64_t seed =
      mix64(static_cast<uint64_t>(recipe_.training.seed)) ^ static_cast<uint64_t>(epoch);
  if (recipe_.training.bpe_dropout > 0) sample_split(data_.train, data_.tokenizers, recipe_, seed);
  const auto lengths = [&](int64_t i) { return data_.train.lengths(i); };
  epoch_batches_ =
      make_batches(data_.train.drawn(seed), lengths, recipe_.training.batch_tokens, seed);
  const auto draws = [](const Corpus& corpus) { return corpus.weight < 1; };
  if (std::ssize(epoch_batches_) < group_.size() && std::ranges::any_of(data_.train.corpora, draws))
    throw Error(fmt::format(
        "training: epoch {} has drawn sentences for {} batches, expected at least {}, one for each "
        "process; larger weights (data.weight, data.corpora) draw more",
        epoch, epoch_batches_.size(), group_.size()));
  model_->train();
  if (group_.size() > 1 && model_->packs())
    level_batches(epoch_batches_, recipe_.training.accumulate, group_.size(),
                  [&, costs = token_costs()](int64_t i) {
                    const ExampleLengths of = lengths(i);
                    return costs.source * static_cast<double>(of.source) +
                           costs.target * static_cast<double>(of.target - 1);
                  });
  return static_cast<int64_t>(epoch_batches_.size());
}

// Without padding a sentence's work is that of its tokens: of the products' numbers.
Trainer::TokenCosts Trainer::token_costs() const {
  const ModelOptions& model = model_->options();
  const auto width = static_cast<double>(model.width),
             inner = static_cast<double>(model.feed_forward),
             encoder = static_cast<double>(model.encoder_layers),
             decoder = static_cast<double>(model.decoder_layers);
  const double square = width * width, block = 2 * width * inner;
  return {encoder * (4 * square + block) + decoder * 2 * square,
          decoder * (6 * square + block) + static_cast<double>(model_->output_embedding().numel())};
}

Batch Trainer::batch_at(const BatchPlace& place) const {
  Batch batch = training_batch(epoch_batches_[place.batch], place.update);
  if (batch.images.defined()) batch.images = pinned_for(device_, batch.images);
  return batch;
}

Batch Trainer::training_batch(const std::vector<int64_t>& which, int64_t update) const {
  const double dropout = recipe_.training.image_dropout;
  std::vector<Example> examples;
  std::vector<int64_t> all;
  for (const int64_t i : which) {
    all.push_back(static_cast<int64_t>(examples.size()));
    examples.push_back(data_.train.at(i));
    if (!data_.train.images || dropout == 0) continue;
    // Drawn from (seed, update, sentence), as dropout is.
    const uint64_t drawn =
        mix64(mix64(mix64(static_cast<uint64_t>(recipe_.training.seed) ^ 0x696D616765ull) ^
                    static_cast<uint64_t>(update)) ^
              static_cast<uint64_t>(examples.back().id));
    if (static_cast<double>(drawn >> 11) * 0x1p-53 < dropout) examples.back().image = -1;
  }
  return collate(examples, all, data_.train.images.get());
}

TokenLoss Trainer::training_loss(const Batch& batch, const ForwardPass& pass) {
  const TrainingOptions& training = recipe_.training;
  const Sentences sentences = sentences_of(batch, device_);
  if (training.r_drop == 0 && training.token_cutoff == 0)
    return model_->loss(sentences, training.label_smoothing, pass);
  // What each pass adds to the penalty goes with what it adds to the cross entropy.
  const PairWeights weights = training.r_drop > 0
                                  ? r_drop_weights(training.r_drop)
                                  : token_cutoff_weights(training.token_cutoff_weight);
  ForwardPass first = pass, second = pass;
  first.tau_scale *= weights.first;
  second.tau_scale *= weights.second;
  second.number = 1;
  second.token_cutoff = training.token_cutoff;
  return model_->pair_loss(sentences, training.label_smoothing, weights, first, second);
}

// Dropout is drawn a sentence, so two halves do what the whole batch does.
template <class Use>
void Trainer::in_memory(const std::vector<int64_t>& which, const Use& use) {
  try {
    return use(which);
  } catch (const c10::OutOfMemoryError&) {
    // What batch normalisation sees is the batch; and no sentence can be halved.
    if (device_.is_cpu() || which.size() == 1 || recipe_.model.image_encoder.kind == "resnet")
      throw;
    if (!halved_)
      message(
          fmt::format("the GPU has not enough memory for a batch of {} sentences: such ones are "
                      "halved; a smaller training.batch_tokens goes without that",
                      which.size()));
    halved_ = true;
  }
  const auto middle = which.begin() + static_cast<int64_t>(which.size() / 2);
  in_memory({which.begin(), middle}, use);
  in_memory({middle, which.end()}, use);
}

LossSums Trainer::add_gradients(const std::vector<int64_t>& batches, int64_t update,
                                double tau_scale) {
  const TrainingOptions& training = recipe_.training;
  ForwardPass pass{.ids = {},
                   .seed = static_cast<uint64_t>(training.seed),
                   .update = update,
                   .tau_scale = tau_scale};
  LossSums sums;
  const PrecisionScope scope(precision(training));
  for (size_t i = 0; i < batches.size(); ++i) {
    std::optional<Batch> made = ahead_.take({batches[i], update});
    const BatchPlace next = after(batches, i, update, training.accumulate);
    if (!device_.is_cpu() && next.batch < static_cast<int64_t>(epoch_batches_.size()))
      ahead_.begin(next);
    in_memory(epoch_batches_[batches[i]], [&](const std::vector<int64_t>& which) {
      // Halves of it are made anew.
      const Batch batch = made ? *std::exchange(made, {}) : training_batch(which, update);
      pass.ids = batch.ids;
      const TokenLoss loss = training_loss(batch, pass);
      penalmt::add_gradients(loss.total, parameters_);
      sums.add(batch.target_tokens, loss.total, loss.nll);
    });
  }
  return sums;
}

Validation Trainer::validate() {
  torch::NoGradGuard no_grad;
  model_->eval();
  at::Tensor sums = at::zeros({2}, at::TensorOptions(device_).dtype(at::kDouble));  // nll, correct
  int64_t tokens = 0;
  const auto batches =
      make_batches(data_.valid.examples, recipe_.training.batch_tokens, std::nullopt);
  in_common([&] {
    for (size_t b = group_.rank(); b < batches.size(); b += group_.size())
      in_memory(batches[b], [&](const std::vector<int64_t>& which) {
        const Batch batch = collate(data_.valid.examples, which, data_.valid.images.get());
        const TokenLoss loss = model_->loss(sentences_of(batch, device_), /*smoothing=*/0);
        sums.add_(at::stack({loss.nll, loss.correct}));
        tokens += batch.target_tokens;
      });
  });
  sums = sums.cpu();
  const std::vector<double> all =
      group_.sums({sums[0].item<double>(), sums[1].item<double>(), static_cast<double>(tokens)});
  return {all[0] / all[2], all[1] / all[2],
          recipe_.training.validate_bleu ? std::optional(validation_bleu()) : std::nullopt};
}

template <class Work>
void Trainer::in_common(const Work& work) {
  bool stopped = false;
  try {
    work();
  } catch (const Interrupted&) {
    stopped = true;
  }
  if (group_.any(stopped)) throw Interrupted();
}

std::vector<ChainStatistics> Trainer::measure_chain() {
  const size_t count = std::min(kMeasuredSentences, data_.valid.examples.size());
  const std::vector<Example> some(data_.valid.examples.begin(),
                                  data_.valid.examples.begin() + count);
  return measure_chains(*model_, some, data_.valid.images.get()).chains;
}

std::optional<double> Trainer::mean_gate() {
  if (!data_.valid.images) return std::nullopt;
  std::vector<Example> some;
  for (const Example& example : data_.valid.examples)
    if (example.has_image() && some.size() < kMeasuredSentences) some.push_back(example);
  if (some.empty()) return std::nullopt;
  std::vector<int64_t> all(some.size());
  std::iota(all.begin(), all.end(), 0);
  torch::NoGradGuard no_grad;
  model_->eval();
  const Batch batch = collate(some, all, data_.valid.images.get());
  const ImageView view = model_->view_images(batch.source.to(device_), batch.images.to(device_),
                                             batch.target_input.to(device_));
  // [B, n], true where a word looked.
  const at::Tensor real = (view.of_target ? batch.target_output : batch.source).ne(kPad);
  return view.gate.cpu().masked_select(real).to(at::kDouble).mean().item<double>();
}

Rehearsal Trainer::rehearse(double seconds) {
  Rehearsal found;
  int64_t learning = 0;
  for (const at::Tensor& parameter : parameters_) learning += parameter.numel();
  for (const at::Tensor& parameter : model_->parameters()) found.parameters += parameter.numel();
  const int kept = recipe_.training.ema > 0 ? 4 : 3;  // gradients, Adam's two, the average
  found.state_bytes =
      4.0 * static_cast<double>(found.parameters) + kept * 4.0 * static_cast<double>(learning);
  const auto batches = start_epoch(1);
  double places = 0, real = 0, largest_places = 0;
  int64_t largest = 0;
  for (int64_t b = 0; b < batches; ++b) {
    int64_t source = 0, target = 0;
    for (const int64_t i : epoch_batches_[b]) {
      const ExampleLengths lengths = data_.train.lengths(i);
      source = std::max(source, lengths.source);
      target = std::max(target, lengths.target - 1);
      real += static_cast<double>(lengths.source + lengths.target - 1);
      found.target_tokens += lengths.target - 1;
    }
    const double of_batch =
        static_cast<double>(source + target) * static_cast<double>(epoch_batches_[b].size());
    places += of_batch;
    if (of_batch <= largest_places) continue;
    largest_places = of_batch;
    largest = b;
  }
  found.padding = 1 - real / places;
  found.batches = batches;
  found.updates = (batches + recipe_.training.accumulate - 1) / recipe_.training.accumulate;
  found.timed = loop_.try_updates(largest, seconds);
  return found;
}

double Trainer::validation_bleu() {
  std::vector<int64_t> lines;  // this process's share
  std::vector<std::string> sources, references;
  for (size_t line = group_.rank(); line < data_.valid.text.source.size(); line += group_.size()) {
    lines.push_back(static_cast<int64_t>(line));
    sources.push_back(data_.valid.text.source[line]);
    references.push_back(data_.valid.text.target[line]);
  }
  std::optional<ImagesOfLines> images;
  if (data_.valid.images) images.emplace(*data_.valid.images, lines);
  const Bleu bleu({.tokenizer = description_.scoring_tokenizer()}, References::single(references));
  std::vector<double> sums;
  in_common([&] {
    Translator translator(model_, description_, data_.tokenizers.source, data_.tokenizers.target);
    std::vector<std::string> hypotheses;
    for (const Translation& translation :
         translator.translate(sources, images ? &*images : nullptr, {.beam = 1},
                              {.threads = at::get_num_threads()}, {"validation"}))
      hypotheses.push_back(translation.n_best.front().text);
    sums = bleu.statistics(hypotheses).sum();
  });
  return bleu.details(group_.sums(std::move(sums))).score;
}

}  // namespace penalmt
