#include "commands/probe_steps.h"
#include "datasets/picture_set.h"
#include "translation/translator.h"

namespace penalmt {
namespace {

// Stands in for Translator::image_use until models tell what they looked at.
std::vector<ImageUse> image_use_of(Translator&, const Lines& sources, const Lines&, const PictureSet&,
                                   const BatchOptions&) {
  return std::vector<ImageUse>(sources.size());
}

}  // namespace

void probe_image_use(const ProbeOptions& options, const ProbeText& text, Translator& translator,
                     ProbeResults& results) {
  if (!text.pictures) return;
  results.image_use = image_use_of(translator, text.source, results.answers.front().translations, *text.pictures,
                                   {.threads = options.machine.threads});
  std::vector<Lines> pieces;
  std::vector<std::vector<double>> gates, attention;
  for (const ImageUse& use : results.image_use) {
    pieces.push_back(use.pieces);
    gates.push_back(use.gate);
    attention.insert(attention.end(), use.attention.begin(), use.attention.end());
  }
  results.gates = gate_statistics(pieces, gates);
  results.attention = attention_statistics(attention);
}

}  // namespace penalmt
