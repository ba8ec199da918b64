#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <stdexcept>

#include "base/error.h"
#include "base/text.h"
#include "commands/cli/common.h"
#include "commands/translate/backend.h"
#include "commands/translate/steps.h"

namespace penalmt {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kLinesAtATime = 10000;  // lines translated at a time, so that memory is bounded
// Those of two chunks are in memory at a time. A GPU waits for the first chunk's.
constexpr int64_t kLinesWithImagesAtATime = 1000, kOnAGpu = 250;
constexpr int64_t kFirstLines = 250;  // of a pipe that is full: then twice as many each time

int64_t lines_at_a_time(const TextTranslator& translator) {
  if (!translator.uses_images()) return kLinesAtATime;
  return translator.on_cpu() ? kLinesWithImagesAtATime : kOnAGpu;
}

bool is_folder(const std::string& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

bool is_file(const std::string& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

// The model stands first, and then one sentence.
void check_sentence(const TranslateArguments& arguments) {
  std::vector<std::string> words = arguments.sentence;
  if (words.empty()) return;
  if (!is_folder(arguments.model) && is_folder(words.back())) {
    const std::string model = words.back();
    words.back() = arguments.model;
    std::rotate(words.begin(), words.end() - 1, words.end());
    throw Error(fmt::format(
        "translate: got the model {} after the sentence, expected it first: penalmt translate {} "
        "\"{}\"",
        model, model, fmt::join(words, " ")));
  }
  if (arguments.input == "-" && !arguments.images.images.empty() && is_file(words.front()))
    throw Error(
        fmt::format("--images: got {} and {}, expected one list; lines to translate: --input {}",
                    arguments.images.images, words.front(), words.front()));
  if (words.size() > 1)
    throw Error(fmt::format(
        "translate: got {} words after the model, expected a sentence in quotes: penalmt translate "
        "{} \"{}\"",
        words.size(), arguments.model, fmt::join(words, " ")));
  if (words.front().find_first_of("./") != std::string::npos && is_file(words.front()))
    throw Error(fmt::format(
        "translate: got the file {} for a sentence; its lines are translated by --input {}",
        words.front(), words.front()));
}

void check_table(const TranslateArguments& arguments) {
  if (arguments.one_sentence()) throw Error("--table: got a sentence too; expected one of them");
  if (arguments.target_column.empty())
    throw Error("--target-column: got an empty name, expected a column");
  format_of(arguments.table.table, arguments.table.format);
  images_of_table(arguments.table, arguments.images);
}

void check_json_input(const TranslateArguments& arguments) {
  if (!arguments.images.images.empty() || arguments.image || arguments.one_sentence())
    throw Error(
        "--json-input: got --images, --image or a sentence too; expected them in the input's "
        "objects");
  check(arguments.images, ImageNames::kJsonLines);
}

}  // namespace

void check(const TranslateArguments& arguments) {
  if (!arguments.references.empty() && !arguments.check)
    throw Error("--references: got no --check N; expected it: they are for what it compares");
  if (!arguments.images.images.empty() && is_file(arguments.model))
    throw Error(
        fmt::format("translate: got the file {} for the model, expected a run folder before the "
                    "options; --images takes one list, and lines are --input's: penalmt translate "
                    "RUN --input {} --images {} --image-root DIR",
                    arguments.model, arguments.model, arguments.images.images));
  if (arguments.image && arguments.image->empty())
    throw Error("--image: got an empty name, expected an image");
  if (arguments.image && !arguments.images.features.empty())
    throw Error(
        "--image: got --features too; expected an image file, which the model's encoder looks at, "
        "or --images with --features");
  for (const std::string& words : arguments.sentence)
    if (const auto offset = first_invalid_utf8(words))
      throw Error(fmt::format("the sentence: invalid UTF-8 at byte {}", *offset + 1));
  check_sentence(arguments);
  ImageArguments listed = arguments.images;
  if (arguments.image) listed.skip_broken = false;  // --image is as good as a list for that
  if (arguments.table.is_given())
    check_table(arguments);
  else if (arguments.json_input)
    check_json_input(arguments);
  else
    check(listed);
  if (arguments.image && !arguments.images.images.empty())
    throw Error("--image: got --images too; expected one of them");
  if (arguments.image && !arguments.one_sentence())
    throw Error(
        "--image: got no sentence; expected one, as in: penalmt translate MODEL --image photo.jpg "
        "\"a man .\"");
  if (arguments.one_sentence() && arguments.input != "-")
    throw Error("--input: got a sentence too; expected one of them");
  if (arguments.one_sentence() && !arguments.images.images.empty())
    throw Error("--images: got a single sentence; expected --image PHOTO with it");
  const ImageArguments& images = arguments.images;
  expect_output("--output", arguments.output,
                {arguments.one_sentence() ? "" : arguments.input, arguments.table.table,
                 arguments.prefixes, arguments.shortlist, images.images, images.features,
                 images.feature_names, arguments.image.value_or("")});
}

std::vector<std::string> InputChunk::prefixes() const {
  const auto has_one = [](const InputLine& line) { return !line.prefix.empty(); };
  if (std::none_of(lines.begin(), lines.end(), has_one)) return {};
  std::vector<std::string> prefixes;
  for (const InputLine& line : lines) prefixes.push_back(line.prefix);
  return prefixes;
}

std::vector<std::string> InputChunk::texts() const {
  std::vector<std::string> texts;
  for (const InputLine& line : lines) texts.push_back(line.text);
  return texts;
}

TranslationInput::TranslationInput(const TranslateArguments& arguments, TranslateBackend& backend,
                                   std::unique_ptr<InputLines> lines, const RawText* raw)
    : arguments_(arguments),
      images_(arguments.table.is_given() ? images_of_table(arguments.table, arguments.images)
                                         : arguments.images),
      lines_(std::move(lines)),
      raw_(raw),
      chunk_(lines_at_a_time(backend.translator())),
      next_chunk_(kFirstLines),
      lengths_(arguments.length, backend.translator()) {
  if (!arguments.prefixes.empty()) prefixes_.emplace(arguments.prefixes);
  source_ = backend.open_images(images_);
  if (!lines_->may_wait()) check_file();
}

void TranslationInput::check_file() {
  int64_t named = 0;
  std::string first;
  bool is_found = false;
  while (const std::optional<InputLine> line = read()) {
    total_ += !line->is_blank;
    if (line->image.empty() || !source_) continue;
    if (++named == 1) first = line->image;
    is_found = is_found || source_->has(line->image);
  }
  if (arguments_.table.is_given() && source_ && total_ > 0 && !is_found)
    throw Error(source_->none_of(name(), first));
  lines_->rewind();
  if (prefixes_) prefixes_->rewind();
  number_ = 0;
  signs_ = {};
  lengths_.restart();
}

std::string TranslationInput::image_place() const {
  if (arguments_.image) return "--image";
  return arguments_.lines_name_images() ? name() : images_.images;
}

void TranslationInput::read_prefix(InputLine& line) {
  if (arguments_.prefix && line.prefix.empty()) line.prefix = *arguments_.prefix;
  if (prefixes_ && !prefixes_->next(line.prefix))
    throw Error(fmt::format("{}: ends after line {}; expected one for each of {}, which has more",
                            prefixes_->name(), number_ - 1, name()));
  clean_line(line.prefix);
  if (raw_ && !line.prefix.empty()) line.prefix = raw_->for_model(line.prefix);
}

std::optional<InputLine> TranslationInput::read() {
  std::optional<InputLine> next = lines_->next();
  std::string left;
  if (!next && prefixes_ && prefixes_->next(left))
    throw Error(fmt::format("{}: more than {} lines; expected one for each of {}",
                            prefixes_->name(), number_, name()));
  const ImageList* list = source_ && source_->list() ? &*source_->list() : nullptr;
  if (!next && list) source_->expect_lines(number_, name());
  if (!next || next->is_blank) return next;
  InputLine& line = *next;
  number_ = line.number;
  const int64_t listed = list ? static_cast<int64_t>(list->names.size()) : 0;
  if (list && number_ <= listed) line.image = list->names[static_cast<size_t>(number_ - 1)];
  if (list && number_ > listed && lines_->may_wait())  // a file's lines are counted first
    throw Error(fmt::format("{}: got one line more than {} has images, {}", lines_->place(number_),
                            images_.images, listed));
  read_prefix(line);
  clean_line(line.source);
  line.text = raw_ ? raw_->for_model(line.source) : line.source;
  if (!line.image.empty() && !source_) {
    if (!images_.ignore_images)
      throw Error(fmt::format(
          "{}: got the image '{}' for a text-only model, which would not look at it; expected a "
          "model trained with images, or --ignore-images",
          lines_->place(number_), line.image));
    line.image.clear();
  }
  if (source_ && arguments_.lines_name_images() && !images_.image_root.empty())
    expect_inside(*source_, line.image, images_.image_root, lines_->place(number_));
  lengths_.add(line.text, lines_->place(number_), number_);
  signs_.add(line.source);
  return next;
}

InputChunk TranslationInput::next() {
  if (failure_) std::rethrow_exception(failure_);
  InputChunk chunk;
  const int64_t most = lines_->may_wait() ? std::min(chunk_, next_chunk_) : chunk_;
  next_chunk_ = 2 * most;
  const auto at_hand = [&] {
    return chunk.lines.empty() || !lines_->may_wait() || lines_->has_arrived();
  };
  try {
    while (static_cast<int64_t>(chunk.lines.size()) < most && at_hand()) {
      std::optional<InputLine> line = read();
      if (!line) break;
      if (!line->is_blank) chunk.lines.push_back(std::move(*line));
    }
  } catch (const Interrupted&) {
    throw;
  } catch (const std::runtime_error&) {
    if (chunk.lines.empty()) throw;
    failure_ = std::current_exception();
  }
  if (!source_ || chunk.lines.empty()) return chunk;
  std::vector<std::string> names;
  for (const InputLine& line : chunk.lines) names.push_back(line.image);
  const auto first = static_cast<std::size_t>(count_.lines);
  const bool all_found = count_.not_found == 0;
  try {
    chunk.images = source_->load(names, count_);
  } catch (const BrokenImageError& error) {
    if (arguments_.image) throw;
    throw error.in_list(image_place(), chunk.lines[error.image().line].number -
                                           static_cast<int64_t>(error.image().line));
  }
  // Lines are numbered as they stand in the input, where JSON may have blank ones between.
  const auto number = [&](std::size_t line) { return chunk.lines[line - first].number; };
  for (std::size_t i = count_.warned; i < count_.broken.size(); ++i)
    count_.broken[i].line = static_cast<std::size_t>(number(count_.broken[i].line)) - 1;
  if (all_found && count_.not_found > 0)
    count_.first_line = number(static_cast<std::size_t>(count_.first_line) - 1);
  return chunk;
}

}  // namespace penalmt
