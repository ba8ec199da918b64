#include "datasets/text/corpus.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>

#include <fmt/format.h>

#include "base/error.h"
#include "base/expect_folder.h"
#include "tokenizers/text_limits.h"

namespace penalmt {
namespace {

namespace fs = std::filesystem;

struct SplitFiles {
  fs::path source, target;
  std::optional<fs::path> images;
};

fs::path corpus_folder(const DataOptions& options) {
  return expand_environment(options.folder, "data.folder");
}

SplitFiles multi30k_files(const DataOptions& options, const std::string& split) {
  const fs::path folder = corpus_folder(options);
  expect_folder(folder, "a corpus in Multi30k's layout; set data.folder");
  const auto text_file = [&](const std::string& language) {
    return options.text == "raw"
               ? folder / "raw" / fmt::format("{}.{}", split, language)
               : folder / "tok" / fmt::format("{}.lc.norm.tok.{}", split, language);
  };
  SplitFiles files{text_file(options.source_language), text_file(options.target_language),
                   std::nullopt};
  const fs::path list = folder / "image_splits" / (split + ".txt");
  if (fs::exists(plain_or_gzip(list))) files.images = list;
  return files;
}

// "train" or "valid": how the keys of a split's files begin.
std::string key_of(const DataOptions& options, const std::string& split) {
  if (split == options.train) return "train";
  if (split == options.valid) return "valid";
  throw Error(fmt::format("data: layout \"{}\" has no split '{}'; expected '{}' or '{}'",
                          options.layout, split, options.train, options.valid));
}

const std::string& required(const DataOptions& options, const std::string& value,
                            const std::string& key) {
  if (value.empty())
    throw Error(fmt::format("data.{}: empty; layout \"{}\" needs it", key, options.layout));
  return value;
}

// A folder left at its default is no prefix: the files may lie anywhere.
fs::path in_folder(const DataOptions& options, const std::string& file, const std::string& key) {
  const fs::path folder =
      options.folder == DataOptions().folder ? fs::path() : corpus_folder(options);
  return folder / expand_environment(file, "data." + key);
}

SplitFiles named_files(const DataOptions& options, const std::string& split) {
  const std::string name = key_of(options, split);
  const bool is_train = name == "train";
  const auto file = [&](const std::string& value, const std::string& key) {
    return in_folder(options, required(options, value, name + key), name + key);
  };
  SplitFiles files{file(is_train ? options.train_source : options.valid_source, "_source"),
                   file(is_train ? options.train_target : options.valid_target, "_target"),
                   std::nullopt};
  const std::string& list = is_train ? options.train_images : options.valid_images;
  if (!list.empty()) files.images = in_folder(options, list, name + "_images");
  return files;
}

fs::path table_of(const DataOptions& options, const std::string& split) {
  const std::string name = key_of(options, split);
  const std::string& table = name == "train" ? options.train_table : options.valid_table;
  return in_folder(options, required(options, table, name + "_table"), name + "_table");
}

ParallelText read_table(const DataOptions& options, const fs::path& table) {
  const PairColumns columns{required(options, options.source_column, "source_column"),
                            required(options, options.target_column, "target_column"),
                            options.image_column};
  const std::optional<TableFormat> format = options.table_format == "auto"
                                                ? table_format_of(table)
                                                : table_format_named(options.table_format);
  if (!format)
    throw Error(fmt::format(
        "data.table_format: the name of {} does not say it; expected an ending .tsv, .csv or "
        ".jsonl, or tsv, csv or jsonl",
        table.string()));
  return read_parallel_table(table, *format, columns);
}

void mask(const DataOptions& options, const std::string& split, const fs::path& place,
          std::vector<std::string>& lines) {
  if (options.layout != "multi30k")
    throw Error(
        fmt::format("data.masking: got '{}' with layout \"{}\", expected layout \"multi30k\"",
                    options.masking, options.layout));
  const fs::path file =
      corpus_folder(options) / "masking" / fmt::format("{}.{}.positions", split, options.masking);
  const WordPositions positions = read_positions(file);
  check_positions(positions, file.string(), lines, place.string());
  lines = mask_lines(lines, positions, options.mask_token);
}

// The first `count` lines stay.
void cut(ParallelText& text, std::size_t count) {
  for (std::vector<std::string>* lines : {&text.source, &text.target, &text.images})
    lines->resize(std::min(lines->size(), count));
  text.lines.resize(std::min(text.lines.size(), count));
}

std::string with_split(std::string path, const std::string& split) {
  constexpr std::string_view kSplit = "{split}";
  for (std::size_t at = 0; (at = path.find(kSplit, at)) != std::string::npos; at += split.size())
    path.replace(at, kSplit.size(), split);
  return path;
}

}  // namespace

StoreFiles feature_files(const DataOptions& options, const std::string& split) {
  const auto path = [&](const std::string& text, const std::string& key) {
    return with_split(expand_environment(text, key), split);
  };
  return {path(options.features, "data.features"),
          path(options.feature_names, "data.feature_names")};
}

ParallelText load_split(const DataOptions& options, const std::string& split) {
  const bool is_table = options.layout == "table";
  SplitFiles files;
  if (is_table)
    files.source = files.target = table_of(options, split);
  else
    files =
        options.layout == "files" ? named_files(options, split) : multi30k_files(options, split);
  ParallelText text = is_table ? read_table(options, files.source)
                               : read_parallel_text(files.source, files.target, files.images);
  if (text.source.empty())
    throw Error(fmt::format("{}: no {}; expected at least one", files.source.string(),
                            is_table ? "rows" : "lines"));
  for (const auto& [lines, place] : {std::pair(&text.source, plain_or_gzip(files.source)),
                                     {&text.target, plain_or_gzip(files.target)}})
    for (std::size_t i = 0; i < lines->size(); ++i)
      expect_within_limits((*lines)[i], fmt::format("{}:{}", place.string(), text.line_of(i)));
  if (!options.masking.empty()) mask(options, split, files.source, text.source);
  if (options.limit > 0 && split == options.train)
    cut(text, static_cast<std::size_t>(options.limit));
  return text;
}

fs::path image_root(const DataOptions& options, const std::string& split) {
  if (options.layout == "table") {
    const fs::path folder = table_of(options, split).parent_path();
    if (options.image_root.empty()) return folder.empty() ? fs::path(".") : folder;
    return in_folder(options, options.image_root, "image_root");
  }
  const fs::path images = expand_environment(options.images, "data.images");
  if (options.layout == "files" && options.folder == DataOptions().folder) return images;
  return corpus_folder(options) / images;
}

std::string expand_environment(const std::string& text, const std::string& where) {
  const auto in_name = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
  };
  if (text == "~" || text.starts_with("~/"))
    return expand_environment("${HOME}" + text.substr(1), where);
  std::string expanded;
  for (std::size_t i = 0; i < text.size();) {
    const bool braced = text.compare(i, 2, "${") == 0;
    const std::size_t begin = i + (braced ? 2 : 1);
    std::size_t end = begin;
    while (end < text.size() && in_name(text[end])) ++end;
    const bool closed = !braced || (end < text.size() && text[end] == '}');
    if (text[i] != '$' || end == begin || !closed) {
      expanded += text[i++];
      continue;
    }
    const std::string name = text.substr(begin, end - begin);
    const char* value = std::getenv(name.c_str());
    if (!value || !*value)
      throw Error(fmt::format(
          "{}: the environment variable {} is not set; set it to the folder of the corpus, or "
          "give the folder itself",
          where, name));
    expanded += value;
    i = braced ? end + 1 : end;
  }
  return expanded;
}

}  // namespace penalmt
