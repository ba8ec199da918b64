// penalmt normalize, from files and pipes.
#include <gtest/gtest.h>
#include <zlib.h>

#include <cstdlib>
#include <filesystem>

#include "base/files.h"
#include "harness.h"
#include "tests/base/temporary_folder.h"

namespace penalmt {
namespace {

constexpr const char* kCaptions =
    "Zwei Männer rufen: „Auf geht's!“\n\n  Ein Mann,  eine Frau. \n...\nohne Zeilenende";
constexpr const char* kTokens =
    "zwei männer rufen : &quot; auf geht &apos; s ! &quot;\n\nein mann , eine frau .\n...\nohne "
    "zeilenende\n";

TEST(NormalizeCommand, MakesTokensOfCaptionsLineByLine) {
  const Outcome outcome = run_penalmt({"normalize", "--language", "de"}, kCaptions);
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.errors, "");
  EXPECT_EQ(outcome.output, kTokens);
}

TEST(NormalizeCommand, MakesCaptionsOfTokens) {
  EXPECT_EQ(run_penalmt({"normalize", "--language", "de", "--reverse"}, kTokens).output,
            "zwei männer rufen: \"auf geht's!\"\n\nein mann, eine frau.\n...\nohne zeilenende\n");
  EXPECT_EQ(
      run_penalmt({"normalize", "--language", "de", "--reverse", "--capitalise"}, kTokens).output,
      "Zwei männer rufen: \"auf geht's!\"\n\nEin mann, eine frau.\n...\nOhne zeilenende\n");
}

TEST(NormalizeCommand, ReadsAndWritesFilesAsPipes) {
  const TemporaryFolder folder;
  write_file(folder / "plain.de", kCaptions);
  const gzFile packed = gzopen((folder / "packed.gz").c_str(), "wb");
  gzputs(packed, kCaptions);
  gzclose(packed);
  for (const char* const name : {"plain.de", "packed.gz"}) {
    const Outcome outcome = run_penalmt({"normalize", "--language", "de", "--input", folder / name,
                                         "--output", folder / (std::string(name) + ".tok")});
    EXPECT_EQ(outcome.status, 0) << outcome.errors;
    EXPECT_EQ(outcome.output, "");
    EXPECT_EQ(read_file(folder / (std::string(name) + ".tok")), kTokens);
  }
}

TEST(NormalizeCommand, AnswersEachLineOfAPipeAtOnceAndEndsAtCtrlC) {
  const Outcome outcome = interrupt_penalmt({"normalize", "--language", "en"}, "A man.\n");
  EXPECT_EQ(outcome.output, "a man .\n");
  EXPECT_EQ(outcome.status, 130);
  EXPECT_EQ(outcome.errors, "penalmt: interrupted\n");
}

TEST(NormalizeCommand, RefusesWrongOptionsInOneLine) {
  const auto errors_of = [](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "normalize");
    const Outcome outcome = run_penalmt(arguments, "a\n");
    EXPECT_EQ(outcome.status, 2);
    EXPECT_EQ(outcome.output, "");
    return outcome.errors;
  };
  EXPECT_EQ(errors_of({}), "penalmt: normalize: --language is required\n");
  EXPECT_EQ(errors_of({"--language", "nl"}),
            "penalmt: normalize: --language: got \"nl\", expected one of cs, de, en, fr\n");
  EXPECT_EQ(errors_of({"--language", "de", "--capitalise"}),
            "penalmt: normalize: --capitalise: got it without --reverse, expected both; normalised "
            "text is in lower "
            "case\n");
  EXPECT_EQ(errors_of({"--language", "de", "--revers"}),
            "penalmt: normalize: unknown option --revers; did you mean '--reverse'?\n");
}

TEST(NormalizeCommand, RefusesWrongInputAndKeepsWhatStoodBeforeIt) {
  const TemporaryFolder folder;
  write_file(folder / "bad.txt", "good\nb\xff\n");
  const auto errors_of = [&](const char* name) {
    const Outcome outcome = run_penalmt({"normalize", "--language", "de", "--input", folder / name,
                                         "--output", folder / "out.txt"});
    EXPECT_EQ(outcome.status, 2);
    EXPECT_FALSE(std::filesystem::exists(folder / "out.txt"));
    return folder.without_path(outcome.errors);
  };
  EXPECT_EQ(errors_of("none.txt"), "penalmt: none.txt: cannot read: No such file or directory\n");
  EXPECT_EQ(errors_of("bad.txt"),
            "penalmt: out.txt.partial: holds the results of lines 1 to 1\n"
            "penalmt: bad.txt:2: invalid UTF-8 at byte 2\n");
  EXPECT_EQ(read_file(folder / "out.txt.partial"), "good\n");
}

TEST(NormalizeCommand, ShowsAnExampleInItsHelp) {
  const Outcome outcome = run_penalmt({"normalize", "--help"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_NE(outcome.output.find("penalmt normalize --language en --input test.en.gz"),
            std::string::npos);
}

TEST(NormalizeCommand, MakesMulti30ksTestSetFromItsRawCaptions) {
  const char* const corpus = getenv("MULTI30K");
  if (!corpus) GTEST_SKIP() << "MULTI30K is not set: the real corpus is not checked";
  const std::filesystem::path folder = corpus;
  const Outcome outcome = run_penalmt(
      {"normalize", "--language", "de", "--input", folder / "raw/test_2016_flickr.de.gz"});
  EXPECT_EQ(outcome.status, 0) << outcome.errors;
  EXPECT_EQ(outcome.output, read_file(folder / "tok/test_2016_flickr.lc.norm.tok.de"));
}

}  // namespace
}  // namespace penalmt
