#include "datasets/text/table.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/files.h"
#include "tests/base/temporary_folder.h"

namespace penalmt::table_test {

using Lines = std::vector<std::string>;

class Table : public testing::Test {
 protected:
  TableReader open(const std::string& name, const std::string& bytes, const Lines& read,
                   const std::string& written = "") const {
    write_file(folder_ / name, bytes);
    std::vector<TableColumn> columns;
    for (const std::string& column : read) columns.push_back({column});
    return {folder_ / name, table_format_of(name).value(), columns, written};
  }
  // The texts of a table of one column.
  Lines texts(const std::string& name, const std::string& bytes, const std::string& column) const {
    TableReader table = open(name, bytes, {column});
    Lines found;
    while (const auto row = table.next()) found.push_back(row->texts.front());
    return found;
  }
  // The table with <text> of the column `read` in the column `written`.
  std::string rewritten(const std::string& name, const std::string& bytes, const std::string& read,
                        const std::string& written) const {
    TableReader table = open(name, bytes, {read}, written);
    std::string all = table.header();
    while (const auto row = table.next())
      all += table.with_text(*row, "<" + row->texts.front() + ">");
    return all;
  }
  std::string problem(const std::string& name, const std::string& bytes,
                      const std::string& column = "caption") const {
    return folder_.without_path(
        thrown_message<Error>([&] { rewritten(name, bytes, column, "de"); }));
  }

