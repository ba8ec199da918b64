#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "base/progress.h"
#include "commands/probe/steps.h"
#include "datasets/image_set.h"
#include "datasets/text/contrastive.h"
#include "evaluation/contrastive_accuracy.h"
#include "evaluation/share.h"
#include "tokenizers/moses.h"
#include "translation/translator.h"

namespace penalmt {
namespace {

namespace fs = std::filesystem;

void normalise(Lines& lines, const std::string& language) {
  for (std::string& line : lines) line = to_moses(line, moses_language(language));
}

// Their files, or where no folder is named the store.
ImageArguments images_of_pairs(const ProbeOptions& options, const ContrastivePairs& pairs) {
  ImageArguments images = options.images;
  images.images = pairs.image_list.string();
  if (!images.features.empty() && options.contrastive_image_root.empty()) {
    images.image_root.clear();
  } else {
    images.features.clear();
    images.feature_names.clear();
    images.image_root = options.contrastive_image_root.empty()
                            ? contrastive_images(options.contrastive).string()
                            : options.contrastive_image_root;
  }
  return images;
}

// Pairs in the text of the model.
ContrastivePairs read_pairs(const ProbeOptions& options, const ModelDescription& model) {
  ContrastivePairs pairs = read_contrastive(options.contrastive);
  if (pairs.source.empty())
    throw Error(pairs.source_file.string() + ": got no lines, expected at least one");
  const auto has_capital = [](const std::string& line) {
    return std::any_of(line.begin(), line.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  };
  if (options.raw && model.text == "tok") {
    normalise(pairs.source, model.source_language);
    normalise(pairs.correct, model.target_language);
    normalise(pairs.incorrect, model.target_language);
  } else if (model.text == "tok" &&
             std::any_of(pairs.source.begin(), pairs.source.end(), has_capital)) {
    warning(pairs.source_file.string() +
            ": has capital letters, and the model was trained on lower-cased tokenised text; "
            "--raw normalises the pairs");
  }
  return pairs;
}

}  // namespace

void probe_contrastive(const ProbeOptions& options, Translator& translator, ProbeResults& results) {
  const ContrastivePairs pairs = read_pairs(options, translator.description());
  const std::string source_file = pairs.source_file.string(),
                    correct_file = pairs.correct_file.string();
  limit_lengths(options.length, translator, {pairs.source, source_file},
                {pairs.correct, correct_file});
  check_lengths(options.length, translator, LineSide::kTarget, pairs.incorrect,
                pairs.incorrect_file.string());
  const auto images = probe_images(options, translator, images_of_pairs(options, pairs),
                                   pairs.source.size(), pairs.source_file.string(), &results.notes);
  const auto scored = [&](const Lines& targets, const fs::path& file,
                          const ImageCondition& condition) {
    const std::vector<double> scores = translator.score(pairs.source, targets, condition.images,
                                                        {.threads = options.machine.threads},
                                                        pairs.source_file.string(), file.string());
    std::vector<ScoredTarget> all;
    for (std::size_t i = 0; i < scores.size(); ++i)
      all.push_back({scores[i], translator.scored_length(targets[i])});
    return all;
  };
  std::vector<Measure> measures = {
      {"perplexity",
       "percent of pairs whose right translation has the lower perplexity (as CoMMuTE ranks)",
       std::make_shared<Share>(),
       {}},
      {"probability",
       "percent of pairs whose right translation is the more probable",
       std::make_shared<Share>(),
       {}}};
  const Ties ties = options.ties == "wrong" ? Ties::kWrong : Ties::kHalf;
  Lines names;
  for (const ImageCondition& condition : conditions_of(images.get(), options)) {
    const auto correct = scored(pairs.correct, pairs.correct_file, condition);
    const auto incorrect = scored(pairs.incorrect, pairs.incorrect_file, condition);
    names.push_back(condition.name);
    measures[0].rows.push_back(
        contrastive_rows(pairs.source, correct, incorrect, ContrastiveScore::kPerplexity, ties));
    measures[1].rows.push_back(
        contrastive_rows(pairs.source, correct, incorrect, ContrastiveScore::kProbability, ties));
    results.pair_scores.push_back({condition.name, perplexities(correct, incorrect)});
  }
  results.pairs = pairs.source.size();
  results.pairs_without_image = images ? static_cast<std::size_t>(images->missing()) : 0;
  results.contrastive = compare_conditions(names, measures, options.seed, options.machine.threads);
}

}  // namespace penalmt
