#include "report/probe_report.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/files.h"
#include "base/progress.h"
#include "commands/probe/steps.h"
#include "report/html.h"

namespace penalmt {
namespace {

ProbeTable as_table(const std::vector<SystemScores>& scores) {
  ProbeTable table;
  if (scores.empty()) return table;
  for (const MetricScore& score : scores.front().scores)
    table.columns.push_back({score.name, score.signature});
  for (const SystemScores& condition : scores) {
    ProbeTable::Row& row = table.rows.emplace_back(ProbeTable::Row{condition.system, {}});
    for (const MetricScore& score : condition.scores)
      row.cells.push_back(
          {fmt::format("{:.2f}", score.score),
           fmt::format("{:.2f} ± {:.2f}", score.confidence->mean, score.confidence->half_width),
           score.p_value});
  }
  return table;
}

ProbeGates as_gates(const ProbeResults& results) {
  ProbeGates gates;
  gates.pieces = results.gates.pieces;
  gates.mean = results.gates.mean;
  gates.open = results.gates.open;
  gates.histogram.assign(results.gates.histogram.begin(), results.gates.histogram.end());
  for (const auto& word : results.gates.widest)
    gates.widest.push_back({word.word, word.count, word.mean});
  for (const ImageUse& use : results.image_use) gates.of_target |= use.of_target;
  if (const AttentionStatistics& attention = results.attention; attention.pieces > 0)
    gates.attention = fmt::format(
        "Attention over the image has {:.1f} % of the entropy of an even one; the largest weight "
        "is {:.3f} on average, "
        "where an even one would have {:.3f}.",
        100 * attention.entropy, attention.largest, attention.largest_if_even);
  return gates;
}

std::vector<std::string> notes(const ProbeOptions& options, const ProbeResults& results) {
  std::vector<std::string> notes;
  if (results.restricted)
    notes.push_back(
        fmt::format("Masked words ({}): {} count; {} without a translation in the reference and {} "
                    "not in the lexicon do not. "
                    "Restricted: the translation has the reference's very form; relaxed: any form "
                    "of any translation of the word. "
                    "Always writing one and the same word would get {:.1f} and {:.1f} %.",
                    options.kind(), results.relaxed->counted(), results.relaxed->untranslated(),
                    results.relaxed->unknown(), results.restricted->best_guess(),
                    results.relaxed->best_guess()));
  if (results.left_out_chance)
    notes.push_back(
        fmt::format("Left-out words: guessing gets {:.1f} %.", *results.left_out_chance));
  if (const std::string text = results.signs.text(); !text.empty())
    notes.push_back(fmt::format("Images {}: {}.", results.conditions.front(), text));
  for (const std::string& note : results.notes) notes.push_back("Note: " + note + ".");
  return notes;
}

ProbeSentence sentence(const ProbeText& text, const ProbeResults& results, std::size_t i) {
  ProbeSentence sentence{text.lines[i] + 1,
                         text.photographs[i],
                         text.source[i],
                         text.references[i],
                         {},
                         {},
                         {},
                         {},
                         {}};
  for (const Answers& answers : results.answers)
    sentence.translations.push_back(answers.translations[i]);
  if (!results.image_use.empty()) {
    const ImageUse& use = results.image_use[i];
    sentence.pieces = use.pieces;
    sentence.gates = use.gate;
    sentence.attention = use.attention;
    sentence.seen = results.seen[i];
  }
  return sentence;
}

}  // namespace

void write_probe_report(const ProbeOptions& options, const ProbeText& text,
                        const ProbeResults& results) {
  ProbeReport report;
  report.title = "What " + options.model + " does with its images";
  report.summary = fmt::format(
      "{} of {} lines of {} count{}.", html::with_thousands(static_cast<int64_t>(results.lines)),
      html::with_thousands(static_cast<int64_t>(results.all_lines)), options.source,
      results.lines < results.all_lines ? ": those with an image" : "");
  report.scores = as_table(results.scores);
  report.contrastive = as_table(results.contrastive);
  report.notes = notes(options, results);
  report.gates = as_gates(results);
  report.conditions = results.conditions;
  report.samples = options.samples;
  for (std::size_t i = 0; i < text.source.size(); ++i)
    report.sentences.push_back(sentence(text, results, i));
  write_file(options.report, probe_report(report));
  if (!options.images.features.empty() && options.images.image_root.empty())
    message(options.report +
            ": has no photographs in it; --image-root names the folder they are in");
}

}  // namespace penalmt
