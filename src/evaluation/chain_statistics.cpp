#include "evaluation/chain_statistics.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/utf8.h"

namespace penalmt {
namespace {

using Json = nlohmann::ordered_json;

Json moments_json(const Moments& moments) {
  if (moments.count() == 0) return nullptr;
  return {{"mean", moments.mean()}, {"deviation", moments.deviation()}};
}

Json mean_json(const Moments& moments) {
  return moments.count() == 0 ? Json(nullptr) : Json(moments.mean());
}

template <class Shown>
Json chains_json(const std::vector<ChainStatistics>& chains, const Shown& shown) {
  Json all = Json::array();
  for (const ChainStatistics& chain : chains) {
    Json nodes = Json::array();
    for (const NodeStatistics& node : chain.nodes) {
      Json one = {{"layer", node.layer}, {"sublayer", node.sublayer}};
      for (const ChainMeasure& measure : chain_measures())
        one[measure.name] = shown(node.*measure.moments);
      nodes.push_back(std::move(one));
    }
    all.push_back({{"stack", chain.stack},
                   {"straightness", shown(chain.straightness)},
                   {"evenness", shown(chain.evenness)},
                   {"nodes", std::move(nodes)}});
  }
  return all;
}

void add_score(Json& object, const TaskScore& score) {
  object["nll"] = score.nll;
  if (score.bleu) object["bleu"] = *score.bleu;
  if (score.accuracy) object["accuracy"] = *score.accuracy;
}

std::string cell(const Moments& moments) {
  if (moments.count() == 0) return "–";
  const int digits = std::abs(moments.mean()) >= 10 ? 2 : 3;
  return fmt::format("{:.{}f} ± {:.{}f}", moments.mean(), digits, moments.deviation(), digits);
}

// What a score becomes: "+0.1234", "-1.20 BLEU".
std::string change(const TaskScore& from, const TaskScore& to) {
  std::string text = fmt::format("{:+.4f} nll", to.nll - from.nll);
  if (from.bleu && to.bleu) text += fmt::format(", {:+.2f} BLEU", *to.bleu - *from.bleu);
  if (from.accuracy && to.accuracy)
    text += fmt::format(", {:+.2f} % right", 100 * (*to.accuracy - *from.accuracy));
  return text;
}

// Rows below one another, the first column to the left.
std::string table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths(rows.front().size(), 0);
  for (const auto& row : rows)
    for (size_t c = 0; c < row.size(); ++c)
      widths[c] = std::max(widths[c], count_characters(row[c]));
  std::string text;
  for (const auto& row : rows) {
    for (size_t c = 0; c < row.size(); ++c) {
      const std::string room(widths[c] - count_characters(row[c]), ' ');
      text += c == 0 ? row[c] + room : "  " + room + row[c];
    }
    text.erase(text.find_last_not_of(' ') + 1);
    text += "\n";
  }
  return text;
}

}  // namespace

void Moments::add(double number) {
  ++count_;
  const double from_mean = number - mean_;
  mean_ += from_mean / static_cast<double>(count_);
  squares_ += from_mean * (number - mean_);
}

double Moments::deviation() const {
  return count_ == 0 ? 0 : std::sqrt(squares_ / static_cast<double>(count_));
}

const std::vector<ChainMeasure>& chain_measures() {
  static const std::vector<ChainMeasure> measures = {
      {"step", "||z||", &NodeStatistics::step},
      {"state", "||x||", &NodeStatistics::state},
      {"ratio", "||z|| / ||x||", &NodeStatistics::ratio},
      {"alignment", "cos(z, -dL/dx)", &NodeStatistics::alignment},
      {"turning", "cos(z, next z)", &NodeStatistics::turning}};
  return measures;
}

std::string node_name(const NodeStatistics& node) {
  std::string words = node.sublayer;
  std::replace(words.begin(), words.end(), '_', '-');
  return fmt::format("{} {}", node.layer, words);
}

nlohmann::ordered_json chain_json(const ModelChains& model) {
  Json object = {{"model", model.model}};
  add_score(object, model.score);
  object["counted"] = model.counted;
  object["chains"] = chains_json(model.chains, moments_json);
  for (size_t c = 0; c < model.chains.size(); ++c)
    for (size_t n = 0; n < model.chains[c].nodes.size(); ++n)
      if (const auto& removed = model.chains[c].nodes[n].removed)
        add_score(object["chains"][c]["nodes"][n]["removed"] = Json::object(), *removed);
  return object;
}

nlohmann::ordered_json chain_line(int64_t update, const std::vector<ChainStatistics>& chains) {
  return {{"update", update}, {"chains", chains_json(chains, mean_json)}};
}

std::vector<std::pair<std::string, double>> chain_scalars(
    const std::vector<ChainStatistics>& chains) {
  std::vector<std::pair<std::string, double>> scalars;
  const auto add = [&](const std::string& name, const Moments& moments) {
    if (moments.count() > 0) scalars.emplace_back("chain/" + name, moments.mean());
  };
  for (const ChainStatistics& chain : chains) {
    add(chain.stack + "/straightness", chain.straightness);
    add(chain.stack + "/evenness", chain.evenness);
    for (const NodeStatistics& node : chain.nodes)
      for (const ChainMeasure& measure : chain_measures())
        add(chain.stack + "/" + node_name(node) + "/" + measure.name, node.*measure.moments);
  }
  return scalars;
}

std::string chain_text(const ModelChains& model) {
  std::string text = fmt::format("{}: nll {:.4f}", model.model, model.score.nll);
  if (model.score.bleu) text += fmt::format(", BLEU {:.2f}", *model.score.bleu);
  if (model.score.accuracy) text += fmt::format(", {:.2f} % right", 100 * *model.score.accuracy);
  text += "\n";
  for (const ChainStatistics& chain : model.chains) {
    std::vector<std::vector<std::string>> rows = {{chain.stack}};
    for (const ChainMeasure& measure : chain_measures()) rows[0].push_back(measure.shown);
    const bool removed = !chain.nodes.empty() && chain.nodes.front().removed;
    if (removed) rows[0].push_back("without it");
    for (const NodeStatistics& node : chain.nodes) {
      rows.push_back({node_name(node)});
      for (const ChainMeasure& measure : chain_measures())
        rows.back().push_back(cell(node.*measure.moments));
      if (removed) rows.back().push_back(change(model.score, *node.removed));
    }
    text += "\n" + table(rows);
    if (chain.straightness.count() > 0)
      text += fmt::format("straightness {}, evenness {}\n", cell(chain.straightness),
                          cell(chain.evenness));
  }
  return text;
}

}  // namespace penalmt
