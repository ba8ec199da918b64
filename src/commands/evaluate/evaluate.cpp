#include "commands/cli/command.h"
#include "commands/evaluate/sacrebleu_words.h"
#include "commands/evaluate/steps.h"

namespace penalmt {
namespace {

void evaluate(const EvaluateOptions& options) {
  check_options(options);
  const EvaluatedTexts texts(options);
  const std::vector<Lines> right = read_references(options, texts);
  const References references =
      options.skip_empty_references ? References::without_empty(right) : References(right);
  std::optional<EvaluationReport> report;
  if (!options.report.empty()) report = begin_report(options, texts, right);
  MetricOptions of_metrics = options.of_metrics;
  of_metrics.bleu.effective_order = options.sentence_level;
  Scoring scoring{make_metrics(options.metrics, of_metrics, references), {}};
  scoring.given = read_given_scores(options, texts, scoring.metrics, references.sentences());
  std::vector<System> systems = scored_systems(options, texts, scoring, references.sentences(),
                                               report ? report->source : Lines());
  if (options.confidence) estimate_confidence(scoring.all(), options.resampling(), systems.front());
  if (options.paired()) {
    std::vector<ScoredSystem*> tested;
    for (System& system : systems) tested.push_back(&system);
    test_in_pairs(scoring.all(), options.test(), options.resampling(), tested);
  }
  if (report) write_report(options, scoring, systems, std::move(*report));
  print_results(options, scoring, std::move(systems));
}

constexpr const char* kExamples =
    "sacreBLEU's command line is understood too: references by themselves, -i, -m, -w, -tok, -b, "
    "-lc, -f json|text, -ci, -pbs, -par and its other short options; without -i the hypotheses "
    "come from standard input.\n"
    "Examples:\n"
    "  penalmt evaluate test.de -i out.de -m bleu chrf -w 2 -tok 13a\n"
    "  penalmt evaluate --hypotheses base.de new.de --references test.de --paired-ar \\\n"
    "      --scores COMET=base.comet COMET=new.comet\n"
    "  penalmt evaluate --hypotheses out.de --references test.de --tokenize none --lowercase\n"
    "  penalmt evaluate --hypotheses base.de new.de --references test.de --metrics bleu chrf ter "
    "--paired-bs\n"
    "  penalmt evaluate --table captions.csv --hypotheses translation --references de\n"
    "  penalmt evaluate --hypotheses right.de shuffled.de --names \"right images\" \"shuffled "
    "images\" \\\n"
    "      --references test.de --report scores.html --source test.en --images test.txt "
    "--image-root images";

}  // namespace

Command evaluate_command() {
  Command made = command<EvaluateOptions>(evaluate, kExamples);
  made.rewrite = from_sacrebleu;
  return made;
}

}  // namespace penalmt
