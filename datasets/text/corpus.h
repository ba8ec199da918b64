// Where a corpus lies: Multi30k's folder layout, files named one by one, or tables.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/config.h"
#include "datasets/text/masking.h"
#include "datasets/text/parallel_text.h"

namespace penalmt {

// Where a further corpus lies, and what it is translated into.
template <class Visitor, class Options>
void visit_corpus(Visitor& v, Options& corpus) {
  v("source", corpus.source, "its sentences; relative to data.folder, where that is set",
    config::anything());
  v("target", corpus.target, "their translations", config::anything());
  v("images", corpus.images, "their list of images, of the same folder as the others; empty: none",
    config::anything());
  v("table", corpus.table,
    "a table in the place of these three, with the columns data.source_column, "
    "data.target_column and data.image_column",
    config::anything());
  v("target_language", corpus.target_language,
    "the language translated into; empty: data.target_language. Where one corpus names one, every "
    "source begins with a piece that says which, as >>fr<<",
    config::anything());
}

// A further corpus that a model is validated on.
struct ValidationCorpusOptions {
  std::string source = "", target = "", images = "", table = "", target_language = "";

  template <class Visitor>
  void visit(Visitor& v) {
    visit_corpus(v, *this);
  }
};

// One that it is trained on.
struct CorpusOptions {
  std::string source = "", target = "", images = "", table = "", target_language = "";
  double weight = 1;

  template <class Visitor>
  void visit(Visitor& v) {
    visit_corpus(v, *this);
    v("weight", weight,
      "how often each of its pairs stands in an epoch; of 0.25 each epoch draws one in four",
      config::between(0, 1000));
  }
};

struct DataOptions {
  std::string layout = "multi30k";
  std::string folder = "$MULTI30K";
  std::string text = "tok";
  std::string source_language = "en";
  std::string target_language = "de";
  std::string train = "train";
  std::string valid = "val";
  int64_t limit = 0;
  double weight = 1;
  std::vector<CorpusOptions> corpora = {};
  std::vector<ValidationCorpusOptions> valid_corpora = {};
  int64_t tokenizer_pairs = 1000000;
  std::string cache = "";
  std::string images = "images";
  bool allow_outside = false;
  std::string features = "", feature_names = "", image_encoder = "";
  std::string masking = "", mask_token = kMaskToken;
  // Layout "files" only.
  std::string train_source = "", train_target = "", train_images = "";
  std::string valid_source = "", valid_target = "", valid_images = "";
  // Layout "table" only.
  std::string train_table = "", valid_table = "", table_format = "auto";
  std::string source_column = "", target_column = "", image_column = "", image_root = "";

