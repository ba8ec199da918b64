#include "datasets/scenes/scenes_corpus.h"
#include "base/line_reader.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/error.h"
#include "base/files.h"
#include "datasets/images/decoded_images.h"
#include "datasets/text/corpus.h"
#include "tests/base/temporary_folder.h"

namespace penalmt::scenes_corpus_test {

namespace fs = std::filesystem;

constexpr ScenesOptions kSmall{.train = 9, .valid = 3, .test = 5, .size = 32, .seed = 4};

std::map<std::string, std::string> files_of(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file())
      files[fs::relative(entry.path(), folder).string()] = read_file(entry.path());
  return files;
}

TEST(ShapesCorpus, ReadsBackAsAMulti30kFolder) {
  const TemporaryFolder folder;
  write_scenes_corpus(folder / "shapes", kSmall);
  for (const auto& [split, lines] :
       {std::pair("train", 9u), std::pair("val", 3u), std::pair("test", 5u)})
    for (const std::string language : {"de", "fr"})
      for (const std::string text : {"tok", "raw"}) {
        const DataOptions options{
            .folder = (folder / "shapes").string(), .text = text, .target_language = language};
        const ParallelText corpus = load_split(options, split);
        EXPECT_EQ(corpus.source.size(), lines);
        const DecodedImages images(corpus.images, image_root(options, split), 32);
        EXPECT_EQ(images.found(), static_cast<int64_t>(lines));
        // The references have every left-out word right, tokenised or as written.
        const std::vector<LeftOutMark> marks = read_left_out_marks(
            folder / "shapes/left_out" / (std::string(split) + "." + language + ".tsv"));
        EXPECT_EQ(right_words(corpus.target, marks), std::vector<bool>(lines, true));
        EXPECT_EQ(right_words(corpus.source, marks), std::vector<bool>(lines, false));
      }
}

TEST(ShapesCorpus, IsTheSameWhateverTheNumberOfThreads) {
  const TemporaryFolder folder;
  write_scenes_corpus(folder / "one", kSmall, 1);
  write_scenes_corpus(folder / "four", kSmall, 4);
  EXPECT_EQ(files_of(folder / "one"), files_of(folder / "four"));
  ScenesOptions other = kSmall;
  other.seed = 5;
  write_scenes_corpus(folder / "other", other);
  EXPECT_NE(files_of(folder / "one"), files_of(folder / "other"));
}

TEST(ShapesCorpus, BeginsWithTheSmallerOne) {
  const TemporaryFolder folder;
  write_scenes_corpus(folder / "small", kSmall);
  ScenesOptions larger = kSmall;
  larger.train = 20;
  write_scenes_corpus(folder / "large", larger);
  const auto small = files_of(folder / "small"), large = files_of(folder / "large");
  EXPECT_EQ(small.at("images/train-000009.png"), large.at("images/train-000009.png"));
  EXPECT_TRUE(
      large.at("tok/train.lc.norm.tok.de").starts_with(small.at("tok/train.lc.norm.tok.de")));
  EXPECT_EQ(small.at("tok/test.lc.norm.tok.de"), large.at("tok/test.lc.norm.tok.de"));
}

TEST(ShapesCorpus, ListsAnotherImageForEveryLineOfTheControl) {
  const TemporaryFolder folder;
  write_scenes_corpus(folder / "shapes", kSmall);
  const std::vector<std::string> right = read_lines(folder / "shapes/image_splits/test.txt");
  const std::vector<std::string> shuffled =
      read_lines(folder / "shapes/image_splits/test.shuffled.txt");
  ASSERT_EQ(shuffled.size(), right.size());
  for (std::size_t line = 0; line < right.size(); ++line) EXPECT_NE(shuffled[line], right[line]);
  EXPECT_EQ(std::set(right.begin(), right.end()), std::set(shuffled.begin(), shuffled.end()));
}

TEST(ShapesCorpus, SaysInItsReadmeHowItWasMade) {
  const TemporaryFolder folder;
  write_scenes_corpus(folder / "shapes", kSmall);
  const std::string readme = read_file(folder / "shapes/README.txt");
  EXPECT_NE(readme.find("penalmt shapes --out DIR --train 9 --val 3 --test 5 --seed 4 --size 32\n"),
            std::string::npos);
  EXPECT_NE(readme.find("Chance: 1 in 6 for a colour, 1 in 4 for a count."), std::string::npos);
}

TEST(ShapesCorpus, RefusesAUsedFolderAndLeavesItAlone) {
  const TemporaryFolder folder;
  fs::create_directory(folder / "used");
  write_file(folder / "used/mine", "x");
  write_file(folder / "file", "x");
  const auto message = [&](const std::string& name) {
    return folder.without_path(
        thrown_message<Error>([&] { write_scenes_corpus(folder / name, kSmall); }));
  };
  EXPECT_EQ(message("used"),
            "used: the folder is not empty; expected a new one; remove it or name another");
  EXPECT_EQ(message("file"), "file: is a file; expected a new folder");
  EXPECT_EQ(folder.entries(), 2);
  EXPECT_EQ(files_of(folder / "used").size(), 1u);
  fs::create_directory(folder / "empty");
  write_scenes_corpus(folder / "empty", kSmall);
  EXPECT_TRUE(fs::exists(folder / "empty/README.txt"));
}

TEST(Derangement, LeavesNothingInItsPlace) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    const std::vector<int64_t> order = derangement(20, seed);
    EXPECT_EQ(std::set(order.begin(), order.end()).size(), 20u);
    for (int64_t i = 0; i < 20; ++i) EXPECT_NE(order[i], i);
  }
  EXPECT_EQ(derangement(2, 1), (std::vector<int64_t>{1, 0}));
}

TEST(Derangement, GivesEachOneEquallyOften) {
  std::map<std::vector<int64_t>, int> counts;
  for (uint64_t seed = 0; seed < 9000; ++seed) ++counts[derangement(4, seed)];
  ASSERT_EQ(counts.size(), 9u);  // 4! (1 - 1 + 1/2 - 1/6 + 1/24)
  for (const auto& [order, count] : counts) EXPECT_NEAR(count, 1000, 130);
}

}  // namespace penalmt::scenes_corpus_test
