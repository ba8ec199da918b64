#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/error.h"
#include "base/line_reader.h"
#include "base/progress.h"
#include "base/text.h"
#include "commands/cli/common.h"
#include "commands/evaluate/steps.h"
#include "evaluation/unicode.h"

namespace penalmt {
namespace {

// Standard input can be read once.
void check_standard_input(const EvaluateOptions& options) {
  if (!options.table.empty()) return;  // then they are columns
  int64_t readers = options.source == "-";
  for (const Lines& files : {options.hypotheses, options.references})
    readers += std::count(files.begin(), files.end(), "-");
  for (const std::string& scores : options.scores) readers += file_of_scores(scores) == "-";
  if (readers > 1)
    throw Error(fmt::format("-: standard input is named {} times, expected once", readers));
}

void check_systems(const EvaluateOptions& options) {
  const std::size_t systems = options.hypotheses.size();
  if (!options.names.empty() && options.names.size() != systems)
    throw Error(fmt::format("--names: got {}, expected {}: one for each file of --hypotheses",
                            options.names.size(), systems));
  const Lines& names = options.names.empty() ? options.hypotheses : options.names;
  std::set<std::string> seen;
  for (const std::string& name : names) {
    const bool readable =
        !name.empty() && !first_invalid_utf8(name) &&
        std::none_of(name.begin(), name.end(), [](char c) { return c >= 0 && c < ' '; });
    if (!readable)
      throw Error(fmt::format(
          "{}: a system's name must be text without control characters; --names gives another",
          options.names.empty() ? "--hypotheses" : "--names"));
    if (!seen.insert(name).second)
      throw Error(
          fmt::format("{}: '{}' stands there twice; expected a name of its own for each system",
                      options.names.empty() ? "--hypotheses" : "--names", name));
  }
  if (options.sentence_level && systems > 1)
    throw Error(fmt::format("--sentence-level: got {} files of hypotheses, expected one", systems));
  if (options.confidence && systems > 1)
    throw Error(fmt::format(
        "--confidence: got {} files of hypotheses, expected one; --paired-bs compares several",
        systems));
  if (options.paired() && systems < 2)
    throw Error(
        fmt::format("{}: got one file of hypotheses, expected the baseline's and at least one more",
                    options.paired_bootstrap ? "--paired-bs" : "--paired-ar"));
}

// [column][line]; the last column holds what further tabs there are. As in sacreBLEU, columns that
// are empty at the end of a line are none, but where an empty one is a missing reference.
std::vector<Lines> read_columns(const std::string& path, int columns, bool may_be_empty) {
  std::vector<Lines> texts(static_cast<std::size_t>(columns));
  const Lines lines = may_be_empty ? read_lines(path, LineForm::kAsItIs) : read_scored_lines(path);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    std::string_view rest = lines[i];
    for (std::size_t c = 0; c + 1 < texts.size(); ++c) {
      const std::size_t tab = rest.find('\t');
      if (tab == std::string_view::npos)
        throw Error(fmt::format("{}:{}: expected {} tab-separated columns, got {}", path, i + 1,
                                columns, c + 1));
      texts[c].emplace_back(may_be_empty ? trim_end(rest.substr(0, tab)) : rest.substr(0, tab));
      rest.remove_prefix(tab + 1);
    }
    texts.back().emplace_back(trim_end(rest));
  }
  return texts;
}

// Scores mean little when text is tokenised twice.
void warn_of_tokenised_text(const System& system, const EvaluateOptions& options) {
  const std::string& tokenizer = options.of_metrics.bleu.tokenizer;
  const Lines& metrics = options.metrics;
  if (options.force || tokenizer == "none" ||
      std::find(metrics.begin(), metrics.end(), "bleu") == metrics.end())
    return;
  const auto tokenised =
      std::count_if(system.hypotheses.begin(), system.hypotheses.end(),
                    [](const std::string& line) { return line.ends_with(" ."); });
  if (tokenised >= 100)
    warning(
        fmt::format("{}: {} lines end in ' .', so the text looks tokenised, and --tokenize {} "
                    "tokenises it again; "
                    "--tokenize none takes it as it is",
                    system.name, tokenised, tokenizer));
}

// Fills `same_as` of the last one.
void find_equal(std::vector<System>& systems) {
  System& last = systems.back();
  for (std::size_t i = 0; i + 1 < systems.size(); ++i) {
    if (systems[i].hypotheses != last.hypotheses) continue;
    last.same_as = i;
    warning(
        fmt::format("{}: the same translations as {}, in all {}", last.name, systems[i].name,
                    last.hypotheses.size() == 1
                        ? "1 line"
                        : with_commas(static_cast<int64_t>(last.hypotheses.size())) + " lines"));
    return;
  }
}

}  // namespace

