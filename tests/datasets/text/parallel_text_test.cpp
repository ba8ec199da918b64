#include "datasets/text/parallel_text.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/files.h"
#include "tests/base/temporary_folder.h"

namespace penalmt::parallel_text_test {

// "zwei\ndrei\n", packed by gzip.
const std::string kPacked(
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xab\x2a\x4f\xcd\xe4\x4a\x29\x02\x12\x00\x15\xde\xef"
    "\x06\x0a\x00\x00\x00",
    28);

TEST(ParallelText, ReadsLinesAndTheirImages) {
  const TemporaryFolder folder;
  write_file(folder / "a.en", "two\nthree\n");
  write_file(folder / "a.de", "zwei\ndrei");
  write_file(folder / "a.txt", "2.jpg\n\n");
  const ParallelText text = read_parallel_text(folder / "a.en", folder / "a.de", folder / "a.txt");
  EXPECT_EQ(text.source, (std::vector<std::string>{"two", "three"}));
  EXPECT_EQ(text.target, (std::vector<std::string>{"zwei", "drei"}));
  EXPECT_EQ(text.images, (std::vector<std::string>{"2.jpg", ""}));
}

TEST(ParallelText, HasNoImagesWithoutAList) {
  const TemporaryFolder folder;
  write_file(folder / "a.en", "two\n");
  write_file(folder / "a.de", "zwei\n");
  EXPECT_TRUE(read_parallel_text(folder / "a.en", folder / "a.de", std::nullopt).images.empty());
}

TEST(ParallelText, ReadsThePackedFileWhereThePlainOneIsAbsent) {
  const TemporaryFolder folder;
  write_file(folder / "a.en", "two\nthree\n");
  write_file(folder / "a.de.gz", kPacked);
  const ParallelText text = read_parallel_text(folder / "a.en", folder / "a.de", std::nullopt);
  EXPECT_EQ(text.target, (std::vector<std::string>{"zwei", "drei"}));
  write_file(folder / "a.de", "plain\nwins\n");
  EXPECT_EQ(read_parallel_text(folder / "a.en", folder / "a.de", std::nullopt).target[0], "plain");
}

TEST(ParallelText, RefusesUnequalLineCounts) {
  const TemporaryFolder folder;
  write_file(folder / "a.en", "one\ntwo\nthree\n");
  write_file(folder / "a.de", "eins\nzwei\n");
  write_file(folder / "long.de", "eins\nzwei\ndrei\n");
  write_file(folder / "a.txt", "1.jpg\n");
  const auto message = [&](const std::string& target, std::optional<std::filesystem::path> list) {
    return folder.without_path(
        thrown_message<Error>([&] { read_parallel_text(folder / "a.en", folder / target, list); }));
  };
  EXPECT_EQ(message("a.de", std::nullopt),
            "a.en: 3 lines, but a.de has 2; line i of one must belong to line i of the other");
  EXPECT_EQ(message("long.de", folder / "a.txt"),
            "a.en: 3 lines, but a.txt has 1; line i of one must belong to line i of the other");
}

TEST(ParallelText, RefusesAMissingFileAndInvalidText) {
  const TemporaryFolder folder;
  write_file(folder / "a.en", "one\ntw\xff\n");
  const auto message = [&](const std::string& source, const std::string& target) {
    return folder.without_path(thrown_message<Error>(
        [&] { read_parallel_text(folder / source, folder / target, std::nullopt); }));
  };
  EXPECT_EQ(message("a.en", "a.en"), "a.en:2: invalid UTF-8 at byte 3");
  EXPECT_EQ(message("absent.en", "a.en"), "absent.en: cannot read: No such file or directory");
}

TEST(ParallelText, ReadsTheColumnsOfATable) {
  const TemporaryFolder folder;
  write_file(folder / "a.csv",
             "id,de,en,photo\n1,zwei,two,2.jpg#3\n\n2,\"drei\nvier\",three, \n3,,four,4.jpg\n");
  const ParallelText text =
      read_parallel_table(folder / "a.csv", TableFormat::kCsv, {"en", "de", "photo"});
  EXPECT_EQ(text.source, (std::vector<std::string>{"two", "three", "four"}));
  EXPECT_EQ(text.target, (std::vector<std::string>{"zwei", "drei vier", ""}));
  EXPECT_EQ(text.images, (std::vector<std::string>{"2.jpg", "", "4.jpg"}));
  EXPECT_EQ(text.lines, (std::vector<int64_t>{2, 4, 6}));
  EXPECT_EQ(text.line_of(1), 4);
  EXPECT_EQ(ParallelText().line_of(1), 2);
  EXPECT_TRUE(
      read_parallel_table(folder / "a.csv", TableFormat::kCsv, {"en", "de", ""}).images.empty());
}

TEST(ImageList, CutsCaptionIdsOffAndNothingElse) {
  const TemporaryFolder folder;
  write_file(folder / "list.txt",
             "COCO_val2014_000000398076.jpg#657409\nplain.jpg\r\na#b.jpg\n  \ntrailing#\nspaced "
             "name.jpg \n#7\n");
  EXPECT_EQ(read_image_list(folder / "list.txt"),
            (std::vector<std::string>{"COCO_val2014_000000398076.jpg", "plain.jpg", "a#b.jpg", "",
                                      "trailing#", "spaced name.jpg", ""}));
}

}  // namespace penalmt::parallel_text_test
