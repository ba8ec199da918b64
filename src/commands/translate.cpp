// penalmt translate: lines in, translations out.
#include <fmt/format.h>
#include <sys/resource.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <optional>

#include "base/error.h"
#include "base/files.h"
#include "base/progress.h"
#include "base/text.h"
#include "commands/commands.h"
#include "commands/common.h"
#include "tensors/devices.h"
#include "tokenizers/moses.h"
#include "translation/line_images.h"
#include "translation/translator.h"

namespace penalmt {
namespace {

constexpr int64_t kChunk = 10000;  // lines translated at a time, so that memory is bounded
constexpr int64_t kChunkWithPictures = 2000;

struct TranslateArguments {
  std::string model, sentence, input = "-", output = "-";
  std::string images, image_root, image;
  std::optional<int64_t> beam, n_best;
  std::optional<double> length_penalty;
  bool json = false, raw = false, timing = false;
  BatchOptions batches;
  MachineOptions machine;
};

void check(const TranslateArguments& arguments) {
  if (arguments.images.empty() != arguments.image_root.empty())
    throw Error(arguments.images.empty() ? "--image-root: got no --images; expected both"
                                         : "--images: got no --image-root; expected both");
  if (!arguments.image.empty() && !arguments.images.empty())
    throw Error("--image: got --images too; expected one of them");
  if (!arguments.image.empty() && arguments.sentence.empty())
    throw Error("--image: got no sentence; expected one, as in: penalmt translate MODEL --image photo.jpg \"a man .\"");
  if (!arguments.sentence.empty() && arguments.input != "-")
    throw Error("--input: got a sentence too; expected one of them");
  if (!arguments.sentence.empty() && !arguments.images.empty())
    throw Error("--images: got a single sentence; expected --image PHOTO with it");
}

SearchOptions search_options(const TranslateArguments& arguments, const DecodingDefaults& defaults) {
  SearchOptions search{.beam = arguments.beam.value_or(defaults.beam),
                       .n_best = arguments.n_best.value_or(1),
                       .length_penalty = arguments.length_penalty.value_or(defaults.length_penalty)};
  if (search.n_best > search.beam)
    throw Error(fmt::format("--n-best: got {}; expected at most the beam, {}; give --beam {}", search.n_best,
                            search.beam, search.n_best));
  return search;
}

std::optional<LineImages> pictures(const TranslateArguments& arguments, const Translator& translator) {
  if (arguments.image.empty())
    return open_line_images(arguments.model, translator.uses_images(), translator.image_size(), arguments.images,
                            arguments.image_root, arguments.machine.threads);
  if (!translator.uses_images()) refuse_pictures(arguments.model, "--image");
  return LineImages::of_photo(arguments.image, translator.image_size());
}

// Between text as people write it and the text of a model that was trained on Multi30k's tok files.
class RawText {
 public:
  // Throws Error where the model was trained on other text or languages.
  static RawText of(const std::string& model, const ModelDescription& description) {
    if (description.text != "tok")
      throw Error(fmt::format("{}: --raw is for models of tokenised text; got a model trained with data.text '{}', "
                              "expected 'tok'",
                              model, description.text));
    return {moses_language(description.source_language), moses_language(description.target_language)};
  }
  std::vector<std::string> for_model(std::vector<std::string> lines) const {
    for (std::string& line : lines) line = to_moses(line, source_);
    return lines;
  }
  void for_people(std::vector<Translation>& translations) const {
    for (Translation& translation : translations)
      for (ScoredText& text : translation.n_best) text.text = capitalised(from_moses(text.text, target_));
  }

 private:
  RawText(MosesLanguage source, MosesLanguage target) : source_(source), target_(target) {}
  MosesLanguage source_, target_;
};

nlohmann::ordered_json as_json(const ScoredText& text) {
  return {{"translation", text.text}, {"score", text.score}, {"tokens", text.pieces}};
}

// What is printed for line `number`: a line of text, n-best lines, or a JSON object.
std::string formatted(const TranslateArguments& arguments, int64_t number, const std::string& source,
                      const Translation& translation) {
  const ScoredText& best = translation.n_best.front();
  if (arguments.json) {
    nlohmann::ordered_json object = {{"source", source}};
    object.update(as_json(best));
    if (arguments.n_best)
      for (const ScoredText& text : translation.n_best) object["n_best"].push_back(as_json(text));
    return object.dump() + "\n";
  }
  if (!arguments.n_best) return best.text + "\n";
  std::string lines;
  for (const ScoredText& text : translation.n_best)
    lines += fmt::format("{}\t{:.6f}\t{}\n", number, text.score, text.text);
  return lines;
}

std::string input_name(const TranslateArguments& arguments) {
  return arguments.input == "-" ? "standard input" : arguments.input;
}

// The input, chunk after chunk. Where there is a list of pictures all of it is read first, to compare the counts before
// any work.
class Chunks {
 public:
  Chunks(const TranslateArguments& arguments, const std::optional<LineImages>& images)
      : size_(images ? kChunkWithPictures : kChunk) {
    if (!arguments.sentence.empty()) {
      lines_ = {arguments.sentence};
    } else if (images) {
      lines_ = read_lines(arguments.input);
      images->expect_lines(static_cast<int64_t>(lines_.size()), input_name(arguments));
    } else {
      reader_.emplace(arguments.input);
    }
  }
  // The next lines; none at the end.
  std::vector<std::string> next() {
    std::vector<std::string> chunk;
    std::string line;
    while (static_cast<int64_t>(chunk.size()) < size_) {
      if (reader_ ? !reader_->next(line) : taken_ == lines_.size()) break;
      chunk.push_back(reader_ ? line : lines_[taken_++]);
    }
    return chunk;
  }

