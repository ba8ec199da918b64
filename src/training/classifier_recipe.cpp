#include "training/classifier_recipe.h"

#include <fmt/format.h>

namespace penalmt {

ClassifierRecipe load_classifier_recipe(const std::filesystem::path& path,
                                        const std::vector<std::string>& assignments) {
  config::Problems problems(path.string());
  const nlohmann::json object = config::parse_file(path);
  for (const char* key : {"model", "tokenizer", "decoding"})
    if (object.contains(key))
      throw Error(fmt::format(
          "{}: got a translation model's recipe, by its key '{}', expected a classifier's; it is "
          "for penalmt train",
          path.string(), key));
  ClassifierRecipe recipe;
  config::read(recipe, object, problems);
  for (const std::string& assignment : assignments) config::set(recipe, assignment, problems);
  problems.throw_if_any();
  recipe.image_encoder.check("image_encoder", problems);
  recipe.training.check(problems);
  if (recipe.training.crop >= recipe.image_encoder.size)
    problems.add("training.crop", fmt::format("got {}, expected less than image_encoder.size {}",
                                              recipe.training.crop, recipe.image_encoder.size));
  problems.throw_if_any();
  return recipe;
}

}  // namespace penalmt
