// penalmt score: how probable a model finds given translations.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <optional>

#include "base/error.h"
#include "base/files.h"
#include "base/json.h"
#include "base/progress.h"
#include "commands/cli/command.h"
#include "commands/cli/image_options.h"
#include "commands/cli/source_length.h"
#include "commands/cli/text_warnings.h"
#include "datasets/features/script_trust.h"
#include "datasets/text/parallel_text.h"
#include "tensors/devices.h"
#include "translation/translator.h"

namespace penalmt {
namespace {

struct ScoreArguments {
  std::string model, source, target;
  ImageArguments images;
  LengthOptions length;
  bool json = false;
  MachineOptions machine;

  template <class Visitor>
  void visit(Visitor& v) {
    visit_model(v, model);
    v("source", source, "sentences, one a line, plain or .gz", option().required().value("FILE"));
    v("target", target, "their translations", option().required().value("FILE"));
    length.visit(v);
    images.visit(v);
    v("json", json, "one JSON object a line: source, target, log_probability, tokens");
    machine.visit(v);
  }
};

void score(const ScoreArguments& arguments) {
  if (arguments.images.trust_encoder) trust_all_scripts();
  check(arguments.images);
  Translator translator =
      Translator::open(arguments.model, choose_device(arguments.machine.device));
  const ParallelText text = read_parallel_text(arguments.source, arguments.target, std::nullopt);
  limit_lengths(arguments.length, translator, text.source, arguments.source, text.target,
                arguments.target);
  const std::unique_ptr<const ImageSource> images =
      open_line_images(translator, arguments.images, arguments.machine.threads);
  if (images) images->expect_lines(static_cast<int64_t>(text.source.size()), arguments.source);
  ImageCount count;
  const std::unique_ptr<ImageSet> set = images ? images->load(count) : nullptr;
  warn_of_broken(count, arguments.images.images);
  const std::vector<double> scores =
      translator.score(text.source, text.target, set.get(), {.threads = arguments.machine.threads},
                       arguments.source, arguments.target);
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
}

}  // namespace

Command score_command() {
  return command<ScoreArguments>(
      score,
      "The natural logarithm, the end of the sentence counted; one number a line.\n"
      "Example:\n"
      "  penalmt score runs/text --source test.en --target test.de");
}

}  // namespace penalmt
