// penalmt chain: what the residuals of a model do, measured.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/files.h"
#include "base/json.h"
#include "base/progress.h"
#include "commands/cli/command.h"
#include "commands/cli/common.h"
#include "commands/cli/image_options.h"
#include "commands/cli/source_length.h"
#include "datasets/features/script_trust.h"
#include "datasets/text/parallel_text.h"
#include "evaluation/bleu.h"
#include "report/chain_report.h"
#include "tensors/devices.h"
#include "training/chain_measuring.h"
#include "training/recognition.h"
#include "translation/model_location.h"
#include "translation/translator.h"

namespace penalmt {
namespace {

constexpr int64_t kBeam = 5;

struct ChainArguments {
  std::vector<std::string> models;
  std::string source, references, labelled, page;
  ImageArguments images;
  LengthOptions length;
  std::optional<int64_t> beam;  // nullopt: kBeam
  bool json = false, remove = false;
  MachineOptions machine;

  template <class Visitor>
  void visit(Visitor& v) {
    v("models", models, "run folders (their averaged/, else their best/) or checkpoint folders",
      option().positional().required());
    v("source", source, "sentences, one a line, plain or .gz", option().value("FILE"));
    v("references", references, "their translations", option().value("FILE"));
    v("labelled", labelled,
      "for classifiers: a folder that holds a folder of images for each class",
      option().value("DIR"));
    length.visit(v);
    images.visit(v);
    v("remove", remove, "also the nll and BLEU, or accuracy, of the model without each residual");
    visit_beam(v, beam, "--remove: hypotheses kept a sentence; default: 5");
    v("json", json, "one JSON object a model");
    v("report", page,
      "also write a page (needs no network): the models side by side and, where "
      "training.chain_every wrote chain.jsonl, depth against update",
      option().value("FILE"));
    machine.visit(v);
  }
};

// What has a meaning with text alone.
void check_labelled(const ChainArguments& arguments) {
  const auto refuse = [](bool given, const char* option) {
    if (given) throw Error(std::string(option) + ": got --labelled too; expected one of them");
  };
  refuse(!arguments.images.images.empty(), "--images");
  refuse(!arguments.images.encoder.empty(), "--encoder");
  refuse(arguments.images.ignore_images, "--ignore-images");
  refuse(arguments.images.trust_encoder, "--trust-encoder");
  refuse(arguments.length.longest.has_value(), "--max-source-length");
  refuse(arguments.length.long_lines != LengthOptions().long_lines, "--long-lines");
  refuse(arguments.beam.has_value(), "--beam");
}

void check(const ChainArguments& arguments) {
  check(arguments.images);
  const bool text = !arguments.source.empty() || !arguments.references.empty();
  if (text == !arguments.labelled.empty())
    throw Error(
        fmt::format("chain: got {}; expected --source FILE with --references FILE, or "
                    "--labelled DIR",
                    text ? "text and --labelled" : "nothing to measure on"));
  if (text && (arguments.source.empty() || arguments.references.empty()))
    throw Error(arguments.source.empty() ? "--references: got no --source; expected both"
                                         : "--source: got no --references; expected both");
  if (!text) check_labelled(arguments);
  if (arguments.beam && !arguments.remove) throw Error("--beam: got no --remove; expected both");
  if (arguments.page == "-")
    throw Error("--report: got '-', expected a file; the measures go to standard output");
  if (!arguments.page.empty())
    expect_output("--report", arguments.page,
                  {arguments.source, arguments.references, arguments.images.images,
                   arguments.images.features, arguments.images.feature_names});
}

// A model that fits the data, open; what measures it.
using Measuring = std::function<ModelChains()>;

ModelChains measure(Translator& translator, const ParallelText& text, const ImageSource* images,
                    const ChainArguments& arguments) {
  ImageCount count;
  const std::unique_ptr<ImageSet> set = images ? images->load(count) : nullptr;
  warn_of_broken(count, arguments.images.images);
  const std::vector<Example> examples = translator.paired_examples(
      text.source, text.target, set.get(), arguments.source, arguments.references);
  TranslationModelImpl& model = translator.model();
  MeasuredChains measured = measure_chains(model, examples, set.get());
  ModelChains found{
      translator.place(), {.nll = measured.nll}, measured.counted, std::move(measured.chains)};
  if (count.missing > 0) message(count.text());
  if (!arguments.remove) return found;

  const auto bleu = [&] {
    std::vector<std::string> hypotheses;
    translator.model_changed();
    for (const Translation& translation :
         translator.translate(text.source, set.get(), {.beam = arguments.beam.value_or(kBeam)},
                              {.threads = arguments.machine.threads}, {arguments.source}))
      hypotheses.push_back(translation.n_best.front().text);
    return corpus_bleu(hypotheses, References::single(text.target),
                       {.tokenizer = translator.description().scoring_tokenizer()})
        .score;
  };
  found.score.bleu = bleu();
  score_without_each(chains_of(model), found.chains, [&] {
    return TaskScore{mean_nll(model, examples, set.get()), bleu(), std::nullopt};
  });
  return found;
}

// Throws Error where the text, or its images but for their pixels, are not for the model.
Measuring open_translator(const std::string& place, const ParallelText& text,
                          const ChainArguments& arguments, c10::Device device) {
  const auto translator = std::make_shared<Translator>(Translator::open(place, device));
  limit_lengths(arguments.length, *translator, {text.source, arguments.source},
                {text.target, arguments.references});
  const std::shared_ptr<const ImageSource> images =
      open_line_images(*translator, arguments.images, arguments.machine.threads);
  if (images) images->expect_lines(static_cast<int64_t>(text.source.size()), arguments.source);
  if (translator
          ->paired_examples(text.source, text.target, /*images=*/nullptr, arguments.source,
                            arguments.references)
          .empty())
    throw Error(arguments.source + ": no sentence there; expected at least one");
  return [=, &text, &arguments] { return measure(*translator, text, images.get(), arguments); };
}

std::vector<Measuring> open_translators(const ParallelText& text, const ChainArguments& arguments,
                                        c10::Device device) {
  std::vector<Measuring> all;
  for (const std::string& place : arguments.models)
    all.push_back(open_translator(place, text, arguments, device));
  return all;
}

std::vector<Measuring> open_classifiers(const ChainArguments& arguments, c10::Device device) {
  std::vector<Measuring> all;
  std::shared_ptr<const LabelledImages> images;  // of the model before
  for (const std::string& place : arguments.models) {
    const std::filesystem::path folder = model_folder(place);
    const ClassifierDescription description = read_classifier_description(folder);
    Classifier model = read_classifier(folder, description);
    model->to(device);
    const int64_t size = description.image_encoder.size;
    if (!images || images->pixels.size(-1) != size || images->classes != description.classes)
      images = std::make_shared<LabelledImages>(read_labelled_images(
          arguments.labelled, size, arguments.machine.threads, description.classes));
    all.emplace_back([=, &arguments]() mutable {
      MeasuredChains measured = measure_chains(*model, *images);
      const auto score = [&] {
        const Recognition recognition = recognise(model, *images, device);
        return TaskScore{recognition.nll, std::nullopt, recognition.accuracy()};
      };
      ModelChains found{place, score(), measured.counted, std::move(measured.chains)};
      if (arguments.remove) score_without_each(chains_of(*model), found.chains, score);
      return found;
    });
  }
  return all;
}

void expect_one_kind(const ChainArguments& arguments) {
  for (const std::string& place : arguments.models)
    if (translates(model_folder(place)) != arguments.labelled.empty())
      throw Error(place + (arguments.labelled.empty()
                               ? ": a classifier, expected a translation model; classifiers are "
                                 "measured on --labelled DIR"
                               : ": a translation model, expected a classifier; translation models "
                                 "are measured on --source FILE with --references FILE"));
}

void chain(const ChainArguments& arguments) {
  if (arguments.images.trust_encoder) trust_all_scripts();
  // 1. Everything is opened before anything is measured.
  check(arguments);
  expect_one_kind(arguments);
  const c10::Device device = choose_device(arguments.machine.device);
  set_threads(arguments.machine.threads);
  ChainReport report;
  if (!arguments.page.empty())
    for (const std::string& place : arguments.models)
      report.histories.push_back(read_chain_history(place));
  const ParallelText text =
      arguments.labelled.empty()
          ? read_parallel_text(arguments.source, arguments.references, std::nullopt)
          : ParallelText();
  std::vector<Measuring> models = arguments.labelled.empty()
                                      ? open_translators(text, arguments, device)
                                      : open_classifiers(arguments, device);
  if (!arguments.page.empty()) expect_not_read("--report", arguments.page);
  // 2. One model after the other; what is measured is let go.
  AtomicFile output("-");
  for (Measuring& measuring : models) {
    const ModelChains found = std::exchange(measuring, nullptr)();
    if (arguments.json)
      output.write(dump_json(chain_json(found)) + "\n");
    else
      output.write((report.models.empty() ? "" : "\n") + chain_text(found));
    report.models.push_back(found);
  }
  output.commit();
  report.origin = page_origin();
  if (!arguments.page.empty()) write_output("--report", arguments.page, chain_report(report));
}

constexpr const char* kChainHelp =
    "A residual adds a step z to a state x. By depth, mean and deviation over real positions, in\n"
    "evaluation, of the unsmoothed task loss L alone: ||z||, ||x||, their ratio, the alignment\n"
    "cos(z, -dL/dx), the turning cos(z, next z); of a chain its straightness ||sum z|| / sum "
    "||z||\n"
    "and evenness, deviation over mean of ||z||. In a post-norm stack the normalisation between "
    "two\n"
    "residuals is left out of the chain; in a residual network each stage is a chain of its own "
    "and\n"
    "a position is a place of its feature map. --remove leaves out one residual after the other "
    "(a\n"
    "post-norm one keeps its normalisation), which takes a translation of the text each.\n"
    "Examples:\n"
    "  penalmt chain runs/plain runs/penal --source val.en --references val.de --report "
    "chain.html\n"
    "  penalmt chain runs/gated --source val.en --references val.de --images val.txt \\\n"
    "      --image-root images --remove --json\n"
    "  penalmt chain runs/resnet --labelled \"$CIFAR10/test\"";

}  // namespace

Command chain_command() { return command<ChainArguments>(chain, kChainHelp); }

}  // namespace penalmt
