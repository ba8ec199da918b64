#include "training/training_data.h"

#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "base/files.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "base/random.h"
#include "base/sha256.h"
#include "datasets/features/feature_set.h"
#include "datasets/images/decoded_images.h"
#include "datasets/text/image_names.h"
#include "translation/feature_encoder.h"
#include "translation/model_location.h"

namespace penalmt {
namespace {

constexpr std::size_t kPairsShown = 1 << 16;
constexpr uint64_t kDrawnExamples =
    0x636F72707573;  // "corpus": apart from what else the seed draws

FeatureStore open_store(const DataOptions& data, const std::string& split) {
  const StoreFiles files = feature_files(data, split);
  return FeatureStore::open(files.store, files.names);
}

// Of a list with one thing a pair, or none at all.
template <class T>
std::vector<T> of_part(const std::vector<T>& list, const TextPart& part) {
  if (list.empty()) return {};
  const auto first = list.begin() + static_cast<std::ptrdiff_t>(part.first);
  return {first, first + static_cast<std::ptrdiff_t>(part.count)};
}

std::shared_ptr<const ImageSet> decoded_images(const Recipe& recipe, const DataSplit& split) {
  const ImageRules rules{.allow_outside = recipe.data.allow_outside};
  const std::filesystem::path root = image_root(recipe.data, split.name);
  const ParallelText& text = split.text;
  if (!rules.allow_outside)
    for (const TextPart& part : text.parts)
      expect_inside(of_part(text.images, part), root, part.image_list.string(),
                    "; data.allow_outside takes it", of_part(text.lines, part));
  try {
    return std::make_shared<DecodedImages>(text.images, root, recipe.model.image_encoder.size, 0,
                                           rules);
  } catch (const BrokenImageError& error) {
    const std::size_t line = error.image().line;
    throw error.in_list(text.part_of(line).image_list.string(),
                        text.line_of(line) - static_cast<int64_t>(line));
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

// Pairs spread evenly over a text of whatever length: every one, every second, every fourth ...,
// at most so many. What is left is every n-th of what was seen.
struct EvenSample {
  explicit EvenSample(std::size_t most) : most(most) {}

  void add(const std::string& of_source, const std::string& of_target) {
    if (seen++ % step != 0) return;
    source.push_back(of_source);
    target.push_back(of_target);
    if (source.size() <= most) return;
    for (std::vector<std::string>* side : {&source, &target}) {
      for (std::size_t i = 1; 2 * i < side->size(); ++i) (*side)[i] = std::move((*side)[2 * i]);
      side->resize((side->size() + 1) / 2);
    }
    step *= 2;
  }

  std::vector<std::string> source, target;
  std::size_t most, seen = 0, step = 1;
};

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

// What changes no tensor's shape changes what the weights do.
void refuse_another_network(const ModelLocation& from, const Recipe& recipe) {
  const nlohmann::ordered_json got = config::write(read_description(from.folder).model),
                               expected = config::write(recipe.model);
  std::vector<std::string> all, fitting;
  for (const char* key :
       {"norm", "activation", "positions", "heads", "scale_embeddings", "output_bias"}) {
    if (got[key] == expected[key]) continue;
    const auto word = [&](const nlohmann::ordered_json& value) {
      return value.is_string() ? value.get<std::string>() : value.dump();
    };
    all.push_back(fmt::format("model.{} {} where the recipe has {}", key, word(got[key]),
                              word(expected[key])));
    fitting.push_back(fmt::format("model.{}={}", key, word(got[key])));
  }
  if (!all.empty())
    throw Error(fmt::format("training.initial_weights: {}: got {}; set {}", from.folder.string(),
                            fmt::join(all, ", "), fmt::join(fitting, ", ")));
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
  refuse_another_network(from, recipe);
  return read_tokenizers(from.source_tokenizer.parent_path());
}

void write_tokenizers(const std::filesystem::path& run, const Tokenizers& tokenizers, bool joint) {
  // Those of an imported model are two with one vocabulary.
  if (joint && tokenizers.source.serialized() == tokenizers.target.serialized())
    return write_file(run / "tokenizer.model", tokenizers.source.serialized());
  write_file(run / "source.model", tokenizers.source.serialized());
  write_file(run / "target.model",
             tokenizers.target.serialized());  // last: read_tokenizers looks for it
}

Tokenizers train_tokenizers(const ParallelText& text, const Recipe& recipe) {
  EvenSample sample(static_cast<std::size_t>(recipe.data.tokenizer_pairs));
  for (std::size_t pair = 0; pair < text.source.size(); ++pair)
    sample.add(text.source[pair], text.target[pair]);
  const std::vector<std::string>& files = recipe.tokenizer.files;
  const auto of_lines = [&](const std::vector<std::string>& lines, std::size_t file,
                            const std::vector<std::string>& languages) {
    if (files.empty()) return Tokenizer::train(lines, recipe.tokenizer, languages);
    return Tokenizer::adopt(expand_environment(files[file], "tokenizer.files"), lines);
  };
  const std::vector<std::string> languages = language_pieces(recipe.data);
  if (!recipe.joint_vocabulary())
    return {of_lines(sample.source, 0, languages),
            of_lines(sample.target, files.empty() ? 0 : files.size() - 1, {})};
  std::vector<std::string> lines = std::move(sample.source);
  lines.insert(lines.end(), sample.target.begin(), sample.target.end());
  const Tokenizer joint = of_lines(lines, 0, languages);
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

namespace {

bool is_cached(const Recipe& recipe, const std::string& split) {
  return !recipe.data.cache.empty() && split == recipe.data.train;
}

// The corpora read through without being kept: that all is well, where the images are, and a
// sample.
ParallelText pass_through(const std::vector<Corpus>& corpora, const Recipe& recipe) {
  ParallelText text;
  EvenSample sample(static_cast<std::size_t>(recipe.data.tokenizer_pairs));
  std::size_t pairs = 0;
  const bool has_images =
      recipe.model.uses_images() &&
      std::ranges::any_of(corpora, [](const Corpus& each) { return each.files.has_images(); });
  Progress progress("read", "pairs", 0);
  for (const Corpus& corpus : corpora) {
    TextPart part{.first = pairs,
                  .count = 0,
                  .source = corpus.files.source,
                  .image_list = corpus.files.image_list()};
    PairReader reader(corpus.files);
    for (SentencePair pair; reader.next(pair);) {
      if (corpus.limit > 0 && static_cast<int64_t>(part.count) >= corpus.limit) continue;
      expect_within_limits(pair.source, pair.target, pair.line, corpus.files);
      sample.add(pair.source, pair.target);
      ++part.count;
      if (++pairs % kPairsShown == 0) progress.show(static_cast<int64_t>(pairs));
      if (!has_images) continue;
      text.images.push_back(std::move(pair.image));
      pair.image.clear();
      text.lines.push_back(pair.line);
    }
    expect_pairs(corpus, part.count);
    text.parts.push_back(std::move(part));
  }
  text.source = std::move(sample.source);
  text.target = std::move(sample.target);
  return text;
}

}  // namespace

DataSplit read_split(const Recipe& recipe, const std::string& name) {
  DataSplit split{.name = name};
  split.corpora = corpora_of(recipe.data, name);
  split.text =
      is_cached(recipe, name) ? pass_through(split.corpora, recipe) : load_split(recipe.data, name);
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

// The pieces of a pair's source.
std::vector<int> with_language(const DataSplit& split, int64_t pair, std::vector<int> pieces) {
  if (!split.languages.empty())
    pieces.insert(pieces.begin(),
                  split.languages[split.text.part_number(static_cast<std::size_t>(pair))]);
  return pieces;
}

void find_languages(DataSplit& split, const Tokenizer& tokenizer) {
  for (const Corpus& corpus : split.corpora) {
    if (corpus.language.empty()) continue;
    const std::optional<int> piece = tokenizer.find(corpus.language);
    if (!piece)
      throw Error(fmt::format(
          "data: several target languages: the tokenizer has no piece '{}', expected one for each",
          corpus.language));
    split.languages.push_back(*piece);
  }
}

// The cache that has the example, and its number there.
std::pair<std::size_t, int64_t> in_caches(const DataSplit& split, int64_t i) {
  std::size_t cache = 0;
  for (; i >= split.caches[cache]->size(); ++cache) i -= split.caches[cache]->size();
  return {cache, i};
}

// "data: split 'train', line 12", or where there are several corpora "news.en:12".
std::string place_of(const DataSplit& split, int64_t i) {
  const ParallelText& text = split.text;
  if (!split.caches.empty()) {
    const auto [cache, example] = in_caches(split, i);
    return fmt::format("{}:{}", text.parts[cache].source.string(),
                       split.caches[cache]->line(example));
  }
  const auto pair = static_cast<std::size_t>(split.examples[i].id);
  if (text.parts.size() < 2)
    return fmt::format("data: split '{}', line {}", split.name, text.line_of(pair));
  return fmt::format("{}:{}", text.part_of(pair).source.string(), text.line_of(pair));
}

// A sentence longer than a batch is a batch alone, however long it takes.
void warn_of_long_sentences(const DataSplit& split, int64_t batch_tokens) {
  int64_t count = 0, longest = 0;
  std::string where;
  for (int64_t i = 0; i < split.size(); ++i) {
    const ExampleLengths lengths = split.lengths(i);
    const int64_t pieces = std::max(lengths.source, lengths.target - 1);
    if (pieces <= batch_tokens) continue;
    ++count;
    if (pieces <= longest) continue;
    longest = pieces;
    where = split.text.parts.size() > 1 ? place_of(split, i)
                                        : fmt::format("line {}", split.at(i).id + 1);
  }
  if (count > 0)
    warning(fmt::format(
        "data: split '{}': {} of {} sentences {} more than training.batch_tokens = {} pieces, the "
        "longest, of {}, {}; each is a batch alone, and slow: better left out",
        split.name, count, split.size(), count == 1 ? "has" : "have", batch_tokens, where,
        longest));
}

void expect_positions(const DataSplit& split, const ModelOptions& model) {
  if (model.positions != "learned") return;
  for (int64_t i = 0; i < split.size(); ++i) {
    const ExampleLengths lengths = split.lengths(i);
    const int64_t tokens = std::max(lengths.source, lengths.target);
    if (tokens > model.longest)
      throw Error(fmt::format("{}: {} tokens, expected at most model.longest = {}",
                              place_of(split, i), tokens, model.longest));
  }
}

}  // namespace

int64_t DataSplit::size() const {
  if (caches.empty()) return static_cast<int64_t>(examples.size());
  int64_t sum = 0;
  for (const auto& cache : caches) sum += cache->size();
  return sum;
}

Example DataSplit::at(int64_t i) const {
  if (caches.empty()) return examples[i];
  const auto [cache, place] = in_caches(*this, i);
  Example example = caches[cache]->at(place);
  example.id += static_cast<int64_t>(text.parts[cache].first);
  example.source = with_language(*this, example.id, std::move(example.source));
  if (images) example.image = images->index()[example.id];
  return example;
}

ExampleLengths DataSplit::lengths(int64_t i) const {
  if (caches.empty()) return lengths_of(examples[i]);
  const auto [cache, place] = in_caches(*this, i);
  ExampleLengths lengths = caches[cache]->lengths(place);
  lengths.source += languages.empty() ? 0 : 1;
  return lengths;
}

std::vector<int64_t> DataSplit::drawn(uint64_t seed) const {
  std::vector<int64_t> which;
  which.reserve(size());
  int64_t i = 0;
  for (std::size_t c = 0; c < std::max<std::size_t>(corpora.size(), 1); ++c) {
    const double weight = corpora.empty() ? 1 : corpora[c].weight, whole = std::floor(weight);
    const auto belongs = [&](int64_t example) {
      if (corpora.size() < 2) return true;
      if (!caches.empty()) return in_caches(*this, example).first == c;
      return static_cast<std::size_t>(examples[example].id) <
             text.parts[c].first + text.parts[c].count;
    };
    for (; i < size() && belongs(i); ++i) {
      which.insert(which.end(), static_cast<std::size_t>(whole), i);
      if (SplitMix64(seed ^ kDrawnExamples, static_cast<uint64_t>(i)).uniform() < weight - whole)
        which.push_back(i);
    }
  }
  return which;
}

void encode_split(DataSplit& split, const Tokenizers& tokenizers, const Recipe& recipe) {
  find_languages(split, tokenizers.source);
  if (is_cached(recipe, split.name)) {
    for (const Corpus& corpus : split.corpora)
      split.caches.push_back(std::make_unique<ExampleCache>(
          expand_environment(recipe.data.cache, "data.cache"), corpus, tokenizers.source,
          tokenizers.target, at::get_num_threads()));
    split.text.source = split.text.target = {};  // the tokenizers are there
  } else {
    const auto lines = static_cast<int64_t>(split.text.source.size());
    split.examples.reserve(lines);
    for (int64_t line = 0; line < lines; ++line) {
      throw_if_interrupted();
      if (split.text.source[line].empty() || split.text.target[line].empty())
        continue;  // nothing to learn from
      split.examples.push_back(
          example_of(with_language(split, line, tokenizers.source.encode(split.text.source[line])),
                     tokenizers.target.encode(split.text.target[line]), line));
      if (split.images) split.examples.back().image = split.images->index()[line];
    }
  }
  expect_positions(split, recipe.model);
  warn_of_long_sentences(split, recipe.training.batch_tokens);
}

std::string fingerprint(const DataSplit& split) {
  std::string bytes;
  for (const auto& cache : split.caches) bytes += cache->name() + "\n";
  for (const int language : split.languages) bytes += fmt::format("{} ", language);
  if (split.images) {
    for (const std::string& image : split.text.images) bytes += image + "\n";
    for (const int64_t image : split.images->index()) bytes += fmt::format("{} ", image);
  }
  for (const Example& example : split.examples) {
    for (const std::vector<int>* side : {&example.source, &example.target})
      for (const int piece : *side) bytes += fmt::format("{} ", piece);
    bytes += fmt::format("{}\n", example.id);
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
    const int64_t id = example.id, image = example.image;
    const auto &from = source[id], &to = target[id];
    const size_t frame = split.languages.empty() ? 1 : 2;  // of the source: its end, its language
    const bool fits = recipe.model.positions != "learned" ||
                      std::max(from.size() + frame, to.size() + 2) <= longest;
    example = example_of(
        with_language(split, id, fits ? from : tokenizers.source.encode(split.text.source[id])),
        fits ? to : tokenizers.target.encode(split.text.target[id]), id);
    example.image = image;
  }
}

}  // namespace penalmt
