// Where a corpus lies: Multi30k's folder layout, files named one by one, or tables.
#pragma once

#include <filesystem>
#include <string>

#include "base/config.h"
#include "datasets/text/masking.h"
#include "datasets/text/parallel_text.h"

namespace penalmt {

struct DataOptions {
  std::string layout = "multi30k";
  std::string folder = "$MULTI30K";
  std::string text = "tok";
  std::string source_language = "en";
  std::string target_language = "de";
  std::string train = "train";
  std::string valid = "val";
  int64_t limit = 0;
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

// The lines of one split; its images are empty where it has no list (Multi30k: no
// image_splits/<split>.txt). The other layouts know the splits `train` and `valid`. Of the split
// `train`, the first `limit` lines. Throws Error where a folder or a file is missing or not named,
// and where there is not one line; as expect_within_limits (tokenizers/text_limits.h),
// expand_environment, read_parallel_text, read_parallel_table and, with
// data.masking, read_positions and check_positions.
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
