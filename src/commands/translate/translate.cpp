// penalmt translate: lines in, translations out.
#include <fmt/format.h>
#include <sys/resource.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <future>
#include <optional>
#include <system_error>

#include "base/error.h"
#include "base/files.h"
#include "base/json.h"
#include "base/line_output.h"
#include "base/progress.h"
#include "base/text.h"
#include "commands/cli/command.h"
#include "commands/cli/common.h"
#include "commands/cli/text_warnings.h"
#include "commands/translate/backend.h"
#include "commands/translate/precision_check.h"
#include "commands/translate/steps.h"
#include "evaluation/answer_signs.h"
#include "translation/translation_json.h"

namespace penalmt {
namespace {

std::vector<std::string> best_texts(const std::vector<Translation>& translations) {
  std::vector<std::string> texts;
  for (const Translation& translation : translations)
    texts.push_back(translation.n_best.front().text);
  return texts;
}

// A line's translation and what was asked for beside it.
struct Answer {
  Translation translation;
  ImageUse use = {};                     // where it has an image
  std::vector<WordPair> alignment = {};  // with --alignment
};

// What is printed for a line: its translation, n-best lines, or a JSON object.
std::string formatted(const TranslateArguments& arguments, const InputLines& lines,
                      const InputLine& line, bool has_image, const Answer& answer) {
  const Translation& translation = answer.translation;
  const ScoredText& best = translation.n_best.front();
  if (arguments.json) {
    nlohmann::ordered_json object = nlohmann::ordered_json::object();
    if (!line.image.empty()) object["image"] = line.image;
    if (!line.image.empty() && !has_image) object["image_missing"] = true;
    object.update(scored_text_json(best, arguments.token_scores));
    if (arguments.alignment) object["alignment"] = answer.alignment;
    if (arguments.search.n_best)
      for (const ScoredText& text : translation.n_best)
        object["n_best"].push_back(scored_text_json(text, arguments.token_scores));
    if (!answer.use.pieces.empty()) object["image_use"] = image_use_json(answer.use);
    return "{\"source\":" + dump_json(nlohmann::json(line.source)) +
           (line.id.empty() ? "" : ",\"id\":" + line.id) + "," + dump_json(object).substr(1) + "\n";
  }
  if (!arguments.search.n_best) return lines.answer(line, best.text);
  std::string answers;
  for (const ScoredText& text : translation.n_best)
    answers += fmt::format("{}\t{:.6f}\t{}\n", line.number, text.score, text.text);
  return answers;
}

void print_timing(const SearchTiming& timing, double load_seconds, const SearchOptions& search,
                  ProductFormat format, int64_t batch_tokens, const TranslateArguments& arguments) {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const double seconds = std::max(timing.seconds, 1e-9);
  const nlohmann::ordered_json object = {
      {"engine", std::string("penalmt ") + PENALMT_VERSION},
      {"beam", search.beam},
      {"precision", name_of(format)},
      {"batch_tokens", batch_tokens},
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

// What the user should know of the text that went in and of what came out.
void warn(const TranslateArguments& arguments, const TextTranslator& translator,
          const TranslationInput& input, const AnswerSigns& answers) {
  input.lengths().warn(input.name(), input.signs().lines);
  warn_of_source(arguments.model, translator, input.signs(), translator.source_pieces(),
                 arguments.raw ? "" : "--raw takes text as people write it");
  warn_of_languages(arguments.model, translator);
  warn_of_answers(arguments.model, answers);
}

// A chunk's translations: made, rewritten where the text is raw, and written.
class ChunkTranslator {
 public:
  ChunkTranslator(const TranslateArguments& arguments, TranslateBackend& backend,
                  const std::optional<RawText>& raw, const SearchOptions& search,
                  ProductFormat format, const TranslationInput& input)
      : arguments_(arguments),
        backend_(backend),
        raw_(raw),
        check_(arguments, backend.translator(), format),
        search_(search),
        input_(input),
        progress_("translate", "sentences", input.total()) {}

  void translate(const InputChunk& chunk, LineOutput& output) {
    const std::vector<std::string> texts = chunk.texts();
    const ImageSet* images = chunk.images.get();
    const SourceLines lines{.texts = texts,
                            .images = images,
                            .place = {input_.name(), chunk.lines.front().number},
                            .prefixes = chunk.prefixes()};
    auto translations =
        backend_.translator().translate(lines, search_, arguments_.batches(), {&progress_, done_});
    done_ += static_cast<int64_t>(texts.size());
    const std::vector<std::string> best = best_texts(translations);
    check_.add(lines, search_, best);
    std::vector<Answer> answers(texts.size());
    for (size_t i = 0; i < texts.size(); ++i) answers[i].translation = std::move(translations[i]);
    if (arguments_.json && images) {
      auto uses = backend_.image_use(texts, best, *images);
      for (size_t i = 0; i < texts.size(); ++i) answers[i].use = std::move(uses[i]);
    }
    if (arguments_.alignment) {
      auto alignments = backend_.alignment(texts, best, images);
      for (size_t i = 0; i < texts.size(); ++i) answers[i].alignment = std::move(alignments[i]);
    }
    for (size_t i = 0; i < texts.size(); ++i) {
      auto& n_best = answers[i].translation.n_best;
      add_sign(chunk.lines[i], n_best.front());
      if (raw_)
        for (ScoredText& text : n_best) text.text = raw_->for_people(text.text);
      output.write(
          formatted(arguments_, input_.lines(), chunk.lines[i], chunk.has_image(i), answers[i]));
    }
    output.flush();
  }
  const AnswerSigns& signs() const { return signs_; }
  void clear_progress() { progress_.clear(); }
  void tell_of_check() const { check_.tell(); }

 private:
  void add_sign(const InputLine& line, const ScoredText& best) {
    const std::vector<std::string_view> pieces(best.pieces.begin(), best.pieces.end());
    signs_.add(repeats_itself(pieces), copies_source(line.text, best.text), line.number);
  }

  const TranslateArguments& arguments_;
  TranslateBackend& backend_;
  const std::optional<RawText>& raw_;
  PrecisionCheck check_;
  const SearchOptions search_;
  const TranslationInput& input_;
  Progress progress_;
  int64_t done_ = 0;
  AnswerSigns signs_;
};

// The chunks of the input. Where images are read from files, those of a chunk are decoded, and
// encoded by an exported encoder, while the one before it is translated.
class ChunksAhead {
 public:
  explicit ChunksAhead(TranslationInput& input) : input_(input) {}
  // Throws as TranslationInput::next.
  InputChunk next() { return ahead_.valid() ? ahead_.get() : input_.next(); }
  // What the next call returns may be made from now on. The input is its alone until then.
  void read_ahead() {
    if (!input_.reads_images_of_a_file()) return;
    try {
      ahead_ = std::async(std::launch::async, [this] { return input_.next(); });
    } catch (const std::system_error&) {
      // Without a thread to spare it is made when it is asked for.
    }
  }

 private:
  TranslationInput& input_;
  std::future<InputChunk> ahead_;  // is waited for where it is left
};

void translate(const TranslateArguments& arguments) {
  check(arguments);
  leave_to_engine(arguments);
  std::unique_ptr<InputLines> lines = open_lines(arguments);
  LineOutput output(arguments.output);
  const auto began = std::chrono::steady_clock::now();
  const std::unique_ptr<TranslateBackend> backend = open_backend(arguments);
  TextTranslator& translator = backend->translator();
  if (arguments.target_language) translator.set_target_language(*arguments.target_language);
  if (!arguments.shortlist.empty())
    translator.set_shortlist({read_lexicon(arguments.shortlist, translator.source_tokenizer(),
                                           translator.target_tokenizer()),
                              translator.target_tokenizer().vocabulary_size(),
                              arguments.shortlist_frequent, arguments.shortlist_best});
  const double load_seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  std::optional<RawText> raw;
  if (arguments.raw) raw.emplace(translator.description(), arguments.model, "--raw");
  const SearchOptions search =
      search_options(arguments.search, translator.default_search(),
                     arguments.json || arguments.search.n_best.has_value());
  const ProductFormat format =
      product_format(arguments.precision.value_or(translator.description().decoding.precision));
  TranslationInput input(arguments, *backend, std::move(lines), raw ? &*raw : nullptr);
  ChunkTranslator work(arguments, *backend, raw, search, format, input);
  expect_not_read("--output", arguments.output);
  translator.cut_lines(input.lengths().longest());
  translator.set_format(format);
  try {
    output.write_header(input.lines().header());
    ChunksAhead chunks(input);
    for (InputChunk chunk; !(chunk = chunks.next()).lines.empty();) {
      warn_of_broken(input.images(), input.image_place());
      chunks.read_ahead();
      work.translate(chunk, output);
    }
    expect_not_read("--output", arguments.output);
    output.commit();
  } catch (...) {
    work.clear_progress();
    output.keep(arguments.table.is_given() ? "the translations of rows"
                                           : "the translations of lines");
    throw;
  }
  work.clear_progress();
  work.tell_of_check();
  if (input.images().missing > 0) message(input.images().text());
  warn(arguments, translator, input, work.signs());
  if (arguments.timing)
    print_timing(translator.timing(), load_seconds, search, format, backend->searched_tokens(),
                 arguments);
}

constexpr const char* kTranslateHelp =
    "Without --input lines come from standard input; an empty line stays empty. From a pipe or a "
    "terminal each line is answered at once.\n"
    "Text reaches the model clean: a byte order mark and carriage returns are dropped, a line of "
    "white space alone is empty. A model of tokenised text (data.text tok) gets one space for "
    "every run of white space, no-break spaces and tabs too.\n"
    "A warning says how many lines do not look like the model's text (more than 5 lines in 100 "
    "with capital letters, unspaced marks or tabs, more than half with commas as in a table, "
    "more than 3 pieces in 100 unknown), and how many translations say one thing over and over "
    "(5 times in a row; 4 times for 2 to 4 pieces) or repeat the source (8 of 10 words).\n"
    "--table writes the same table with the translations in one column, every other byte as it "
    "stood (but for empty lines, which are left out, and a last line's missing end). The first "
    "line of a TSV or CSV names the columns; a TSV has no quotes; a CSV is as RFC 4180 has it, or "
    "has semicolons for commas; JSON lines have any keys. Images are in the table's folder unless "
    "--image-root or --features says otherwise.\n"
    "Examples:\n"
    "  penalmt translate runs/text --input test.en --output test.de\n"
    "  penalmt translate runs/shapes --input test.en --images test.txt --image-root images > "
    "test.de\n"
    "  penalmt translate runs/shapes --image photo.png \"a circle .\"\n"
    "  penalmt translate runs/shapes --table captions.csv --source-column caption --image-column "
    "photo --target-column de --output captions.de.csv\n"
    "  penalmt translate runs/text --raw \"Two dogs don't like the snow.\"\n"
    "  penalmt translate runs/text --sample --top-p 0.9 --n-best 5 --seed 7 \"a dog .\"\n"
    "  penalmt translate runs/text --prefix \"ein\" --json --token-scores --alignment \"a dog .\"\n"
    "  penalmt translate runs/shapes --json --json-input < lines.jsonl\n"
    "  head -3 test.en | penalmt translate runs/text --beam 5 --n-best 3 --json";

}  // namespace

Command translate_command() { return command<TranslateArguments>(translate, kTranslateHelp); }

}  // namespace penalmt
