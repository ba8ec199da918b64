#include <algorithm>
#include <filesystem>
#include <numeric>
#include <set>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/files.h"
#include "base/progress.h"
#include "base/text.h"
#include "commands/commands.h"
#include "datasets/parallel_text.h"
#include "datasets/shapes_score.h"
#include "evaluation/bleu.h"
#include "evaluation/score_format.h"
#include "evaluation/unicode.h"
#include "report/evaluation_report.h"
#include "report/sentence_groups.h"

namespace penalmt {
namespace {

namespace fs = std::filesystem;
using Lines = std::vector<std::string>;

struct EvaluateOptions {
  Lines hypotheses, references, names;
  Lines metrics = {"bleu"};
  BleuOptions bleu;
  bool sentence_level = false, json = false;
  int width = 1;
  std::string left_out;
  std::string report, source, images, image_root;
  Lines runs;
  int64_t samples = 20;
};

// One of the files of --hypotheses, with everything that is found out about it.
struct System {
  std::string name;
  Lines hypotheses;
  std::vector<BleuStatistics> statistics;
  MetricScore bleu;
  std::optional<LeftOutScore> left_out;
};

void check_options(const EvaluateOptions& options) {
  const Lines available = {"bleu"};
  for (const std::string& metric : options.metrics)
    if (metric != "bleu")
      throw Error(
          fmt::format("--metrics: '{}' is not available; expected bleu{}", metric, did_you_mean(metric, available)));
  if (!options.names.empty() && options.names.size() != options.hypotheses.size())
    throw Error(fmt::format("--names: got {}, expected {}: one for each file of --hypotheses", options.names.size(),
                            options.hypotheses.size()));
  const Lines& names = options.names.empty() ? options.hypotheses : options.names;
  std::set<std::string> seen;
  for (const std::string& name : names)
    if (!seen.insert(name).second)
      throw Error(fmt::format("{}: '{}' stands there twice; expected a name of its own for each system",
                              options.names.empty() ? "--hypotheses" : "--names", name));
  if (options.sentence_level && options.hypotheses.size() > 1)
    throw Error(fmt::format("--sentence-level: got {} files of hypotheses, expected one", options.hypotheses.size()));
  if (options.bleu.smooth_value && (options.bleu.smooth_method == "exp" || options.bleu.smooth_method == "none"))
    throw Error(fmt::format("--smooth-value: method '{}' takes no value; expected --smooth-method floor or add-k",
                            options.bleu.smooth_method));
}

// The file's lines; as many as in the first file of references.
Lines read_as_many(const std::string& path, const EvaluateOptions& options, std::size_t expected) {
  Lines lines = read_lines(path);
  if (lines.size() != expected)
    throw Error(fmt::format("{}: got {} lines, expected {} as in {}", path, lines.size(), expected,
                            options.references.front()));
  return lines;
}

std::vector<Lines> read_references(const EvaluateOptions& options) {
  std::vector<Lines> references = {read_lines(options.references.front())};
  if (references.front().empty()) throw Error(options.references.front() + ": got no lines, expected at least one");
  for (std::size_t i = 1; i < options.references.size(); ++i)
    references.push_back(read_as_many(options.references[i], options, references.front().size()));
  return references;
}

// Scores mean little when text is tokenised twice.
void warn_of_tokenised_text(const System& system, const EvaluateOptions& options) {
  if (options.bleu.tokenizer == "none") return;
  const auto tokenised = std::count_if(system.hypotheses.begin(), system.hypotheses.end(),
                                       [](const std::string& line) { return trim_end(line).ends_with(" ."); });
  if (tokenised >= 100)
    warning(
        fmt::format("{}: {} lines end in ' .', so the text looks tokenised, and --tokenize {} tokenises it again; "
                    "--tokenize none takes it as it is",
                    system.name, tokenised, options.bleu.tokenizer));
}

std::vector<System> scored_systems(const EvaluateOptions& options, const Bleu& bleu, std::size_t sentences) {
  std::vector<LeftOutMark> marks;
  if (!options.left_out.empty()) marks = read_left_out_marks(options.left_out);
  std::vector<System> systems;
  for (std::size_t i = 0; i < options.hypotheses.size(); ++i) {
    System& system = systems.emplace_back();
    system.name = options.names.empty() ? options.hypotheses[i] : options.names[i];
    system.hypotheses = read_as_many(options.hypotheses[i], options, sentences);
    warn_of_tokenised_text(system, options);
    system.statistics = bleu.statistics(system.hypotheses);
    system.bleu = bleu.named(
        bleu.score(std::accumulate(system.statistics.begin(), system.statistics.end(), BleuStatistics{},
                                   [](BleuStatistics sum, const BleuStatistics& one) { return sum += one; })));
    if (!options.left_out.empty()) system.left_out = score_left_out(system.hypotheses, marks);
  }
  return systems;
}

// The attributes and, last, all of them together.
std::vector<LeftOutScore::Attribute> with_all(const LeftOutScore& score) {
  auto attributes = score.attributes;
  attributes.push_back(score.all);
  return attributes;
}

// ---- printing
// ----------------------------------------------------------------------------------------------------------

nlohmann::ordered_json left_out_json(const LeftOutScore& score, int width) {
  const auto percent = [&](double share) { return std::stod(fmt::format("{:.{}f}", 100 * share, width)); };
  nlohmann::ordered_json json;
  for (const auto& attribute : with_all(score))
    json[attribute.name] = {{"right", attribute.right},
                            {"total", attribute.total},
                            {"percent", percent(attribute.accuracy())},
                            {"chance", percent(attribute.chance)}};
  return json;
}

void print_sentences(const EvaluateOptions& options, const Bleu& bleu, const System& system) {
  for (const BleuStatistics& one : system.statistics) {
    const MetricScore score = bleu.named(bleu.sentence_score(one));
    fmt::print("{}\n", options.json ? json_line(score_fields(score, options.width)) : score_line(score, options.width));
  }
}

void print_one(const EvaluateOptions& options, const System& system) {
  if (options.json) {
    JsonFields fields = score_fields(system.bleu, options.width);
    if (system.left_out) fields.emplace_back("left_out", left_out_json(*system.left_out, options.width).dump());
    fmt::print("{}\n", json_lines(fields));
    return;
  }
  fmt::print("{}\n", score_line(system.bleu, options.width));
  if (system.left_out) fmt::print("left-out words\n{}", to_text(*system.left_out));
}

void print_several(const EvaluateOptions& options, const std::vector<System>& systems) {
  if (options.json) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const System& system : systems) {
      nlohmann::ordered_json one = {{"system", system.name},
                                    {"BLEU", fmt::format("{:.{}f}", system.bleu.score, options.width)}};
      if (system.left_out) one["left_out"] = left_out_json(*system.left_out, options.width);
      list.push_back(one);
    }
    fmt::print("{}\n", list.dump(4));
    return;
  }
  std::vector<SystemScores> rows;
  for (const System& system : systems) rows.push_back({system.name, {system.bleu}});
  fmt::print("{}", score_table(rows, options.width));
  for (const System& system : systems)
    if (system.left_out) fmt::print("\nleft-out words: {}\n{}", system.name, to_text(*system.left_out));
}

