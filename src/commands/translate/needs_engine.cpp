#include <filesystem>

#include "base/gpu_driver.h"
#include "commands/translate/backend.h"
#include "commands/translate/steps.h"
#include "models/model_description.h"
#include "translation/model_location.h"
#include "translation/row_translator.h"

namespace penalmt {
namespace {

bool asks_for_images(const TranslateArguments& arguments) {
  const ImageArguments& images = arguments.images;
  return arguments.image || !images.images.empty() || !images.image_root.empty() ||
         !images.features.empty() || !images.encoder.empty() ||
         !arguments.table.image_column.empty();
}

bool model_needs_engine(const TranslateArguments& arguments) {
  const std::filesystem::path folder = locate_model(arguments.model).folder;
  const std::string precision =
      arguments.precision.value_or(read_description(folder).decoding.precision);
  return precision == "bfloat16" || !is_row_model_folder(folder);
}

}  // namespace

bool needs_engine(const TranslateArguments& arguments) {
  const std::string& device = arguments.machine.device;
  return asks_for_images(arguments) || !arguments.ensemble.empty() || arguments.search.sample ||
         arguments.alignment || device == "cuda" || (device == "auto" && machine_has_gpu()) ||
         model_needs_engine(arguments);
}

}  // namespace penalmt
