#include "datasets/scenes/left_out_marks.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/files.h"
#include "tests/base/temporary_folder.h"

namespace penalmt::left_out_marks_test {

LeftOutMark red_circle() {
  return {.attribute = "colour",
          .value = "red",
          .choices = 6,
          .phrase = "roten kreis",
          .right = {"rot", "rote", "roten", "roter", "rotes", "rotem"},
          .nouns = {"kreis", "kreise", "kreisen"},
          .offsets = {-1}};
}

LeftOutMark three_stars() {
  return {.attribute = "count",
          .value = "3",
          .choices = 4,
          .phrase = "drei blaue sterne",
          .right = {"drei"},
          .nouns = {"stern", "sterne", "sternen"},
          .offsets = {-1, -2}};
}

TEST(LeftOutWord, IsRightBesideItsNounWhateverElseTheSentenceSays) {
  EXPECT_TRUE(is_right("man sieht einen roten kreis .", red_circle()));
  EXPECT_TRUE(is_right("rote kreise", red_circle()));  // another ending
  EXPECT_TRUE(is_right("Roter Kreis.", red_circle()));
  EXPECT_TRUE(is_right("drei sterne", three_stars()));
  EXPECT_TRUE(is_right("fünf kreise und drei rote sterne .", three_stars()));
}

TEST(LeftOutWord, IsWrongElsewhereOrMissing) {
  EXPECT_FALSE(is_right("", red_circle()));
  EXPECT_FALSE(is_right("ein kreis .", red_circle()));
  EXPECT_FALSE(is_right("kreis", red_circle()));
  EXPECT_FALSE(is_right("ein blauer kreis und ein rotes quadrat .", red_circle()));
  EXPECT_FALSE(is_right("ein rotes quadrat .", red_circle()));
  EXPECT_FALSE(is_right("roter großer kreis", red_circle()));
  EXPECT_FALSE(is_right("vier blaue sterne und drei kreise", three_stars()));
}

TEST(LeftOutWord, IsWrongWhereTheNounIsSaidTwiceToBeSure) {
  EXPECT_FALSE(is_right("ein roter kreis und ein blauer kreis", red_circle()));
  EXPECT_TRUE(is_right("ein roter kreis und ein roter kreis", red_circle()));
}

TEST(LeftOutWord, IsLookedForLineByLine) {
  EXPECT_EQ(right_words({"ein roter kreis", "ein blauer kreis", "drei sterne", "rote kreise"},
                        {red_circle(), red_circle(), three_stars(), red_circle()}),
            (std::vector<bool>{true, false, true, true}));
  EXPECT_TRUE(right_words({}, {}).empty());
}

TEST(LeftOutMarks, SurviveTheirFile) {
  const TemporaryFolder folder;
  write_file(folder / "a.tsv", left_out_header() + "\n" + to_line(red_circle()) + "\n" +
                                   to_line(three_stars()) + "\n");
  const std::vector<LeftOutMark> marks = read_left_out_marks(folder / "a.tsv");
  ASSERT_EQ(marks.size(), 2u);
  EXPECT_EQ(to_line(marks[0]), to_line(red_circle()));
  EXPECT_EQ(marks[1].offsets, (std::vector<int>{-1, -2}));
  EXPECT_EQ(to_line(marks[1]), "count\t3\t4\tdrei blaue sterne\tdrei\tstern sterne sternen\t-1 -2");
}

TEST(LeftOutMarks, RefuseABadFile) {
  const TemporaryFolder folder;
  const auto message = [&](const std::string& text) {
    write_file(folder / "a.tsv", text);
    return folder.without_path(
        thrown_message<Error>([&] { read_left_out_marks(folder / "a.tsv"); }));
  };
  const std::string header = left_out_header() + "\n";
  EXPECT_EQ(message(""),
            "a.tsv:1: not a file of left-out words; expected the columns attribute, value, "
            "choices, phrase, right, nouns, "
            "offsets");
  EXPECT_EQ(message("ein kreis .\n").substr(0, 40), "a.tsv:1: not a file of left-out words; e");
  EXPECT_EQ(message(header + "colour\tred\t6\n"),
            "a.tsv:2: expected 7 tab-separated columns, got 3");
  EXPECT_EQ(message(header + "colour\tred\tsix\tp\tr\tn\t1\n"),
            "a.tsv:2: choices: got 'six', expected a whole number");
  EXPECT_EQ(message(header + "colour\tred\t0\tp\tr\tn\t1\n"),
            "a.tsv:2: choices: got 0, expected at least 1");
  EXPECT_EQ(message(header + "colour\tred\t6\tp\tr\tn\t1x\n"),
            "a.tsv:2: offsets: got '1x', expected a whole number");
  EXPECT_EQ(message(header + "colour\tred\t6\tp\t\tn\t1\n"),
            "a.tsv:2: right, nouns and offsets need at least one entry each");
  EXPECT_EQ(folder.without_path(
                thrown_message<Error>([&] { read_left_out_marks(folder / "absent.tsv"); })),
            "absent.tsv: cannot read: No such file or directory");
}

TEST(LeftOutWord, RefusesUnequalNumbers) {
  EXPECT_EQ(thrown_message<Error>([] {
              right_words({"a", "b"}, {red_circle()});
            }),
            "left-out words: 2 hypotheses, but 1 marks; line i of one must belong to line i of the "
            "other");
}

}  // namespace penalmt::left_out_marks_test
