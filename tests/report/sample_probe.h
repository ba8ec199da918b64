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
  const auto score = [](const char* name, const char* meaning, double value, Confidence interval,
                        std::optional<double> p) {
    return MetricScore{name, value, meaning, "", interval, p};
  };
  const auto bleu = [&](double value, Confidence interval, std::optional<double> p) {
    return score("BLEU", "nrefs:1|tok:none", value, interval, p);
  };
  const auto relaxed = [&](double value, Confidence interval, std::optional<double> p) {
    return score("relaxed", "percent of masked words", value, interval, p);
  };
  report.scores = {
      {"right", {bleu(41.03, {41.1, 1.2}, {}), relaxed(60, {60.1, 5}, {})}},
      {"shuffled", {bleu(30.5, {30.4, 1.1}, 0.0123), relaxed(26, {26.1, 4}, 0.00001)}}};
  report.contrastive = {{"right", {score("perplexity", "percent of pairs", 60, {60, 5}, {})}},
                        {"none", {score("perplexity", "percent of pairs", 50, {50, 0}, 0.0625)}}};
  report.notes = {"Masked words (color): 449 count."};
  report.gates = {.pieces = 1234,
                  .mean = 0.42,
                  .open = 0.25,
                  .widest = {{"rot", 7, 0.9}, {"<kreis>", 1200, 0.5}}};
  report.gates.histogram.front() = 500;
  report.gates.histogram[10] = 34;
  report.gates.histogram.back() = 700;
  report.attention = {.pieces = 5, .entropy = 0.8, .largest = 0.6, .largest_if_even = 0.25};
  report.conditions = {"right", "shuffled"};
  report.origin = {"2026-11-26 14:03 UTC", "penalmt probe 'runs/<gated>' --report probe.html"};
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
                       {{0.2, 0.8, 0, 0, 0}, {0.6, 0.1, 0.1, 0.1, 0.1}},
                       {},
                       {"", folder / "star.png"}},
                      {5, "", "nothing", "nichts", {"nichts", ""}, {"▁nothing"}, {0}, {}}};
  return report;
}

}  // namespace penalmt
