// penalmt translate: lines in, translations out.
#include <fmt/format.h>
#include <sys/resource.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <cmath>
#include <optional>

#include "base/error.h"
#include "base/files.h"
#include "base/progress.h"
#include "base/text.h"
#include "commands/commands.h"
#include "commands/translate_steps.h"
#include "tensors/devices.h"
#include "tokenizers/moses.h"
#include "translation/translator.h"

namespace penalmt {
namespace {

SearchOptions search_options(const TranslateArguments& arguments,
                             const DecodingDefaults& defaults) {
  SearchOptions search{
      .beam = arguments.beam.value_or(defaults.beam),
      .n_best = arguments.n_best.value_or(1),
      .length_penalty = arguments.length_penalty.value_or(defaults.length_penalty)};
  if (search.n_best > search.beam)
    throw Error(fmt::format("--n-best: got {}; expected at most the beam, {}; give --beam {}",
                            search.n_best, search.beam, search.n_best));
  return search;
}

std::vector<std::string> best_texts(const std::vector<Translation>& translations) {
  std::vector<std::string> texts;
  for (const Translation& translation : translations)
    texts.push_back(translation.n_best.front().text);
  return texts;
}

// Between text as people write it and the text of a model that was trained on Multi30k's tok files.
class RawText {
 public:
  // Throws Error where the model was trained on other text or languages.
  static RawText of(const std::string& model, const ModelDescription& description) {
    if (description.text != "tok")
      throw Error(fmt::format(
          "{}: --raw is for models of tokenised text; got a model trained with data.text '{}', "
          "expected 'tok'",
          model, description.text));
    return {moses_language(description.source_language),
            moses_language(description.target_language)};
  }
  std::vector<std::string> for_model(std::vector<std::string> lines) const {
    for (std::string& line : lines) line = to_moses(line, source_);
    return lines;
  }
  void for_people(std::vector<Translation>& translations) const {
    for (Translation& translation : translations)
      for (ScoredText& text : translation.n_best)
        text.text = capitalised(from_moses(text.text, target_));
  }

