#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "base/files.h"
#include "base/json.h"
#include "base/progress.h"
#include "commands/probe/steps.h"

namespace penalmt {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kWidth = 2;  // digits after the point

// ---- text
// ----------------------------------------------------------------------------------------------------------

std::string masking_line(const ProbeResults& results, const std::string& kind) {
  const MaskedAccuracy& relaxed = *results.relaxed;
  return fmt::format(
      "masked words ({}): {} count; {} without a translation in the reference and {} not in the "
      "lexicon do not; always "
      "the same word would get {:.1f} % restricted, {:.1f} % relaxed\n",
      kind, with_commas(relaxed.counted()), with_commas(relaxed.untranslated()),
      with_commas(relaxed.unknown()), results.restricted->best_guess(), relaxed.best_guess());
}

std::string gate_lines(const ProbeResults& results) {
  const GateStatistics& gates = results.gates;
  if (gates.pieces == 0) return "";
  std::string text =
      fmt::format("gates of {} pieces: mean {:.3f}, {:.1f} % open (above {:.1f}); quantiles",
                  with_commas(gates.pieces), gates.mean, 100 * gates.open, kOpenGate);
  for (std::size_t q = 0; q < kQuantiles.size(); ++q)
    text += fmt::format(" {:g} %: {:.3f}", 100 * kQuantiles[q], gates.quantiles[q]);
  text += "\n";
  Lines words;
  for (const auto& word : gates.widest)
    words.push_back(fmt::format("{} {:.3f} ({}x)", word.word, word.mean, word.count));
  if (!words.empty()) text += fmt::format("widest: {}\n", fmt::join(words, ", "));
  if (const AttentionStatistics& attention = results.attention; attention.pieces > 0)
    text += fmt::format(
        "attention of {} pieces: entropy {:.3f} of an even one's, largest weight {:.3f} (even: "
        "{:.3f})\n",
        with_commas(attention.pieces), attention.entropy, attention.largest,
        attention.largest_if_even);
  return text;
}

std::string as_text(const ProbeOptions& options, const ProbeResults& results) {
  std::string text;
  if (!results.scores.empty()) {
    text +=
        fmt::format("{} of {} lines count{}\n", with_commas(static_cast<int64_t>(results.lines)),
                    with_commas(static_cast<int64_t>(results.all_lines)),
                    results.lines < results.all_lines ? ": those with an image" : "");
    text += score_table(results.scores, kWidth, "Images");
    if (results.restricted) text += masking_line(results, options.kind());
    text += gate_lines(results);
  }
  if (!results.contrastive.empty()) {
    text += fmt::format("{}{} contrastive pairs{}\n", text.empty() ? "" : "\n",
                        with_commas(static_cast<int64_t>(results.pairs)),
                        results.pairs_without_image == 0
                            ? ""
                            : fmt::format(", {} without an image", results.pairs_without_image));
    text += score_table(results.contrastive, kWidth, "Images");
  }
  if (results.scores.size() > 1 || results.contrastive.size() > 1)
    text +=
        "\np: paired approximate randomisation against the right images, 10,000 trials; * marks "
        "those of at most 0.05\n";
  for (const std::string& note : results.notes) text += note + "\n";
  return text;
}

// ---- JSON
// ----------------------------------------------------------------------------------------------------------

Json as_json(const std::vector<SystemScores>& table) {
  Json rows = Json::array();
  for (const SystemScores& row : table) {
    Json json = {{"images", row.system}};
    for (const MetricScore& score : row.scores) {
      json[score.name] = {{"score", score.score},
                          {"mean", score.confidence->mean},
                          {"ci", score.confidence->half_width},
                          {"p_value", nullptr}};
      if (score.p_value) json[score.name]["p_value"] = *score.p_value;
    }
    rows.push_back(json);
  }
  return rows;
}

Json signatures(const std::vector<SystemScores>& table) {
  Json json = Json::object();
  for (const MetricScore& score : table.front().scores) json[score.name] = score.signature;
  return json;
}

Json masking(const ProbeOptions& options, const ProbeResults& results) {
  return {{"kind", options.kind()},
          {"counted", results.relaxed->counted()},
          {"untranslated", results.relaxed->untranslated()},
          {"unknown", results.relaxed->unknown()},
          {"best_guess",
           {{"restricted", results.restricted->best_guess()},
            {"relaxed", results.relaxed->best_guess()}}}};
}

Json gates(const ProbeResults& results) {
  const GateStatistics& gates = results.gates;
  Json json = {{"pieces", gates.pieces}, {"mean", gates.mean}, {"open", gates.open}};
  for (std::size_t q = 0; q < kQuantiles.size(); ++q)
    json["quantiles"].push_back({{"share", kQuantiles[q]}, {"gate", gates.quantiles[q]}});
  json["histogram"] = gates.histogram;
  json["widest"] = Json::array();
  for (const auto& word : gates.widest)
    json["widest"].push_back({{"word", word.word}, {"count", word.count}, {"mean", word.mean}});
  return json;
}

Json as_json(const ProbeOptions& options, const ProbeResults& results) {
  Json json = {{"model", options.model}, {"seed", options.seed}};
  if (!results.scores.empty()) {
    json["lines"] = {{"counted", results.lines}, {"all", results.all_lines}};
    json["conditions"] = as_json(results.scores);
    json["signatures"] = signatures(results.scores);
    if (results.left_out_chance) json["left_out_chance"] = *results.left_out_chance;
    if (results.restricted) json["masking"] = masking(options, results);
  }
  if (results.gates.pieces > 0) json["gates"] = gates(results);
  if (const AttentionStatistics& attention = results.attention; attention.pieces > 0)
    json["attention"] = {{"pieces", attention.pieces},
                         {"entropy", attention.entropy},
                         {"largest", attention.largest},
                         {"largest_if_even", attention.largest_if_even}};
  if (!results.contrastive.empty()) {
    json["pairs"] = {{"all", results.pairs}, {"without_image", results.pairs_without_image}};
    json["contrastive"] = as_json(results.contrastive);
  }
  if (!results.notes.empty()) json["notes"] = results.notes;
  return json;
}

}  // namespace

