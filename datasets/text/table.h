// Tables of text: TSV, CSV (RFC 4180) and JSON lines, read row by row in bounded memory, so that a
// row can be written again with a text in one column and all else as it stood. Free of torch.
//
//   caption,photo              caption,photo,de
//   "A dog, running",a.jpg     "A dog, running",a.jpg,Ein Hund läuft
//
// The first line of a TSV or CSV names the columns; in JSON lines every row is an object, whose
// keys are its columns. A TSV has no quotes: tabs and line breaks part its fields, whatever stands
// in them. A CSV whose first line has semicolons and no comma is parted by semicolons, as
// spreadsheets write it in countries with a decimal comma. Empty lines are passed over (but where
// there is one column alone: there they are rows).
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/line_reader.h"
#include "datasets/text/delimited_record.h"

namespace penalmt {

enum class TableFormat { kTsv, kCsv, kJsonLines };

// "tsv", "csv" or "jsonl".
TableFormat table_format_named(const std::string& name);
// By the ending of the file's name: .tsv or .tab, .csv, .jsonl or .ndjson, with or without .gz;
// nullopt for another.
std::optional<TableFormat> table_format_of(const std::filesystem::path& path);

struct TableColumn {
  std::string name;
  bool may_lack = false;  // some objects of JSON lines need not have it
};

struct TableRow {
  int64_t line = 0;                // where it begins in the file, from 1
  std::vector<std::string> texts;  // of the columns that are read; line breaks are spaces
  std::string before, after;       // what stands around the written column's text
  bool has_text = false;           // there is one in that column already
};

class TableReader {
 public:
  // `read`: the columns whose texts are wanted; `written`: the one that rows are to get, "" for
  // none: a new one stands last. "-" is standard input. Throws Error where the file cannot be read,
  // a column is not there or stands twice; as LineReader (base/text.h).
  TableReader(const std::filesystem::path& path, TableFormat format, std::vector<TableColumn> read,
              std::string written = "");

  // The next row; nullopt at the end. Throws Error "a.csv:7: 3 fields, expected 4 as in the first
  // line", for a row without a column, what is no text there, a quote that never closes and, at the
  // end, a column that may_lack and that no row had; as LineReader and config::parse.
  std::optional<TableRow> next();
  // The table's first line as it is to be written, its end too; "" for JSON lines.
  const std::string& header() const { return header_; }
  // The row with that text in the written column, its end too.
  std::string with_text(const TableRow& row, std::string_view text) const;

  // As LineReader's.
  bool may_wait() const { return lines_.may_wait(); }
  bool has_arrived();
  void rewind();
  const std::string& name() const { return lines_.name(); }

 private:
  void read_header();
  void add_lines(DelimitedRecord& record, std::string line);
  bool begin_row(std::string& line);
  bool next_line(std::string& line);
  bool is_passed_over(const std::string& line) const;
  std::optional<TableRow> next_record();
  std::optional<TableRow> next_object();
  void expect_all_seen() const;
  std::string place() const;

  LineReader lines_;
  std::optional<std::string> pending_;  // a line that has_arrived() has read
  TableFormat format_;
  std::vector<TableColumn> read_;
  std::string written_;
  DelimitedForm form_;
  std::string header_;
  std::vector<std::string> names_;   // of all columns; JSON lines: of the first row's
  std::vector<std::size_t> places_;  // of those that are read
  std::size_t written_place_ = 0;    // as many as there are columns: a new one
  std::vector<bool> was_seen_;       // JSON lines: some row had this column
};

}  // namespace penalmt
