// A model folder opened with LibTorch: any model, on any device.
#pragma once

#include <c10/core/Device.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "models/model_folder.h"
#include "translation/batch_workers.h"
#include "translation/image_use.h"
#include "translation/search_examples.h"
#include "translation/text_translator.h"

namespace penalmt {

class Translator : public TextTranslator {
 public:
  // Throws as read_model_files, and Error where the weights are missing or damaged.
  static Translator open(const std::filesystem::path& path, c10::Device device);
  // A model at hand, on `device` already. `place`: where it comes from, for errors.
  Translator(TranslationModel model, ModelDescription description, Tokenizer source,
             Tokenizer target, std::string place = "");

  TranslationModelImpl& model() { return *model_; }
  const std::filesystem::path& carried_encoder() const {
    return carried_encoder_;
  }  // an exported encoder's folder, "" where there is none
  c10::Device device() const { return model_->output_embedding().device(); }
  bool on_cpu() const override { return device().is_cpu(); }

  // From now on translate() takes the mean of this model's probabilities and the other's, too.
  // Throws Error for a model with other tokenizers or another form of text, for images of another
  // kind, and for one that looks at images where this one does not.
  void join(Translator other);

  // The log probability of each target given its source, end token included; 0 where both lines are
  // empty. Throws Error for a target without a source, and for lines as translate() does; as
  // score_examples. `sources` and `targets` are as long.
  std::vector<double> score(const std::vector<std::string>& sources,
                            const std::vector<std::string>& targets, const ImageSet* images,
                            const BatchOptions& batches, const std::string& source_place,
                            const std::string& target_place);
  // Examples of the lines with their translations; their id is the line's place. Lines that are
  // both empty have none. Throws the Errors of score().
  std::vector<Example> paired_examples(const std::vector<std::string>& sources,
                                       const std::vector<std::string>& targets,
                                       const ImageSet* images, const std::string& source_place,
                                       const std::string& target_place) const;
  // The images as this model's own encoder sees them, each encoded once, in their place for further
  // calls; null where it has none, or others were joined that see them in their own way.
  std::unique_ptr<ImageSet> seen(const ImageSet& images, const BatchOptions& batches) const;
  // What the model did with each sentence's image when it wrote the target. Throws Error for a
  // source longer than learned positions serve; as run_batches and ImageSet::rows.
  std::vector<ImageUse> image_use(const std::vector<std::string>& sources,
                                  const std::vector<std::string>& targets, const ImageSet& images,
                                  const BatchOptions& batches);
  // Which words belong together, by where this model looks when it writes the target's: each
  // target word with the source word that it looks at most. Words are what white space parts in
  // the lines as_trained(). `images` may be null. Throws as image_use.
  std::vector<std::vector<WordPair>> alignment(const std::vector<std::string>& sources,
                                               const std::vector<std::string>& targets,
                                               const ImageSet* images, const BatchOptions& batches);

  void set_format(ProductFormat format) override {
    format_ = format;
    model_changed();
  }
  // To be called when model() is no longer what it was at the last translation.
  void model_changed() { searched_.clear(); }

 private:
  void prepare() override;
  // As search_examples.
  std::vector<std::vector<Hypothesis>> search(const std::vector<Example>& examples,
                                              const std::vector<SentenceSearch>& sentences,
                                              const ImageSet* images, const SearchOptions& search,
                                              const BatchOptions& batches,
                                              ProgressPart progress) override;
  static void set_target(Example& example, std::vector<int> pieces);
  // Examples for the lines that hold a word with what the model wrote for them; every line that has
  // an example has one here.
  std::vector<Example> written_examples(const std::vector<std::string>& sources,
                                        const std::vector<std::string>& targets,
                                        const ImageSet* images) const;

  TranslationModel model_;
  std::filesystem::path carried_encoder_;
  ProductFormat format_ = ProductFormat::kFloat32;
  std::vector<TranslationModel> others_;  // that were joined
  std::vector<SearchedModel> searched_;   // this one and the others; empty until translate()
};

}  // namespace penalmt
