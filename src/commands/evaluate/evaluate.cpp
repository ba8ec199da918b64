#include <CLI/CLI.hpp>

#include "commands/cli/common.h"
#include "commands/cli/numbers.h"
#include "commands/commands.h"
#include "commands/evaluate/steps.h"

namespace penalmt {
namespace {

void evaluate(EvaluateOptions options) {
  check_options(options);
  options.bleu.effective_order = options.sentence_level;
  const std::vector<Lines> texts = read_references(options);
  const References references =
      options.skip_empty_references ? References::without_empty(texts) : References(texts);
  std::optional<EvaluationReport> report;
  if (!options.report.empty()) report = begin_report(options, texts);
  const Metrics metrics = make_metrics(options, references);
  std::vector<System> systems =
      scored_systems(options, metrics, references.sentences(), report ? report->source : Lines());
  if (options.confidence) estimate_confidence(options, metrics, systems.front());
  if (options.paired()) test_in_pairs(options, metrics, systems);
  if (report) write_report(options, metrics, systems, std::move(*report));
  print_results(options, metrics, std::move(systems));
}

// ---- the command line
// ----------------------------------------------------------------------------------------------

const CLI::Validator kSamples = whole_number_in(1, 100'000'000);

void add_text_options(CLI::App& command, EvaluateOptions& options) {
  command
      .add_option("--hypotheses", options.hypotheses,
                  "translations, a file for each system (plain or .gz; - is standard input)")
      ->required();
  command
      .add_option("--references", options.references,
                  "what is right, line by line; several files: several references")
      ->required();
  command
      .add_option("--num-refs", options.reference_columns,
                  "how many references each line of the one file of --references holds, with tabs "
                  "between them")
      ->check(whole_number_in(1, 1000))
      ->capture_default_str();
  command.add_flag(
      "--skip-empty-references", options.skip_empty_references,
      "an empty line in one of several references means that this sentence has one reference less");
  command.add_option("--names", options.names, "what to call the systems; default: their files");
  command.add_option("--metrics", options.metrics, "what to compute: bleu, chrf, ter")
      ->capture_default_str();
  command.add_flag("--sentence-level", options.sentence_level,
                   "one score a line; BLEU with the effective order");
}

void add_metric_options(CLI::App& command, EvaluateOptions& options) {
  command
      .add_option("--tokenize", options.bleu.tokenizer,
                  "BLEU: how words are told apart: 13a, char, intl, none (white space) or zh")
      ->capture_default_str();
  command.add_flag("--lowercase", options.bleu.lowercase,
                   "BLEU: take capital and small letters as the same");
  command
      .add_option("--smooth-method", options.bleu.smooth_method,
                  "BLEU: for n-grams without a match: exp, floor, add-k or none")
      ->capture_default_str();
  command
      .add_option("--smooth-value", options.bleu.smooth_value,
                  "BLEU: what floor (0.1) or add-k (1) adds")
      ->check(number_in(0, 1e9));
  command.add_flag("--force", options.force,
                   "BLEU: no warning where the hypotheses look tokenised");

  command
      .add_option("--chrf-char-order", options.chrf.char_order,
                  "chrF: longest n-gram of characters")
      ->check(whole_number_in(1, 1000))
      ->capture_default_str();
  command
      .add_option("--chrf-word-order", options.chrf.word_order,
                  "chrF: longest n-gram of words (1: chrF+, 2: chrF++)")
      ->check(whole_number_in(0, 1000))
      ->capture_default_str();
  command
      .add_option("--chrf-beta", options.chrf.beta,
                  "chrF: how many times recall counts more than precision")
      ->check(whole_number_in(1, 1000))
      ->capture_default_str();
  command.add_flag("--chrf-whitespace", options.chrf.whitespace,
                   "chrF: white space counts among the characters");
  command.add_flag("--chrf-lowercase", options.chrf.lowercase,
                   "chrF: take capital and small letters as the same");
  command.add_flag("--chrf-eps-smoothing", options.chrf.eps_smoothing,
                   "chrF: smooth as chrF++.py, NLTK and Moses, in place of the effective order");

  command.add_flag("--ter-case-sensitive", options.ter.case_sensitive,
                   "TER: tell capital and small letters apart");
  command.add_flag("--ter-normalized", options.ter.normalized,
                   "TER: separate punctuation from words first");
  command.add_flag("--ter-no-punct", options.ter.no_punct, "TER: leave punctuation out");
  command.add_flag("--ter-asian-support", options.ter.asian_support,
                   "TER: the two before also for Chinese and Japanese");
}

void add_resampling_options(CLI::App& command, EvaluateOptions& options) {
  auto* confidence =
      command.add_flag("--confidence", options.confidence,
                       "of one system: 95 % confidence intervals by bootstrap resampling");
  command.add_option("--confidence-n", options.confidence_samples, "samples of --confidence")
      ->check(kSamples)
      ->needs(confidence)
      ->capture_default_str();
  auto* bootstrap = command.add_flag("--paired-bs", options.paired_bootstrap,
                                     "paired bootstrap test of each system against the first");
  command.add_option("--paired-bs-n", options.bootstrap_samples, "samples of --paired-bs")
      ->check(kSamples)
      ->needs(bootstrap)
      ->capture_default_str();
  auto* randomisation =
      command.add_flag("--paired-ar", options.paired_randomisation,
                       "paired approximate randomisation test of each system against the first");
  command.add_option("--paired-ar-n", options.randomisation_samples, "trials of --paired-ar")
      ->check(kSamples)
      ->needs(randomisation)
      ->capture_default_str();
  randomisation->excludes(bootstrap);
  for (auto* test : {confidence, bootstrap, randomisation}) test->excludes("--sentence-level");
  add_seed_option(command, options.seed);
  add_threads_option(command, options.threads);
}

void add_output_options(CLI::App& command, EvaluateOptions& options) {
  auto* json = command.add_flag(
      "--json", options.json,
      "print JSON, with sacreBLEU's names (one object a line at the sentence level)");
  command.add_flag("--short", options.short_signatures, "abbreviate the signatures (not in JSON)");
  command
      .add_flag("--score-only", options.score_only, "print the scores alone, with their intervals")
      ->excludes(json);
  command.add_option("--width", options.width, "digits after the point of a score")
      ->check(whole_number_in(0, 15))
      ->capture_default_str();
  command
      .add_option(
          "--left-out", options.left_out,
          "count the words right that the source leaves out: the marks' file of a generated corpus")
      ->excludes("--sentence-level");
  auto* report = command.add_option(
      "--report", options.report,
      "write a page (HTML, needs no network): scores, where they come from, sentences");
  report->excludes("--sentence-level");
  command.add_option("--source", options.source, "show these source sentences in the report")
      ->needs(report);
  auto* images = command
                     .add_option("--images", options.images,
                                 "show the images that this list names, one a line")
                     ->needs(report);
  auto* root = command.add_option("--image-root", options.image_root, "the folder of the images")
                   ->needs(images);
  images->needs(root);
  command
      .add_flag(
          "--allow-outside", options.allow_outside,
          "take images whose names lead out of that folder, by a link, ../ or an absolute path")
      ->needs(root);
  command
      .add_option("--runs", options.runs,
                  "show the training curves of these run folders in the report; a run called as a "
                  "system has its colour")
      ->needs(report);
  command.add_option("--samples", options.samples, "sentences shown in the report")
      ->check(whole_number_in(0, 100000))
      ->needs(report)
      ->capture_default_str();
}

constexpr const char* kExamples =
    "Examples:\n"
    "  penalmt evaluate --hypotheses out.de --references test.de --tokenize none --lowercase\n"
    "  penalmt evaluate --hypotheses base.de new.de --references test.de --metrics bleu chrf ter "
    "--paired-bs\n"
    "  penalmt evaluate --hypotheses right.de shuffled.de --names \"right images\" \"shuffled "
    "images\" \\\n"
    "      --references test.de --report scores.html --source test.en --images test.txt "
    "--image-root images";

}  // namespace

void add_evaluate(CLI::App& program) {
  auto options = std::make_shared<EvaluateOptions>();
  CLI::App& command = *program.add_subcommand(
      "evaluate", "score translations: BLEU, chrF and TER, as sacreBLEU counts them");
  command.footer(kExamples);
  add_text_options(command, *options);
  add_metric_options(command, *options);
  add_resampling_options(command, *options);
  add_output_options(command, *options);
  command.callback([options] { evaluate(*options); });
}

}  // namespace penalmt
