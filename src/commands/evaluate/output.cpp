#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "commands/evaluate/steps.h"
#include "evaluation/score_format.h"

namespace penalmt {
namespace {

nlohmann::ordered_json left_out_json(const LeftOutScore& score, int width) {
  const auto percent = [&](double share) {
    return std::stod(fmt::format("{:.{}f}", 100 * share, width));
  };
  nlohmann::ordered_json json;
  for (const auto& attribute : score.with_all())
    json[attribute.name] = {{"right", attribute.right},
                            {"total", attribute.total},
                            {"percent", percent(attribute.accuracy())},
                            {"chance", percent(attribute.chance)}};
  return json;
}

void print_sentences(const EvaluateOptions& options, const Metric& metric, const System& system) {
  const Statistics& statistics = system.statistics.front();
  for (std::size_t i = 0; i < statistics.sentences(); ++i) {
    MetricScore score = metric.sentence_score(statistics.row(i));
    if (options.short_signatures && !options.json)
      score.signature = short_signature(score.signature);
    if (options.score_only)
      fmt::print("{}\n", score_number(score, options.width));
    else if (options.json)
      fmt::print("{}\n", json_line(score_fields(score, options.width)));
    else
      fmt::print("{}\n", score_line(score, options.width));
  }
}

void print_one(const EvaluateOptions& options, const System& system) {
  if (options.score_only && !options.json) {
    for (const MetricScore& score : system.scores)
      fmt::print("{}\n", score_number(score, options.width));
    return;
  }
  if (!options.json) {
    fmt::print("{}", score_lines(system.scores, options.width));
    if (system.left_out) fmt::print("left-out words\n{}", to_text(*system.left_out));
    return;
  }
  Lines objects;
  for (const MetricScore& score : system.scores) {
    if (options.score_only) {
      objects.push_back(score_number(score, options.width));
      continue;
    }
    JsonFields fields = score_fields(score, options.width);
    if (system.left_out)
      fields.emplace_back("left_out", left_out_json(*system.left_out, options.width).dump());
    objects.push_back(json_lines(fields));
  }
  if (objects.size() == 1)
    fmt::print("{}\n", objects.front());
  else
    fmt::print("[\n{}\n]\n", fmt::join(objects, ",\n"));
}

// A score as text or, of a paired test, all its numbers.
nlohmann::ordered_json score_json(const MetricScore& score, const EvaluateOptions& options) {
  if (!options.paired())
    return fmt::format("{:.{}f}", score.score, digits_of(score, options.width));
  nlohmann::ordered_json json = {
      {"score", score.score}, {"p_value", nullptr}, {"mean", nullptr}, {"ci", nullptr}};
  if (score.p_value) json["p_value"] = *score.p_value;
  if (score.confidence)
    json["mean"] = score.confidence->mean, json["ci"] = score.confidence->half_width;
  return json;
}

// The first system of a paired test is the one that the others are compared with.
std::string shown_name(const EvaluateOptions& options, const System& system,
                       const std::vector<System>& systems) {
  return options.paired() && &system == &systems.front() ? "Baseline: " + system.name : system.name;
}

// sacreBLEU gives equal systems the least p-value that there is: words say what it is worth.
std::string equality_notes(const std::vector<System>& systems) {
  std::string text;
  for (const System& system : systems)
    for (const MetricScore& score : system.scores)
      if (score.equals_first)
        text += fmt::format(
            "'{}' has the {} of '{}' in every sentence: they do not differ, and this p-value "
            "says nothing.\n",
            system.name, score.name, systems.front().name);
  return text.empty() ? "" : "\n" + text;
}

void print_several(const EvaluateOptions& options, const std::vector<System>& systems) {
  if (options.json) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const System& system : systems) {
      nlohmann::ordered_json one = {{"system", shown_name(options, system, systems)}};
      for (const MetricScore& score : system.scores) one[score.name] = score_json(score, options);
      if (system.left_out) one["left_out"] = left_out_json(*system.left_out, options.width);
      list.push_back(one);
    }
    fmt::print("{}\n", dump_json(list, 4));
    return;
  }
  std::vector<SystemScores> rows;
  for (const System& system : systems)
    rows.push_back({shown_name(options, system, systems), system.scores});
  if (options.score_only) {
    for (const SystemScores& row : rows)
      for (const MetricScore& score : row.scores)
        fmt::print("{}\n", score_number(score, options.width));
    return;
  }
  fmt::print("{}", score_table(rows, options.width));
  if (options.paired_bootstrap)
    fmt::print("{}",
               paired_test_notes("bootstrap", fmt::format("{} samples", options.bootstrap_samples),
                                 systems.front().name));
  if (options.paired_randomisation)
    fmt::print("{}", paired_test_notes("approximate randomisation",
                                       fmt::format("{} trials", options.randomisation_samples),
                                       systems.front().name));
  fmt::print("{}", equality_notes(systems));
  for (const System& system : systems)
    if (system.left_out)
      fmt::print("\nleft-out words: {}\n{}", system.name, to_text(*system.left_out));
}

}  // namespace

void print_results(const EvaluateOptions& options, const Scoring& scoring,
                   std::vector<System> systems) {
  if (options.short_signatures && !options.json)
    for (System& system : systems)
      for (MetricScore& score : system.scores) score.signature = short_signature(score.signature);
  if (options.sentence_level)
    print_sentences(options, *scoring.metrics.front(), systems.front());
  else if (systems.size() == 1)
    print_one(options, systems.front());
  else
    print_several(options, systems);
}

}  // namespace penalmt
