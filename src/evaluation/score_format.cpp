#include "evaluation/score_format.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace penalmt {
namespace {

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string repeated(std::string_view text, std::size_t times) {
  std::string all;
  while (times-- > 0) all += text;
  return all;
}

std::string right_aligned(const std::string& text, std::size_t width) {
  return repeated(" ", width - characters(text)) + text;
}

std::string centred(const std::string& text, std::size_t width) {
  const std::size_t free = width - characters(text);
  return repeated(" ", free / 2) + text + repeated(" ", free - free / 2);
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

std::string score_line(const MetricScore& score, int width) {
  return fmt::format("{}|{} = {:.{}f}{}{}", score.name, score.signature, score.score, width,
                     score.verbose.empty() ? "" : " ", score.verbose);
}

JsonFields score_fields(const MetricScore& score, int width) {
  JsonFields fields = {{"name", json_text(score.name)},
                       {"score", json_number(std::stod(fmt::format("{:.{}f}", score.score, width)))},
                       {"signature", json_text(score.signature)}};
  if (!score.verbose.empty()) fields.emplace_back("verbose_score", json_text(score.verbose));
  for (std::size_t begin = 0; begin < score.signature.size();) {
    const std::size_t end = std::min(score.signature.find('|', begin), score.signature.size());
    const std::string part = score.signature.substr(begin, end - begin);
    const std::size_t colon = part.find(':');
    fields.emplace_back(part.substr(0, colon), json_text(part.substr(colon + 1)));
    begin = end + 1;
  }
  return fields;
}

std::string json_lines(const JsonFields& fields) { return json_object(fields, "{\n ", ",\n ", "\n}"); }
std::string json_line(const JsonFields& fields) { return json_object(fields, "{", ", ", "}"); }

std::string json_number(double value) {
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

std::string json_text(const std::string& text) { return nlohmann::json(text).dump(); }

std::string score_table(const std::vector<SystemScores>& systems, int width) {
  constexpr std::string_view kHead = "System";
  std::vector<std::vector<std::string>> rows(systems.size());
  std::vector<std::size_t> widths = {kHead.size() + 2};
  for (const MetricScore& metric : systems.front().scores) widths.push_back(characters(metric.name) + 2);
  for (std::size_t i = 0; i < systems.size(); ++i) {
    rows[i].push_back(systems[i].system);
    for (const MetricScore& metric : systems[i].scores) rows[i].push_back(fmt::format("{:.{}f}", metric.score, width));
    for (std::size_t c = 0; c < rows[i].size(); ++c) widths[c] = std::max(widths[c], characters(rows[i][c]));
  }
  const auto rule = [&](std::string_view left, std::string_view line, std::string_view cross, std::string_view right) {
    std::string text(left);
    for (std::size_t c = 0; c < widths.size(); ++c)
      text.append(c > 0 ? cross : "").append(repeated(line, widths[c] + 2));
    return text.append(right) + "\n";
  };
  const auto cells = [&](const std::vector<std::string>& row) {
    std::string text = "│ " + right_aligned(row[0], widths[0]);
    for (std::size_t c = 1; c < row.size(); ++c) text += " │ " + centred(row[c], widths[c]);
    return text + " │\n";
  };
  std::vector<std::string> head = {std::string(kHead)};
  for (const MetricScore& metric : systems.front().scores) head.push_back(metric.name);

  std::string table = rule("╒", "═", "╤", "╕") + cells(head) + rule("╞", "═", "╪", "╡");
  for (std::size_t i = 0; i < rows.size(); ++i) table += (i > 0 ? rule("├", "─", "┼", "┤") : "") + cells(rows[i]);
  table += rule("╘", "═", "╧", "╛");
  table += "\n-----------------\nMetric signatures\n-----------------\n";
  for (const MetricScore& metric : systems.front().scores)
    table += fmt::format(" - {:<10} {}\n", metric.name, metric.signature);
  return table;
}

}  // namespace penalmt