  template <class Visitor>
  void visit(Visitor& v) {
    v("layout", layout,
      "multi30k: a folder as Multi30k's; files: the files are named one by one; table: a table has "
      "the sentences, their translations and their images' names in columns",
      config::one_of({"multi30k", "files", "table"}));
    v("folder", folder,
      "the corpus; $NAME is an environment variable; the names below are relative to it",
      config::anything());
    v("text", text,
      "multi30k: tok (tok/<split>.lc.norm.tok.<language>) or raw (raw/<split>.<language>.gz)",
      config::one_of({"tok", "raw"}));
    v("source_language", source_language, "the language translated from, as in the files' names",
      config::anything());
    v("target_language", target_language, "the language translated into", config::anything());
    v("train", train, "the split trained on", config::anything());
    v("valid", valid, "the split that chooses the checkpoint", config::anything());
    v("limit", limit, "pairs of `train` that are learned from, the first of it; 0: all",
      config::between(0, 1e12));
    v("weight", weight, "how often each pair of `train` stands in an epoch, as in corpora",
      config::between(0, 1000));
    v.list("corpora", corpora, "what is trained on besides");
    v.list("valid_corpora", valid_corpora, "what is validated on besides");
    v("tokenizer_pairs", tokenizer_pairs,
      "pairs that a tokenizer is trained on at most, spread evenly over the text",
      config::between(1, 1e9));
    v("cache", cache,
      "a folder that keeps the training text, cut into pieces, for this run and others: it is made "
      "once a text and tokenizer and read where it lies, so that memory does not grow with the "
      "text; empty: the text is held in memory",
      config::anything());
    v("images", images, "the folder of the images", config::anything());
    v("allow_outside", allow_outside,
      "take images whose names lead out of that folder, by a link, ../ or an absolute path");
    v("features", features,
      "model.image_encoder.kind features: the store of the images' vectors (penalmt features, or "
      "an .npy file); {split} stands for the split's name",
      config::anything());
    v("feature_names", feature_names,
      "the names file of such an .npy file; empty: the store's name with .names.txt in the place "
      "of "
      ".npy; {split} as above",
      config::anything());
    v("image_encoder", image_encoder,
      "the exported encoder that made them: the run carries it, to translate with new images",
      config::anything());
    v("masking", masking,
      "multi30k: which words of the sources are masked, as masking/<split>.<masking>.positions "
      "says, such as color; empty: none",
      config::anything());
    v("mask_token", mask_token, "the word that stands in their place", config::anything());
    v("train_source", train_source, "files: sentences to train on", config::anything());
    v("train_target", train_target, "files: their translations", config::anything());
    v("train_images", train_images, "files: their list of images; empty: none", config::anything());
    v("valid_source", valid_source, "files: sentences to validate on", config::anything());
    v("valid_target", valid_target, "files: their translations", config::anything());
    v("valid_images", valid_images, "files: their list of images; empty: none", config::anything());
    v("train_table", train_table, "table: the pairs to train on", config::anything());
    v("valid_table", valid_table, "table: the pairs to validate on", config::anything());
    v("table_format", table_format, "table: what they are; auto: by the endings of their names",
      config::one_of({"auto", "tsv", "csv", "jsonl"}));
    v("source_column", source_column, "table: the column of the sentences", config::anything());
    v("target_column", target_column, "table: the column of their translations",
      config::anything());
    v("image_column", image_column, "table: the column of their images' names; empty: none",
      config::anything());
    v("image_root", image_root,
      "table: the folder that these names are relative to; empty: the table's own",
      config::anything());
  }
};

// A part of a split, as its files have it.
struct Corpus {
  PairFiles files;
  int64_t limit = 0;  // the first so many pairs are used; 0: all
  double weight = 1;
  // ">>fr<<", what its sources begin with; "" where a recipe has one target language.
  std::string language = "";
};

// The pieces that say a target language, ">>de<<", sorted; none where no corpus but the first names
// one.
std::vector<std::string> language_pieces(const DataOptions& options);

// The corpora of a split: more than one for the split `train` with data.corpora, and for `valid`
// with data.valid_corpora. The layouts but
// multi30k know the splits `train` and `valid`. Throws Error where a folder is missing or a file is
// not named; as expand_environment.
std::vector<Corpus> corpora_of(const DataOptions& options, const std::string& split);

// Throws Error where a corpus turned out to have no pairs.
void expect_pairs(const Corpus& corpus, std::size_t pairs);

// The lines of a split's corpora, one after the other; its images are empty where none has a list
// (Multi30k: no image_splits/<split>.txt). Throws Error where a file is missing and where there is
// not one line; as corpora_of, expect_within_limits (datasets/text/pair_reader.h),
// read_parallel_text and, with data.masking, read_positions and check_positions.
ParallelText load_split(const DataOptions& options, const std::string& split);

// The feature store of a split: data.features with the split's name, and the names file, empty
// where none is named.
struct StoreFiles {
  std::filesystem::path store, names;
};
// Throws as expand_environment.
StoreFiles feature_files(const DataOptions& options, const std::string& split);

// The folder that the names of a split's images are relative to. Throws as expand_environment.
std::filesystem::path image_root(const DataOptions& options, const std::string& split);

// "$HOME/data", "${HOME}/data" and "~/data" → "/home/ann/data". Throws Error "<where>: the
// environment variable MULTI30K is not set; ..."
std::string expand_environment(const std::string& text, const std::string& where);

}  // namespace penalmt
