#include "datasets/text/corpus.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <set>

#include <fmt/format.h>

#include "base/error.h"
#include "base/expect_folder.h"

namespace penalmt {
namespace {

namespace fs = std::filesystem;

fs::path corpus_folder(const DataOptions& options) {
  return expand_environment(options.folder, "data.folder");
}

PairFiles multi30k_files(const DataOptions& options, const std::string& split) {
  const fs::path folder = corpus_folder(options);
  expect_folder(folder, "a corpus in Multi30k's layout; set data.folder");
  const auto text_file = [&](const std::string& language) {
    return options.text == "raw"
               ? folder / "raw" / fmt::format("{}.{}", split, language)
               : folder / "tok" / fmt::format("{}.lc.norm.tok.{}", split, language);
  };
  PairFiles files{.source = text_file(options.source_language),
                  .target = text_file(options.target_language)};
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

PairFiles named_files(const DataOptions& options, const std::string& split) {
  const std::string name = key_of(options, split);
  const bool is_train = name == "train";
  const auto file = [&](const std::string& value, const std::string& key) {
    return in_folder(options, required(options, value, name + key), name + key);
  };
  PairFiles files{
      .source = file(is_train ? options.train_source : options.valid_source, "_source"),
      .target = file(is_train ? options.train_target : options.valid_target, "_target")};
  const std::string& list = is_train ? options.train_images : options.valid_images;
  if (!list.empty()) files.images = in_folder(options, list, name + "_images");
  return files;
}

fs::path table_of(const DataOptions& options, const std::string& split) {
  const std::string name = key_of(options, split);
  const std::string& table = name == "train" ? options.train_table : options.valid_table;
  return in_folder(options, required(options, table, name + "_table"), name + "_table");
}

PairFiles table_files(const DataOptions& options, const fs::path& table) {
  const std::optional<TableFormat> format = options.table_format == "auto"
                                                ? table_format_of(table)
                                                : table_format_named(options.table_format);
  PairFiles files{.source = table, .target = table, .format = format};
  files.columns = {required(options, options.source_column, "source_column"),
                   required(options, options.target_column, "target_column"), options.image_column};
  if (!format)
    throw Error(fmt::format(
        "data.table_format: the name of {} does not say it; expected an ending .tsv, .csv or "
        ".jsonl, or tsv, csv or jsonl",
        table.string()));
  return files;
}

PairFiles files_of(const DataOptions& options, const std::string& split) {
  if (options.layout == "table") return table_files(options, table_of(options, split));
  return options.layout == "files" ? named_files(options, split) : multi30k_files(options, split);
}

std::string language_piece(const std::string& language) { return ">>" + language + "<<"; }

// Of data.corpora or data.valid_corpora, whose name `key` begins with.
template <class Options>
Corpus further_corpus(const DataOptions& options, const Options& corpus, const std::string& key) {
  Corpus found;
  if (!language_pieces(options).empty())
    found.language = language_piece(corpus.target_language.empty() ? options.target_language
                                                                   : corpus.target_language);
  if (!corpus.table.empty()) {
    found.files = table_files(options, in_folder(options, corpus.table, key + "table"));
    return found;
  }
  for (const auto& [file, name] : {std::pair(corpus.source, "source"), {corpus.target, "target"}})
    if (file.empty())
      throw Error(fmt::format("data.{}{}: empty, expected a file, or a table", key, name));
  found.files = {.source = in_folder(options, corpus.source, key + "source"),
                 .target = in_folder(options, corpus.target, key + "target")};
  if (!corpus.images.empty())
    found.files.images = in_folder(options, corpus.images, key + "images");
  return found;
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
  text.parts[0].count = text.source.size();
}

ParallelText read_corpus(const Corpus& corpus) {
  ParallelText text = read_parallel_text(corpus.files);
  expect_pairs(corpus, text.source.size());
  for (std::size_t i = 0; i < text.source.size(); ++i)
    expect_within_limits(text.source[i], text.target[i], text.line_of(i), corpus.files);
  return text;
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

std::vector<std::string> language_pieces(const DataOptions& options) {
  std::set<std::string> pieces;
  const auto add = [&](const auto& corpora) {
    for (const auto& corpus : corpora)
      if (!corpus.target_language.empty()) pieces.insert(language_piece(corpus.target_language));
  };
  add(options.corpora);
  add(options.valid_corpora);
  if (!pieces.empty()) pieces.insert(language_piece(options.target_language));
  return {pieces.begin(), pieces.end()};
}

std::vector<Corpus> corpora_of(const DataOptions& options, const std::string& split) {
  std::vector<Corpus> corpora = {{.files = files_of(options, split)}};
  if (!language_pieces(options).empty())
    corpora[0].language = language_piece(options.target_language);
  if (split == options.train) {
    corpora[0].limit = options.limit;
    corpora[0].weight = options.weight;
    for (std::size_t i = 0; i < options.corpora.size(); ++i) {
      corpora.push_back(further_corpus(options, options.corpora[i], fmt::format("corpora.{}.", i)));
      corpora.back().weight = options.corpora[i].weight;
    }
  } else if (split == options.valid) {
    for (std::size_t i = 0; i < options.valid_corpora.size(); ++i)
      corpora.push_back(
          further_corpus(options, options.valid_corpora[i], fmt::format("valid_corpora.{}.", i)));
  }
  return corpora;
}

void expect_pairs(const Corpus& corpus, std::size_t pairs) {
  if (pairs == 0)
    throw Error(fmt::format("{}: no {}; expected at least one", corpus.files.source.string(),
                            corpus.files.format ? "rows" : "lines"));
}

ParallelText load_split(const DataOptions& options, const std::string& split) {
  ParallelText text;
  for (const Corpus& corpus : corpora_of(options, split)) {
    ParallelText part = read_corpus(corpus);
    if (!text.parts.empty()) {
      append(text, std::move(part));
      continue;
    }
    text = std::move(part);
    if (!options.masking.empty()) mask(options, split, corpus.files.source, text.source);
    if (corpus.limit > 0) cut(text, static_cast<std::size_t>(corpus.limit));
  }
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
