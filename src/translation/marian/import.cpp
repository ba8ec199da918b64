#include "translation/marian/import.h"

#include "base/error.h"
#include "base/files.h"
#include "tokenizers/piece_model.h"
#include "tokenizers/sentencepiece.h"
#include "translation/marian/weights.h"

namespace penalmt::marian {
namespace {

namespace fs = std::filesystem;

void expect_folder_with(const fs::path& folder, const std::vector<std::string>& names) {
  if (!fs::is_directory(folder))
    throw Error(folder.string() + ": no such folder; expected a MarianMT folder of Transformers");
  for (const std::string& name : names)
    if (!fs::exists(folder / name))
      throw Error((folder / name).string() +
                  ": no such file; expected a MarianMT folder: config.json, model.safetensors, "
                  "source.spm, target.spm, vocab.json");
}

// The .model file of one side, checked by opening it.
std::string tokenizer(const fs::path& file, const Vocabulary& vocabulary) {
  const std::string model = read_file(file);
  load_piece_model(model, file.string());
  return Tokenizer::from_serialized(with_vocabulary(model, vocabulary.pieces), file.string())
      .serialized();
}

}  // namespace

void import_folder(const fs::path& folder, const fs::path& target) {
  expect_folder_with(folder, {"config.json"});
  const Config config = read_config(folder);
  const std::string target_file = config.separate_vocabularies ? "target_vocab.json" : "vocab.json";
  expect_folder_with(folder, {"source.spm", "target.spm", "vocab.json", target_file});
  const auto vocabulary = [&](const std::string& name, int64_t pieces) {
    return read_vocabulary(folder / name, pieces, config.padding, config.end);
  };
  const Vocabulary of_source = vocabulary("vocab.json", config.source_pieces),
                   of_target = vocabulary(target_file, config.target_pieces);
  const std::string source_model = tokenizer(folder / "source.spm", of_source),
                    target_model = tokenizer(folder / "target.spm", of_target);
  const TranslationModel model = read_weights(folder, config, of_source, of_target);
  AtomicFolder out(target);
  write_model(out.path(), named_weights(*model), written(config.description));
  write_file(out.path() / "source.model", source_model);
  write_file(out.path() / "target.model", target_model);
  out.commit();
}

}  // namespace penalmt::marian
