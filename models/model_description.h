// What a model's model.json says of it: the network, its vocabularies and languages, and how it
// translates.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include <nlohmann/json.hpp>

#include "models/options.h"

namespace penalmt {

// How a model translates unless the command line says otherwise.
struct DecodingDefaults {
  int64_t beam = 5;
  double length_penalty = 1.0, patience = 0.0;
  int64_t min_length = 0, max_length = 0, no_repeat_ngram = 0;
  bool refill = false, guess_end = false, renormalize = false, no_unknown = false;
  std::string precision = "float32";
  template <class Visitor>
  void visit(Visitor& v) {
    v("beam", beam, "hypotheses kept a sentence", config::between(1, 1000));
    v("length_penalty", length_penalty,
      "exponent A of the length that a hypothesis's score is divided by", config::between(-10, 10));
    v("patience", patience,
      "a sentence ends once patience x beam hypotheses are finished; 0: once no open one can be "
      "better",
      config::between(0, 1000));
    v("refill", refill,
      "the places of hypotheses that end go to the next best ones at once, and patience alone ends "
      "a sentence where it is above 0; as Transformers searches");
    v("guess_end", guess_end,
      "with refill and patience 0: a sentence ends once beam hypotheses are finished and the best "
      "open one, with its present length, is no better than the worst of them; as Transformers' "
      "early_stopping false");
    v("renormalize", renormalize,
      "the piece that sentences start with, which is never written, has no share of a search's "
      "probabilities; as Transformers' renormalize_logits");
    v("min_length", min_length, "pieces before a translation may end", config::between(0, 100000));
    v("max_length", max_length, "the most pieces of a translation; 0: twice the source's and 20",
      config::between(0, 100000));
    v("no_repeat_ngram", no_repeat_ngram,
      "no so many pieces in a row come twice in a translation; 0: they may",
      config::between(0, 1000));
    v("no_unknown", no_unknown, "never write the unknown piece");
    v("precision", precision,
      "numbers of the matrix products on the CPU; auto: int8 where the processor multiplies it",
      config::one_of({"auto", "float32", "bfloat16", "int8"}));
  }
};

// The newest format of model.json that is read. A file that does not say its format is of the
// first. 2: with model.scale_embeddings, model.output_bias and decoding.refill, .guess_end and
// .renormalize, the activation silu and the positions marian; models that use none of these are
// written as the first.
constexpr int64_t kModelFormat = 2;

// Throws Error where model.json is of a newer format than `newest`, whose fields are not known
// here. `description`: what stands in `file`, of any kind of model.
void expect_known_format(const nlohmann::json& description, const std::filesystem::path& file,
                         int64_t newest);

struct ModelDescription {
  ModelOptions model;  // resolved
  int64_t source_vocabulary = 0, target_vocabulary = 0;
  std::string source_language, target_language;
  std::string
      text;  // the form of the text it was trained on: "tok", "raw", or "" for the user's own files
  DecodingDefaults decoding;
  int64_t format = kModelFormat;

  // How words are told apart when its text is scored (evaluation/tokenizers.h): tokenised text has
  // them apart, as the published figures do.
  const char* scoring_tokenizer() const { return text == "tok" ? "none" : "13a"; }

  template <class Visitor>
  void visit(Visitor& v) {
    v("format", format, "of this file", config::at_least(1));
    v.group("model", model, "the network");
    v("source_vocabulary", source_vocabulary, "pieces of the source", config::at_least(4));
    v("target_vocabulary", target_vocabulary, "pieces of the target", config::at_least(4));
    v("source_language", source_language, "translated from", config::anything());
    v("target_language", target_language, "translated into", config::anything());
    v("text", text, "form of the text: tok, raw, or empty for files of the user's own",
      config::anything());
    v.group("decoding", decoding, "how it translates unless told otherwise");
  }
};

// What stands in model.json: in the earliest format that can say it.
nlohmann::ordered_json written(const ModelDescription& description);

// Throws Error where the file is missing, no JSON, of a newer format, or holds anything but a
// description of a network that can be.
ModelDescription read_description(const std::filesystem::path& folder);

}  // namespace penalmt
