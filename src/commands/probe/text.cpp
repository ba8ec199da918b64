#include <set>

#include <fmt/format.h>

#include "base/error.h"
#include "base/progress.h"
#include "commands/cli/text_warnings.h"
#include "commands/probe/steps.h"
#include "datasets/changed_images.h"
#include "evaluation/metrics.h"
#include "evaluation/resampling.h"
#include "evaluation/share.h"
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

  Answers answers(const Condition& condition) {
    const bool is_first = done_ == 0;
    Answers answers{condition.name, {}, {}, {}};
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
  BatchOptions batches() const { return {.threads = options_.machine.threads}; }

  Lines translated(const Lines& source, const Condition& condition, AnswerSigns* signs) {
    const DecodingDefaults& defaults = translator_.description().decoding;
    const SearchOptions search{.beam = options_.beam.value_or(defaults.beam),
                               .length_penalty = defaults.length_penalty};
    Lines translations;
    for (const Translation& translation :
         translator_.translate(source, condition.images, search, batches(),
                               {options_.source, done_ + 1}, &progress_)) {
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

// Of `rows` rows {part(i), whole(i)}.
template <class Part, class Whole>
Statistics share_rows(std::size_t rows, Part part, Whole whole) {
  Statistics statistics{.width = 2, .numbers = {}};
  for (std::size_t i = 0; i < rows; ++i)
    statistics.numbers.insert(statistics.numbers.end(), {part(i), whole(i)});
  return statistics;
}

Measure of_metric(std::shared_ptr<const Metric> metric, const std::string& signature,
                  const std::vector<Answers>& answers, Lines Answers::*which, int threads) {
  Measure measure{metric->name(), signature, metric, {}};
  for (const Answers& of_condition : answers)
    measure.rows.push_back(metric->statistics(of_condition.*which, threads));
  return measure;
}

Measure log_probability(const ProbeText& text, const Translator& translator,
                        const std::vector<Answers>& answers) {
  Measure measure{
      "log p", "of the references, natural logarithm a token", std::make_shared<Share>(1), {}};
  for (const Answers& of_condition : answers)
    measure.rows.push_back(share_rows(
        text.references.size(), [&](std::size_t i) { return of_condition.log_probabilities[i]; },
        [&](std::size_t i) {
          return static_cast<double>(translator.scored_length(text.references[i]));
        }));
  return measure;
}

Measure left_out(const ProbeText& text, const std::vector<Answers>& answers,
                 ProbeResults& results) {
  double chance = 0;
  for (const LeftOutMark& mark : text.marks) chance += 100.0 / static_cast<double>(mark.choices);
  results.left_out_chance = chance / static_cast<double>(text.marks.size());
  Measure measure{
      "left-out",
      fmt::format("percent of the left-out words right; chance {:.1f}", *results.left_out_chance),
      std::make_shared<Share>(),
      {}};
  for (const Answers& of_condition : answers)
    measure.rows.push_back(share_rows(
        text.marks.size(),
        [&](std::size_t i) {
          return is_right(of_condition.translations[i], text.marks[i]) ? 1.0 : 0.0;
        },
        [](std::size_t) { return 1.0; }));
  return measure;
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
      options.tokenize.value_or(translator.description().text == "tok" ? "none" : "13a");
  expect_metrics(options.metrics, "--metrics");
  return make_metrics(options.metrics, of_metrics, References::single(text.references));
}

}  // namespace

std::vector<Condition> conditions_of(const ImageSet* right, const ProbeOptions& options) {
  std::vector<Condition> conditions;
  if (right != nullptr) {
    conditions.push_back({"right", nullptr, right});
    for (const std::string& name : options.incongruent) {
      std::set<int64_t> different(right->index().begin(), right->index().end());
      different.erase(-1);
      if (name == "shuffled" && different.size() < 2) {
        warning("--incongruent: shuffled is left out: there is one image, and it takes two");
        continue;
      }
      Condition condition{name, name == "shuffled" ? shuffled_images(*right, options.seed)
                                : name == "zeroed" ? zeroed_images(*right)
                                                   : noise_images(*right, options.seed)};
      condition.images = condition.changed.get();
      conditions.push_back(std::move(condition));
    }
  }
  conditions.push_back({"none", nullptr, nullptr});
  return conditions;
}

std::vector<SystemScores> compared(const Lines& conditions, const std::vector<Measure>& measures,
                                   const ProbeOptions& options) {
  std::vector<SystemScores> table;
  for (const std::string& condition : conditions) table.push_back({condition, {}});
  const ResamplingOptions bootstrap{.seed = options.seed, .threads = options.machine.threads};
  const ResamplingOptions randomisation{.samples = 10000,
                                        .seed = options.seed,
                                        .threads = options.machine.threads,
                                        .count_equal = true};
  for (const Measure& measure : measures) {
    const std::vector<TestResult> tested =
        paired_randomisation(*measure.score, measure.rows, randomisation);
    for (std::size_t c = 0; c < conditions.size(); ++c)
      table[c].scores.push_back(
          {.name = measure.name,
           .score = tested[c].score,
           .signature = measure.signature,
           .verbose = "",
           .confidence = bootstrap_confidence(*measure.score, measure.rows[c], bootstrap),
           .p_value = tested[c].p_value});
  }
  return table;
}

void probe_text(const ProbeOptions& options, const ProbeText& text, Translator& translator,
                ProbeResults& results) {
  // 1. What may be refused, before any work.
  Metrics metrics = metrics_of(options, text, translator);
  if (!text.masked_source.empty()) prepare_masking(options, text, translator, results);
  const std::vector<Condition> conditions = conditions_of(text.images.get(), options);
  // 2. Translations.
  Prober prober(options, text, translator);
  for (const Condition& condition : conditions) {
    results.conditions.push_back(condition.name);
    results.answers.push_back(prober.answers(condition));
  }
  prober.warn();
  results.signs = prober.signs();
  // 3. Comparison.
  std::vector<Measure> measures;
  const int threads = options.machine.threads;
  for (auto& metric : metrics) {
    const std::string signature = metric->signature();
    measures.push_back(
        of_metric(std::move(metric), signature, results.answers, &Answers::translations, threads));
  }
  measures.push_back(log_probability(text, translator, results.answers));
  if (!text.marks.empty()) measures.push_back(left_out(text, results.answers, results));
  if (results.restricted) {
    const auto masked = &Answers::masked_translations;
    measures.push_back(of_metric(results.restricted,
                                 "percent of masked words translated in the reference's very form",
                                 results.answers, masked, threads));
    measures.push_back(of_metric(results.relaxed, "percent of masked words translated in any form",
                                 results.answers, masked, threads));
  }
  results.lines = text.lines.size();
  results.all_lines = text.all_lines;
  results.scores = compared(results.conditions, measures, options);
  if (!translator.uses_images())
    results.notes.push_back("a text-only model: its images cannot be changed");
}

}  // namespace penalmt
