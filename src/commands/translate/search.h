// How `penalmt translate` searches: options that take the place of the model's own defaults.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "commands/cli/shared_options.h"
#include "decoding/search_options.h"

namespace penalmt {

struct SearchArguments {
  std::optional<int64_t> beam, n_best, min_length, max_length, no_repeat_ngram;
  std::optional<double> length_penalty, patience;
  bool refill = false, guess_end = false;
  bool no_unknown = false;
  bool sample = false;
  SamplingOptions sampling;

  template <class Visitor>
  void visit(Visitor& v) {
    visit_beam(v, beam);
    v("n_best", n_best, "print so many a line, as line number, score and text",
      config::between(1, 1000));
    v("length_penalty", length_penalty,
      "A in score = log probability / length^A; default: the model's", config::between(-10, 10));
    v("patience", patience,
      "end a sentence once P x beam hypotheses are finished; 0: once no open one can be better; "
      "default: the model's",
      option(config::between(0, 1000)).value("P"));
    v("refill", refill,
      "the places of hypotheses that end go to the next best ones at once, and --patience alone "
      "ends a sentence where it is above 0; as Transformers searches");
    v("guess_end", guess_end,
      "with --refill and --patience 0, end a sentence once beam hypotheses are finished and the "
      "best open one, with its present length, is no better than the worst of them; as "
      "Transformers' early_stopping false");
    v("min_length", min_length, "pieces before a translation may end; default: the model's",
      option(config::between(0, 100000)).value("N"));
    v("max_length", max_length,
      "the most pieces of a translation; 0: twice the source's and 20; default: the model's",
      option(config::between(0, 100000)).value("N"));
    v("no_repeat_ngram", no_repeat_ngram,
      "no N pieces in a row come twice in a translation; 0: they may; default: the model's",
      option(config::between(0, 1000)).value("N"));
    v("no_unknown", no_unknown, "never write the piece that stands for unknown words");
    v("sample", sample,
      "draw translations by chance in place of searching; the same seed gives line 7 the same "
      "draw, whatever the other lines are",
      option().excludes("beam").excludes("patience").excludes("refill"));
    v("temperature", sampling.temperature,
      "with --sample: logits are divided by it; below 1: safer, above: wilder",
      option(config::between(0.01, 100)).needs("sample"));
    v("top_k", sampling.top_k, "with --sample: of the K most probable pieces alone; 0: of all",
      option(config::between(0, 1e9)).value("K").needs("sample"));
    v("top_p", sampling.top_p,
      "with --sample: of the fewest pieces alone whose probabilities sum to P; 1: of all",
      option(config::between(1e-6, 1)).value("P").needs("sample"));
    v("seed", sampling.seed, "with --sample: where random numbers start", option().needs("sample"));
  }
};

// `defaults`: the model's. `scores`: whether they are asked for. Throws Error where options do not
// fit each other.
SearchOptions search_options(const SearchArguments& arguments, const SearchOptions& defaults,
                             bool scores);

}  // namespace penalmt