  const TemporaryFolder folder_;
};

TEST_F(Table, IsKnownByItsEnding) {
  EXPECT_EQ(table_format_of("a/b.tsv"), TableFormat::kTsv);
  EXPECT_EQ(table_format_of("b.TAB.gz"), TableFormat::kTsv);
  EXPECT_EQ(table_format_of("b.Csv"), TableFormat::kCsv);
  EXPECT_EQ(table_format_of("b.jsonl"), TableFormat::kJsonLines);
  EXPECT_EQ(table_format_of("b.ndjson.gz"), TableFormat::kJsonLines);
  for (const char* name : {"b", "-", "b.txt", "b.json", "b.xlsx", ".gz", "csv"})
    EXPECT_EQ(table_format_of(name), std::nullopt) << name;
  EXPECT_EQ(table_format_named("tsv"), TableFormat::kTsv);
  EXPECT_EQ(table_format_named("csv"), TableFormat::kCsv);
  EXPECT_EQ(table_format_named("jsonl"), TableFormat::kJsonLines);
}

// The seven rules of RFC 4180, section 2.
TEST_F(Table, ReadsCsvAsItsStandardSaysIt) {
  const std::string head = "caption,photo,note\r\n";
  EXPECT_EQ(texts("a.csv", head + "aaa,bbb,ccc\r\nzzz,yyy,xxx\r\n", "note"), (Lines{"ccc", "xxx"}));
  EXPECT_EQ(texts("a.csv", head + "aaa,bbb,ccc", "note"), Lines{"ccc"});
  EXPECT_EQ(texts("a.csv", head + "aaa, b b ,ccc\r\n", "photo"), Lines{" b b "});
  EXPECT_EQ(texts("a.csv", head + "\"aaa\",\"bbb\",\"ccc\"\r\nzzz,yyy,xxx\r\n", "note"),
            (Lines{"ccc", "xxx"}));
  EXPECT_EQ(texts("a.csv", head + "\"aaa\",\"b\r\nbb\",\"ccc\"\r\n", "photo"), Lines{"b bb"});
  EXPECT_EQ(texts("a.csv", head + "\"a,a\n\na\",\"b\",\"c\"\n", "caption"), Lines{"a,a  a"});
  EXPECT_EQ(texts("a.csv", head + "\"aaa\",\"b\"\"bb\",\"\"\"\"\r\n", "photo"), Lines{"b\"bb"});
  EXPECT_EQ(texts("a.csv", head + "\"aaa\",\"b\"\"bb\",\"\"\"\"\r\n", "note"), Lines{"\""});
  EXPECT_EQ(texts("a.csv", head + ",\"\",\r\n", "photo"), Lines{""});
  EXPECT_EQ(texts("a.csv", head + "a 3\" nail,b,c\n", "caption"), Lines{"a 3\" nail"});
  EXPECT_EQ(texts("a.csv", "\"a \"\"b\"\"\",c\nd,e\n", "a \"b\""), Lines{"d"});
  EXPECT_EQ(texts("a.csv", "\"a\nb\",c\nd,e\n", "c"), Lines{"e"});
}

TEST_F(Table, ReadsAByteOrderMarkAndKeepsIt) {
  const std::string mark = "\xEF\xBB\xBF";
  EXPECT_EQ(rewritten("a.csv", mark + "\"caption\",n\nx,1\n", "caption", "de"),
            mark + "\"caption\",n,de\nx,1,<x>\n");
  EXPECT_EQ(rewritten("a.tsv", mark + "caption\tn\nx\t1\n", "caption", "de"),
            mark + "caption\tn\tde\nx\t1\t<x>\n");
  EXPECT_EQ(texts("a.jsonl", mark + "{\"caption\": \"x\"}\n", "caption"), Lines{"x"});
}

TEST_F(Table, ACsvOfSemicolonsIsPartedByThem) {
  EXPECT_EQ(rewritten("a.csv", "caption;\"n,m\"\r\na, b;1\r\n\"c;d\";2\r\n", "caption", "de"),
            "caption;\"n,m\";de\r\na, b;1;<a, b>\r\n\"c;d\";2;\"<c;d>\"\r\n");
  EXPECT_EQ(texts("a.csv", "a;b,caption\nx,y\n", "caption"), Lines{"y"});
}

TEST_F(Table, ATsvHasNoQuotes) {
  EXPECT_EQ(texts("a.tsv", "caption\tn\n\"a\tb\"\n\"\"\t\r\n", "caption"), (Lines{"\"a", "\"\""}));
  EXPECT_EQ(texts("a.tsv", "n\tcaption\n\ta, \"b\"\n", "caption"), Lines{"a, \"b\""});
}

TEST_F(Table, WhatIsNotWrittenStaysByteForByte) {
  const std::string csv =
      "id,caption,note\r\n"
      "1,\"A dog, a \"\"cat\"\"\", x \r\n"
      "\r\n"
      "\"2\",\"two\nlines\",\"\"\n"
      "3,,é";
  EXPECT_EQ(rewritten("a.csv", csv, "caption", "de"),
            "id,caption,note,de\r\n"
            "1,\"A dog, a \"\"cat\"\"\", x ,\"<A dog, a \"\"cat\"\">\"\r\n"
            "\"2\",\"two\nlines\",\"\",<two lines>\n"
            "3,,é,<>\n");
  EXPECT_EQ(rewritten("a.csv", csv, "caption", "note"),
            "id,caption,note\r\n"
            "1,\"A dog, a \"\"cat\"\"\",\"<A dog, a \"\"cat\"\">\"\r\n"
            "\"2\",\"two\nlines\",<two lines>\n"
            "3,,<>\n");
  EXPECT_EQ(rewritten("a.tsv", "a\tb\tc\n1\t\"2\t 3\r\n\n4\t\t\n", "b", "a"),
            "a\tb\tc\n<\"2>\t\"2\t 3\r\n<>\t\t\n");
  EXPECT_EQ(rewritten("a.jsonl",
                      "{\"id\": 123456789012345678901, \"caption\":\"a \\u00e9\" }\r\n"
                      "\n"
                      "{\"de\" : \"\",\"caption\":\"b\\nc\",\"x\":{\"de\":[1.10]}}",
                      "caption", "de"),
            "{\"id\": 123456789012345678901, \"caption\":\"a \\u00e9\", \"de\": \"<a é>\" }\r\n"
            "{\"de\" : \"<b c>\",\"caption\":\"b\\nc\",\"x\":{\"de\":[1.10]}}\n");
}

TEST_F(Table, ANewTextIsQuotedWhereItMustBe) {
  const auto last_field = [&](const std::string& name, const std::string& head,
                              const std::string& text) {
    TableReader table = open(name, head, {}, "de");
    const std::string row = table.with_text(table.next().value(), text);
    return row.substr(1, row.size() - 2);
  };
  const std::string csv = "a\nx\n", tsv = "a\nx\n", jsonl = "{}\n";
  EXPECT_EQ(last_field("a.csv", csv, "y z"), ",y z");
  EXPECT_EQ(last_field("a.csv", csv, "y, z"), ",\"y, z\"");
  EXPECT_EQ(last_field("a.csv", csv, "\"y\""), ",\"\"\"y\"\"\"");
  EXPECT_EQ(last_field("a.csv", csv, "y\nz"), ",\"y\nz\"");
  EXPECT_EQ(last_field("a.tsv", tsv, "y, \"z\"\tu\nv"), "\ty, \"z\" u v");
  EXPECT_EQ(last_field("a.jsonl", jsonl, "y \"z\"\n\xc3\xa9"),
            "\"de\": \"y \\\"z\\\"\\n\xc3\xa9\"}");
}

TEST_F(Table, EmptyLinesAreRowsOfOneColumnAlone) {
  EXPECT_EQ(texts("a.csv", "caption,n\n\na,1\n\r\n\nb,2\n\n", "caption"), (Lines{"a", "b"}));
  EXPECT_EQ(texts("a.csv", "caption\na\n\nb\n", "caption"), (Lines{"a", "", "b"}));
  EXPECT_EQ(texts("a.tsv", "caption\na\n\nb\n", "caption"), (Lines{"a", "", "b"}));
  EXPECT_EQ(texts("a.jsonl", "\n{\"caption\": \"a\"}\n \r\n", "caption"), Lines{"a"});
  EXPECT_EQ(texts("a.csv", "caption,n\n", "caption"), Lines{});
  EXPECT_EQ(texts("a.jsonl", "", "caption"), Lines{});
}

TEST_F(Table, RowsKnowTheirLinesAndWhetherTheyHaveAText) {
  TableReader table = open("a.csv", "caption,de\n\"a\n\nb\",\n\nc,\" \"\nd,x\n", {"caption"}, "de");
  for (int pass = 0; pass < 2; ++pass) {
    const std::vector<TableRow> rows = {*table.next(), *table.next(), *table.next()};
    EXPECT_FALSE(table.next());
    EXPECT_EQ(rows[0].line, 2);
    EXPECT_EQ(rows[1].line, 6);
    EXPECT_EQ(rows[2].line, 7);
    EXPECT_FALSE(rows[0].has_text);
    EXPECT_FALSE(rows[1].has_text);
    EXPECT_TRUE(rows[2].has_text);
    table.rewind();
  }
  TableReader objects = open("a.jsonl", R"({"a": "b", "de": null}
{"a": "b", "de": 0}
)",
                             {"a"}, "de");
  EXPECT_FALSE(objects.next()->has_text);
  EXPECT_TRUE(objects.next()->has_text);
}

