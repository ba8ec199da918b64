// penalmt import: a model that others trained becomes a model folder.
#include <fmt/format.h>

#include "base/error.h"
#include "base/progress.h"
#include "commands/cli/command.h"
#include "translation/marian/import.h"

namespace penalmt {
namespace {

struct ImportArguments {
  std::string folder, out;

  template <class Visitor>
  void visit(Visitor& v) {
    v("DIR", folder, "a MarianMT folder of Hugging Face Transformers, as OPUS-MT's are",
      option().positional().required());
    v("out", out, "the folder to make", option().required().value("MODEL"));
  }
};

void import_model(const ImportArguments& arguments) {
  if (std::filesystem::exists(arguments.out))
    throw Error(fmt::format("--out: {}: it is there already; expected a folder that is not",
                            arguments.out));
  marian::import_folder(arguments.folder, arguments.out);
  message(fmt::format("{}: ready for penalmt translate", arguments.out));
}

}  // namespace

Command import_command() {
  return command<ImportArguments>(
      import_model,
      "DIR holds config.json, model.safetensors, source.spm, target.spm and vocab.json; of "
      "generation_config.json and tokenizer_config.json what is there is taken. MODEL gives the "
      "same scores and, greedy or in beams, the same translations. It holds source.model and "
      "target.model, which "
      "SentencePiece reads, with the vocabulary of both at their end; unknown pieces give no "
      "text, as in Transformers.\n"
      "Example:\n"
      "  penalmt import opus-mt-en-de --out models/en-de\n"
      "  penalmt translate models/en-de --input test.en --output test.de\n"
      "A recipe that trains it further, with images or without, has the \"model\" group of "
      "MODEL/model.json and training.initial_weights: \"MODEL\".");
}

}  // namespace penalmt
