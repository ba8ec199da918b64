#include "training/recipe.h"

#include <fmt/format.h>

namespace penalmt {

Recipe load_recipe(const std::filesystem::path& path, const std::vector<std::string>& assignments) {
  const nlohmann::json json = config::parse_file(path);
  config::Problems problems(path.string());
  Recipe recipe;
  config::read(recipe, json, problems);
  for (const std::string& assignment : assignments) config::set(recipe, assignment, problems);
  problems.throw_if_any();
  recipe.model = recipe.model.resolved(problems);
  if (recipe.training.initial_learning_rate > recipe.training.learning_rate)
    problems.add("training.initial_learning_rate", fmt::format("got {}, expected at most learning_rate {}",
                                                               recipe.training.initial_learning_rate, recipe.training.learning_rate));
  if (recipe.training.decay == "linear" && recipe.training.warmup >= recipe.training.updates)
    problems.add("training.warmup", fmt::format("got {} with linear decay, expected less than training.updates {}", recipe.training.warmup,
                                                recipe.training.updates));
  if (recipe.training.bpe_dropout > 0 && recipe.tokenizer.kind != "bpe")
    problems.add("training.bpe_dropout", fmt::format("got {} with tokenizer.kind {}, expected 0, or the kind bpe",
                                                     recipe.training.bpe_dropout, recipe.tokenizer.kind));
  if (recipe.model.uses_images() && recipe.model.takes_features() && recipe.data.features.empty())
    problems.add("data.features", "empty with model.image_encoder.kind features, expected a store, as penalmt features makes them");
  if (recipe.model.uses_images() && !recipe.model.takes_features() && !recipe.data.features.empty())
    problems.add("model.image_encoder.kind", fmt::format("got {} with data.features, expected features", recipe.model.image_encoder.kind));
  problems.throw_if_any();
  return recipe;
}

}  // namespace penalmt
