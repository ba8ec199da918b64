#include "datasets/text/table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/ascii.h"
#include "base/config.h"
#include "base/error.h"
#include "base/json.h"
#include "base/line_reader.h"
#include "base/text.h"

namespace penalmt {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// False where there is none.
bool drop_mark(std::string& line) {
  if (!line.starts_with(kByteOrderMark)) return false;
  line.erase(0, kByteOrderMark.size());
  return true;
}

std::string without_breaks(std::string_view text) {
  std::string line;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    line += text[i] == '\n' || text[i] == '\r' ? ' ' : text[i];
  }
  return line;
}

std::string trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return "";
  return std::string(text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1));
}

bool is_blank(std::string line) {
  clean_line(line);
  return line.empty();
}

// Semicolons, where the first line has some and no comma, both outside of quotes.
char separator_of(std::string_view line) {
  bool is_quoted = false, has_comma = false, has_semicolon = false;
  for (const char c : line) {
    if (c == '"') is_quoted = !is_quoted;
    has_comma |= c == ',' && !is_quoted;
    has_semicolon |= c == ';' && !is_quoted;
  }
  return has_semicolon && !has_comma ? ';' : ',';
}

void expect_unique(const std::vector<std::string>& names, const std::string& place) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto again =
        std::find(names.begin() + static_cast<std::ptrdiff_t>(i) + 1, names.end(), names[i]);
    if (!names[i].empty() && again != names.end())
      throw Error(fmt::format("{}: the column '{}' stands there twice, as number {} and {}", place,
                              names[i], i + 1, again - names.begin() + 1));
  }
}

// "; its columns: caption, photo; did you mean 'caption'?"
std::string known_names(const std::string& what, const std::vector<std::string>& names,
                        const std::string& wanted) {
  return fmt::format("; {}: {}{}", what, fmt::join(names, ", "), did_you_mean(wanted, names));
}

// What stands around the text of the key `written` in an object, `line`.
void read_around(TableRow& row, const std::string& line, const nlohmann::json& object,
                 const ObjectText& as_text, const std::string& written) {
  const auto member = std::find_if(as_text.members.begin(), as_text.members.end(),
                                   [&](const auto& each) { return each.key == written; });
  if (member != as_text.members.end()) {
    const auto& value = object[written];
    row.has_text = !value.is_null() && (!value.is_string() || !is_blank(value));
    row.before = line.substr(0, member->begin);
    row.after = line.substr(member->end);
  } else {
    const std::size_t end = as_text.members.empty() ? as_text.end : as_text.members.back().end;
    row.before = fmt::format("{}{}{}: ", line.substr(0, end), as_text.members.empty() ? "" : ", ",
                             dump_json(nlohmann::json(written)));
    row.after = line.substr(end);
  }
  row.after += '\n';
}

}  // namespace

TableFormat table_format_named(const std::string& name) {
  if (name == "tsv") return TableFormat::kTsv;
  return name == "csv" ? TableFormat::kCsv : TableFormat::kJsonLines;
}

std::optional<TableFormat> table_format_of(const std::filesystem::path& path) {
  std::filesystem::path plain = path;
  if (plain.extension() == ".gz") plain = plain.stem();
  const std::string ending = lowercase_ascii(plain.extension().string());
  if (ending == ".tsv" || ending == ".tab") return TableFormat::kTsv;
  if (ending == ".csv") return TableFormat::kCsv;
  if (ending == ".jsonl" || ending == ".ndjson") return TableFormat::kJsonLines;
  return std::nullopt;
}

TableReader::TableReader(const std::filesystem::path& path, TableFormat format,
                         std::vector<TableColumn> read, std::string written)
    : lines_(path, LineForm::kAsItIs),
      format_(format),
      read_(std::move(read)),
      written_(std::move(written)),
      form_{format == TableFormat::kTsv ? '\t' : ',', format == TableFormat::kCsv},
      was_seen_(read_.size(), false) {
  if (format_ != TableFormat::kJsonLines) read_header();
}

std::string TableReader::place() const {
  return fmt::format("{}:{}", name(), lines_.line_number());
}

bool TableReader::next_line(std::string& line) {
  if (pending_) {
    line = std::move(*pending_);
    pending_.reset();
  } else if (!lines_.next(line)) {
    return false;
  }
  expect_no_nul(line, place());
  if (format_ == TableFormat::kJsonLines && lines_.line_number() == 1) drop_mark(line);
  return true;
}

// False at the end of the file.
bool TableReader::begin_row(std::string& line) {
  do {
    if (!next_line(line)) return false;
  } while (is_passed_over(line));
  return true;
}

bool TableReader::is_passed_over(const std::string& line) const {
  if (format_ == TableFormat::kJsonLines) return is_blank(line);
  return names_.size() > 1 && (line.empty() || line == "\r");
}

bool TableReader::has_arrived() {
  while (!pending_) {
    if (!lines_.has_arrived()) return false;
    std::string line;
    if (!lines_.next(line)) return true;
    if (!is_passed_over(line)) pending_ = std::move(line);
  }
  return true;
}

