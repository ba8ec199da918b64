#include "datasets/text/masking.h"
#include "base/line_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "tests/base/temporary_folder.h"

namespace penalmt::masking_test {

using Lines = std::vector<std::string>;

TEST(Masking, TakesWordsAwayAndLeavesTheRestAsItWas) {
  EXPECT_EQ(mask_words("a man in an orange hat", {4}, kMaskToken), "a man in an <mask> hat");
  EXPECT_EQ(mask_words("red and green .", {0, 2}, "[M]"), "[M] and [M] .");
  EXPECT_EQ(mask_words("  two\tred   circles ", {1}, "<mask>"), "  two\t<mask>   circles ");
  EXPECT_EQ(mask_words("grün", {0}, "<mask>"), "<mask>");
  EXPECT_EQ(mask_words("nothing to mask", {}, "<mask>"), "nothing to mask");
  EXPECT_EQ(mask_words("", {}, "<mask>"), "");
}

TEST(Masking, GoesLineByLine) {
  EXPECT_EQ(mask_lines({"a red hat", "", "blue"}, {{1}, {}, {0}}, "<mask>"),
            (Lines{"a <mask> hat", "", "<mask>"}));
}

TEST(Positions, AreReadLineByLine) {
  const TemporaryFolder folder;
  write_file(folder / "a.positions", "4\n7 13\n\n 0  2 \n");
  EXPECT_EQ(read_positions(folder / "a.positions"), (WordPositions{{4}, {7, 13}, {}, {0, 2}}));
  write_file(folder / "a.positions", "");
  EXPECT_EQ(read_positions(folder / "a.positions"), WordPositions{});
}

TEST(Positions, RefuseWhatIsNone) {
  const TemporaryFolder folder;
  const auto message = [&](const std::string& text) {
    write_file(folder / "a.positions", text);
    return folder.without_path(
        thrown_message<Error>([&] { read_positions(folder / "a.positions"); }));
  };
  const std::string expected = ", expected positions of words, from 0 in ascending order";
  EXPECT_EQ(message("1\nred\n"), "a.positions:2: got 'red'" + expected);
  EXPECT_EQ(message("-1\n"), "a.positions:1: got '-1'" + expected);
  EXPECT_EQ(message("1 2x\n"), "a.positions:1: got '2x'" + expected);
  EXPECT_EQ(message("99999999999\n"), "a.positions:1: got '99999999999'" + expected);
  EXPECT_EQ(message("\n3 3\n"), "a.positions:2: got '3'" + expected);
  EXPECT_EQ(message("5 3\n"), "a.positions:1: got '3'" + expected);
  EXPECT_EQ(folder.without_path(thrown_message<Error>([&] { read_positions(folder / "absent"); })),
            "absent: cannot read: No such file or directory");
}

TEST(Positions, MustBeThoseOfTheText) {
  const auto message = [&](const WordPositions& positions, const Lines& lines) {
    return thrown_message<Error>([&] { check_positions(positions, "a.positions", lines, "a.en"); });
  };
  EXPECT_EQ(
      message({{0}, {}, {}}, {"red", "blue"}),
      "a.positions: 3 lines, but a.en has 2; line i of one must belong to line i of the other");
  EXPECT_EQ(message({{0}, {1, 4}}, {"red", "a blue ball ."}),
            "a.positions:2: position 4; line 2 of a.en has 4 words");
  EXPECT_EQ(message({{0}}, {""}), "a.positions:1: position 0; line 1 of a.en has 0 words");
  EXPECT_NO_THROW(check_positions({{0}, {1, 3}, {}}, "p", {"red", "a blue ball .", ""}, "t"));
}

TEST(Positions, OfMulti30kNameColoursAlone) {
  const char* folder = std::getenv("MULTI30K");
  if (folder == nullptr || !std::filesystem::exists(std::filesystem::path(folder) / "masking"))
    GTEST_SKIP() << "MULTI30K names no folder with masking/ in it";
  const std::filesystem::path corpus(folder);
  const std::filesystem::path place = corpus / "masking/test_2016_flickr.color.positions";
  const Lines text = read_lines(corpus / "tok/test_2016_flickr.lc.norm.tok.en");
  const WordPositions positions = read_positions(place);
  check_positions(positions, place.string(), text, "tok");
  std::size_t masked = 0, colours = 0;
  const Lines kColours = {"orange", "green",  "red",  "white", "black", "pink",
                          "blue",   "purple", "tan",  "grey",  "gray",  "gold",
                          "yellow", "golden", "dark", "brown", "silver"};
  for (std::size_t i = 0; i < text.size(); ++i) {
    masked += positions[i].size();
    for (const std::string_view word : split_whitespace(text[i]))
      colours += std::count(kColours.begin(), kColours.end(), word);
    EXPECT_EQ(mask_words(text[i], positions[i], "").find(" red "), std::string::npos) << i;
  }
  EXPECT_EQ(masked, colours);
}

}  // namespace penalmt::masking_test
