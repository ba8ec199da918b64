// penalmt score: how probable a model finds given translations.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <optional>

#include "base/error.h"
#include "base/files.h"
#include "base/json.h"
#include "base/progress.h"
#include "commands/cli/command.h"
#include "commands/cli/common.h"
#include "commands/cli/image_options.h"
#include "commands/cli/source_length.h"
#include "commands/cli/table_options.h"
#include "commands/cli/text_warnings.h"
#include "datasets/features/script_trust.h"
#include "datasets/text/parallel_text.h"
#include "tensors/devices.h"
#include "translation/translator.h"

namespace penalmt {
namespace {

struct ScoreArguments {
  std::string model, source, target, target_column;
  std::optional<std::string> target_language;
  TableArguments table;
  ImageArguments images;
  LengthOptions length;
  bool json = false;
  MachineOptions machine;

  // What errors call the texts.
  const std::string& source_place() const { return table.is_given() ? table.table : source; }
  const std::string& target_place() const { return table.is_given() ? table.table : target; }

  template <class Visitor>
  void visit(Visitor& v) {
    visit_model(v, model);
    v("source", source, "sentences, one a line, plain or .gz", option().value("FILE"));
    v("target", target, "their translations", option().value("FILE"));
    table.visit(
        v,
        option().needs("target-column").excludes("source").excludes("target").excludes("images"));
    v("target_column", target_column, "--table: the column of their translations",
      option().value("COLUMN").needs("table"));
    visit_target_language(v, target_language);
    length.visit(v);
    images.visit(v);
    v("json", json, "one JSON object a line: source, target, log_probability, tokens");
    machine.visit(v);
  }
};

// The options of the images, checked with all others.
ImageArguments checked_images(const ScoreArguments& arguments) {
  if (arguments.table.is_given()) return images_of_table(arguments.table, arguments.images);
  for (const auto& [given, name] :
       {std::pair(&arguments.source, "--source"), {&arguments.target, "--target"}})
    if (given->empty()) throw Error(fmt::format("score: {} is required", name));
  check(arguments.images);
  return arguments.images;
}

// A table's rows without a sentence have no translation either.
ParallelText read_pairs(const ScoreArguments& arguments) {
  const TableArguments& table = arguments.table;
  if (!table.is_given())
    return read_parallel_text(arguments.source, arguments.target, std::nullopt);
  ParallelText text =
      read_parallel_table(table.table, format_of(table.table, table.format),
                          {table.source_column, arguments.target_column, table.image_column});
  for (size_t i = 0; i < text.source.size(); ++i)
    if (text.source[i].empty() && !text.target[i].empty())
      throw Error(fmt::format("{}:{}: no sentence in the column '{}', but a translation in '{}'",
                              table.table, text.line_of(i), table.source_column,
                              arguments.target_column));
  return text;
}

std::unique_ptr<const ImageSource> open_images_of(const ScoreArguments& arguments,
                                                  const ImageArguments& images,
                                                  const ParallelText& text,
                                                  const Translator& translator) {
  const int threads = arguments.machine.threads;
  const TableArguments& table = arguments.table;
  if (!table.is_given()) return open_line_images(translator, images, threads);
  if (table.image_column.empty()) {
    warn_without_images(translator, "--image-column COLUMN");
    return nullptr;
  }
  if (!takes_images(translator, images, "--image-column")) return nullptr;
  return open_listed_images(translator, images, {text.images, table.table, text.lines}, threads);
}

void score(const ScoreArguments& arguments) {
  if (arguments.images.trust_encoder) trust_all_scripts();
  const ImageArguments image_arguments = checked_images(arguments);
  Translator translator =
      Translator::open(arguments.model, choose_device(arguments.machine.device));
  if (arguments.target_language) translator.set_target_language(*arguments.target_language);
  const ParallelText text = read_pairs(arguments);
  const std::string &source_place = arguments.source_place(),
                    &target_place = arguments.target_place();
  limit_lengths(arguments.length, translator, {text.source, source_place},
                {text.target, target_place}, text.lines);
  const std::unique_ptr<const ImageSource> images =
      open_images_of(arguments, image_arguments, text, translator);
  if (images) images->expect_lines(static_cast<int64_t>(text.source.size()), source_place);
  ImageCount count;
  const std::unique_ptr<ImageSet> set = images ? images->load(count) : nullptr;
  warn_of_broken(count, images ? images->list()->place : "");
  const std::vector<double> scores =
      translator.score(text.source, text.target, set.get(), {.threads = arguments.machine.threads},
                       source_place, target_place);
  AtomicFile output("-");
  SourceSigns signs;
  for (const std::string& source : text.source) signs.add(source);
  for (size_t i = 0; i < scores.size(); ++i) {
    const nlohmann::ordered_json object = {{"source", text.source[i]},
                                           {"target", text.target[i]},
                                           {"log_probability", scores[i]},
                                           {"tokens", translator.scored_length(text.target[i])}};
    output.write(arguments.json ? dump_json(object) + "\n" : fmt::format("{:.6f}\n", scores[i]));
  }
  output.commit();
  if (count.missing > 0) message(count.text());
  warn_of_source(arguments.model, translator, signs, translator.source_pieces(),
                 "penalmt normalize makes such text");
  warn_of_languages(arguments.model, translator);
}

}  // namespace

Command score_command() {
  return command<ScoreArguments>(
      score,
      "The natural logarithm, the end of the sentence counted; one number a line.\n"
      "Examples:\n"
      "  penalmt score runs/text --source test.en --target test.de\n"
      "  penalmt score runs/text --table captions.csv --source-column caption --target-column de");
}

}  // namespace penalmt