void print_probe(const ProbeOptions& options, const ProbeResults& results) {
  fmt::print("{}", options.json ? dump_json(as_json(options, results), 2) + "\n"
                                : as_text(options, results));
}

void expect_outputs_of_their_own(const ProbeOptions& options) {
  if (!options.report.empty()) expect_not_read("--report", options.report);
  if (options.translations.empty()) return;
  Lines conditions = options.incongruent;
  conditions.insert(conditions.end(), {"right", "none"});
  for (const std::string& condition : conditions)
    for (const char* ending : {".txt", ".masked.txt"})
      expect_not_read("--translations",
                      std::filesystem::path(options.translations) / (condition + ending));
}

void write_pair_scores(const ProbeOptions& options, const ProbeResults& results) {
  const std::filesystem::path folder(options.contrastive_scores);
  std::filesystem::create_directories(folder);
  for (const PairScores& scores : results.pair_scores)
    for (const auto& [ending, numbers] :
         {std::pair(".correct.txt", &scores.perplexities.correct),
          std::pair(".incorrect.txt", &scores.perplexities.incorrect)}) {
      const std::filesystem::path file = folder / (scores.condition + ending);
      expect_not_read("--contrastive-scores", file);
      write_output("--contrastive-scores", file, fmt::format("{}\n", fmt::join(*numbers, "\n")));
    }
}

void write_probe_translations(const ProbeOptions& options, const ProbeResults& results) {
  const std::filesystem::path folder(options.translations);
  std::filesystem::create_directories(folder);
  const auto write = [&](const std::string& name, const Lines& lines) {
    if (!lines.empty())
      write_output("--translations", folder / name, fmt::format("{}\n", fmt::join(lines, "\n")));
  };
  for (const Answers& answers : results.answers) {
    write(answers.condition + ".txt", answers.translations);
    write(answers.condition + ".masked.txt", answers.masked_translations);
  }
}

}  // namespace penalmt
