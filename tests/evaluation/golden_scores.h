// The answers of tests/golden/scores.py.
#pragma once

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/files.h"

namespace penalmt {

inline const nlohmann::json& golden_scores() {
  static const auto json =
      nlohmann::json::parse(read_file(PENALMT_SOURCE "/tests/golden/scores.json"));
  return json;
}

// Calls body(hypotheses, references, result) for each result of a golden file
// (tests/golden/bleu.py, ter.py).
template <class Body>
void for_each_result(const nlohmann::json& golden, Body body) {
  using Texts = std::vector<std::string>;
  for (const auto& result : golden.at("results")) {
    const auto& corpus = golden.at("corpora").at(result.at("corpus").get<std::size_t>());
    SCOPED_TRACE(corpus.at("name").get<std::string>() + " " + result.at("options").dump());
    body(corpus.at("hypotheses").get<Texts>(), corpus.at("references").get<std::vector<Texts>>(),
         result);
  }
}

// sacreBLEU's text with our version part.
inline std::string with_our_version(std::string text) {
  for (std::size_t at = 0; (at = text.find("2.6.0", at)) != std::string::npos; at += 1)
    text.replace(at, 5, "penalmt-" PENALMT_VERSION);
  return text;
}

}  // namespace penalmt