 private:
  int64_t size_;
  std::vector<std::string> lines_;
  size_t taken_ = 0;
  std::optional<LineReader> reader_;
};

void print_timing(const SearchTiming& timing, double load_seconds, const SearchOptions& search,
                  const TranslateArguments& arguments) {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const double seconds = std::max(timing.seconds, 1e-9);
  const nlohmann::ordered_json object = {{"engine", std::string("penalmt ") + PENALMT_VERSION},
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
  Translator translator = Translator::open(arguments.model, choose_device(arguments.machine.device));
  const double load_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  const SearchOptions search = search_options(arguments, translator.description().decoding);
  std::optional<LineImages> images = pictures(arguments, translator);
  std::optional<RawText> raw;
  if (arguments.raw) raw = RawText::of(arguments.model, translator.description());
  Chunks chunks(arguments, images);
  AtomicFile output(arguments.output);
  Progress progress("translate", "sentences", 0);

  int64_t done = 0;
  for (std::vector<std::string> lines; !(lines = chunks.next()).empty();) {
    const int64_t count = static_cast<int64_t>(lines.size());
    const std::unique_ptr<PictureSet> of_lines = images ? images->load(done, count) : nullptr;
    auto translations = translator.translate(raw ? raw->for_model(lines) : lines, of_lines.get(),
                                             search, arguments.batches, input_name(arguments), done + 1, &progress);
    if (raw) raw->for_people(translations);
    for (int64_t i = 0; i < count; ++i) output.write(formatted(arguments, done + i + 1, lines[i], translations[i]));
    done += count;
  }
  output.commit();
  progress.clear();
  if (images && images->missing() > 0) message(fmt::format("{} of {} lines had no picture", images->missing(), done));
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
      "  penalmt translate runs/shapes --input test.en --images test.txt --image-root images > test.de\n"
      "  penalmt translate runs/shapes --image photo.png \"a circle .\"\n"
      "  penalmt translate runs/text --raw \"Two dogs don't like the snow.\"\n"
      "  head -3 test.en | penalmt translate runs/text --beam 5 --n-best 3 --json");
  command->add_option("model", arguments->model, "a run folder (its averaged/, else its best/) or a checkpoint folder")
      ->required();
  command->add_option("sentence", arguments->sentence, "one sentence to translate, instead of --input");
  command->add_option("--input", arguments->input, "lines to translate, plain or .gz; - is standard input")
      ->capture_default_str();
  command->add_option("--output", arguments->output, "where translations go; - is standard output")
      ->capture_default_str();
  command->add_option("--images", arguments->images,
                      "the pictures' names, one a line of the input; an empty line: none");
  command->add_option("--image-root", arguments->image_root, "the folder that the names are in");
  command->add_option("--image", arguments->image, "the picture of the one sentence");
  command->add_option("--beam", arguments->beam, "hypotheses kept open a sentence; 1: greedy; default: the model's")
      ->check(CLI::Range(1, 1000));
  command->add_option("--n-best", arguments->n_best, "print so many a line, as line number, score and text")
      ->check(CLI::Range(1, 1000));
  command
      ->add_option("--length-penalty", arguments->length_penalty,
                   "A in score = log probability / length^A; default: the model's")
      ->check(CLI::Range(-10.0, 10.0));
  command->add_flag("--raw", arguments->raw,
                    "text as people write it, for a model of tokenised lower-cased text (data.text tok): lines are "
                    "normalised before, translations joined and capitalised after");
  command->add_flag("--json", arguments->json,
                    "one JSON object a line: source, translation, score, tokens and, with --n-best, n_best");
  command->add_option("--batch-tokens", arguments->batches.tokens, "longest source x sentences of a batch, at most")
      ->check(CLI::Range(1, 10000000))
      ->capture_default_str();
  command->add_flag("--timing", arguments->timing, "print speed and memory as a JSON object to standard error");
  add_machine_options(*command, arguments->machine);
  command->callback([arguments] {
    arguments->batches.threads = arguments->machine.threads;
    translate(*arguments);
  });
}

}  // namespace penalmt