// ---- the report
// --------------------------------------------------------------------------------------------------------

// One path a sentence, empty where the name is empty or not on the disk.
std::vector<fs::path> found_pictures(const EvaluateOptions& options, std::size_t sentences) {
  const Lines names = read_image_list(options.images);
  if (names.size() != sentences)
    throw Error(fmt::format("{}: got {} lines, expected {} as in {}", options.images, names.size(), sentences,
                            options.references.front()));
  std::vector<fs::path> pictures(sentences);
  std::size_t found = 0;
  std::error_code ignored;  // a name that cannot be looked up is not on the disk
  for (std::size_t i = 0; i < sentences; ++i) {
    const fs::path path = fs::path(options.image_root) / names[i];
    if (!names[i].empty() && fs::is_regular_file(path, ignored)) pictures[i] = path, ++found;
  }
  if (found == 0)
    throw Error(fmt::format("{}: none of its {} pictures is in {}; check --image-root", options.images, sentences,
                            options.image_root));
  return pictures;
}

// Each group's scores, as if it were a test set of its own.
ReportBreakdown breakdown(const std::string& title, const std::vector<SentenceGroup>& groups, const Bleu& bleu,
                          const std::vector<System>& systems) {
  ReportBreakdown breakdown{title, {}};
  for (const SentenceGroup& group : groups) {
    ReportGroup& row = breakdown.groups.emplace_back();
    row.label = group.label;
    row.sentences = static_cast<int64_t>(group.sentences.size());
    for (const System& system : systems) {
      BleuStatistics sum;
      for (const std::size_t sentence : group.sentences) sum += system.statistics[sentence];
      row.values.push_back({bleu.score(sum).score});
    }
  }
  return breakdown;
}

