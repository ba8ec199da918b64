#include "training/training_data.h"

#include <fmt/format.h>

#include "base/files.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "base/sha256.h"
#include "datasets/features/feature_set.h"
#include "datasets/images/decoded_images.h"
#include "datasets/text/image_names.h"
#include "translation/image_source.h"
#include "translation/model_location.h"

namespace penalmt {
namespace {

FeatureStore open_store(const DataOptions& data, const std::string& split) {
  const StoreFiles files = feature_files(data, split);
  return FeatureStore::open(files.store, files.names);
}

std::shared_ptr<const ImageSet> decoded_images(const Recipe& recipe, const DataSplit& split) {
  const ImageRules rules{.allow_outside = recipe.data.allow_outside};
  const std::filesystem::path root = image_root(recipe.data, split.name);
  if (!rules.allow_outside)
    expect_inside(split.text.images, root, split.text.image_list.string(),
                  "; data.allow_outside takes it", split.text.lines);
  try {
    return std::make_shared<DecodedImages>(split.text.images, root, recipe.model.image_encoder.size,
                                           0, rules);
  } catch (const BrokenImageError& error) {
    const std::size_t line = error.image().line;
    throw error.in_list(split.text.image_list.string(),
                        split.text.line_of(line) - static_cast<int64_t>(line));
  }
}

std::shared_ptr<const ImageSet> images_of(const Recipe& recipe, const DataSplit& split) {
  if (!recipe.model.takes_features()) return decoded_images(recipe, split);
  const FeatureStore store = open_store(recipe.data, split.name);
  const FeatureOptions& features = recipe.model.features;
  store.expect({features.regions, features.width}, features.encoder);
  return std::make_shared<StoredFeatures>(split.text.images, store,
                                          feature_files(recipe.data, split.name).store.string());
}

}  // namespace

std::optional<Tokenizers> read_tokenizers(const std::filesystem::path& run) {
  if (std::filesystem::exists(run / "tokenizer.model")) {
    const Tokenizer joint = Tokenizer::open(run / "tokenizer.model");
    return Tokenizers{joint, joint};
  }
  if (!std::filesystem::exists(run / "target.model")) return std::nullopt;
  return Tokenizers{Tokenizer::open(run / "source.model"), Tokenizer::open(run / "target.model")};
}

namespace {

// A text's embeddings belong to its pieces: with another kind of embeddings some would be drawn
// anew, or stand for other pieces.
void refuse_other_embeddings(const ModelLocation& from, const Recipe& recipe) {
  const std::string embeddings = read_description(from.folder).model.embeddings;
  if (embeddings == recipe.model.embeddings) return;
  const bool joint = from.source_tokenizer == from.target_tokenizer;
  throw Error(fmt::format(
      "training.initial_weights: {}: got model.embeddings {}, of {}, expected {}, of {}; set "
      "model.embeddings={}",
      from.folder.string(), embeddings,
      joint ? from.source_tokenizer.string()
            : from.source_tokenizer.string() + " and " + from.target_tokenizer.string(),
      recipe.model.embeddings,
      recipe.joint_vocabulary() ? "one tokenizer.model" : "a source.model and a target.model",
      embeddings));
}

}  // namespace

std::optional<Tokenizers> initial_tokenizers(const Recipe& recipe) {
  const std::string& weights = recipe.training.initial_weights;
  if (weights.empty()) return std::nullopt;
  const std::filesystem::path folder =
      model_folder(expand_environment(weights, "training.initial_weights"));
  if (!translates(folder)) return std::nullopt;
  const ModelLocation from = locate_model(folder);
  refuse_other_embeddings(from, recipe);
  return read_tokenizers(from.source_tokenizer.parent_path());
}

void write_tokenizers(const std::filesystem::path& run, const Tokenizers& tokenizers, bool joint) {
  if (joint) return write_file(run / "tokenizer.model", tokenizers.source.serialized());
  write_file(run / "source.model", tokenizers.source.serialized());
  write_file(run / "target.model",
             tokenizers.target.serialized());  // last: read_tokenizers looks for it
}

Tokenizers train_tokenizers(const ParallelText& text, const Recipe& recipe) {
  if (!recipe.joint_vocabulary())
    return {Tokenizer::train(text.source, recipe.tokenizer),
            Tokenizer::train(text.target, recipe.tokenizer)};
  std::vector<std::string> lines = text.source;
  lines.insert(lines.end(), text.target.begin(), text.target.end());
  const Tokenizer joint = Tokenizer::train(lines, recipe.tokenizer);
  return {joint, joint};
}

void settle_features(Recipe& recipe) {
  if (!recipe.model.uses_images() || !recipe.model.takes_features()) return;
  FeatureOptions& features = recipe.model.features;
  const FeatureStore store = open_store(recipe.data, recipe.data.train);
  if (features.regions == 0) features.regions = store.regions();
  if (features.width == 0) features.width = store.width();
  if (features.encoder.empty()) features.encoder = store.encoder();
  if (recipe.data.image_encoder.empty()) return;
  features.encoder =
      open_encoder(expand_environment(recipe.data.image_encoder, "data.image_encoder"), features,
                   at::kCPU)
          .name();
}

DataSplit read_split(const Recipe& recipe, const std::string& name) {
  DataSplit split{.name = name};
  split.text = load_split(recipe.data, name);
  if (split.text.source.empty()) throw Error(fmt::format("data: split '{}' is empty", name));
  if (recipe.model.uses_images()) {
    if (split.text.images.empty() && recipe.data.layout == "table")
      throw Error(
          fmt::format("data.image_column: empty; model.fusion '{}' needs it", recipe.model.fusion));
    if (split.text.images.empty())
      throw Error(fmt::format("data: split '{}' has no list of images; model.fusion '{}' needs one",
                              name, recipe.model.fusion));
    split.images = images_of(recipe, split);
    message(fmt::format("{}: {} of {} sentences have their image", name, split.images->found(),
                        split.text.images.size()));
  }
  return split;
}

namespace {

// The pieces of a sentence as the model meets them: source EOS; BOS target EOS.
void set_pieces(Example& example, const std::vector<int>& source, const std::vector<int>& target) {
  example.source = source;
  example.source.push_back(kEos);
  example.target = {kBos};
  example.target.insert(example.target.end(), target.begin(), target.end());
  example.target.push_back(kEos);
}

// A sentence longer than a batch is a batch alone, however long it takes.
void warn_of_long_sentences(const DataSplit& split, int64_t batch_tokens) {
  int64_t count = 0, longest = 0, line = 0;
  for (const Example& example : split.examples) {
    const auto pieces =
        static_cast<int64_t>(std::max(example.source.size(), example.target.size() - 1));
    if (pieces <= batch_tokens) continue;
    ++count;
    if (pieces <= longest) continue;
    longest = pieces;
    line = example.id + 1;
  }
  if (count > 0)
    warning(fmt::format(
        "data: split '{}': {} of {} sentences {} more than training.batch_tokens = {} pieces, the "
        "longest, of line {}, {}; each is a batch alone, and slow: better left out",
        split.name, count, split.examples.size(), count == 1 ? "has" : "have", batch_tokens, line,
        longest));
}

}  // namespace

void encode_split(DataSplit& split, const Tokenizers& tokenizers, const Recipe& recipe) {
  const int64_t lines = static_cast<int64_t>(split.text.source.size());
  const auto longest = static_cast<size_t>(recipe.model.longest);
  split.examples.reserve(lines);
  for (int64_t line = 0; line < lines; ++line) {
    throw_if_interrupted();
    if (split.text.source[line].empty() || split.text.target[line].empty())
      continue;  // nothing to learn from
    Example example{{}, {}, -1, line};
    set_pieces(example, tokenizers.source.encode(split.text.source[line]),
               tokenizers.target.encode(split.text.target[line]));
    if (split.images) example.image = split.images->index()[line];
    if (recipe.model.positions == "learned" &&
        std::max(example.source.size(), example.target.size()) > longest)
      throw Error(
          fmt::format("data: split '{}', line {}: {} tokens, expected at most model.longest = {}",
                      split.name, split.text.line_of(static_cast<size_t>(line)),
                      std::max(example.source.size(), example.target.size()), longest));
    split.examples.push_back(std::move(example));
  }
  warn_of_long_sentences(split, recipe.training.batch_tokens);
}

std::string fingerprint(const DataSplit& split) {
  std::string bytes;
  for (const Example& example : split.examples) {
    for (const std::vector<int>* side : {&example.source, &example.target})
      for (const int piece : *side) bytes += fmt::format("{} ", piece);
    bytes += fmt::format("{} {}\n", example.image, example.id);
  }
  return sha256(bytes);
}

void sample_split(DataSplit& split, const Tokenizers& tokenizers, const Recipe& recipe,
                  uint64_t seed) {
  const double dropout = recipe.training.bpe_dropout;
  const std::vector<std::vector<int>> source =
      tokenizers.source.sample(split.text.source, dropout, seed);
  const std::vector<std::vector<int>> target =
      tokenizers.target.sample(split.text.target, dropout, seed);
  const auto longest = static_cast<size_t>(recipe.model.longest);
  for (Example& example : split.examples) {
    const auto &from = source[example.id], &to = target[example.id];
    if (recipe.model.positions == "learned" && std::max(from.size() + 1, to.size() + 2) > longest) {
      set_pieces(example, tokenizers.source.encode(split.text.source[example.id]),
                 tokenizers.target.encode(split.text.target[example.id]));
    } else {
      set_pieces(example, from, to);
    }
  }
}

}  // namespace penalmt
