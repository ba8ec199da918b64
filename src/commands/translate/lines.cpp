#include "commands/translate/lines.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/config.h"
#include "base/error.h"
#include "base/json.h"
#include "base/line_reader.h"
#include "base/text.h"
#include "commands/cli/common.h"
#include "commands/translate/steps.h"
#include "datasets/text/parallel_text.h"

namespace penalmt {
namespace {

class OneSentence : public InputLines {
 public:
  explicit OneSentence(std::string sentence) : sentence_(std::move(sentence)) {}
  std::optional<InputLine> next() override {
    if (is_read_) return std::nullopt;
    is_read_ = true;
    return InputLine{.source = sentence_, .image = "", .number = 1};
  }
  void rewind() override { is_read_ = false; }
  std::string name() const override { return "the sentence"; }
  std::string place(int64_t /*number*/) const override { return name(); }

 private:
  const std::string sentence_;
  bool is_read_ = false;
};

class TextLines : public InputLines {
 public:
  explicit TextLines(const std::string& path) : reader_(path) {}
  std::optional<InputLine> next() override {
    std::string text;
    if (!reader_.next(text)) return std::nullopt;
    return InputLine{.source = std::move(text), .image = "", .number = reader_.line_number()};
  }
  bool may_wait() const override { return reader_.may_wait(); }
  bool has_arrived() override { return reader_.has_arrived(); }
  void rewind() override { reader_.rewind(); }
  std::string name() const override { return reader_.name(); }

 private:
  LineReader reader_;
};

// {"source": "a dog .", "image": "dog.jpg", "id": 7} and nothing else.
InputLine parsed(const std::string& text, const std::string& name, int64_t number) {
  const std::string place = fmt::format("{}:{}", name, number);
  const nlohmann::json object = config::parse(text, name, number);
  if (!object.is_object())
    throw Error(place +
                ": got no JSON object, expected one a line, as {\"source\": \"a dog .\", "
                "\"image\": \"dog.jpg\"}");
  for (const auto& item : object.items())
    if (item.key() != "source" && item.key() != "image" && item.key() != "prefix" &&
        item.key() != "id")
      throw Error(fmt::format("{}: got the key '{}', expected source, image, prefix or id", place,
                              item.key()));
  const auto field = [&](const char* key, bool needed) -> std::string {
    const auto found = object.find(key);
    if (found == object.end() || (found->is_null() && !needed)) {
      if (needed)
        throw Error(fmt::format("{}: no \"{}\" in the object, expected a text", place, key));
      return "";
    }
    if (!found->is_string())
      throw Error(
          fmt::format("{}: \"{}\": got {}, expected a text", place, key, dump_json(*found)));
    return found->get<std::string>();
  };
  expect_no_nul(field("source", true), place);
  return {.source = field("source", true),
          .image = field("image", false),
          .id = member_text(text, "id").value_or(""),
          .prefix = field("prefix", false),
          .number = number};
}

class JsonObjects : public TextLines {
 public:
  using TextLines::TextLines;
  std::optional<InputLine> next() override {
    std::optional<InputLine> line = TextLines::next();
    if (!line) return line;
    line->is_blank = line->source.empty();
    return line->is_blank ? line : parsed(line->source, name(), line->number);
  }
};

class TableRows : public InputLines {
 public:
  explicit TableRows(const TranslateArguments& arguments)
      : reader_(arguments.table.table, format_of(arguments.table.table, arguments.table.format),
                columns(arguments.table), arguments.target_column),
        target_(arguments.target_column),
        may_replace_(arguments.replace) {}
  std::optional<InputLine> next() override {
    std::optional<TableRow> row = reader_.next();
    if (!row) return std::nullopt;
    if (row->has_text && !may_replace_)
      throw Error(fmt::format(
          "{}: the column '{}' holds a text already; expected an empty one, a new column, or "
          "--replace",
          place(row->line), target_));
    InputLine line{.source = row->texts.front(), .image = "", .number = row->line};
    if (row->texts.size() > 1) line.image = image_name(row->texts.back());
    line.row = std::move(*row);
    return line;
  }
  bool may_wait() const override { return reader_.may_wait(); }
  bool has_arrived() override { return reader_.has_arrived(); }
  void rewind() override { reader_.rewind(); }
  std::string name() const override { return reader_.name(); }
  std::string header() const override { return reader_.header(); }
  std::string answer(const InputLine& line, const std::string& translation) const override {
    return reader_.with_text(line.row, translation);
  }

 private:
  static std::vector<TableColumn> columns(const TableArguments& table) {
    std::vector<TableColumn> columns = {{table.source_column}};
    if (!table.image_column.empty()) columns.push_back({table.image_column, /*may_lack=*/true});
    return columns;
  }

  TableReader reader_;
  const std::string target_;
  const bool may_replace_;
};

}  // namespace

std::string InputLines::place(int64_t number) const { return fmt::format("{}:{}", name(), number); }

std::string InputLines::answer(const InputLine& /*line*/, const std::string& translation) const {
  return translation + "\n";
}

std::unique_ptr<InputLines> open_lines(const TranslateArguments& arguments) {
  if (arguments.one_sentence()) return std::make_unique<OneSentence>(arguments.sentence.front());
  if (arguments.table.is_given()) return std::make_unique<TableRows>(arguments);
  if (arguments.json_input) return std::make_unique<JsonObjects>(arguments.input);
  return std::make_unique<TextLines>(arguments.input);
}

}  // namespace penalmt
