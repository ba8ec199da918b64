#include "report/probe_report.h"

#include <fmt/format.h>

#include <filesystem>

#include "base/error.h"
#include "base/files.h"
#include "base/progress.h"
#include "commands/cli/common.h"
#include "commands/probe/steps.h"

namespace penalmt {
namespace {

namespace fs = std::filesystem;

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
  if (const std::string text = results.signs.text(); !text.empty())
    notes.push_back(fmt::format("Images {}: {}.", results.conditions.front(), text));
  for (const std::string& note : results.notes) notes.push_back("Note: " + note + ".");
  return notes;
}

ProbeSentence sentence(const ProbeText& text, const ProbeResults& results, std::size_t i) {
  ProbeSentence sentence{text.lines[i] + 1,
                         text.image_files[i],
                         text.source[i],
                         text.references[i],
                         {},
                         {},
                         {},
                         {},
                         {},
                         {}};
  for (const Answers& answers : results.answers) {
    sentence.translations.push_back(answers.translations[i]);
    const int64_t other = answers.image_lines.empty() ? -1 : answers.image_lines[i];
    sentence.other_images.push_back(other < 0 ? fs::path()
                                              : text.image_files[static_cast<std::size_t>(other)]);
  }
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
  report.summary =
      fmt::format("{} of {} lines of {} count{}.", with_commas(static_cast<int64_t>(results.lines)),
                  with_commas(static_cast<int64_t>(results.all_lines)), options.source,
                  results.lines < results.all_lines ? ": those with an image" : "");
  report.scores = results.scores;
  report.contrastive = results.contrastive;
  report.notes = notes(options, results);
  report.gates = results.gates;
  for (const ImageUse& use : results.image_use) report.gates_of_target |= use.of_target;
  report.attention = results.attention;
  report.conditions = results.conditions;
  report.samples = options.samples;
  report.origin = page_origin();
  for (std::size_t i = 0; i < text.source.size(); ++i)
    report.sentences.push_back(sentence(text, results, i));
  write_output("--report", options.report, probe_report(report));
  if (!options.images.features.empty() && options.images.image_root.empty())
    message(options.report + ": has no images in it; --image-root names the folder they are in");
}

}  // namespace penalmt
