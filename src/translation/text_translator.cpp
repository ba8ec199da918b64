#include "translation/text_translator.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/text.h"
#include "datasets/image_set.h"
#include "tokenizers/text_limits.h"

namespace penalmt {
namespace {

void check_vocabulary(const Tokenizer& tokenizer, int64_t expected,
                      const std::filesystem::path& file, const std::filesystem::path& model) {
  if (tokenizer.vocabulary_size() == expected) return;
  throw Error(fmt::format("{}: {} pieces; expected {}, as {} says; is it another run's?",
                          file.string(), tokenizer.vocabulary_size(), expected,
                          (model / "model.json").string()));
}

}  // namespace

ModelFiles read_model_files(const std::filesystem::path& path) {
  const ModelLocation location = locate_model(path);
  ModelDescription description = read_description(location.folder);
  Tokenizer source = Tokenizer::open(location.source_tokenizer);
  Tokenizer target = location.target_tokenizer == location.source_tokenizer
                         ? source
                         : Tokenizer::open(location.target_tokenizer);
  check_vocabulary(source, description.source_vocabulary, location.source_tokenizer,
                   location.folder);
  check_vocabulary(target, description.target_vocabulary, location.target_tokenizer,
                   location.folder);
  return {location, std::move(description), std::move(source), std::move(target)};
}

SentenceSearch sentence_search(const ModelOptions& model, const SearchOptions& options,
                               int64_t source_length, std::vector<int> prefix) {
  const auto begun = static_cast<int64_t>(prefix.size());
  int64_t limit =
      options.max_length > 0 ? options.max_length + 1 : begun + longest_translation(source_length);
  limit = std::max(limit, std::max(begun, options.min_length) + 1);
  if (model.positions == "learned") limit = std::min(limit, model.longest);
  return {.limit = limit, .prefix = std::move(prefix)};
}

TextTranslator::TextTranslator(ModelDescription description, Tokenizer source, Tokenizer target,
                               std::string place)
    : description_(std::move(description)),
      source_(std::move(source)),
      target_(std::move(target)),
      place_(std::move(place)) {}

SearchOptions TextTranslator::default_search() const {
  const DecodingDefaults& defaults = description_.decoding;
  return {.beam = defaults.beam,
          .length_penalty = defaults.length_penalty,
          .patience = defaults.patience,
          .refill = defaults.refill,
          .guess_end = defaults.guess_end,
          .min_length = defaults.min_length,
          .max_length = defaults.max_length,
          .no_repeat_ngram = defaults.no_repeat_ngram,
          .no_unknown = defaults.no_unknown,
          .sampling = {}};
}

void TextTranslator::set_target_language(const std::string& language) {
  const std::string code = is_language_code(language) ? language : ">>" + language + "<<";
  language_ = source_.find(code);
  if (language_) {
    description_.target_language = code.substr(2, code.size() - 4);
    return;
  }
  const std::vector<std::string> known = target_languages();
  throw Error(fmt::format("{}: target language: got '{}', expected {}", place_, language,
                          known.empty() ? "none: the model translates into one language"
                                        : fmt::format("one of {}", fmt::join(known, ", "))));
}

std::vector<SentenceSearch> TextTranslator::sentence_searches(const std::vector<Example>& examples,
                                                              const SourceLines& lines,
                                                              const SearchOptions& search) const {
  std::vector<SentenceSearch> sentences;
  for (const Example& example : examples) {
    const int64_t number = lines.place.first + example.id;
    std::vector<int> prefix;
    if (!lines.prefixes.empty())
      prefix = pieces_of(lines.prefixes[example.id], target_, "the prefix of " + lines.place.file,
                         number);
    const auto begun = static_cast<int64_t>(prefix.size());
    SentenceSearch sentence = sentence_search(
        description_.model, search, static_cast<int64_t>(example.source.size()), std::move(prefix));
    if (begun >= sentence.limit)
      throw Error(fmt::format("the prefix of {}:{}: {} pieces; expected at most {}",
                              lines.place.file, number, begun, sentence.limit - 1));
    sentence.stream = static_cast<uint64_t>(number);
    if (shortlist_) {
      sentence.choice = shortlist_->pieces(example.source);
      for (const int piece : sentence.prefix)
        if (const auto place =
                std::lower_bound(sentence.choice.begin(), sentence.choice.end(), piece);
            place == sentence.choice.end() || *place != piece)
          sentence.choice.insert(place, piece);
    }
    sentences.push_back(std::move(sentence));
  }
  return sentences;
}

std::vector<Translation> TextTranslator::translate(const std::vector<std::string>& lines,
                                                   const ImageSet* images,
                                                   const SearchOptions& search,
                                                   const BatchOptions& batches,
                                                   const LinesPlace& place, ProgressPart progress) {
  return translate({.texts = lines, .images = images, .place = place}, search, batches, progress);
}

std::vector<Translation> TextTranslator::translate(const SourceLines& lines,
                                                   const SearchOptions& search,
                                                   const BatchOptions& batches,
                                                   ProgressPart progress) {
  const LinesPlace& place = lines.place;
  const std::vector<Example> examples =
      encode_lines(lines.texts, lines.images, place.file, place.first);
  count_sources(examples);
  const std::vector<SentenceSearch> sentences = sentence_searches(examples, lines, search);
  prepare();
  const auto began = std::chrono::steady_clock::now();
  const auto found = this->search(examples, sentences, lines.images, search, batches, progress);
  timing_.seconds +=
      std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  timing_.sentences += static_cast<int64_t>(examples.size());

  std::vector<Translation> translations(lines.texts.size(), {{ScoredText{}}});
  for (size_t i = 0; i < examples.size(); ++i) {
    if (found[i].empty())
      throw Error(fmt::format("{}:{}: the model's scores are not numbers; expected finite weights",
                              place.file, place.first + examples[i].id));
    auto& n_best = translations[examples[i].id].n_best;
    n_best.clear();
    for (const Hypothesis& hypothesis : found[i]) n_best.push_back(as_text(hypothesis));
    timing_.target_tokens += static_cast<int64_t>(found[i][0].tokens.size()) + 1;
  }
  return translations;
}

std::vector<int> TextTranslator::pieces_of(const std::string& line, const Tokenizer& tokenizer,
                                           const std::string& place, int64_t number) const {
  throw_if_interrupted();
  const std::string text = as_trained(line);
  if (!longest_line_) expect_within_limits(text, fmt::format("{}:{}", place, number));
  std::vector<int> pieces = tokenizer.encode(within_limits(text));
  if (longest_line_ && static_cast<int64_t>(pieces.size()) >= *longest_line_)
    pieces.resize(*longest_line_ - 1);
  return pieces;
}

std::vector<int> TextTranslator::source_pieces_of(const std::string& line, const std::string& place,
                                                  int64_t number) const {
  std::vector<int> pieces = pieces_of(line, source_, place, number);
  if (pieces.empty() || is_language_code(source_.piece(pieces.front()))) return pieces;
  if (language_) pieces.insert(pieces.begin(), *language_);
  if (longest_line_ && static_cast<int64_t>(pieces.size()) >= *longest_line_)
    pieces.resize(*longest_line_ - 1);
  return pieces;
}

void TextTranslator::count_sources(const std::vector<Example>& examples) {
  const bool many = !target_languages().empty();
  for (const Example& example : examples) {
    source_pieces_.add(example.source);
    without_language_ += many && !is_language_code(source_.piece(example.source.front()));
  }
}

std::vector<Example> TextTranslator::encode_lines(const std::vector<std::string>& lines,
                                                  const ImageSet* images, const std::string& place,
                                                  int64_t first_line) const {
  std::vector<Example> examples;
  for (size_t i = 0; i < lines.size(); ++i) {
    Example example;
    example.id = static_cast<int64_t>(i);
    example.source = source_pieces_of(lines[i], place, first_line + example.id);
    if (example.source.empty()) continue;
    example.source.push_back(kEos);
    example.image = images ? images->index()[i] : -1;
    check_length(static_cast<int64_t>(example.source.size()), place, first_line + example.id);
    examples.push_back(std::move(example));
  }
  return examples;
}

std::string TextTranslator::as_trained(const std::string& line) const {
  if (description_.text == "tok") return single_spaced(line);
  std::string clean = line;
  clean_line(clean);
  return clean;
}

int64_t TextTranslator::source_length(const std::string& line) const {
  return static_cast<int64_t>(source_.encode(within_limits(as_trained(line))).size()) + 1;
}

int64_t TextTranslator::target_length(const std::string& line) const {
  return static_cast<int64_t>(target_.encode(within_limits(as_trained(line))).size()) + 1;
}

int64_t TextTranslator::scored_length(const std::string& target) const {
  const int64_t length = target_length(target);
  return std::min(length, longest_line_.value_or(length));
}

void TextTranslator::check_length(int64_t tokens, const std::string& place, int64_t line) const {
  const ModelOptions& model = description_.model;
  if (model.positions != "learned" || tokens <= model.longest) return;
  throw Error(
      fmt::format("{}:{}: a sentence of {} tokens; the model's learned positions serve at most {}; "
                  "split the line",
                  place, line, tokens, model.longest));
}

ScoredText TextTranslator::as_text(const Hypothesis& hypothesis) const {
  ScoredText text{target_.decode(hypothesis.tokens),
                  {},
                  hypothesis.score,
                  hypothesis.log_probability,
                  hypothesis.token_log_probabilities};
  for (int token : hypothesis.tokens) text.pieces.push_back(target_.piece(token));
  return text;
}

}  // namespace penalmt
