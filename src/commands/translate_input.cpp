#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/config.h"
#include "base/error.h"
#include "base/text.h"
#include "commands/translate_steps.h"
#include "datasets/text/parallel_text.h"
#include "translation/translator.h"

namespace penalmt {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kChunk = 10000;  // lines translated at a time, so that memory is bounded
constexpr int64_t kChunkWithImages = 2000;

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
      throw Error(fmt::format("{}: \"{}\": got {}, expected a text", place, name, found->dump()));
    return found->get<std::string>();
  };
  return {field("source", true), field("image", false), object.value("id", nlohmann::json())};
}

}  // namespace

void check(const TranslateArguments& arguments) {
  if (arguments.image && arguments.image->empty())
    throw Error("--image: got an empty name, expected an image");
  if (arguments.image && !arguments.images.features.empty())
    throw Error(
        "--image: got --features too; expected an image file, which the model's encoder looks at, "
        "or --images with --features");
  if (!arguments.json_input) check(arguments.images);
  if (arguments.json_input &&
      !(arguments.images.images.empty() && !arguments.image && arguments.sentence.empty()))
    throw Error(
        "--json-input: got --images, --image or a sentence too; expected them in the input's "
        "objects");
  if (arguments.image && !arguments.images.images.empty())
    throw Error("--image: got --images too; expected one of them");
  if (arguments.image && arguments.sentence.empty())
    throw Error(
        "--image: got no sentence; expected one, as in: penalmt translate MODEL --image photo.jpg "
        "\"a man .\"");
  if (!arguments.sentence.empty() && arguments.input != "-")
    throw Error("--input: got a sentence too; expected one of them");
  if (!arguments.sentence.empty() && !arguments.images.images.empty())
    throw Error("--images: got a single sentence; expected --image PHOTO with it");
}

std::vector<std::string> InputChunk::sources() const {
  std::vector<std::string> texts;
  for (const InputLine& line : lines) texts.push_back(line.source);
  return texts;
}

TranslationInput::TranslationInput(const TranslateArguments& arguments,
                                   const Translator& translator)
    : arguments_(arguments) {
  const ImageArguments& image_arguments = arguments.images;
  const int threads = arguments.machine.threads;
  chunk_ = translator.uses_images() ? kChunkWithImages : kChunk;
  if (arguments.json_input) {
    // Images are asked for by the lines; a text-only model refuses the first that does.
    reader_.emplace(arguments.input);
    ImageSourceOptions options = image_source_options(image_arguments, threads);
    if (options.root.empty()) options.root = ".";
    if (translator.uses_images()) source_ = open_images(translator, options);
    return;
  }
  std::vector<std::string> names;
  if (arguments.image) {
    expect_multimodal(translator, "--image");
    if (!fs::is_regular_file(*arguments.image)) throw Error(*arguments.image + ": no such image");
    ImageSourceOptions options = image_source_options(image_arguments, threads);
    options.root = ".";
    source_ = open_images(translator, options);
    names = {*arguments.image};
  } else if (const auto images = open_line_images(translator, image_arguments, threads)) {
    source_ = images->source();
    names = images->names();
  }
  if (!arguments.sentence.empty()) {
    lines_.push_back({arguments.sentence, ""});
  } else if (source_) {
    for (std::string& line : read_lines(arguments.input)) lines_.push_back({std::move(line), ""});
    LineImages(names, source_, image_arguments.images)
        .expect_lines(static_cast<int64_t>(lines_.size()), name());
  } else {
    reader_.emplace(arguments.input);
  }
  for (size_t i = 0; i < names.size(); ++i) lines_[i].image = names[i];
}

std::string TranslationInput::name() const {
  return arguments_.input == "-" ? "standard input" : arguments_.input;
}

bool TranslationInput::read(InputLine& line) {
  if (!reader_) {
    if (taken_ == lines_.size()) return false;
    line = lines_[taken_++];
    return true;
  }
  std::string text;
  if (!reader_->next(text)) return false;
  line = arguments_.json_input ? parsed(text, *reader_) : InputLine{std::move(text), ""};
  if (!line.image.empty() && !source_)
    throw Error(
        fmt::format("{}: got the image '{}' for a text-only model, which would not look at it",
                    line_place(*reader_), line.image));
  return true;
}

InputChunk TranslationInput::next() {
  InputChunk chunk;
  for (InputLine line; static_cast<int64_t>(chunk.lines.size()) < chunk_ && read(line);)
    chunk.lines.push_back(std::move(line));
  if (!source_ || chunk.lines.empty()) return chunk;
  std::vector<std::string> names;
  for (const InputLine& line : chunk.lines) names.push_back(line.image);
  chunk.images = load_images(names, *source_, count_);
  return chunk;
}

}  // namespace penalmt
