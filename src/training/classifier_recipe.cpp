#include "training/classifier_recipe.h"

#include <fmt/format.h>

namespace penalmt {

ClassifierRecipe load_classifier_recipe(const std::filesystem::path& path,
                                        const std::vector<std::string>& assignments) {
  config::Problems problems(path.string());
  ClassifierRecipe recipe = config::load<ClassifierRecipe>(path, assignments, problems);
  recipe.image_encoder.check("image_encoder", problems);
  recipe.training.check(problems);
  if (recipe.training.crop >= recipe.image_encoder.size)
    problems.add("training.crop", fmt::format("got {}, expected less than image_encoder.size {}",
                                              recipe.training.crop, recipe.image_encoder.size));
  problems.throw_if_any();
  return recipe;
}

}  // namespace penalmt
