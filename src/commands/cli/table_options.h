// The options by which commands are given a table in place of files with a text a line.
#pragma once

#include <string>

#include "commands/cli/image_options.h"

namespace penalmt {

struct TableArguments {
  std::string table, format, source_column, image_column;

  bool is_given() const { return !table.empty(); }

  // `rules`: of --table, besides what all tables need.
  template <class Visitor>
  void visit(Visitor& v, const OptionRules& rules) {
    v("table", table,
      "a table that has the sentences in a column: TSV, CSV or JSON lines, plain or .gz; -: "
      "standard input",
      rules.value("FILE").needs("source-column"));
    v("format", format, "the table's form; default: by the ending of its name",
      option(config::one_of({"tsv", "csv", "jsonl"})).needs("table"));
    v("source_column", source_column, "--table: the column of the sentences",
      option().value("COLUMN").needs("table"));
    v("image_column", image_column,
      "--table: the column of their images' names; an empty one: none",
      option().value("COLUMN").needs("table"));
  }
};

// The options of the images that a table's rows name, relative to the table's folder unless they
// say otherwise. Throws Error where they do not fit each other.
ImageArguments images_of_table(const TableArguments& table, ImageArguments images);

}  // namespace penalmt
