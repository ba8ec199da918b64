#include "translation/translator.h"

#include <fmt/format.h>

#include <chrono>

#include "base/error.h"
#include "translation/model_location.h"

namespace penalmt {
namespace {

void check_vocabulary(const Tokenizer& tokenizer, int64_t expected, const std::filesystem::path& file, const std::filesystem::path& model) {
  if (tokenizer.vocabulary_size() == expected) return;
  throw Error(fmt::format("{}: {} pieces; expected {}, as {} says; is it another run's?", file.string(), tokenizer.vocabulary_size(),
                          expected, (model / "model.json").string()));
}

}  // namespace

Translator Translator::open(const std::filesystem::path& path, c10::Device device) {
  const ModelLocation location = locate_model(path);
  ModelDescription description = read_description(location.folder);
  Tokenizer source = Tokenizer::open(location.source_tokenizer);
  Tokenizer target = location.target_tokenizer == location.source_tokenizer ? source : Tokenizer::open(location.target_tokenizer);
  check_vocabulary(source, description.source_vocabulary, location.source_tokenizer, location.folder);
  check_vocabulary(target, description.target_vocabulary, location.target_tokenizer, location.folder);
  TranslationModel model = read_model(location.folder, description);
  model->to(device);
  return Translator(std::move(model), std::move(description), std::move(source), std::move(target));
}

Translator::Translator(TranslationModel model, ModelDescription description, Tokenizer source, Tokenizer target)
    : model_(std::move(model)), description_(std::move(description)), source_(std::move(source)), target_(std::move(target)) {
  model_->eval();
}

std::vector<Translation> Translator::translate(const std::vector<std::string>& lines, const ImageSet* images,
                                               const SearchOptions& search, const BatchOptions& batches, const std::string& place,
                                               int64_t first_line, Progress* progress) {
  const std::vector<Example> examples = encode_lines(lines, images, place, first_line);
  const auto began = std::chrono::steady_clock::now();
  const auto found = search_examples(*model_, examples, images, search, batches, progress, first_line - 1);
  timing_.seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  timing_.sentences += static_cast<int64_t>(examples.size());

  std::vector<Translation> translations(lines.size(), {{ScoredText{}}});
  for (size_t i = 0; i < examples.size(); ++i) {
    if (found[i].empty())
      throw Error(fmt::format("{}:{}: the model's scores are not numbers; expected finite weights", place, first_line + examples[i].id));
    auto& n_best = translations[examples[i].id].n_best;
    n_best.clear();
    for (const Hypothesis& hypothesis : found[i]) n_best.push_back(as_text(hypothesis));
    timing_.target_tokens += static_cast<int64_t>(found[i][0].tokens.size()) + 1;
  }
  return translations;
}

std::vector<Example> Translator::encode_lines(const std::vector<std::string>& lines, const ImageSet* images, const std::string& place,
                                              int64_t first_line) const {
  std::vector<Example> examples;
  const ModelOptions& model = description_.model;
  for (size_t i = 0; i < lines.size(); ++i) {
    Example example;
    example.source = source_.encode(lines[i]);
    if (example.source.empty()) continue;
    example.source.push_back(kEos);
    example.id = static_cast<int64_t>(i);
    example.image = images ? images->index()[i] : -1;
    const int64_t length = static_cast<int64_t>(example.source.size());
    if (model.positions == "learned" && length > model.longest)
      throw Error(fmt::format("{}:{}: a sentence of {} tokens; the model's learned positions serve at most {}; split the line", place,
                              first_line + example.id, length, model.longest));
    examples.push_back(std::move(example));
  }
  return examples;
}

ScoredText Translator::as_text(const Hypothesis& hypothesis) const {
  ScoredText text{target_.decode(hypothesis.tokens), {}, hypothesis.score, hypothesis.log_probability};
  for (int token : hypothesis.tokens) text.pieces.push_back(target_.piece(token));
  return text;
}

}  // namespace penalmt
