// What a model did with the image of a sentence.
#pragma once

#include <string>
#include <vector>

namespace penalmt {

struct ImageUse {
  // The words below are pieces of the translation (concatenated, doubly attentive), else of the
  // source (gated, selective).
  bool of_target = false;
  std::vector<std::string> pieces;  // the pieces that looked; empty: the sentence had no image
  // A piece: how far the gate is open, mean over channels, 0..1 (concatenated: the share of
  // attention on the image); never empty where pieces are not.
  std::vector<double> gate;
  // A piece: weights over the R regions, row by row of the image's grid, sum 1; empty for gated
  // fusion (one pooled vector).
  std::vector<std::vector<double>> attention;
};

}  // namespace penalmt
