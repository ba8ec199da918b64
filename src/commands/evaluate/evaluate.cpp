#include "commands/cli/command.h"
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
  const Metrics metrics = make_metrics(options.metrics, of_metrics, references);
  std::vector<System> systems = scored_systems(options, texts, metrics, references.sentences(),
                                               report ? report->source : Lines());
  if (options.confidence) estimate_confidence(options, metrics, systems.front());
  if (options.paired()) test_in_pairs(options, metrics, systems);
  if (report) write_report(options, metrics, systems, std::move(*report));
  print_results(options, metrics, std::move(systems));
}

constexpr const char* kExamples =
    "Examples:\n"
    "  penalmt evaluate --hypotheses out.de --references test.de --tokenize none --lowercase\n"
    "  penalmt evaluate --hypotheses base.de new.de --references test.de --metrics bleu chrf ter "
    "--paired-bs\n"
    "  penalmt evaluate --table captions.csv --hypotheses translation --references de\n"
    "  penalmt evaluate --hypotheses right.de shuffled.de --names \"right images\" \"shuffled "
    "images\" \\\n"
    "      --references test.de --report scores.html --source test.en --images test.txt "
    "--image-root images";

}  // namespace

Command evaluate_command() { return command<EvaluateOptions>(evaluate, kExamples); }

}  // namespace penalmt
