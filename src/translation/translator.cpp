#include "translation/translator.h"

#include <fmt/format.h>

#include "base/error.h"
#include "tokenizers/text_limits.h"
#include "translation/seen_images.h"

namespace penalmt {

Translator Translator::open(const std::filesystem::path& path, c10::Device device) {
  ModelFiles files = read_model_files(path);
  TranslationModel model = read_model(files.location.folder, files.description);
  model->to(device);
  Translator translator(std::move(model), std::move(files.description), std::move(files.source),
                        std::move(files.target), path.string());
  translator.carried_encoder_ = files.location.image_encoder;
  return translator;
}

Translator::Translator(TranslationModel model, ModelDescription description, Tokenizer source,
                       Tokenizer target, std::string place)
    : TextTranslator(std::move(description), std::move(source), std::move(target),
                     std::move(place)),
      model_(std::move(model)) {
  model_->eval();
}

std::unique_ptr<ImageSet> Translator::seen(const ImageSet& images,
                                           const BatchOptions& batches) const {
  if (!model_->image_encoder || !others_.empty()) return nullptr;
  return std::make_unique<SeenImages>(images, *model_->image_encoder, device(), batches);
}

void Translator::join(Translator other) {
  const ModelDescription &ours = description(), &theirs = other.description();
  const auto expect = [&](bool fits, const char* got, const std::string& expected) {
    if (!fits) throw Error(fmt::format("{}: got {}; expected {}", other.place(), got, expected));
  };
  expect(other.source_tokenizer().serialized() == source_tokenizer().serialized() &&
             other.target_tokenizer().serialized() == target_tokenizer().serialized(),
         "another tokenizer", "that of " + place());
  expect(theirs.text == ours.text, "a model of another form of text",
         fmt::format("'{}', as {} has it", ours.text, place()));
  expect(!other.uses_images() || uses_images(), "a model that looks at images",
         "it before " + place() + ", which does not");
  if (other.uses_images()) {
    const bool takes_features = ours.model.takes_features();
    expect(takes_features == theirs.model.takes_features() &&
               (takes_features
                    ? config::write(ours.model.features) == config::write(theirs.model.features)
                    : ours.model.image_encoder.size == theirs.model.image_encoder.size),
           "images of another kind", "those of " + place());
  }
  others_.push_back(std::move(other.model_));
  model_changed();
}

void Translator::prepare() {
  if (!searched_.empty()) return;
  const auto add = [&](TranslationModelImpl& model) {
    searched_.push_back({&model, std::make_shared<const SearchWeights>(
                                     model, format_, description().decoding.renormalize)});
  };
  add(*model_);
  for (TranslationModel& other : others_) add(*other);
}

std::vector<std::vector<Hypothesis>> Translator::search(
    const std::vector<Example>& examples, const std::vector<SentenceSearch>& sentences,
    const ImageSet* images, const SearchOptions& search, const BatchOptions& batches,
    ProgressPart progress) {
  return search_examples(searched_, {examples, sentences, images}, search, batches, progress);
}

void Translator::set_target(Example& example, std::vector<int> pieces) {
  example.target = example_of({}, std::move(pieces), example.id).target;
}

std::vector<Example> Translator::written_examples(const std::vector<std::string>& sources,
                                                  const std::vector<std::string>& targets,
                                                  const ImageSet* images) const {
  std::vector<Example> examples = encode_lines(sources, images, "input", 1);
  for (Example& example : examples)
    set_target(example, target_tokenizer().encode(within_limits(as_trained(targets[example.id]))));
  return examples;
}

std::vector<Example> Translator::paired_examples(const std::vector<std::string>& sources,
                                                 const std::vector<std::string>& targets,
                                                 const ImageSet* images,
                                                 const std::string& source_place,
                                                 const std::string& target_place) const {
  std::vector<Example> examples = encode_lines(sources, images, source_place, 1);
  std::vector<bool> has_source(sources.size(), false);
  for (Example& example : examples) {
    has_source[example.id] = true;
    set_target(example,
               pieces_of(targets[example.id], target_tokenizer(), target_place, example.id + 1));
    check_length(static_cast<int64_t>(example.target.size()) - 1, target_place, example.id + 1);
  }
  for (size_t i = 0; i < sources.size(); ++i) {
    if (!has_source[i] && target_length(targets[i]) > 1)
      throw Error(
          fmt::format("{}:{}: an empty line; {} has words there; expected a source for them",
                      source_place, i + 1, target_place));
  }
  return examples;
}

std::vector<double> Translator::score(const std::vector<std::string>& sources,
                                      const std::vector<std::string>& targets,
                                      const ImageSet* images, const BatchOptions& batches,
                                      const std::string& source_place,
                                      const std::string& target_place) {
  const std::vector<Example> examples =
      paired_examples(sources, targets, images, source_place, target_place);
  count_sources(examples);
  const std::vector<double> of_examples = score_examples(*model_, examples, images, batches);
  std::vector<double> scores(sources.size(), 0);
  for (size_t i = 0; i < examples.size(); ++i) scores[examples[i].id] = of_examples[i];
  return scores;
}

}  // namespace penalmt
