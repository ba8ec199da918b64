#include <fmt/format.h>

#include <map>

#include "base/error.h"
#include "base/progress.h"
#include "commands/cli/text_warnings.h"
#include "commands/probe/steps.h"
#include "datasets/changed_images.h"
#include "evaluation/metrics.h"
#include "translation/translator.h"

namespace penalmt {
namespace {

// ---- translating
// ---------------------------------------------------------------------------------------------------

class Prober {
 public:
  Prober(const ProbeOptions& options, const ProbeText& text, Translator& translator)
      : options_(options),
        text_(text),
        translator_(translator),
        progress_("probe", "sentences", 0) {}

  Answers answers(const ImageCondition& condition) {
    const bool is_first = done_ == 0;
    Answers answers{condition.name, {}, {}, {}, lines_of_images(condition)};
    answers.translations = translated(text_.source, condition, is_first ? &signs_ : nullptr);
    if (is_first) pieces_ = translator_.source_pieces();
    if (!text_.masked_source.empty())
      answers.masked_translations = translated(text_.masked_source, condition, nullptr);
    answers.log_probabilities = translator_.score(text_.source, text_.references, condition.images,
                                                  batches(), options_.source, options_.references);
    return answers;
  }

  const AnswerSigns& signs() const { return signs_; }
  // Tells of text that is not the model's and of bad answers under the first condition.
  void warn() const {
    SourceSigns signs;
    for (const std::string& line : text_.source) signs.add(line);
    warn_of_source(options_.model, translator_, signs, pieces_,
                   "penalmt normalize makes such text");
    warn_of_answers(options_.model, signs_);
  }

 private:
  // Only shuffled ones are others' images as they are.
  std::vector<int64_t> lines_of_images(const ImageCondition& condition) const {
    if (condition.name != "shuffled") return {};
    std::map<int64_t, int64_t> line_of;  // a row: the first line that has it
    for (std::size_t i = 0; i < text_.lines.size(); ++i)
      line_of.try_emplace(text_.images->index()[i], static_cast<int64_t>(i));
    std::vector<int64_t> lines;
    for (const int64_t row : condition.images->index())
      lines.push_back(row < 0 ? -1 : line_of.at(row));
    return lines;
  }

  BatchOptions batches() const { return {.threads = options_.machine.threads}; }

  Lines translated(const Lines& source, const ImageCondition& condition, AnswerSigns* signs) {
    SearchOptions search = translator_.default_search();
    search.beam = options_.beam.value_or(search.beam);
    Lines translations;
    for (const Translation& translation :
         translator_.translate(source, condition.images, search, batches(),
                               {options_.source, done_ + 1}, {&progress_, done_})) {
      const ScoredText& best = translation.n_best.front();
      const std::size_t i = translations.size();
      if (signs)
        signs->add(repeats_itself({best.pieces.begin(), best.pieces.end()}),
                   copies_source(source[i], best.text), static_cast<int64_t>(text_.lines[i]) + 1);
      translations.push_back(best.text);
    }
    done_ += static_cast<int64_t>(source.size());
    return translations;
  }