TEST_F(Table, RefusesColumnsThatAreNotThereOrTwice) {
  EXPECT_EQ(problem("a.csv", "id,Caption,photo\n"),
            "a.csv: no column 'caption'; its columns: id, Caption, photo; did you mean 'Caption'?");
  EXPECT_EQ(problem("a.tsv", "id,caption\n"),
            "a.tsv: no column 'caption'; its columns: id,caption");
  EXPECT_EQ(problem("a.csv", "caption,id, caption\n"),
            "a.csv:1: the column 'caption' stands there twice, as number 1 and 3");
  EXPECT_EQ(texts("a.csv", "caption,,\nx,,\n", "caption"), Lines{"x"});
  EXPECT_EQ(problem("a.csv", ""), "a.csv: no lines; expected a first one that names the columns");
  EXPECT_EQ(problem("a.jsonl", "{\"caption\": \"a\"}\n{\"id\": 1, \"captoin\": \"b\"}\n"),
            "a.jsonl:2: no key 'caption' in the object; its keys: id, captoin; did you mean "
            "'captoin'?");
  EXPECT_EQ(problem("a.jsonl", "{\"a\": 1, \"a\": 2}\n"),
            "a.jsonl:1:10: key 'a' stands twice in one object");
}

TEST_F(Table, AKeyThatSomeObjectsLackIsLookedForInAll) {
  write_file(folder_ / "a.jsonl", "{\"a\": \"x\"}\n{\"a\": \"y\", \"photo\": \"y.jpg\"}\n");
  TableReader table(folder_ / "a.jsonl", TableFormat::kJsonLines, {{"photo", true}});
  EXPECT_EQ(table.next()->texts, Lines{""});
  EXPECT_EQ(table.next()->texts, Lines{"y.jpg"});
  EXPECT_FALSE(table.next());
  TableReader other(folder_ / "a.jsonl", TableFormat::kJsonLines, {{"foto", true}});
  other.next(), other.next();
  EXPECT_EQ(folder_.without_path(thrown_message<Error>([&] { other.next(); })),
            "a.jsonl: no object has the key 'foto'; the first one's keys: a");
}

