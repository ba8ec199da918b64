#include "base/line_output.h"

#include <gtest/gtest.h>

#include "base/files.h"
#include "base/progress.h"
#include "tests/base/temporary_folder.h"

namespace penalmt::line_output_test {

// What it says to standard error while `work` writes three lines.
std::string said(const std::filesystem::path& path, const std::function<void(LineOutput&)>& end) {
  print_messages();
  testing::internal::CaptureStderr();
  {
    LineOutput output(path);
    for (const char* line : {"a\n", "b\n", "c\n"}) output.write(line);
    EXPECT_EQ(output.lines(), 3);
    end(output);
  }
  return testing::internal::GetCapturedStderr();
}

TEST(LineOutput, AppearsWhenItIsDone) {
  const TemporaryFolder folder;
  EXPECT_EQ(said(folder / "out", [](LineOutput& output) { output.commit(); }), "");
  EXPECT_EQ(read_file(folder / "out"), "a\nb\nc\n");
  EXPECT_EQ(folder.entries(), 1);
}

TEST(LineOutput, BeginsWithItsHeaderAndIsNotKeptForThatAlone) {
  const TemporaryFolder folder;
  for (const bool has_line : {true, false}) {
    LineOutput output(folder / "out");
    output.write_header("head\n");
    if (has_line) output.write("a\n");
    output.commit();
    EXPECT_EQ(read_file(folder / "out"), has_line ? "head\na\n" : "head\n");
  }
  LineOutput failed(folder / "out");
  failed.write_header("head\n");
  failed.keep("the sums of lines");
  EXPECT_EQ(folder.entries(), 2);  // the temporary file, still open
}

TEST(LineOutput, IsKeptBesideItsFileWhereTheWorkFailed) {
  const TemporaryFolder folder;
  write_file(folder / "out", "old");
  const std::string text =
      said(folder / "out", [](LineOutput& output) { output.keep("the sums of lines"); });
  EXPECT_EQ(folder.without_path(text), "penalmt: out.partial: holds the sums of lines 1 to 3\n");
  EXPECT_EQ(read_file(folder / "out.partial"), "a\nb\nc\n");
  EXPECT_EQ(read_file(folder / "out"), "old");
}

TEST(LineOutput, GrowsInViewFromItsFirstLineOn) {
  const TemporaryFolder folder;
  write_file(folder / "out.partial", "of an earlier one");
  LineOutput output(folder / "out");
  EXPECT_EQ(read_file(folder / "out.partial"), "of an earlier one");
  output.write("a\n");
  output.flush();
  EXPECT_EQ(read_file(folder / "out.partial"), "a\n");
  LineOutput other(folder / "out");  // as another process: it leaves that alone
  other.write("b\n");
  other.flush();
  output.write("c\n");
  output.flush();
  EXPECT_EQ(read_file(folder / "out.partial"), "a\nc\n");
  output.commit();
  EXPECT_EQ(read_file(folder / "out"), "a\nc\n");
  EXPECT_FALSE(exists(folder / "out.partial"));
  other.commit();
  EXPECT_EQ(read_file(folder / "out"), "b\n");
  EXPECT_EQ(folder.entries(), 1);
}

TEST(LineOutput, IsNotKeptWithoutALineAndWhereItIsWrittenInPlace) {
  const TemporaryFolder folder;
  LineOutput(folder / "out").keep("the sums of lines");
  EXPECT_EQ(folder.entries(), 0);
  EXPECT_EQ(said("/dev/null", [](LineOutput& output) { output.keep("the sums of lines"); }), "");
}

}  // namespace penalmt::line_output_test