  const ProbeOptions& options_;
  const ProbeText& text_;
  Translator& translator_;
  Progress progress_;
  int64_t done_ = 0;
  AnswerSigns signs_;  // of the first condition
  PieceCount pieces_;  // of the source, once
};

// ---- measuring
// -----------------------------------------------------------------------------------------------------

template <class Member>
std::vector<Member> under_each(const std::vector<Answers>& answers, Member Answers::*which) {
  std::vector<Member> all;
  for (const Answers& of_condition : answers) all.push_back(of_condition.*which);
  return all;
}

Measure log_probability(const ProbeText& text, const Translator& translator,
                        const std::vector<Answers>& answers) {
  std::vector<int64_t> tokens;
  for (const std::string& reference : text.references)
    tokens.push_back(translator.scored_length(reference));
  return log_probability_measure(under_each(answers, &Answers::log_probabilities), tokens);
}

Measure left_out(const ProbeText& text, const std::vector<Answers>& answers,
                 ProbeResults& results) {
  double chance = 0;
  for (const LeftOutMark& mark : text.marks) chance += 100.0 / static_cast<double>(mark.choices);
  results.left_out_chance = chance / static_cast<double>(text.marks.size());
  std::vector<std::vector<bool>> right;
  for (const Answers& of_condition : answers) {
    std::vector<bool>& line = right.emplace_back();
    for (std::size_t i = 0; i < text.marks.size(); ++i)
      line.push_back(is_right(of_condition.translations[i], text.marks[i]));
  }
  return left_out_measure(right, *results.left_out_chance);
}

FormLexicon lexicon_of(const ProbeOptions& options, const ModelDescription& model) {
  if (!options.lexicon.empty()) return FormLexicon::read(options.lexicon);
  std::optional<FormLexicon> lexicon;
  const std::string kind = options.kind();
  if (model.source_language == "en") lexicon = FormLexicon::shipped(kind, model.target_language);
  if (!lexicon)
    throw Error(
        fmt::format("--kind: no lexicon of kind '{}' for {} to {}; expected color or people, en to "
                    "de or fr; for "
                    "others give --lexicon",
                    kind, model.source_language, model.target_language));
  return *lexicon;
}

void prepare_masking(const ProbeOptions& options, const ProbeText& text,
                     const Translator& translator, ProbeResults& results) {
  const FormLexicon lexicon = lexicon_of(options, translator.description());
  results.restricted = std::make_shared<MaskedAccuracy>(MaskedMatch::kRestricted, text.masked_words,
                                                        text.references, lexicon);
  results.relaxed = std::make_shared<MaskedAccuracy>(MaskedMatch::kRelaxed, text.masked_words,
                                                     text.references, lexicon);
  if (results.relaxed->counted() == 0)
    throw Error(fmt::format(
        "{}: of its masked words not one counts; {} are not in the lexicon, {} have no translation "
        "in {}",
        options.mask, results.relaxed->unknown(), results.relaxed->untranslated(),
        options.references));
}

Metrics metrics_of(const ProbeOptions& options, const ProbeText& text,
                   const Translator& translator) {
  MetricOptions of_metrics;
  of_metrics.bleu.tokenizer =
      options.tokenize.value_or(translator.description().scoring_tokenizer());
  expect_metrics(options.metrics, "--metrics");
  return make_metrics(options.metrics, of_metrics, References::single(text.references));
}

}  // namespace

std::vector<ImageCondition> conditions_of(const ImageSet* right, const ProbeOptions& options) {
  Lines changes = options.incongruent;
  if (right != nullptr && !can_be_shuffled(*right) && std::erase(changes, "shuffled") > 0)
    warning("--incongruent: shuffled is left out: there is one image, and it takes two");
  return image_conditions(right, changes, options.seed);
}

void probe_text(const ProbeOptions& options, const ProbeText& text, Translator& translator,
                ProbeResults& results) {
  // 1. What may be refused, before any work.
  Metrics metrics = metrics_of(options, text, translator);
  if (!text.masked_source.empty()) prepare_masking(options, text, translator, results);
  const std::vector<ImageCondition> conditions = conditions_of(text.images.get(), options);
  // 2. Translations.
  Prober prober(options, text, translator);
  for (const ImageCondition& condition : conditions) {
    results.conditions.push_back(condition.name);
    results.answers.push_back(prober.answers(condition));
  }
  prober.warn();
  results.signs = prober.signs();
  // 3. Comparison.
  std::vector<Measure> measures;
  const int threads = options.machine.threads;
  const std::vector<Lines> translations = under_each(results.answers, &Answers::translations);
  for (auto& metric : metrics) {
    const std::string signature = metric->signature();
    measures.push_back(metric_measure(std::move(metric), signature, translations, threads));
  }
  measures.push_back(log_probability(text, translator, results.answers));
  if (!text.marks.empty()) measures.push_back(left_out(text, results.answers, results));
  if (results.restricted) {
    const std::vector<Lines> masked = under_each(results.answers, &Answers::masked_translations);
    measures.push_back(metric_measure(
        results.restricted, "percent of masked words translated in the reference's very form",
        masked, threads));
    measures.push_back(metric_measure(
        results.relaxed, "percent of masked words translated in any form", masked, threads));
  }
  results.lines = text.lines.size();
  results.all_lines = text.all_lines;
  results.scores = compare_conditions(results.conditions, measures, options.seed, threads);
  if (!translator.uses_images())
    results.notes.push_back("a text-only model: its images cannot be changed");
}

}  // namespace penalmt
