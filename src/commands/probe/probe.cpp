// penalmt probe: does a model look at its images?
#include <CLI/CLI.hpp>

#include "commands/cli/numbers.h"
#include "commands/commands.h"
#include "commands/probe/steps.h"
#include "datasets/image_set.h"
#include "tensors/devices.h"
#include "translation/translator.h"

namespace penalmt {
namespace {

void probe(const ProbeOptions& options) {
  check_options(options);
  Translator translator = Translator::open(options.model, choose_device(options.machine.device));
  check_model(options, translator);
  ProbeResults results;
  ProbeText text;
  if (options.has_text()) {
    text = read_probe_text(options, translator);
    probe_text(options, text, translator, results);
    probe_image_use(options, text, translator, results);
  }
  if (!options.contrastive.empty()) probe_contrastive(options, translator, results);
  if (!options.translations.empty()) write_probe_translations(options, results);
  print_probe(options, results);
  if (!options.report.empty()) write_probe_report(options, text, results);
}

// ---- the command line
// ----------------------------------------------------------------------------------------------

void add_text_options(CLI::App& command, ProbeOptions& options) {
  command
      .add_option("model", options.model,
                  "a run folder (its averaged/, else its best/) or a checkpoint folder")
      ->required();
  command.add_option("--source", options.source, "sentences, one a line, plain or .gz");
  command.add_option("--references", options.references, "their right translations");
  add_image_options(command, options.images);
  command.add_flag("--all-lines", options.all_lines, "lines without an image count too");
}

void add_probe_options(CLI::App& command, ProbeOptions& options) {
  command
      .add_option("--incongruent", options.incongruent,
                  "what stands in the place of the right images: shuffled (other lines' images), "
                  "zeroed, noise")
      ->capture_default_str();
  command.add_option("--mask", options.mask,
                     "mask words of the source: which, a line of positions from 0 for each line "
                     "(Multi30k's masking/)");
  command.add_option(
      "--kind", options.given_kind,
      "which lexicon finds the masked words in translations: color (the default) or people");
  command.add_option("--lexicon", options.lexicon,
                     "another lexicon: lines of a word, a tab, the forms of its translations");
  command.add_option(
      "--mask-token", options.given_mask_token,
      std::string("what stands in the place of a masked word; default: ") + kMaskToken);
  command.add_option(
      "--left-out", options.left_out,
      "count the words right that the source leaves out: the marks' file of a generated corpus");
  command.add_option(
      "--contrastive", options.contrastive,
      "contrastive pairs: a folder with src.*, correct.*, incorrect.* and img.order, as CoMMuTE's");
  command.add_option("--contrastive-image-root", options.contrastive_image_root,
                     "the folder of their images; default: the store of --features, else images in "
                     "that folder or beside it");
  command.add_flag("--raw", options.raw,
                   "the contrastive pairs are text as people write it (CoMMuTE's are): normalise "
                   "it for a model of "
                   "tokenised lower-cased text");
}

void add_output_options(CLI::App& command, ProbeOptions& options) {
  command.add_option("--metrics", options.metrics, "what scores translations: bleu, chrf, ter")
      ->capture_default_str();
  command.add_option(
      "--tokenize", options.tokenize,
      "BLEU: how words are told apart; default: none for a model of tokenised text, else 13a");
  command
      .add_option("--beam", options.beam,
                  "hypotheses kept open a sentence; 1: greedy; default: the model's")
      ->check(whole_number_in(1, 1000));
  add_seed_option(command, options.seed);
  command.add_flag("--json", options.json, "one JSON object");
  command.add_option(
      "--translations", options.translations,
      "a folder for the translations of each condition, for example to evaluate them otherwise");
  auto* report = command.add_option(
      "--report", options.report,
      "write a page (HTML, needs no network): conditions, gates, attention over images");
  command.add_option("--samples", options.samples, "sentences shown in the report")
      ->check(whole_number_in(0, 100000))
      ->needs(report)
      ->capture_default_str();
  add_machine_options(command, options.machine);
}

}  // namespace

void add_probe(CLI::App& program) {
  auto options = std::make_shared<ProbeOptions>();
  CLI::App& command = *program.add_subcommand(kProbe.name, kProbe.meaning);
  command.footer(
      "What is given is probed; a text-only model is probed by masking and contrastive pairs, as a "
      "baseline; with --ignore-images the list of images chooses its lines.\n"
      "Examples:\n"
      "  penalmt probe runs/gated --source test.en --references test.de --images test.txt "
      "--image-root images \\\n"
      "      --mask test.color.positions --report probe.html\n"
      "  penalmt probe runs/gated --contrastive CoMMuTE/en-de --raw --contrastive-image-root "
      "CoMMuTE/images");
  add_text_options(command, *options);
  add_probe_options(command, *options);
  add_output_options(command, *options);
  command.callback([options] { probe(*options); });
}

}  // namespace penalmt