EvaluationReport report_of(const EvaluateOptions& options, const Bleu& bleu, const std::vector<System>& systems,
                           const std::vector<Lines>& references) {
  EvaluationReport report;
  report.title = "Evaluation against " + fs::path(options.references.front()).filename().string();
  report.references = references;
  report.width = options.width;
  report.metrics = {{systems.front().bleu.name, systems.front().bleu.signature}};
  report.runs = read_runs({options.runs.begin(), options.runs.end()});
  report.samples = options.samples;
  if (!options.source.empty()) report.source = read_as_many(options.source, options, references.front().size());
  if (!options.images.empty()) report.pictures = found_pictures(options, references.front().size());
  for (const System& system : systems) {
    ReportSystem& row = report.systems.emplace_back();
    row.name = system.name;
    row.hypotheses = system.hypotheses;
    row.scores = {{fmt::format("{:.{}f}", system.bleu.score, options.width), system.bleu.verbose, {}, {}}};
    for (const BleuStatistics& one : system.statistics) row.sentence_scores.push_back(bleu.sentence_score(one).score);
    if (system.left_out)
      for (const auto& attribute : with_all(*system.left_out))
        row.left_out.push_back({attribute.name, attribute.right, attribute.total, attribute.chance});
  }
  report.breakdowns.push_back(
      report.source.empty() ? breakdown("words in the reference", groups_by_length(references.front()), bleu, systems)
                            : breakdown("words in the source", groups_by_length(report.source), bleu, systems));
  if (!report.pictures.empty())
    report.breakdowns.push_back(breakdown("picture", groups_by_picture(report.pictures), bleu, systems));
  return report;
}

void evaluate(EvaluateOptions options) {
  check_options(options);
  options.bleu.effective_order = options.sentence_level;
  const std::vector<Lines> references = read_references(options);
  const Bleu bleu(options.bleu, references);
  const std::vector<System> systems = scored_systems(options, bleu, references.front().size());
  if (!options.report.empty())
    write_file(options.report, evaluation_report(report_of(options, bleu, systems, references)));
  if (options.sentence_level)
    print_sentences(options, bleu, systems.front());
  else if (systems.size() == 1)
    print_one(options, systems.front());
  else
    print_several(options, systems);
}

constexpr const char* kExamples =
    "Examples:\n"
    "  penalmt evaluate --hypotheses out.de --references test.de --tokenize none --lowercase\n"
    "  penalmt evaluate --hypotheses right.de shuffled.de --names \"right pictures\" \"shuffled pictures\" \\\n"
    "      --references test.de --report scores.html --source test.en --images test.txt --image-root images";

}  // namespace

void add_evaluate(CLI::App& program) {
  auto options = std::make_shared<EvaluateOptions>();
  CLI::App& command = *program.add_subcommand("evaluate", "score translations: BLEU, as sacreBLEU counts it");
  command.footer(kExamples);
  command
      .add_option("--hypotheses", options->hypotheses,
                  "translations, a file for each system (plain or .gz; - is standard input)")
      ->required();
  command
      .add_option("--references", options->references, "what is right, line by line; several files: several references")
      ->required();
  command.add_option("--names", options->names, "what to call the systems; default: their files");
  command.add_option("--metrics", options->metrics, "what to compute: bleu")->capture_default_str();
  command.add_option("--tokenize", options->bleu.tokenizer, "how words are told apart: 13a or none (white space)")
      ->capture_default_str();
  command.add_flag("--lowercase", options->bleu.lowercase, "take capital and small letters as the same");
  command
      .add_option("--smooth-method", options->bleu.smooth_method,
                  "for n-grams without a match: exp, floor, add-k or none")
      ->capture_default_str();
  command.add_option("--smooth-value", options->bleu.smooth_value, "what floor (0.1) or add-k (1) adds")
      ->check(CLI::NonNegativeNumber);
  command.add_flag("--sentence-level", options->sentence_level, "one score a line, with the effective order");
  command.add_flag("--json", options->json,
                   "print JSON, with sacreBLEU's names (one object a line at the sentence level)");
  command.add_option("--width", options->width, "digits after the point of a score")
      ->check(CLI::Range(0, 15))
      ->capture_default_str();
  auto* left_out =
      command.add_option("--left-out", options->left_out,
                         "count the words right that the source leaves out: the marks' file of a generated corpus");
  left_out->excludes("--sentence-level");
  auto* report = command.add_option("--report", options->report,
                                    "write a page (HTML, needs no network): scores, where they come from, sentences");
  command.add_option("--source", options->source, "show these source sentences in the report")->needs(report);
  auto* images = command.add_option("--images", options->images, "show the pictures that this list names, one a line")
                     ->needs(report);
  auto* root = command.add_option("--image-root", options->image_root, "the folder of the pictures")->needs(images);
  images->needs(root);
  command.add_option("--samples", options->samples, "sentences shown in the report")
      ->check(CLI::Range(0, 100000))
      ->needs(report)
      ->capture_default_str();
  command
      .add_option(
          "--runs", options->runs,
          "show the training curves of these run folders in the report; a run called as a system has its colour")
      ->needs(report);
  command.callback([options] { evaluate(*options); });
}

}  // namespace penalmt
