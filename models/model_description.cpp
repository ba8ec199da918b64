#include "models/model_description.h"

#include <fmt/format.h>

#include "base/config.h"
#include "base/error.h"

namespace penalmt {

nlohmann::ordered_json written(const ModelDescription& description) {
  nlohmann::ordered_json object = config::write(description);
  const ModelOptions& model = description.model;
  object["format"] = kModelFormat;
  const DecodingDefaults& decoding = description.decoding;
  if (!model.scale_embeddings || model.output_bias || model.activation == "silu" ||
      model.positions == "marian" || decoding.refill || decoding.guess_end || decoding.renormalize)
    return object;
  object["format"] = 1;
  for (const char* key : {"scale_embeddings", "output_bias"}) object["model"].erase(key);
  for (const char* key : {"refill", "guess_end", "renormalize"}) object["decoding"].erase(key);
  return object;
}

void expect_known_format(const nlohmann::json& description, const std::filesystem::path& file,
                         int64_t newest) {
  if (!description.is_object()) return;
  const auto format = description.find("format");
  if (format == description.end() || !format->is_number() ||
      format->get<double>() <= static_cast<double>(newest))
    return;
  throw Error(fmt::format("{}: format: got {}, expected at most {}; a newer penalmt wrote it",
                          file.string(), format->dump(), newest));
}

ModelDescription read_description(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / "model.json";
  const nlohmann::json object = config::parse_file(file);
  expect_known_format(object, file, kModelFormat);
  config::Problems problems(file.string());
  ModelDescription description;
  config::read(description, object, problems);
  problems.throw_if_any();
  description.model = description.model.resolved(problems);
  problems.throw_if_any();
  return description;
}

}  // namespace penalmt
