#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "base/config.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "commands/cli/common.h"
#include "commands/translate_steps.h"
#include "datasets/text/image_names.h"
#include "datasets/text/parallel_text.h"
#include "translation/translator.h"

namespace penalmt {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kLinesAtATime = 10000;  // lines translated at a time, so that memory is bounded
constexpr int64_t kLinesWithImagesAtATime = 2000;

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

void check_json_input(const TranslateArguments& arguments) {
  if (!arguments.images.images.empty() || arguments.image || arguments.one_sentence())
    throw Error(
        "--json-input: got --images, --image or a sentence too; expected them in the input's "
        "objects");
  check(arguments.images, ImageNames::kJsonLines);
}

std::string line_place(const LineReader& reader) {
  return fmt::format("{}:{}", reader.name(), reader.line_number());
}

// {"source": "a dog .", "image": "dog.jpg", "id": 7} and nothing else.
InputLine parsed(const std::string& text, const LineReader& reader) {
  const std::string place = line_place(reader);
  const nlohmann::json object = config::parse(text, reader.name(), reader.line_number());
  if (!object.is_object())
    throw Error(place +
                ": got no JSON object, expected one a line, as {\"source\": \"a dog .\", "
                "\"image\": \"dog.jpg\"}");
  for (const auto& item : object.items())
    if (item.key() != "source" && item.key() != "image" && item.key() != "id")
      throw Error(
          fmt::format("{}: got the key '{}', expected source, image or id", place, item.key()));
  const auto field = [&](const char* name, bool needed) -> std::string {
    const auto found = object.find(name);
    if (found == object.end() || (found->is_null() && !needed)) {
      if (needed)
        throw Error(fmt::format("{}: no \"{}\" in the object, expected a text", place, name));
      return "";
    }
    if (!found->is_string())
      throw Error(
          fmt::format("{}: \"{}\": got {}, expected a text", place, name, dump_json(*found)));
    return found->get<std::string>();
  };
  expect_no_nul(field("source", true), place);
  return {field("source", true), field("image", false), member_text(text, "id").value_or("")};
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
  if (arguments.json_input)
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
                {arguments.one_sentence() ? "" : arguments.input, images.images, images.features,
                 images.feature_names, arguments.image.value_or("")});
}

std::vector<std::string> InputChunk::texts() const {
  std::vector<std::string> texts;
  for (const InputLine& line : lines) texts.push_back(line.text);
  return texts;
}

TranslationInput::TranslationInput(const TranslateArguments& arguments,
                                   const Translator& translator, std::optional<LineReader> reader,
                                   const RawText* raw)
    : arguments_(arguments),
      translator_(translator),
      reader_(std::move(reader)),
      raw_(raw),
      chunk_(translator.uses_images() ? kLinesWithImagesAtATime : kLinesAtATime),
      lengths_(arguments.length, translator) {
  open_images_of_lines();
  if (reader_ && !reader_->may_wait()) check_file();
}

void TranslationInput::open_images_of_lines() {
  const ImageArguments& images = arguments_.images;
  const int threads = arguments_.machine.threads;
  ImageSourceOptions options = image_source_options(images, threads);
  if (options.root.empty()) {  // then names are paths, as those of a command line
    options.root = ".";
    options.rules.allow_outside = true;
  }
  if (!images.encoder.empty() && !takes_images(translator_, images, "--encoder")) return;
  if (arguments_.json_input) {
    // Images are asked for by the lines; a text-only model refuses the first that does.
    for (const auto& [given, option] :
         {std::pair(&images.features, "--features"), {&images.image_root, "--image-root"}})
      if (!given->empty() && !takes_images(translator_, images, option)) return;
    if (translator_.uses_images()) source_ = open_images(translator_, options);
  } else if (arguments_.image) {
    if (!takes_images(translator_, images, "--image")) return;
    if (fs::is_directory(*arguments_.image))
      throw Error("--image: got the folder " + *arguments_.image + ", expected an image");
    if (!fs::is_regular_file(*arguments_.image))
      throw Error(*arguments_.image + ": no such image" +
                  did_you_mean_image(names_like(".", *arguments_.image)));
    options.root = ".";
    options.rules.allow_outside = true;
    options.list = ImageList{{*arguments_.image}, "--image"};
    source_ = open_images(translator_, options);
  } else {
    source_ = open_line_images(translator_, images, threads);
  }
  // What the list names is read too, later: say so before any work.
  if (source_ == nullptr || !source_->list() || !fs::exists(arguments_.output)) return;
  std::vector<std::string> files;
  for (const std::string& name : source_->list()->names)
    if (!name.empty()) files.push_back((options.root / name).string());
  expect_output("--output", arguments_.output, files);
}

void TranslationInput::check_file() {
  while (read()) continue;
  reader_->rewind();
  lines_ = 0;
  signs_ = {};
  lengths_.restart();
}

std::string TranslationInput::name() const {
  if (!reader_) return "the sentence";
  return arguments_.input == "-" ? "standard input" : arguments_.input;
}

std::string TranslationInput::image_place() const {
  if (arguments_.image) return "--image";
  return arguments_.json_input ? name() : arguments_.images.images;
}

std::optional<InputLine> TranslationInput::read() {
  InputLine line;
  const ImageList* list = source_ && source_->list() ? &*source_->list() : nullptr;
  if (!reader_) {
    if (lines_ == 1) return std::nullopt;
    line.source = arguments_.sentence.front();
  } else {
    std::string text;
    if (!reader_->next(text)) {
      if (list) source_->expect_lines(lines_, name());
      return std::nullopt;
    }
    line.is_blank = arguments_.json_input && text.empty();
    if (line.is_blank) return line;
    if (arguments_.json_input)
      line = parsed(text, *reader_);
    else
      line.source = std::move(text);
  }
  lines_ = line.number = reader_ ? reader_->line_number() : 1;
  const int64_t listed = list ? static_cast<int64_t>(list->names.size()) : 0;
  if (list && lines_ <= listed) line.image = list->names[static_cast<size_t>(lines_ - 1)];
  if (list && lines_ > listed && reader_->may_wait())  // a file's lines are counted first
    throw Error(fmt::format("{}:{}: got one line more than {} has images, {}", name(), lines_,
                            arguments_.images.images, listed));
  clean_line(line.source);
  line.text = raw_ ? raw_->for_model(line.source) : line.source;
  if (!line.image.empty() && !source_) {
    if (!arguments_.images.ignore_images)
      throw Error(fmt::format(
          "{}:{}: got the image '{}' for a text-only model, which would not look at it; expected a "
          "model trained with images, or --ignore-images",
          name(), lines_, line.image));
    line.image.clear();
  }
  if (source_ && arguments_.json_input && !arguments_.images.image_root.empty())
    expect_inside(*source_, line.image, arguments_.images.image_root, line_place(*reader_));
  lengths_.add(line.text, reader_ ? fmt::format("{}:{}", name(), lines_) : name(), lines_);
  signs_.add(line.source);
  return line;
}

InputChunk TranslationInput::next() {
  if (failure_) std::rethrow_exception(failure_);
  InputChunk chunk;
  const auto at_hand = [&] {
    return chunk.lines.empty() || !reader_ || !reader_->may_wait() || reader_->has_arrived();
  };
  try {
    while (static_cast<int64_t>(chunk.lines.size()) < chunk_ && at_hand()) {
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
