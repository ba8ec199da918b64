#include "base/text.h"
#include "base/line_reader.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <thread>

#include "base/error.h"
#include "base/files.h"
#include "base/progress.h"
#include "temporary_folder.h"

namespace penalmt::text_test {

using Lines = std::vector<std::string>;
using Parts = std::vector<std::string_view>;

std::string gzipped(const std::string& text) {
  z_stream stream = {};
  deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string bytes(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(bytes.data());
  stream.avail_out = static_cast<uInt>(bytes.size());
  deflate(&stream, Z_FINISH);
  bytes.resize(stream.total_out);
  deflateEnd(&stream);
  return bytes;
}

Lines lines_of(const std::string& bytes) {
  const TemporaryFolder folder;
  write_file(folder / "a", bytes);
  return read_lines(folder / "a");
}

std::string refusal_of(const std::string& bytes) {
  const TemporaryFolder folder;
  write_file(folder / "a", bytes);
  return folder.without_path(thrown_message<Error>([&] { read_lines(folder / "a"); }));
}

// Enough text that no buffer holds it at once; its lines differ.
Lines many_lines() {
  Lines lines;
  for (int i = 0; i < 20000; ++i)
    lines.push_back("Zeile " + std::to_string(i) +
                    std::string(static_cast<std::size_t>(i % 37), 'x') + " ä");
  lines.emplace_back(500000, 'y');
  lines.emplace_back("end");
  return lines;
}

std::string joined(const Lines& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

TEST(LineReader, EndsLinesAtNewlinesOnly) {
  EXPECT_EQ(lines_of("one\rtwo\n\ntwo\x0b\xe2\x80\xa8three\n"),
            (Lines{"one\rtwo", "", "two\x0b\xe2\x80\xa8three"}));
  EXPECT_EQ(lines_of("no newline"), Lines{"no newline"});
  EXPECT_EQ(lines_of("\n"), Lines{""});
  EXPECT_EQ(lines_of("\n\nx"), (Lines{"", "", "x"}));
  EXPECT_EQ(lines_of(""), Lines{});
  EXPECT_EQ(lines_of("\x1f"), Lines{"\x1f"});  // begins like gzip, is none
}

TEST(LineReader, DropsByteOrderMarksCarriageReturnsAndWhiteSpaceAlone) {
  const std::string text =
      "\xef\xbb\xbfone\r\n\r\n \t \n\xc2\xa0\xe3\x80\x80\n\xe2\x80\x8b\r\r\n two \r";
  EXPECT_EQ(lines_of(text), (Lines{"one", "", "", "", "", " two "}));
  EXPECT_EQ(lines_of(gzipped(text)), (Lines{"one", "", "", "", "", " two "}));
  // A mark elsewhere is text; white space within a line is, too.
  EXPECT_EQ(lines_of("a\n\xef\xbb\xbfz\n\tb\xc2\xa0  c\n"),
            (Lines{"a", "\xef\xbb\xbfz", "\tb\xc2\xa0  c"}));
}

TEST(LineReader, LeavesEveryByteWhereAsked) {
  const TemporaryFolder folder;
  write_file(folder / "a", "\xef\xbb\xbfone\r\n \t\n");
  EXPECT_EQ(read_lines(folder / "a", LineForm::kAsItIs), (Lines{"\xef\xbb\xbfone\r", " \t"}));
}

TEST(LineReader, ReadsTextLargerThanItsBuffers) {
  const Lines lines = many_lines();
  EXPECT_EQ(lines_of(joined(lines)), lines);
}

TEST(LineReader, KnowsGzipByItsBytes) {
  EXPECT_EQ(lines_of(gzipped("eins\n\nzwei")), (Lines{"eins", "", "zwei"}));
  EXPECT_EQ(lines_of(gzipped("")), Lines{});
  const Lines lines = many_lines();
  EXPECT_EQ(lines_of(gzipped(joined(lines))), lines);
}

TEST(LineReader, ReadsGzipOfSeveralMembers) {
  EXPECT_EQ(lines_of(gzipped("eins\nzw") + gzipped("") + gzipped("ei\ndrei\n")),
            (Lines{"eins", "zwei", "drei"}));
}

TEST(LineReader, RefusesATruncatedGzipFileWhereverItIsCut) {
  const std::string whole = gzipped("eins\nzwei\ndrei\n");
  for (std::size_t size = 2; size < whole.size(); ++size) {
    EXPECT_EQ(refusal_of(whole.substr(0, size)), "a: damaged gzip file: it ends too early")
        << "cut to " << size << " bytes";
  }
}

TEST(LineReader, RefusesADamagedGzipFile) {
  std::string bytes = gzipped("eins\nzwei\ndrei\n");
  bytes[bytes.size() - 6] ^= 1;  // in the checksum
  EXPECT_EQ(refusal_of(bytes), "a: damaged gzip file: incorrect data check");
  EXPECT_EQ(refusal_of(gzipped("eins\n") + "garbage"),
            "a: damaged gzip file: incorrect header check");
}

TEST(LineReader, NamesLineAndByteOfInvalidUtf8) {
  EXPECT_EQ(refusal_of("gut\nnicht \xff gut\n"), "a:2: invalid UTF-8 at byte 7");
  EXPECT_EQ(refusal_of(gzipped("\xc3")), "a:1: invalid UTF-8 at byte 1");
  EXPECT_EQ(refusal_of(std::string("\xff\xfe"
                                   "a\0\n\0",
                                   6)),
            "a:1: invalid UTF-8 at byte 1; it looks like UTF-16: iconv -f UTF-16 -t UTF-8 makes "
            "UTF-8 of it");
}

TEST(LineReader, RefusesNulBytesInTextAndKeepsThemWhereEveryByteCounts) {
  const std::string text("x\na\0b\n", 6);
  EXPECT_EQ(refusal_of(text),
            "a:2: a NUL byte at byte 2; no text has one; where it is UTF-16, iconv -f UTF-16 -t "
            "UTF-8 makes UTF-8 of it");
  const TemporaryFolder folder;
  write_file(folder / "a", text);
  EXPECT_EQ(read_lines(folder / "a", LineForm::kAsItIs), (Lines{"x", std::string("a\0b", 3)}));
}

TEST(LineReader, SaysWhyAFileCannotBeRead) {
  const TemporaryFolder folder;
  EXPECT_EQ(folder.without_path(thrown_message<Error>([&] { read_lines(folder / "none"); })),
            "none: cannot read: No such file or directory");
  EXPECT_EQ(thrown_message<Error>([&] { read_lines(folder.path()); }),
            folder.path().string() + ": cannot read: Is a directory");
}

TEST(LineReader, NumbersLinesFromOne) {
  const TemporaryFolder folder;
  write_file(folder / "a", "x\ny\n");
  LineReader reader(folder / "a");
  std::string line;
  EXPECT_EQ(reader.line_number(), 0);
  EXPECT_TRUE(reader.next(line));
  EXPECT_EQ(reader.line_number(), 1);
  EXPECT_TRUE(reader.next(line));
  EXPECT_EQ(reader.line_number(), 2);
  EXPECT_FALSE(reader.next(line));
  EXPECT_FALSE(reader.next(line));
  EXPECT_EQ(reader.line_number(), 2);
}

TEST(LineReader, ReturnsALineOfAPipeBeforeTheNextOneArrives) {
  const TemporaryFolder folder;
  ASSERT_EQ(mkfifo((folder / "pipe").c_str(), 0600), 0);
  const int writer = open((folder / "pipe").c_str(), O_RDWR);  // both ends: the pipe stays open
  ASSERT_EQ(write(writer, "first\nsec", 9), 9);
  LineReader reader(folder / "pipe");
  std::string line;
  ASSERT_TRUE(reader.next(line));
  EXPECT_EQ(line, "first");
  ASSERT_EQ(write(writer, "ond\n", 4), 4);
  ASSERT_TRUE(reader.next(line));
  EXPECT_EQ(line, "second");
  close(writer);
}

TEST(LineReader, KnowsWhetherALineOfAPipeHasArrived) {
  for (const bool packed : {false, true}) {
    const TemporaryFolder folder;
    ASSERT_EQ(mkfifo((folder / "pipe").c_str(), 0600), 0);
    const int writer = open((folder / "pipe").c_str(), O_RDWR);
    const auto send = [&](const std::string& text) {
      const std::string bytes = packed ? gzipped(text) : text;
      ASSERT_EQ(write(writer, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    };
    LineReader reader(folder / "pipe");
    EXPECT_TRUE(reader.may_wait());
    EXPECT_FALSE(reader.has_arrived());
    send("first\nsecond\nthi");
    EXPECT_TRUE(reader.has_arrived());
    std::string line;
    for (const char* const expected : {"first", "second"}) {
      ASSERT_TRUE(reader.has_arrived());
      ASSERT_TRUE(reader.next(line));
      EXPECT_EQ(line, expected);
    }
    EXPECT_FALSE(reader.has_arrived());
    send("rd\n");
    EXPECT_TRUE(reader.has_arrived());
    ASSERT_TRUE(reader.next(line));
    EXPECT_EQ(line, "third");
    close(writer);
    EXPECT_TRUE(reader.has_arrived());  // the end
    EXPECT_FALSE(reader.next(line));
  }
}

TEST(LineReader, ReadsAFileASecondTime) {
  const TemporaryFolder folder;
  write_file(folder / "plain", "\xef\xbb\xbfone\ntwo\n");
  write_file(folder / "packed", gzipped("one\ntwo\n"));
  for (const char* const name : {"plain", "packed"}) {
    LineReader reader(folder / name);
    EXPECT_FALSE(reader.may_wait());
    for (int time = 0; time < 3; ++time, reader.rewind()) {
      std::string line;
      EXPECT_TRUE(reader.has_arrived());
      ASSERT_TRUE(reader.next(line));
      EXPECT_EQ(line, "one");
      if (time == 1) continue;  // from the middle, too
      ASSERT_TRUE(reader.next(line));
      EXPECT_EQ(line, "two");
      EXPECT_EQ(reader.line_number(), 2);
      EXPECT_FALSE(reader.next(line));
    }
  }
}

TEST(SingleSpaced, HasOneSpaceBetweenWordsAndNoneAtTheEnds) {
  EXPECT_EQ(single_spaced("  a\xc2\xa0 b\t\tc\xe3\x80\x80z\xc3\xa4 \xe2\x80\x8b"),
            "a b c z\xc3\xa4");
  EXPECT_EQ(single_spaced("a b"), "a b");
  EXPECT_EQ(single_spaced(" \xc2\xa0 "), "");
  EXPECT_EQ(single_spaced(""), "");
}

TEST(Utf8, FindsTheFirstByteThatIsWrong) {
  EXPECT_EQ(first_invalid_utf8("a ä € 😀 \xf4\x8f\xbf\xbf"), std::nullopt);
  EXPECT_EQ(first_invalid_utf8(""), std::nullopt);
  EXPECT_EQ(first_invalid_utf8("ab\x80"), 2U);             // a continuation alone
  EXPECT_EQ(first_invalid_utf8("\xc0\x80"), 0U);           // overlong
  EXPECT_EQ(first_invalid_utf8("\xc1\xbf"), 0U);           // overlong
  EXPECT_EQ(first_invalid_utf8("x\xe0\x9f\xbf"), 1U);      // overlong
  EXPECT_EQ(first_invalid_utf8("x\xf0\x8f\xbf\xbf"), 1U);  // overlong
  EXPECT_EQ(first_invalid_utf8("\xed\xa0\x80"), 0U);       // a surrogate
  EXPECT_EQ(first_invalid_utf8("\xf4\x90\x80\x80"), 0U);   // beyond U+10FFFF
  EXPECT_EQ(first_invalid_utf8("\xf5\x80\x80\x80"), 0U);
  EXPECT_EQ(first_invalid_utf8("ab\xe2\x82"), 2U);  // cut
  EXPECT_EQ(first_invalid_utf8("\xe2\x82z"), 0U);
}

TEST(Split, AtWhitespaceLeavesNoEmptyParts) {
  EXPECT_EQ(split_whitespace("  a\tb \r\n c "), (Parts{"a", "b", "c"}));
  EXPECT_EQ(split_whitespace(" \t"), Parts{});
  EXPECT_EQ(split_whitespace("a\xc2\xa0z"),
            Parts{"a\xc2\xa0z"});  // a no-break space is a character like others
}

TEST(Split, AtASeparatorKeepsEmptyParts) {
  EXPECT_EQ(split("a,,b,", ','), (Parts{"a", "", "b", ""}));
  EXPECT_EQ(split("", ','), Parts{""});
}

TEST(Nearest, FindsSlipsOfTheFingers) {
  const Lines keys = {"updates", "warmup", "beam", "length_penalty"};
  EXPECT_EQ(nearest("updatse", keys), "updates");
  EXPECT_EQ(nearest("update", keys), "updates");
  EXPECT_EQ(nearest("beem", keys), "beam");
  EXPECT_EQ(nearest("lenght_penalty", keys), "length_penalty");
  EXPECT_EQ(nearest("elephant", keys), std::nullopt);
  EXPECT_EQ(nearest("x", Lines{"y"}), std::nullopt);
  EXPECT_EQ(nearest("", keys), std::nullopt);
  EXPECT_EQ(nearest("a", Lines{}), std::nullopt);
  EXPECT_EQ(nearest("best", Lines{"rest", "test"}), "rest");
  EXPECT_EQ(did_you_mean("beem", keys), "; did you mean 'beam'?");
  EXPECT_EQ(did_you_mean("elephant", keys), "");
}

TEST(Progress, WritesNumbersAndTimesForPeople) {
  EXPECT_EQ(with_commas(0), "0");
  EXPECT_EQ(with_commas(999), "999");
  EXPECT_EQ(with_commas(-1234), "-1,234");
  EXPECT_EQ(with_commas(1234567), "1,234,567");
  EXPECT_EQ(clock_time(7.4), "0:07");
  EXPECT_EQ(clock_time(754), "12:34");
  EXPECT_EQ(clock_time(12345), "3:25:45");
}

TEST(Progress, IsSilentWhereStderrIsNoTerminalAndMessagesUntilTheyAreAskedFor) {
  if (isatty(STDERR_FILENO) != 0) GTEST_SKIP() << "stderr is a terminal here";
  testing::internal::CaptureStderr();
  message("nobody hears this");
  print_messages();
  {
    Progress progress("training", "updates", 10);
    progress.show(3, "loss 2");
  }
  message("hello");
  warning("beware");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "penalmt: hello\npenalmt: warning: beware\n");
}

}  // namespace penalmt::text_test
