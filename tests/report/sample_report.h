// A small report that has something in every section.
#pragma once

#include <filesystem>
#include <string>

#include "base/files.h"
#include "report/evaluation_report.h"

namespace penalmt {

// An image of 2 x 1 pixels.
inline std::string tiny_png() {
  using namespace std::string_literals;
  return "\x89\x50\x4E\x47\x0D\x0A\x1A\x0A\x00\x00\x00\x0D\x49\x48\x44\x52\x00\x00\x00\x02\x00\x00"
         "\x00\x01\x08"
         "\x00\x00\x00\x00\xD1\x49\x20\x56\x00\x00\x00\x0B\x49\x44\x41\x54\x78\x9C\x63\x70\x38\x00"
         "\x00\x01\x43"
         "\x01\x01\x05\x11\x77\x7C\x00\x00\x00\x00\x49\x45\x4E\x44\xAE\x42\x60\x82"s;
}

// Five sentences, two systems; the second sentence has an image, which is written into `folder`.
inline EvaluationReport sample_report(const std::filesystem::path& folder) {
  EvaluationReport report;
  report.title = "Right & <shuffled>";
  report.metrics = {{"BLEU", "nrefs:1|tok:none", false}, {"TER", "nrefs:1|case:lc", true}};
  report.significance_test = "paired bootstrap resampling, 1,000 samples";
  report.source = {"two circles", "a star", "a box", "one dog runs on the beach",
                   "see https://a.example/" + std::string(80, 'x')};
  report.references = {
      {"zwei rote kreise", "ein stern", "ein kasten", "ein hund rennt am strand", "siehe dort"}};
  const MetricScore bleu = {"BLEU", 41, "", "71.0/47.5", Confidence{41.08, 1.25}, {}};
  const MetricScore better = {"BLEU", 9.5, "", "80.0/50.0", Confidence{9.44, 1.5}, 0.0123},
                    ter = {"TER", 60, "", "", {}, {}};
  report.systems = {
      {"right",
       {bleu, ter},
       {{"colour", 3, 4, 0.125}},
       {"zwei rote kreise", "ein <stern>", "", "ein hund läuft am strand", "siehe da"},
       {.lines = 5},
       {100, 5, 0, 40.25, 50}},
      {"runs/another-system_with_a_long_name/output.lc.norm.tok.de",
       {better, {"TER", 110.5, "", "", {}, 0.5}},
       {{"colour", 1, 4, 0.125}},
       {"zwei grüne kreise", "der stern", "ein kasten", "ein hund rennt am strand", "siehe dort"},
       {.lines = 5, .repeating = 1, .first_repeating = 4, .copied = 0, .first_copied = 0},
       {30, 5, 100, 100, 49}}};
  report.images = {"", folder / "star.png", "", "", ""};
  write_file(folder / "star.png", tiny_png());
  report.breakdowns = {{"words in the source",
                        {{"2", 4, {{40.5, 61.0}, {30.25, 70.0}}},
                         {"3–6", 1, {{12.0, std::nullopt}, {99.0, std::nullopt}}}}}};
  report.runs = {{"text",
                  {{100, 7.5, 7.0, 1.5, 60.0},
                   {1000, 3.0, 2.5, 30.0, 7200.0},
                   {2000, 2.0, 2.75, 29.0, 14400.0}}},
                 {"gated", {{100, {}, 7.1, {}, {}}}}};
  report.origin = {"2026-11-26 14:03 UTC", "penalmt evaluate --report 'a & b.html'"};
  return report;
}

}  // namespace penalmt
