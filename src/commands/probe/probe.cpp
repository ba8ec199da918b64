// penalmt probe: does a model look at its images?
#include "commands/cli/command.h"
#include "commands/probe/steps.h"
#include "datasets/features/script_trust.h"
#include "datasets/image_set.h"
#include "tensors/devices.h"
#include "translation/translator.h"

namespace penalmt {
namespace {

void probe(const ProbeOptions& options) {
  if (options.images.trust_encoder) trust_all_scripts();
  check_options(options);
  Translator translator = Translator::open(options.model, choose_device(options.machine.device));
  check_model(options, translator);
  ProbeResults results;
  ProbeText text;
  if (options.has_text()) {
    text = read_probe_text(options, translator);
    expect_outputs_of_their_own(options);
    probe_text(options, text, translator, results);
    probe_image_use(options, text, translator, results);
  }
  if (!options.contrastive.empty()) probe_contrastive(options, translator, results);
  if (!options.translations.empty()) write_probe_translations(options, results);
  if (!options.contrastive_scores.empty()) write_pair_scores(options, results);
  print_probe(options, results);
  if (!options.report.empty()) write_probe_report(options, text, results);
}

}  // namespace

Command probe_command() {
  return command<ProbeOptions>(
      probe,
      "What is given is probed; a text-only model is probed by masking and contrastive pairs, as a "
      "baseline; with --ignore-images the list of images chooses its lines.\n"
      "Examples:\n"
      "  penalmt probe runs/gated --source test.en --references test.de --images test.txt "
      "--image-root images \\\n"
      "      --mask test.color.positions --report probe.html\n"
      "  penalmt probe runs/gated --contrastive CoMMuTE/en-de --raw --contrastive-image-root "
      "CoMMuTE/images");
}

}  // namespace penalmt
