// `penalmt translate` without LibTorch, and what it leaves to the engine.
#include <filesystem>
#include <stdexcept>

#include "base/gpu_driver.h"
#include "commands/cli/engine.h"
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

bool needs_engine(const TranslateArguments& arguments) {
  const std::string& device = arguments.machine.device;
  return asks_for_images(arguments) || !arguments.ensemble.empty() || arguments.search.sample ||
         arguments.alignment || device == "cuda" || (device == "auto" && machine_has_gpu()) ||
         model_needs_engine(arguments);
}

class TextBackend : public TranslateBackend {
 public:
  explicit TextBackend(const TranslateArguments& arguments)
      : arguments_(arguments), translator_(arguments.model) {}

  TextTranslator& translator() override { return translator_; }
  int64_t searched_tokens() const override {
    return penalmt::searched_tokens(arguments_.batches());
  }
  std::unique_ptr<const ImageSource> open_images(const ImageArguments&) const override {
    return nullptr;
  }
  std::vector<ImageUse> image_use(const std::vector<std::string>&, const std::vector<std::string>&,
                                  const ImageSet&) override {
    throw std::logic_error("images without the engine");
  }
  std::vector<std::vector<WordPair>> alignment(const std::vector<std::string>&,
                                               const std::vector<std::string>&,
                                               const ImageSet*) override {
    throw std::logic_error("alignment without the engine");
  }

 private:
  const TranslateArguments& arguments_;
  RowTranslator translator_;
};

}  // namespace

void leave_to_engine(const TranslateArguments& arguments) {
  if (needs_engine(arguments)) run_in_engine();
}

std::unique_ptr<TranslateBackend> open_backend(const TranslateArguments& arguments) {
  return std::make_unique<TextBackend>(arguments);
}

}  // namespace penalmt
