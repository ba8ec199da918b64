#include "commands/probe/steps.h"
#include "datasets/image_set.h"
#include "translation/translator.h"

namespace penalmt {
void probe_image_use(const ProbeOptions& options, const ProbeText& text, Translator& translator,
                     ProbeResults& results) {
  if (!text.images) return;
  results.image_use = translator.image_use(text.source, results.answers.front().translations,
                                           *text.images, {.threads = options.machine.threads});
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
