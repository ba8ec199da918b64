// `penalmt translate` without LibTorch: what needs_engine() leaves.
#include <stdexcept>

#include "commands/translate/backend.h"
#include "commands/translate/steps.h"
#include "translation/row_translator.h"

namespace penalmt {
namespace {

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

std::unique_ptr<TranslateBackend> open_backend(const TranslateArguments& arguments) {
  return std::make_unique<TextBackend>(arguments);
}

}  // namespace penalmt
