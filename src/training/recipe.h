// A recipe: which parts and which numbers. Only what differs from these defaults stands in the
// file.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "datasets/text/corpus.h"
#include "models/model_folder.h"
#include "tokenizers/sentencepiece.h"
#include "training/learning_options.h"

namespace penalmt {

// How the pieces are found, or the user's own models of them.
struct PieceOptions : TokenizerOptions {
  std::vector<std::string> files = {};

  template <class Visitor>
  void visit(Visitor& v) {
    TokenizerOptions::visit(v);
    v("files", files,
      "SentencePiece models (.model) of your own in place of new ones: one for both languages, or "
      "the source's and the target's; the other fields are not used then, but for kind",
      config::anything());
  }
};

// The parts of a model by their names in recipes: the stacks of the text; the embeddings, learned
// positions and output bias; the encoder of the images; and what joins the two, the attention of a
// doubly attentive decoder over the image too.
enum class ModelPart { encoder, decoder, embeddings, fusion, image_encoder };
// Of a parameter, by its name in the model.
ModelPart part_of(const std::string& parameter);
std::string name_of(ModelPart part);

// By part, what training.learning_rate is multiplied by.
struct RateOptions {
  double encoder = 1, decoder = 1, embeddings = 1, fusion = 1, image_encoder = 1;
  double of(ModelPart part) const;
  template <class Visitor>
  void visit(Visitor& v) {
    v("encoder", encoder, "of the text encoder", config::between(0, 1000));
    v("decoder", decoder, "of the decoder", config::between(0, 1000));
    v("embeddings", embeddings, "of the embeddings, learned positions and output bias",
      config::between(0, 1000));
    v("fusion", fusion, "of the fusion", config::between(0, 1000));
    v("image_encoder", image_encoder, "of the image encoder", config::between(0, 1000));
  }
};

struct TrainingOptions : LearningOptions {
  int64_t batch_tokens = 4096;
  int64_t accumulate = 2;
  double bpe_dropout = 0;
  double image_dropout = 0;
  double r_drop = 0;
  double token_cutoff = 0, token_cutoff_weight = 3;
  std::string initial_weights = "";
  std::vector<std::string> train_only = {};
  RateOptions rates;
  bool validate_bleu = true;

  template <class Visitor>
  void visit(Visitor& v) {
    v("batch_tokens", batch_tokens, "padded tokens of the longer side in one batch",
      config::between(1, 1e7));
    v("accumulate", accumulate, "batches in one update", config::between(1, 1e4));
    v("bpe_dropout", bpe_dropout,
      "probability that a merge of the BPE is left out when an epoch's sentences are cut into "
      "pieces; 0: none",
      config::between(0, 0.99));
    v("image_dropout", image_dropout,
      "probability that a sentence of a batch goes without its image", config::between(0, 1));
    v("r_drop", r_drop,
      "alpha of R-Drop: each sentence is read twice with other dropout, and alpha / 4 of the "
      "divergences of the two passes from one another is added to their mean loss; 0: one pass",
      config::between(0, 1000));
    v("token_cutoff", token_cutoff,
      "SimCut: each sentence is read again with the embedding of a token set to zero with this "
      "probability, on both sides, and is to be translated alike; 0: one pass",
      config::between(0, 0.99));
    v("token_cutoff_weight", token_cutoff_weight,
      "what the divergence of the intact pass from that one is multiplied by",
      config::between(0, 1000));
    v("initial_weights", initial_weights,
      "weights to begin with: a run or a checkpoint, whose tokenizers are taken too, or a trained "
      "image encoder (penalmt classify); what the "
      "model has beyond them is drawn, and a fusion new to a trained text starts silent",
      config::anything());
    v("train_only", train_only,
      "parts that learn; the others stay as they are, and cost neither gradients nor optimiser "
      "state; empty: all",
      config::one_of({"encoder", "decoder", "embeddings", "fusion", "image_encoder"}));
    v.group("rates", rates, "factors of learning_rate, by part");
    v("validate_bleu", validate_bleu,
      "also translate the validation sentences (greedily) at each validation", config::anything());
    LearningOptions::visit(v);
  }
};

struct Recipe {
  DataOptions data;
  PieceOptions tokenizer;
  ModelOptions model;
  TrainingOptions training;
  DecodingDefaults decoding;

  template <class Visitor>
  void visit(Visitor& v) {
    v.group("data", data, "the corpus");
    v.group("tokenizer", tokenizer,
            "the pieces that words are cut into; joint unless model.embeddings says otherwise");
    v.group("model", model, "the network");
    v.group("training", training, "how it learns");
    v.group("decoding", decoding, "how it translates");
  }

  // One vocabulary for both languages: wherever the embeddings are shared.
  bool joint_vocabulary() const { return model.embeddings == "shared"; }
  // Whether the parameter of that name learns: training.train_only.
  bool trains(const std::string& parameter) const;
};

// Reads a recipe file, applies assignments (`key=value`) in their order, fills in the sizes and
// checks everything; throws one Error with every problem, before any data is read. Throws as
// config::parse_file where there is no JSON, and Error for a classifier's recipe.
Recipe load_recipe(const std::filesystem::path& path, const std::vector<std::string>& assignments);

// Throws Error where so many processes cannot train by the recipe together: an update has fewer
// batches, or batch normalisation would see one process's alone.
void expect_processes(const Recipe& recipe, int processes);

}  // namespace penalmt
