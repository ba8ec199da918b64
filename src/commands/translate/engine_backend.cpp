// `penalmt translate` with LibTorch: any model on any device, ensembles, images, alignments.
#include <filesystem>

#include "base/error.h"
#include "commands/cli/common.h"
#include "commands/translate/backend.h"
#include "commands/translate/steps.h"
#include "datasets/features/script_trust.h"
#include "datasets/text/image_names.h"
#include "tensors/devices.h"
#include "translation/batch_workers.h"
#include "translation/remembered_images.h"
#include "translation/translator.h"

namespace penalmt {
namespace {

namespace fs = std::filesystem;

Translator opened(const TranslateArguments& arguments) {
  Translator translator =
      Translator::open(arguments.model, choose_device(arguments.machine.device));
  for (const std::string& model : arguments.ensemble)
    translator.join(Translator::open(model, translator.device()));
  return translator;
}

void expect_image_file(const std::string& image) {
  if (fs::is_directory(image))
    throw Error("--image: got the folder " + image + ", expected an image");
  if (!fs::is_regular_file(image))
    throw Error(image + ": no such image" + did_you_mean_image(names_like(".", image)));
}

class EngineBackend : public TranslateBackend {
 public:
  explicit EngineBackend(const TranslateArguments& arguments)
      : arguments_(arguments), translator_(opened(arguments)) {}

  TextTranslator& translator() override { return translator_; }
  int64_t searched_tokens() const override {
    return penalmt::searched_tokens(arguments_.batches(), translator_.device());
  }

  std::unique_ptr<const ImageSource> open_images(const ImageArguments& images) const override {
    if (!images.encoder.empty() && !takes_images(translator_, images, "--encoder")) return nullptr;
    std::unique_ptr<const ImageSource> source = images_of_lines(images);
    if (source && source->list()) expect_output_besides(*source->list(), images);
    if (source == nullptr || !images.features.empty()) return source;
    return std::make_unique<RememberedImages>(std::move(source), [this](const ImageSet& set) {
      return translator_.seen(set, arguments_.batches());
    });
  }
  std::vector<ImageUse> image_use(const std::vector<std::string>& sources,
                                  const std::vector<std::string>& targets,
                                  const ImageSet& images) override {
    return translator_.image_use(sources, targets, images, arguments_.batches());
  }
  std::vector<std::vector<WordPair>> alignment(const std::vector<std::string>& sources,
                                               const std::vector<std::string>& targets,
                                               const ImageSet* images) override {
    return translator_.alignment(sources, targets, images, arguments_.batches());
  }

 private:
  std::unique_ptr<const ImageSource> images_of_lines(const ImageArguments& images) const {
    if (arguments_.json_input) return images_of_objects(images);
    if (arguments_.table.is_given()) return images_of_rows(images);
    if (arguments_.image) return image_of_sentence(images);
    return open_line_images(translator_, images, arguments_.machine.threads);
  }

  // Images are asked for by the lines; a text-only model refuses the first that does.
  std::unique_ptr<const ImageSource> images_of_objects(const ImageArguments& images) const {
    for (const auto& [given, option] :
         {std::pair(&images.features, "--features"), {&images.image_root, "--image-root"}})
      if (!given->empty() && !takes_images(translator_, images, option)) return nullptr;
    if (!translator_.uses_images()) return nullptr;
    return penalmt::open_images(translator_, options_of(images));
  }

  std::unique_ptr<const ImageSource> images_of_rows(const ImageArguments& images) const {
    if (arguments_.table.image_column.empty()) {
      warn_without_images(translator_, "--image-column COLUMN");
      return nullptr;
    }
    if (!takes_images(translator_, images, "--image-column")) return nullptr;
    return penalmt::open_images(translator_, options_of(images));
  }

  std::unique_ptr<const ImageSource> image_of_sentence(const ImageArguments& images) const {
    if (!takes_images(translator_, images, "--image")) return nullptr;
    expect_image_file(*arguments_.image);
    ImageSourceOptions options = options_of(images);
    options.list = ImageList{{*arguments_.image}, "--image"};
    return penalmt::open_images(translator_, options);
  }

  // Without --image-root names are paths, as those of a command line.
  ImageSourceOptions options_of(const ImageArguments& images) const {
    ImageSourceOptions options = image_source_options(images, arguments_.machine.threads);
    if (!options.root.empty()) return options;
    options.root = ".";
    options.rules.allow_outside = true;
    return options;
  }

  // What the list names is read too, later: says so before any work.
  void expect_output_besides(const ImageList& list, const ImageArguments& images) const {
    if (!fs::exists(arguments_.output)) return;
    const fs::path root = options_of(images).root;
    std::vector<std::string> files;
    for (const std::string& name : list.names)
      if (!name.empty()) files.push_back((root / name).string());
    expect_output("--output", arguments_.output, files);
  }

  const TranslateArguments& arguments_;
  Translator translator_;
};

}  // namespace

void leave_to_engine(const TranslateArguments& /*arguments*/) {}

std::unique_ptr<TranslateBackend> open_backend(const TranslateArguments& arguments) {
  if (arguments.images.trust_encoder) trust_all_scripts();
  return std::make_unique<EngineBackend>(arguments);
}

}  // namespace penalmt
