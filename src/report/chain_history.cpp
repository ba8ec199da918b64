#include "report/chain_history.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/json.h"
#include "evaluation/chain_statistics.h"
#include "report/run_lines.h"

namespace penalmt {
namespace {

using nlohmann::json;

double number(const json& node, const char* key) {
  const json& value = node.at(key);
  return value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>();
}

// The residuals of a line, without numbers.
std::vector<ChainHistoryNode> nodes_of(const json& line) {
  std::vector<ChainHistoryNode> nodes;
  for (const json& chain : line.at("chains"))
    for (const json& node : chain.at("nodes"))
      nodes.push_back({chain.at("stack").get<std::string>(),
                       node_name({.layer = node.at("layer").get<int64_t>(),
                                  .sublayer = node.at("sublayer").get<std::string>()}),
                       {},
                       {},
                       {}});
  return nodes;
}

bool same_nodes(const std::vector<ChainHistoryNode>& a, const std::vector<ChainHistoryNode>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& one, const auto& other) {
    return one.stack == other.stack && one.name == other.name;
  });
}

void add_line(ChainHistory& history, const json& line, const std::string& place) {
  const auto update = line.at("update").get<int64_t>();
  if (!history.updates.empty() && update <= history.updates.back())
    throw Error(fmt::format("{}: update: got {}, expected more than {}", place, update,
                            history.updates.back()));
  const std::vector<ChainHistoryNode> nodes = nodes_of(line);
  if (history.updates.empty()) history.nodes = nodes;
  if (!same_nodes(nodes, history.nodes))
    throw Error(place + ": other residuals than in the first line; expected those of one model");
  history.updates.push_back(update);
  std::size_t n = 0;
  for (const json& chain : line.at("chains"))
    for (const json& node : chain.at("nodes")) {
      history.nodes[n].step.push_back(number(node, "step"));
      history.nodes[n].alignment.push_back(number(node, "alignment"));
      history.nodes[n].turning.push_back(number(node, "turning"));
      ++n;
    }
}

}  // namespace

std::optional<ChainHistory> read_chain_history(const std::filesystem::path& run) {
  const std::filesystem::path path = run / "chain.jsonl";
  if (!std::filesystem::exists(path)) return std::nullopt;
  ChainHistory history;
  for_each_run_line(path, [&](const RunLine& line) {
    try {
      add_line(history, parse_json<json>(line.text, line.place), line.place);
    } catch (const json::exception&) {
      throw Error(line.place +
                  ": not a line of training.chain_every; expected a JSON object with "
                  "update and chains");
    }
  });
  if (history.updates.empty()) return std::nullopt;
  return history;
}

}  // namespace penalmt
