// A translation as JSON: what `penalmt translate` prints and a server answers.
#pragma once

#include <cmath>

#include <nlohmann/json.hpp>

#include "translation/image_use.h"
#include "translation/text_translator.h"

namespace penalmt {

// Four digits say all that there is to see.
inline double four_digits(double number) { return std::round(number * 1e4) / 1e4; }

// translation, score, tokens; and token_scores, of each token, then of the end.
inline nlohmann::ordered_json scored_text_json(const ScoredText& text, bool token_scores) {
  nlohmann::ordered_json object = {
      {"translation", text.text}, {"score", text.score}, {"tokens", text.pieces}};
  if (!token_scores) return object;
  nlohmann::ordered_json& scores = object["token_scores"] = nlohmann::ordered_json::array();
  for (const float score : text.piece_log_probabilities) scores.push_back(four_digits(score));
  return object;
}

// What the model did with the image: side (source or target), tokens, the pieces that looked, gate,
// a number each, and attention, where there are regions, a row each.
inline nlohmann::ordered_json image_use_json(const ImageUse& use) {
  nlohmann::ordered_json object = {{"side", use.of_target ? "target" : "source"},
                                   {"tokens", use.pieces}};
  for (const double gate : use.gate) object["gate"].push_back(four_digits(gate));
  for (const std::vector<double>& weights : use.attention) {
    nlohmann::ordered_json& row = object["attention"].emplace_back(nlohmann::ordered_json::array());
    for (const double weight : weights) row.push_back(four_digits(weight));
  }
  return object;
}

}  // namespace penalmt
