#include "evaluation/score_format.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/json.h"

#include "base/significance.h"
#include "base/text.h"
#include "base/utf8.h"

namespace penalmt {
namespace {

std::string repeated(std::string_view text, std::size_t times) {
  std::string all;
  while (times-- > 0) all += text;
  return all;
}

std::string right_aligned(const std::string& text, std::size_t width) {
  return repeated(" ", width - count_characters(text)) + text;
}

std::string centred(const std::string& text, std::size_t width) {
  const std::size_t free = width - count_characters(text);
  return repeated(" ", free / 2) + text + repeated(" ", free - free / 2);
}

// sacreBLEU shows none where the mean is zero.
bool has_confidence(const MetricScore& score) {
  return score.confidence && score.confidence->mean > 0;
}

std::string confidence_text(const Confidence& confidence, int width) {
  return fmt::format("μ = {:.{}f} ± {:.{}f}", confidence.mean, width, confidence.half_width, width);
}

std::string rounded_json(double value, int width) {
  return json_number(std::stod(fmt::format("{:.{}f}", value, width)));
}

std::string json_object(const JsonFields& fields, std::string_view open, std::string_view between,
                        std::string_view close) {
  std::string text(open);
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) text += between;
    text += json_text(fields[i].first) + ": " + fields[i].second;
  }
  return text.append(close);
}

}  // namespace

std::string short_signature(const std::string& signature) {
  static const std::map<std::string_view, const char*> short_keys = {
      {"nrefs", "#"},  {"seed", "rs"}, {"version", "v"}, {"case", "c"},   {"eff", "e"},
      {"smooth", "s"}, {"space", "s"}, {"norm", "nr"},   {"punct", "pn"}, {"asian", "as"}};
  std::string text;
  for (const std::string_view part : split(signature, '|')) {
    const std::size_t colon = part.find(':');
    const auto found = short_keys.find(part.substr(0, colon));
    if (!text.empty()) text += '|';
    if (part == "tok:tercom")  // TER's key is shorter than BLEU's
      text += "t:tercom";
    else if (found == short_keys.end())
      text += part;
    else
      text.append(found->second).append(part.substr(colon));
  }
  return text;
}

int digits_of(const MetricScore& score, int width) { return std::max(width, score.least_digits); }

std::string score_number(const MetricScore& score, int width) {
  width = digits_of(score, width);
  std::string text = fmt::format("{:.{}f}", score.score, width);
  if (has_confidence(score)) text += " (" + confidence_text(*score.confidence, width) + ")";
  return text;
}

std::string score_line(const MetricScore& score, int width) {
  return fmt::format("{}|{} = {}{}{}", score.name, score.signature, score_number(score, width),
                     score.verbose.empty() ? "" : " ", score.verbose);
}

std::string score_lines(const std::vector<MetricScore>& scores, int width) {
  std::size_t longest = 0;
  for (const MetricScore& score : scores)
    longest = std::max(longest, count_characters(score.name + score.signature));
  std::string text;
  for (const MetricScore& score : scores)
    text += repeated(" ", longest - count_characters(score.name + score.signature)) +
            score_line(score, width) + "\n";
  return text;
}

JsonFields score_fields(const MetricScore& score, int width) {
  width = digits_of(score, width);
  JsonFields fields = {{"name", json_text(score.name)},
                       {"score", rounded_json(score.score, width)},
                       {"signature", json_text(score.signature)}};
  if (has_confidence(score)) {
    fields.emplace_back("confidence_mean", rounded_json(score.confidence->mean, width));
    fields.emplace_back("confidence_var", rounded_json(score.confidence->half_width, width));
    fields.emplace_back("confidence", json_text(confidence_text(*score.confidence, width)));
  }
  if (!score.verbose.empty()) fields.emplace_back("verbose_score", json_text(score.verbose));
  for (const std::string_view part : split(score.signature, '|')) {
    const std::size_t colon = part.find(':');
    fields.emplace_back(part.substr(0, colon), json_text(std::string(part.substr(colon + 1))));
  }
  return fields;
}

std::string json_lines(const JsonFields& fields) {
  return json_object(fields, "{\n ", ",\n ", "\n}");
}
std::string json_line(const JsonFields& fields) { return json_object(fields, "{", ", ", "}"); }

std::string json_number(double value) {
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

std::string json_text(const std::string& text) { return dump_json(nlohmann::json(text)); }

std::string score_table(const std::vector<SystemScores>& systems, int width,
                        const std::string& heading) {
  // A cell is its lines.
  using Cell = std::vector<std::string>;
  std::vector<Cell> head = {{heading}};
  for (const MetricScore& score : systems.front().scores)
    head.push_back({score.name + (score.confidence ? " (μ ± 95% CI)" : "")});
  std::vector<std::size_t> widths;
  for (const Cell& cell : head) widths.push_back(count_characters(cell.front()) + 2);
  std::vector<std::vector<Cell>> rows;
  for (const SystemScores& system : systems) {
    std::vector<Cell>& row = rows.emplace_back();
    row.push_back({system.system});
    for (const MetricScore& score : system.scores) {
      const int digits = digits_of(score, width);
      Cell& cell = row.emplace_back(Cell{fmt::format("{:.{}f}", score.score, digits)});
      if (score.confidence)
        cell.front() += fmt::format(" ({:.{}f} ± {:.{}f})", score.confidence->mean, digits,
                                    score.confidence->half_width, digits);
      if (score.p_value)
        cell.push_back(fmt::format("(p = {:.4f}){}", *score.p_value,
                                   is_significant(*score.p_value) ? "*" : ""));
    }
    for (std::size_t c = 0; c < row.size(); ++c)
      for (const std::string& line : row[c])
        widths[c] = std::max(widths[c], count_characters(line));
  }

  const auto rule = [&](std::string_view left, std::string_view line, std::string_view cross,
                        std::string_view right) {
    std::string text(left);
    for (std::size_t c = 0; c < widths.size(); ++c)
      text.append(c > 0 ? cross : "").append(repeated(line, widths[c] + 2));
    return text.append(right) + "\n";
  };
  const auto framed = [&](const std::vector<Cell>& row) {
    std::size_t lines = 0;
    for (const Cell& cell : row) lines = std::max(lines, cell.size());
    std::string text;
    for (std::size_t i = 0; i < lines; ++i) {
      for (std::size_t c = 0; c < row.size(); ++c) {
        const std::string line = i < row[c].size() ? row[c][i] : "";
        text += "│ " + (c == 0 ? right_aligned(line, widths[c]) : centred(line, widths[c])) + " ";
      }
      text += "│\n";
    }
    return text;
  };
  std::string table = rule("╒", "═", "╤", "╕") + framed(head) + rule("╞", "═", "╪", "╡");
  for (std::size_t i = 0; i < rows.size(); ++i)
    table += (i > 0 ? rule("├", "─", "┼", "┤") : "") + framed(rows[i]);
  table += rule("╘", "═", "╧", "╛");
  table += "\n-----------------\nMetric signatures\n-----------------\n";
  for (const MetricScore& metric : systems.front().scores)
    table += fmt::format(" - {:<10} {}\n", metric.name, metric.signature);
  return table;
}

std::string paired_test_notes(const std::string& test, const std::string& samples,
                              const std::string& baseline) {
  return fmt::format(
      "\nPaired {} test, {}, each system against '{}'.\n"
      "A p-value is how often so large a difference would come about by chance if the two systems "
      "were equally good;\n"
      "* marks those of at most 0.05. It says that systems differ, not by how much, nor that the "
      "difference matters.\n",
      test, samples, baseline);
}

}  // namespace penalmt