 private:
  RawText(MosesLanguage source, MosesLanguage target) : source_(source), target_(target) {}
  MosesLanguage source_, target_;
};

nlohmann::ordered_json as_json(const ScoredText& text) {
  return {{"translation", text.text}, {"score", text.score}, {"tokens", text.pieces}};
}

// Four digits say all that there is to see.
double rounded(double number) { return std::round(number * 1e4) / 1e4; }

// What the model did with the image: the pieces that looked, each with its gate and, where there
// are regions, its attention.
nlohmann::ordered_json as_json(const ImageUse& use) {
  nlohmann::ordered_json object = {{"side", use.of_target ? "target" : "source"},
                                   {"tokens", use.pieces}};
  for (const double gate : use.gate) object["gate"].push_back(rounded(gate));
  for (const std::vector<double>& weights : use.attention) {
    nlohmann::ordered_json& row = object["attention"].emplace_back(nlohmann::ordered_json::array());
    for (const double weight : weights) row.push_back(rounded(weight));
  }
  return object;
}

// What is printed for a line: its translation, n-best lines, or a JSON object.
std::string formatted(const TranslateArguments& arguments, int64_t number, const InputLine& line,
                      const Translation& translation, const ImageUse& use) {
  const ScoredText& best = translation.n_best.front();
  if (arguments.json) {
    nlohmann::ordered_json object = {{"source", line.source}};
    if (!line.id.is_null()) object["id"] = line.id;
    if (!line.image.empty()) object["image"] = line.image;
    object.update(as_json(best));
    if (arguments.n_best)
      for (const ScoredText& text : translation.n_best) object["n_best"].push_back(as_json(text));
    if (!use.pieces.empty()) object["image_use"] = as_json(use);
    return object.dump() + "\n";
  }
  if (!arguments.n_best) return best.text + "\n";
  std::string lines;
  for (const ScoredText& text : translation.n_best)
    lines += fmt::format("{}\t{:.6f}\t{}\n", number, text.score, text.text);
  return lines;
}

void print_timing(const SearchTiming& timing, double load_seconds, const SearchOptions& search,
                  const TranslateArguments& arguments) {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const double seconds = std::max(timing.seconds, 1e-9);
  const nlohmann::ordered_json object = {
      {"engine", std::string("penalmt ") + PENALMT_VERSION},
      {"beam", search.beam},
      {"batch_tokens", arguments.batches.tokens},
      {"threads", arguments.machine.threads},
      {"sentences", timing.sentences},
      {"target_tokens", timing.target_tokens},
      {"seconds", timing.seconds},
      {"sentences_per_s", static_cast<double>(timing.sentences) / seconds},
      {"target_tokens_per_s", static_cast<double>(timing.target_tokens) / seconds},
      {"load_s", load_seconds},
      {"peak_mb", usage.ru_maxrss / 1024}};
  fmt::print(stderr, "{}\n", object.dump());
}

void translate(const TranslateArguments& arguments) {
  check(arguments);
  const auto began = std::chrono::steady_clock::now();
  Translator translator =
      Translator::open(arguments.model, choose_device(arguments.machine.device));
  const double load_seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  const SearchOptions search = search_options(arguments, translator.description().decoding);
  TranslationInput input(arguments, translator);
  std::optional<RawText> raw;
  if (arguments.raw) raw = RawText::of(arguments.model, translator.description());
  AtomicFile output(arguments.output);
  Progress progress("translate", "sentences", 0);

  int64_t done = 0;
  for (InputChunk chunk; !(chunk = input.next()).lines.empty();) {
    const std::vector<std::string> sources =
        raw ? raw->for_model(chunk.sources()) : chunk.sources();
    auto translations = translator.translate(sources, chunk.images.get(), search, arguments.batches,
                                             input.name(), done + 1, &progress);
    std::vector<ImageUse> uses(sources.size());
    if (arguments.json && chunk.images)
      uses =
          translator.image_use(sources, best_texts(translations), *chunk.images, arguments.batches);
    if (raw) raw->for_people(translations);
    for (size_t i = 0; i < sources.size(); ++i)
      output.write(formatted(arguments, done + static_cast<int64_t>(i) + 1, chunk.lines[i],
                             translations[i], uses[i]));
    done += static_cast<int64_t>(sources.size());
  }
  output.commit();
  progress.clear();
  if (input.images().missing > 0) message(input.images().text());
  if (arguments.timing) print_timing(translator.timing(), load_seconds, search, arguments);
}

}  // namespace

void add_translate(CLI::App& program) {
  auto arguments = std::make_shared<TranslateArguments>();
  CLI::App* command = program.add_subcommand(kTranslate.name, kTranslate.meaning);
  command->footer(
      "Without --input lines come from standard input; an empty line stays empty.\n"
      "Examples:\n"
      "  penalmt translate runs/text --input test.en --output test.de\n"
      "  penalmt translate runs/shapes --input test.en --images test.txt --image-root images > "
      "test.de\n"
      "  penalmt translate runs/shapes --image photo.png \"a circle .\"\n"
      "  penalmt translate runs/text --raw \"Two dogs don't like the snow.\"\n"
      "  penalmt translate runs/shapes --json --json-input < lines.jsonl\n"
      "  head -3 test.en | penalmt translate runs/text --beam 5 --n-best 3 --json");
  command
      ->add_option("model", arguments->model,
                   "a run folder (its averaged/, else its best/) or a checkpoint folder")
      ->required();
  command->add_option("sentence", arguments->sentence,
                      "one sentence to translate, instead of --input");
  command
      ->add_option("--input", arguments->input,
                   "lines to translate, plain or .gz; - is standard input")
      ->capture_default_str();
  command->add_option("--output", arguments->output, "where translations go; - is standard output")
      ->capture_default_str();
  add_image_options(*command, arguments->images);
  command->add_option("--image", arguments->image, "the image of the one sentence")
      ->type_name("PHOTO");
  command
      ->add_option("--beam", arguments->beam,
                   "hypotheses kept open a sentence; 1: greedy; default: the model's")
      ->check(CLI::Range(1, 1000));
  command
      ->add_option("--n-best", arguments->n_best,
                   "print so many a line, as line number, score and text")
      ->check(CLI::Range(1, 1000));
  command
      ->add_option("--length-penalty", arguments->length_penalty,
                   "A in score = log probability / length^A; default: the model's")
      ->check(CLI::Range(-10.0, 10.0));
  command->add_flag("--raw", arguments->raw,
                    "text as people write it, for a model of tokenised lower-cased text (data.text "
                    "tok): lines are "
                    "normalised before, translations joined and capitalised after");
  command->add_flag("--json", arguments->json,
                    "one JSON object a line: source, translation, score, tokens; with --n-best "
                    "n_best; with an image and "
                    "image_use (side, tokens, gate, attention)");
  command->add_flag("--json-input", arguments->json_input,
                    "the input is a JSON object a line: {\"source\": \"a dog .\", \"image\": "
                    "\"dog.jpg\", \"id\": 7}; image is optional, a path "
                    "(below --image-root, where given) or a name in --features; id is optional, "
                    "anything, and answered");
  command
      ->add_option("--batch-tokens", arguments->batches.tokens,
                   "longest source x sentences of a batch, at most")
      ->check(CLI::Range(1, 10000000))
      ->capture_default_str();
  command->add_flag("--timing", arguments->timing,
                    "print speed and memory as a JSON object to standard error");
  add_machine_options(*command, arguments->machine);
  command->callback([arguments] {
    arguments->batches.threads = arguments->machine.threads;
    translate(*arguments);
  });
}

}  // namespace penalmt