void check_options(const EvaluateOptions& options) {
  expect_metrics(options.metrics, "--metrics");
  const std::size_t metrics =
      std::set<std::string>(options.metrics.begin(), options.metrics.end()).size();
  if (options.sentence_level && metrics > 1)
    throw Error(fmt::format("--sentence-level: got {} metrics, expected one", metrics));
  const BleuOptions& bleu = options.of_metrics.bleu;
  if (bleu.smooth_value && (bleu.smooth_method == "exp" || bleu.smooth_method == "none"))
    throw Error(fmt::format(
        "--smooth-value: method '{}' takes no value; expected --smooth-method floor or add-k",
        bleu.smooth_method));
  if (options.reference_columns > 1 && options.references.size() > 1)
    throw Error(fmt::format("--num-refs: got {} files of references, expected one with {} columns",
                            options.references.size(), options.reference_columns));
  if (options.report == "-")
    throw Error("--report: got '-', expected a file; the scores go to standard output");
  if (!options.images.empty() && options.image_root.empty() && options.table.empty())
    throw Error("evaluate: --images requires --image-root");
  if (!options.table.empty()) format_of(options.table, options.format);
  check_standard_input(options);
  check_systems(options);
  if (options.report.empty()) return;
  Lines read = {options.table, options.left_out, bleu.tokenizer_model};
  if (options.table.empty()) {
    read.insert(read.end(), {options.source, options.images});
    for (const std::string& scores : options.scores) read.push_back(file_of_scores(scores));
    for (const Lines& files : {options.hypotheses, options.references})
      read.insert(read.end(), files.begin(), files.end());
  }
  expect_output("--report", options.report, read);
}

std::vector<Lines> read_references(const EvaluateOptions& options, const EvaluatedTexts& texts) {
  const std::string& first = options.references.front();
  std::vector<Lines> references;
  if (options.reference_columns > 1)
    references = read_columns(first, options.reference_columns, options.skip_empty_references);
  else
    references.push_back(texts.read(first));
  if (references.front().empty())
    throw Error(options.table.empty() ? first + ": got no lines, expected at least one"
                                      : options.table + ": got no rows, expected at least one");
  for (std::size_t i = 1; i < options.references.size(); ++i)
    references.push_back(
        texts.read_as_many(options.references[i], references.front().size(), first));
  return references;
}

std::string file_of_scores(const std::string& scores) {
  return scores.substr(scores.find('=') + 1);
}

NamedScores Scoring::all() const {
  NamedScores all;
  for (const auto& metric : metrics) all.push_back(metric.get());
  for (const GivenScores& one : given) all.push_back(&one.score);
  return all;
}

std::vector<GivenScores> read_given_scores(const EvaluateOptions& options,
                                           const EvaluatedTexts& texts, const Metrics& metrics,
                                           std::size_t sentences) {
  const Lines& lower = options.lower_is_better;
  std::vector<GivenScores> given;
  for (const std::string& scores : options.scores) {
    const std::string name = name_of_scores("--scores", scores), file = file_of_scores(scores);
    for (const auto& metric : metrics)
      if (metric->name() == name)
        throw Error(fmt::format("--scores: '{}' is computed here; expected another name", name));
    auto known = std::find_if(given.begin(), given.end(),
                              [&](const GivenScores& one) { return one.score.name() == name; });
    if (known == given.end()) {
      const bool is_lower = std::find(lower.begin(), lower.end(), name) != lower.end();
      known = given.insert(given.end(), {GivenScore(name, is_lower), {}});
    }
    const Lines lines = texts.read_as_many(file, sentences, options.references.front());
    known->rows.push_back(GivenScore::statistics(given_numbers(lines, file)));
  }
  for (const GivenScores& one : given)
    if (one.rows.size() != options.hypotheses.size())
      throw Error(fmt::format(
          "--scores: {}: got {} files, expected {}: one for each of --hypotheses, in their order",
          one.score.name(), one.rows.size(), options.hypotheses.size()));
  for (const std::string& name : lower)
    if (std::none_of(given.begin(), given.end(),
                     [&](const GivenScores& one) { return one.score.name() == name; }))
      throw Error(fmt::format("--lower-is-better: got '{}', expected a name of --scores", name));
  return given;
}

std::vector<System> scored_systems(const EvaluateOptions& options, const EvaluatedTexts& texts,
                                   const Scoring& scoring, std::size_t sentences,
                                   const Lines& source) {
  std::vector<LeftOutMark> marks;
  if (!options.left_out.empty()) marks = read_left_out_marks(options.left_out);
  std::vector<System> systems;
  for (std::size_t i = 0; i < options.hypotheses.size(); ++i) {
    System& system = systems.emplace_back();
    system.name = options.names.empty() ? options.hypotheses[i] : options.names[i];
    system.hypotheses =
        texts.read_as_many(options.hypotheses[i], sentences, options.references.front());
    warn_of_tokenised_text(system, options);
    system.signs = signs_of(system.hypotheses, source);
    if (const std::string text = system.signs.text(); !text.empty())
      warning(fmt::format("{}: {}", system.name, text));
    find_equal(systems);
    for (const auto& metric : scoring.metrics)
      system.statistics.push_back(metric->statistics(system.hypotheses, options.threads));
    for (const GivenScores& given : scoring.given) system.statistics.push_back(given.rows[i]);
    score_as_a_whole(scoring.all(), system);
    if (!options.left_out.empty())
      system.left_out = score_left_out(marks, right_words(system.hypotheses, marks));
  }
  return systems;
}

}  // namespace penalmt
