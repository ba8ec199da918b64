// What `penalmt translate` does with LibTorch in the engine, and without it in `penalmt`
// (commands/registry.h): the model opened, its images, looks into it. All else is the same code.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "translation/image_source.h"
#include "translation/image_use.h"
#include "translation/text_translator.h"

namespace penalmt {

struct ImageArguments;
struct TranslateArguments;

class TranslateBackend {
 public:
  virtual ~TranslateBackend() = default;

  virtual TextTranslator& translator() = 0;
  // Tokens that are searched at a time at most.
  virtual int64_t searched_tokens() const = 0;

  // The images of the input's lines, encoded where the model has an encoder of its own; null where
  // none are looked at. They may be loaded beside a translation, in another thread. `images`: the
  // options, with the folder of a table's images. Throws Error where the model does not take what
  // is given, and where --output is one of a list's images; as open_images and open_line_images
  // (cli/image_options.h).
  virtual std::unique_ptr<const ImageSource> open_images(const ImageArguments& images) const = 0;
  // These two as Translator's; `targets`: what the model wrote.
  virtual std::vector<ImageUse> image_use(const std::vector<std::string>& sources,
                                          const std::vector<std::string>& targets,
                                          const ImageSet& images) = 0;
  virtual std::vector<std::vector<WordPair>> alignment(const std::vector<std::string>& sources,
                                                       const std::vector<std::string>& targets,
                                                       const ImageSet* images) = 0;
};

// The executable's own; `arguments` outlives it. Throws Error where the model, or one of its
// ensemble, cannot be opened, and for a device that is not there.
std::unique_ptr<TranslateBackend> open_backend(const TranslateArguments& arguments);

// Where only the engine can do what is asked, of this model, it does not return in `penalmt`
// (cli/engine.h). Nothing may have been read or written before. Throws as run_in_engine,
// locate_model and is_row_model_folder (translation/row_translator.h). In the engine it does
// nothing.
void leave_to_engine(const TranslateArguments& arguments);

}  // namespace penalmt