TEST_F(Table, RefusesRaggedRows) {
  EXPECT_EQ(problem("a.csv", "caption,n\na,1\n\nb\n"),
            "a.csv:4: 1 field, expected 2 as in the first line");
  EXPECT_EQ(problem("a.csv", "caption,n\n\"a\nb\",1\nA dog, running,2\n"),
            "a.csv:4: 3 fields, expected 2 as in the first line; a field that holds ',' stands in "
            "quotes");
  EXPECT_EQ(problem("a.tsv", "caption\tn\na\t1\t2\n"),
            "a.tsv:2: 3 fields, expected 2 as in the first line");
}

TEST_F(Table, RefusesQuotesThatNeverCloseOrCloseTooEarly) {
  EXPECT_EQ(problem("a.csv", "caption,n\nx,1\ny,\"2\nz,3\n"),
            "a.csv:3: a quote opens here and never closes");
  EXPECT_EQ(problem("a.csv", "caption,\"n\n"), "a.csv:1: a quote opens here and never closes");
  EXPECT_EQ(problem("a.csv", "caption,n\n\"a \"b\",1\n"),
            "a.csv:2: got 'b' after a closing quote, expected ',' or the end of the line; a quote "
            "in a quoted field is written twice");
  EXPECT_EQ(problem("a.csv", "caption,n\n\"a\n\"é,1\n"),
            "a.csv:3: got 'é' after a closing quote, expected ',' or the end of the line; a quote "
            "in a quoted field is written twice");
  std::string open = "caption,n\nx,1\n\"";
  for (int i = 0; i < 200'000; ++i) open += "a line\n";  // is not read to its end
  EXPECT_EQ(problem("a.csv", open + "\xff"),
            "a.csv:3: a quote opens here and does not close within 1048576 bytes");
}

TEST_F(Table, RefusesWhatIsNoText) {
  EXPECT_EQ(problem("a.csv", "caption,n\na\xff,1\n"), "a.csv:2: invalid UTF-8 at byte 2");
  EXPECT_EQ(problem("a.tsv", std::string("caption\tn\na\0\t1\n", 16)),
            "a.tsv:2: a NUL byte at byte 2; no text has one; where it is UTF-16, iconv -f UTF-16 "
            "-t UTF-8 makes UTF-8 of it");
  EXPECT_EQ(problem("a.jsonl", "{\"caption\": 7}\n"),
            "a.jsonl:1: 'caption': got 7, expected a text");
  EXPECT_EQ(problem("a.jsonl", "[1]\n"), "a.jsonl:1: got no JSON object, expected one a line");
  EXPECT_EQ(problem("a.jsonl", "{\"caption\": \"a\"}\n{caption}\n"),
            "a.jsonl:2:2: not JSON: got 'caption', expected a key in double quotes");
  EXPECT_EQ(problem("a.jsonl", "{\"caption\": \"a\\u0000\"}\n"),
            "a.jsonl:1: a NUL byte at byte 2; no text has one; where it is UTF-16, iconv -f UTF-16 "
            "-t UTF-8 makes UTF-8 of it");
}

}  // namespace penalmt::table_test