void TableReader::add_lines(DelimitedRecord& record, std::string line) {
  while (!record.add(line, name(), lines_.line_number()))
    if (!next_line(line)) record.refuse_end(name());
}

void TableReader::read_header() {
  std::string line;
  if (!next_line(line))
    throw Error(fmt::format("{}: no lines; expected a first one that names the columns", name()));
  const std::string_view mark = drop_mark(line) ? kByteOrderMark : "";
  if (format_ == TableFormat::kCsv) form_.separator = separator_of(line);
  DelimitedRecord record(form_);
  add_lines(record, std::move(line));
  if (record.text().find('\r') != std::string::npos)
    throw Error(
        name() +
        ":1: a carriage return in the names of the columns; lines are to end in a line feed");
  names_.clear(), places_.clear();
  for (std::size_t i = 0; i < record.size(); ++i) names_.push_back(trimmed(record.field(i)));
  expect_unique(names_, name() + ":1");
  const auto place_of = [&](const std::string& wanted) {
    return static_cast<std::size_t>(std::find(names_.begin(), names_.end(), wanted) -
                                    names_.begin());
  };
  for (const TableColumn& column : read_) {
    places_.push_back(place_of(column.name));
    if (places_.back() == names_.size())
      throw Error(fmt::format("{}: no column '{}'{}", name(), column.name,
                              known_names("its columns", names_, column.name)));
  }
  written_place_ = place_of(written_);
  header_ = std::string(mark) + record.text();
  if (!written_.empty() && written_place_ == names_.size())
    header_ += form_.separator + as_field(written_, form_);
  header_ += record.ending();
}

std::optional<TableRow> TableReader::next() {
  return format_ == TableFormat::kJsonLines ? next_object() : next_record();
}

std::optional<TableRow> TableReader::next_record() {
  std::string line;
  if (!begin_row(line)) return std::nullopt;
  TableRow row;
  row.line = lines_.line_number();
  DelimitedRecord record(form_);
  add_lines(record, std::move(line));
  if (record.size() != names_.size())
    throw Error(
        fmt::format("{}:{}: {} field{}, expected {} as in the first line{}", name(), row.line,
                    record.size(), record.size() == 1 ? "" : "s", names_.size(),
                    form_.has_quotes && record.size() > names_.size()
                        ? fmt::format("; a field that holds '{}' stands in quotes", form_.separator)
                        : ""));
  for (const std::size_t place : places_) row.texts.push_back(without_breaks(record.field(place)));
  const std::string& text = record.text();
  if (written_place_ == names_.size()) {
    row.before = text + form_.separator;
  } else {
    row.has_text = !is_blank(record.field(written_place_));
    row.before = text.substr(0, record.begin_of(written_place_));
    row.after = text.substr(record.end_of(written_place_));
  }
  row.after += record.ending();
  return row;
}

// A key that no object had is a slip of the fingers.
void TableReader::expect_all_seen() const {
  for (std::size_t i = 0; i < read_.size(); ++i)
    if (!names_.empty() && !was_seen_[i])
      throw Error(fmt::format("{}: no object has the key '{}'{}", name(), read_[i].name,
                              known_names("the first one's keys", names_, read_[i].name)));
}

std::optional<TableRow> TableReader::next_object() {
  std::string line;
  if (!begin_row(line)) {
    expect_all_seen();
    return std::nullopt;
  }
  const nlohmann::json object = config::parse(line, name(), lines_.line_number());
  if (!object.is_object()) throw Error(place() + ": got no JSON object, expected one a line");
  const ObjectText as_text = object_text(line);
  std::vector<std::string> keys;
  for (const ObjectText::Member& member : as_text.members) keys.push_back(member.key);
  if (names_.empty()) names_ = keys;
  TableRow row;
  row.line = lines_.line_number();
  for (std::size_t i = 0; i < read_.size(); ++i) {
    const auto& [key, may_lack] = read_[i];
    const auto found = object.find(key);
    if (found == object.end() && !may_lack)
      throw Error(fmt::format("{}: no key '{}' in the object{}", place(), key,
                              known_names("its keys", keys, key)));
    was_seen_[i] = was_seen_[i] || found != object.end();
    const bool is_none = found == object.end() || found->is_null();
    if (!is_none && !found->is_string())
      throw Error(
          fmt::format("{}: '{}': got {}, expected a text", place(), key, dump_json(*found)));
    row.texts.push_back(is_none ? "" : without_breaks(found->get<std::string>()));
    expect_no_nul(row.texts.back(), place());
  }
  read_around(row, line, object, as_text, written_);
  return row;
}

std::string TableReader::with_text(const TableRow& row, std::string_view text) const {
  return row.before +
         (format_ == TableFormat::kJsonLines ? dump_json(nlohmann::json(text))
                                             : as_field(text, form_)) +
         row.after;
}

void TableReader::rewind() {
  lines_.rewind();
  pending_.reset();
  was_seen_.assign(read_.size(), false);
  if (format_ != TableFormat::kJsonLines) read_header();
}

}  // namespace penalmt
