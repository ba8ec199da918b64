// A small page of a probe that has something in every section.
#pragma once

#include <filesystem>
#include <string>

#include "report/probe_report.h"
#include "tests/report/sample_report.h"

namespace penalmt {

// Three sentences; the first two have the image that is written into `folder`. "kreise" looks at
// the lower right of 2 x 2 cells; the second sentence's weights have a class token's in front.
inline ProbeReport sample_probe(const std::filesystem::path& folder) {
  write_file(folder / "star.png", tiny_png());
  ProbeReport report;
  report.title = "What runs/<gated> does with its images";
  report.summary = "3 of 5 lines of test.en count: those with an image.";
  report.scores = {
      {{"BLEU", "nrefs:1|tok:none"}, {"relaxed", "percent of masked words"}},
      {{"right", {{"41.03", "41.10 ± 1.20", {}}, {"60.00", "60.10 ± 5.00", {}}}},
       {"shuffled", {{"30.50", "30.40 ± 1.10", 0.0123}, {"26.00", "26.10 ± 4.00", 0.00001}}}}};
  report.contrastive = {
      {{"perplexity", "percent of pairs"}},
      {{"right", {{"60.00", "60.00 ± 5.00", {}}}}, {"none", {{"50.00", "50.00 ± 0.00", 0.0625}}}}};
  report.notes = {"Masked words (color): 449 count."};
  report.gates = {1234,
                  false,
                  0.42,
                  0.25,
                  {500, 0, 34, 700},
                  {{"rot", 7, 0.9}, {"<kreis>", 1200, 0.5}},
                  "Attention over the image has 80.0 % of the entropy of an even one."};
  report.conditions = {"right", "shuffled"};
  report.sentences = {{1,
                       folder / "star.png",
                       "two circles",
                       "zwei rote kreise",
                       {"zwei rote kreise", "zwei rote kreise"},
                       {"▁two", "▁circ", "les"},
                       {0.25, 0.5, 1},
                       {{0.25, 0.25, 0.25, 0.25}, {1, 0, 0, 0}, {0, 0, 0, 1}}},
                      {4,
                       folder / "star.png",
                       "a <star> with " + std::string(70, 'y'),
                       "ein roter stern",
                       {"ein roter <stern>", "ein blauer <stern>"},
                       {"▁star", "▁"},
                       {0.1, 0.2},
                       {{0.2, 0.8, 0, 0, 0}, {0.6, 0.1, 0.1, 0.1, 0.1}}},
                      {5, "", "nothing", "nichts", {"nichts", ""}, {"▁nothing"}, {0}, {}}};
  return report;
}

}  // namespace penalmt
