// What was measured of the chains of a model (models/chain.h says what each measure is): means and
// deviations over positions, as JSON and as a table.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace penalmt {

// Mean and deviation (of a population) of numbers as they come.
class Moments {
 public:
  void add(double number);
  void add(const std::vector<double>& numbers) {
    for (const double number : numbers) add(number);
  }
  int64_t count() const { return count_; }
  double mean() const { return mean_; }  // 0 of no numbers
  double deviation() const;

 private:
  int64_t count_ = 0;
  double mean_ = 0, squares_ = 0;  // squares_: sum of squared distances from the mean
};

// How well a model does its task: one of the two scores.
struct TaskScore {
  double nll = 0;                   // unsmoothed, of a target token or image
  std::optional<double> bleu = {};  // of translations
  std::optional<double> accuracy = {};
};

struct NodeStatistics {
  int64_t layer = 1;
  std::string sublayer;
  Moments step = {}, state = {}, ratio = {}, alignment = {}, turning = {};
  std::optional<TaskScore> removed = {};  // of the model without this residual
};

struct ChainStatistics {
  std::string stack;
  std::vector<NodeStatistics> nodes;
  Moments straightness, evenness;
};

struct ModelChains {
  std::string model;    // as the user names it
  TaskScore score;      // of the whole model
  int64_t counted = 0;  // target tokens or images that L is summed over
  std::vector<ChainStatistics> chains;
};

// The measures of a node in the order in which they are shown.
struct ChainMeasure {
  const char *name, *shown;  // "alignment", "cos(z, -dL/dx)"
  Moments NodeStatistics::*moments;
};
const std::vector<ChainMeasure>& chain_measures();

// "3 self-attention": a node's layer and sublayer.
std::string node_name(const NodeStatistics& node);

// {"model", "nll", "bleu" or "accuracy" where known, "counted", "chains": [{"stack",
// "straightness", "evenness", "nodes": [{"layer", "sublayer", "step", ..., "removed"}]}]}; a
// measure is {"mean", "deviation"}, null where there is none.
nlohmann::ordered_json chain_json(const ModelChains& model);

// A line of chain.jsonl: {"update", "chains"} with the means alone.
nlohmann::ordered_json chain_line(int64_t update, const std::vector<ChainStatistics>& chains);

// The same as TensorBoard's scalars: "chain/encoder/1 self-attention/alignment".
std::vector<std::pair<std::string, double>> chain_scalars(
    const std::vector<ChainStatistics>& chains);

// The tables of a model, one a chain, a row a residual by depth.
std::string chain_text(const ModelChains& model);

}  // namespace penalmt
