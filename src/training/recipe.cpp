#include "training/recipe.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <set>

namespace penalmt {

ModelPart part_of(const std::string& parameter) {
  if (parameter.starts_with("fusion.") || parameter.find(".image_attention") != std::string::npos)
    return ModelPart::fusion;
  for (const ModelPart part : {ModelPart::encoder, ModelPart::decoder, ModelPart::image_encoder})
    if (parameter.starts_with(name_of(part) + ".")) return part;
  return ModelPart::embeddings;
}

std::string name_of(ModelPart part) {
  switch (part) {
    case ModelPart::encoder:
      return "encoder";
    case ModelPart::decoder:
      return "decoder";
    case ModelPart::embeddings:
      return "embeddings";
    case ModelPart::fusion:
      return "fusion";
    case ModelPart::image_encoder:
      return "image_encoder";
  }
  return "";
}

double RateOptions::of(ModelPart part) const {
  switch (part) {
    case ModelPart::encoder:
      return encoder;
    case ModelPart::decoder:
      return decoder;
    case ModelPart::embeddings:
      return embeddings;
    case ModelPart::fusion:
      return fusion;
    case ModelPart::image_encoder:
      return image_encoder;
  }
  return 1;
}

bool Recipe::trains(const std::string& parameter) const {
  const auto& only = training.train_only;
  return only.empty() || std::ranges::find(only, name_of(part_of(parameter))) != only.end();
}

namespace {

// Parts that the model has not got would leave nothing, or less than was meant, to learn.
void check_parts(const Recipe& recipe, config::Problems& problems) {
  const ModelOptions& model = recipe.model;
  const bool has_encoder = model.uses_images() && !model.takes_features();
  for (const std::string& part : recipe.training.train_only) {
    if (part == "fusion" && !model.uses_images())
      problems.add("training.train_only",
                   "got fusion with model.fusion none, expected a fusion or other parts");
    if (part == "image_encoder" && !has_encoder)
      problems.add(
          "training.train_only",
          fmt::format("got image_encoder with model.{}, expected an image encoder or other "
                      "parts",
                      model.uses_images() ? "image_encoder.kind features" : "fusion none"));
  }
}

// Of a model of several target languages: each is a piece of its name.
void check_languages(const DataOptions& data, config::Problems& problems) {
  if (language_pieces(data).empty()) return;
  std::set<std::string> trained = {data.target_language};
  const auto check = [&](const std::string& key, const std::string& language) {
    const bool is_name = !language.empty() && std::ranges::all_of(language, [](unsigned char c) {
      return c < 0x80 && (std::isalnum(c) != 0 || c == '-' || c == '_');
    });
    if (!is_name)
      problems.add(key, fmt::format("got '{}', expected letters, digits, - and _, as in 'fr' or "
                                    "'pt_BR'",
                                    language));
    return is_name;
  };
  check("data.target_language", data.target_language);
  for (std::size_t i = 0; i < data.corpora.size(); ++i) {
    const std::string& language = data.corpora[i].target_language;
    if (language.empty()) continue;
    check(fmt::format("data.corpora.{}.target_language", i), language);
    trained.insert(language);
  }
  for (std::size_t i = 0; i < data.valid_corpora.size(); ++i) {
    const std::string& language = data.valid_corpora[i].target_language;
    const std::string key = fmt::format("data.valid_corpora.{}.target_language", i);
    if (language.empty() || !check(key, language) || trained.contains(language)) continue;
    problems.add(key, fmt::format("got '{}', expected a language that is trained on: {}", language,
                                  fmt::join(trained, ", ")));
  }
}

}  // namespace

Recipe load_recipe(const std::filesystem::path& path, const std::vector<std::string>& assignments) {
  config::Problems problems(path.string());
  const nlohmann::json object = config::parse_file(path);
  for (const char* key : {"image_encoder", "tau"})
    if (object.contains(key) && !object.contains("model"))
      throw Error(fmt::format(
          "{}: got a classifier's recipe, by its key '{}', expected a translation model's; it is "
          "for penalmt classify train",
          path.string(), key));
  Recipe recipe;
  config::read(recipe, object, problems);
  for (const std::string& assignment : assignments) config::set(recipe, assignment, problems);
  problems.throw_if_any();
  recipe.model = recipe.model.resolved(problems);
  recipe.training.check(problems);
  check_parts(recipe, problems);
  if (const size_t files = recipe.tokenizer.files.size();
      files > 2 || (files == 2 && recipe.joint_vocabulary()))
    problems.add("tokenizer.files",
                 fmt::format("got {} files, expected {}", files,
                             recipe.joint_vocabulary()
                                 ? "one for both languages with model.embeddings shared"
                                 : "one or two"));
  if (recipe.training.bpe_dropout > 0 && recipe.tokenizer.kind != "bpe")
    problems.add("training.bpe_dropout",
                 fmt::format("got {} with tokenizer.kind {}, expected 0, or the kind bpe",
                             recipe.training.bpe_dropout, recipe.tokenizer.kind));
  if (!recipe.data.cache.empty() && recipe.training.bpe_dropout > 0)
    problems.add("training.bpe_dropout",
                 fmt::format("got {} with data.cache, which keeps the pieces, expected 0",
                             recipe.training.bpe_dropout));
  if (!recipe.data.cache.empty() && recipe.data.train == recipe.data.valid)
    problems.add("data.valid",
                 fmt::format("got '{}', the training split, with data.cache, expected another one",
                             recipe.data.valid));
  if (!recipe.data.cache.empty() && !recipe.data.masking.empty())
    problems.add("data.masking",
                 fmt::format("got '{}' with data.cache, which keeps the text as it is, expected "
                             "none",
                             recipe.data.masking));
  if (recipe.training.r_drop > 0 && recipe.training.token_cutoff > 0)
    problems.add("training.token_cutoff",
                 fmt::format("got {} with training.r_drop {}, expected one of the two to be 0",
                             recipe.training.token_cutoff, recipe.training.r_drop));
  if (recipe.model.uses_images() && recipe.model.takes_features() && recipe.data.features.empty())
    problems.add("data.features",
                 "empty with model.image_encoder.kind features, expected a store, as penalmt "
                 "features makes them");
  if (recipe.model.uses_images() && !recipe.model.takes_features() && !recipe.data.features.empty())
    problems.add("model.image_encoder.kind",
                 fmt::format("got {} with data.features, expected features",
                             recipe.model.image_encoder.kind));
  check_languages(recipe.data, problems);
  problems.throw_if_any();
  return recipe;
}

void expect_processes(const Recipe& recipe, int processes) {
  if (processes == 1) return;
  config::Problems problems(fmt::format("{} processes", processes));
  if (recipe.training.accumulate < processes)
    problems.add("training.accumulate",
                 fmt::format("got {}, expected at least {}: a batch of each update for each",
                             recipe.training.accumulate, processes));
  if (recipe.model.uses_images() && recipe.model.image_encoder.kind == "resnet")
    problems.add("model.image_encoder.kind",
                 "got resnet, whose batch normalisation would see the batches of one process "
                 "alone, expected vit or features");
  problems.throw_if_any();
}

}  // namespace penalmt
