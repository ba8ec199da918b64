#include "datasets/text/corpus.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "datasets/images/decoded_images.h"
#include "tests/base/temporary_folder.h"

namespace penalmt::corpus_test {

namespace fs = std::filesystem;

void write_small_corpus(const TemporaryFolder& folder) {
  for (const char* part : {"tok", "raw", "image_splits"}) fs::create_directory(folder / part);
  write_file(folder / "tok/train.lc.norm.tok.en", "a circle .\na square .\n");
  write_file(folder / "tok/train.lc.norm.tok.de", "ein kreis .\nein quadrat .\n");
  write_file(folder / "tok/val.lc.norm.tok.en", "a star .\n");
  write_file(folder / "tok/val.lc.norm.tok.de", "ein stern .\n");
  write_file(folder / "raw/train.en", "A circle.\nA square.\n");
  write_file(folder / "raw/train.de", "Ein Kreis.\nEin Quadrat.\n");
  write_file(folder / "image_splits/train.txt", "1.jpg\n2.jpg\n");
}

TEST(Corpus, ReadsMulti30ksLayout) {
  const TemporaryFolder folder;
  write_small_corpus(folder);
  DataOptions options{.folder = folder.path().string()};
  const ParallelText train = load_split(options, "train");
  EXPECT_EQ(train.source[1], "a square .");
  EXPECT_EQ(train.target[1], "ein quadrat .");
  EXPECT_EQ(train.images, (std::vector<std::string>{"1.jpg", "2.jpg"}));
  EXPECT_TRUE(load_split(options, "val").images.empty());
  options.text = "raw";
  EXPECT_EQ(load_split(options, "train").source[0], "A circle.");
  EXPECT_EQ(image_root(options, "train"), folder / "images");
}

TEST(Corpus, MasksWordsOfTheSources) {
  const TemporaryFolder folder;
  write_small_corpus(folder);
  fs::create_directory(folder / "masking");
  write_file(folder / "masking/train.shape.positions", "1\n\n");
  DataOptions options{.folder = folder.path().string(), .masking = "shape"};
  EXPECT_EQ(load_split(options, "train").source,
            (std::vector<std::string>{"a <mask> .", "a square ."}));
  options.mask_token = "?";
  EXPECT_EQ(load_split(options, "train").source[0], "a ? .");
  write_file(folder / "masking/train.shape.positions", "7\n\n");
  EXPECT_EQ(folder.without_path(thrown_message<Error>([&] { load_split(options, "train"); })),
            "masking/train.shape.positions:1: position 7; line 1 of tok/train.lc.norm.tok.en has 3 "
            "words");
  options.layout = "files";
  options.train_source = "tok/train.lc.norm.tok.en",
  options.train_target = "tok/train.lc.norm.tok.de";
  EXPECT_EQ(thrown_message<Error>([&] { load_split(options, "train"); }),
            "data.masking: got 'shape' with layout \"files\", expected layout \"multi30k\"");
}

TEST(Corpus, ALimitKeepsTheFirstPairsOfTheTrainingTextAlone) {
  const TemporaryFolder folder;
  write_small_corpus(folder);
  fs::create_directory(folder / "masking");
  write_file(folder / "masking/train.shape.positions", "1\n1\n");
  write_file(folder / "masking/val.shape.positions", "\n");
  DataOptions options{.folder = folder.path().string(), .limit = 1, .masking = "shape"};
  const ParallelText train = load_split(options, "train");
  EXPECT_EQ(train.source, (std::vector<std::string>{"a <mask> ."}));
  EXPECT_EQ(train.target, (std::vector<std::string>{"ein kreis ."}));
  EXPECT_EQ(train.images, (std::vector<std::string>{"1.jpg"}));
  options.train = "other";
  EXPECT_EQ(load_split(options, "train").source.size(), 2u);
  options.train = "train", options.limit = 3;
  EXPECT_EQ(load_split(options, "train").source.size(), 2u);
  EXPECT_EQ(load_split(options, "val").source.size(), 1u);
}

TEST(Corpus, NamesTheStoreOfASplit) {
  setenv("PENALMT_TEST_HOME", "/data", 1);
  const DataOptions options{.features = "$PENALMT_TEST_HOME/{split}/{split}.npy",
                            .feature_names = "{split}.txt"};
  EXPECT_EQ(feature_files(options, "val").store, "/data/val/val.npy");
  EXPECT_EQ(feature_files(options, "val").names, "val.txt");
  EXPECT_EQ(feature_files({}, "val").names, "");
}

TEST(Corpus, ReadsFilesNamedOneByOne) {
  const TemporaryFolder folder;
  write_small_corpus(folder);
  DataOptions options{
      .layout = "files", .folder = folder.path().string(), .train = "train", .valid = "val"};
  options.train_source = "raw/train.en";
  options.train_target = "tok/train.lc.norm.tok.de";
  options.train_images = "image_splits/train.txt";
  options.valid_source = "tok/val.lc.norm.tok.en";
  options.valid_target = "tok/val.lc.norm.tok.de";
  EXPECT_EQ(load_split(options, "train").source[0], "A circle.");
  EXPECT_EQ(load_split(options, "train").images[1], "2.jpg");
  EXPECT_EQ(load_split(options, "val").target[0], "ein stern .");
  EXPECT_EQ(image_root(options, "train"), folder / "images");

  // Without a folder the names stand for themselves.
  DataOptions bare{.layout = "files", .images = "photographs"};
  bare.train_source = (folder / "raw/train.en").string();
  bare.train_target = (folder / "raw/train.de").string();
  EXPECT_EQ(load_split(bare, "train").source.size(), 2u);
  EXPECT_EQ(image_root(bare, "train"), "photographs");
}

TEST(Corpus, ReadsTables) {
  const TemporaryFolder folder;
  fs::create_directory(folder / "valid");
  write_file(folder / "train.csv", "de,photo,en\nein kreis .,1.jpg,a circle .\n\nzwei,,two\n");
  write_file(folder / "valid/valid.table", "{\"en\": \"a star .\", \"de\": \"ein stern .\"}\n");
  DataOptions options{.layout = "table", .folder = folder.path().string()};
  options.train_table = "train.csv", options.valid_table = "valid/valid.table";
  const auto message = [&](const std::string& split) {
    return folder.without_path(thrown_message<Error>([&] { load_split(options, split); }));
  };
  EXPECT_EQ(message("train"), "data.source_column: empty; layout \"table\" needs it");
  options.source_column = "en";
  EXPECT_EQ(message("train"), "data.target_column: empty; layout \"table\" needs it");
  options.target_column = "de", options.image_column = "photo";
  const ParallelText train = load_split(options, "train");
  EXPECT_EQ(train.source, (std::vector<std::string>{"a circle .", "two"}));
  EXPECT_EQ(train.target, (std::vector<std::string>{"ein kreis .", "zwei"}));
  EXPECT_EQ(train.images, (std::vector<std::string>{"1.jpg", ""}));
  EXPECT_EQ(train.line_of(1), 4);
  EXPECT_EQ(image_root(options, "train"), folder.path());
  EXPECT_EQ(image_root(options, "val"), folder / "valid");
  EXPECT_EQ(message("val"),
            "data.table_format: the name of valid/valid.table does not say it; expected an ending "
            ".tsv, .csv or .jsonl, or tsv, csv or jsonl");
  options.table_format = "jsonl", options.image_column = "", options.image_root = "images";
  EXPECT_EQ(load_split(options, "val").target[0], "ein stern .");
  EXPECT_EQ(image_root(options, "val"), folder / "images");
  EXPECT_EQ(message("test"),
            "data: layout \"table\" has no split 'test'; expected 'train' or 'val'");
  options.table_format = "auto", options.limit = 1;
  EXPECT_EQ(load_split(options, "train").lines, std::vector<int64_t>{2});
  write_file(folder / "train.csv", "de,en\n");
  EXPECT_EQ(message("train"), "train.csv: no rows; expected at least one");
  options.train_table = "";
  EXPECT_EQ(message("train"), "data.train_table: empty; layout \"table\" needs it");
}

TEST(Corpus, PutsFurtherCorporaBehindTheFirst) {
  const TemporaryFolder folder;
  write_small_corpus(folder);
  write_file(folder / "more.en", "two\n");
  write_file(folder / "more.de", "zwei\n");
  write_file(folder / "more.csv", "en,de,photo\n\"a\nb\",c,7.jpg\nd,e,\n");
  DataOptions options{.folder = folder.path().string()};
  options.limit = 1, options.source_column = "en", options.target_column = "de",
  options.image_column = "photo";
  options.corpora = {{.source = "more.en", .target = "more.de", .weight = 2},
                     {.table = "more.csv"}};
  const ParallelText train = load_split(options, "train");
  EXPECT_EQ(train.source, (std::vector<std::string>{"a circle .", "two", "a b", "d"}));
  EXPECT_EQ(train.target, (std::vector<std::string>{"ein kreis .", "zwei", "c", "e"}));
  EXPECT_EQ(train.images, (std::vector<std::string>{"1.jpg", "", "7.jpg", ""}));
  EXPECT_EQ(train.lines, (std::vector<int64_t>{1, 1, 2, 4}));
  ASSERT_EQ(train.parts.size(), 3u);
  EXPECT_EQ(train.part_of(0).source, folder / "tok/train.lc.norm.tok.en");
  EXPECT_EQ(train.part_of(1).source, folder / "more.en");
  EXPECT_EQ(train.part_of(3).image_list, folder / "more.csv");
  EXPECT_EQ(load_split(options, "val").source.size(), 1u);
  const std::vector<Corpus> corpora = corpora_of(options, "train");
  ASSERT_EQ(corpora.size(), 3u);
  EXPECT_EQ(corpora[0].limit, 1);
  EXPECT_EQ(corpora[1].weight, 2);
  options.corpora[0].target = "";
  EXPECT_EQ(thrown_message<Error>([&] { load_split(options, "train"); }),
            "data.corpora.0.target: empty, expected a file, or a table");
}

TEST(Corpus, ExpandsEnvironmentVariables) {
  setenv("PENALMT_TEST_HOME", "/data", 1);
  unsetenv("PENALMT_TEST_ABSENT");
  EXPECT_EQ(expand_environment("$PENALMT_TEST_HOME/a", "x"), "/data/a");
  EXPECT_EQ(expand_environment("a/${PENALMT_TEST_HOME}b", "x"), "a//datab");
  const std::string home = std::getenv("HOME");
  EXPECT_EQ(expand_environment("~/a~", "x"), home + "/a~");
  EXPECT_EQ(expand_environment("~", "x"), home);
  EXPECT_EQ(expand_environment("a/~", "x"), "a/~");
  EXPECT_EQ(expand_environment("no variable, 5$ and ${open", "x"), "no variable, 5$ and ${open");
  EXPECT_EQ(
      thrown_message<Error>([] { expand_environment("$PENALMT_TEST_ABSENT/a", "data.folder"); }),
      "data.folder: the environment variable PENALMT_TEST_ABSENT is not set; set it to the folder "
      "of the corpus, "
      "or give "
      "the folder itself");
}

TEST(Corpus, RefusesWhatIsNotThere) {
  const TemporaryFolder folder;
  write_small_corpus(folder);
  write_file(folder / "empty", "");
  const auto message = [&](const DataOptions& options, const std::string& split) {
    return folder.without_path(thrown_message<Error>([&] { load_split(options, split); }));
  };
  EXPECT_EQ(message({.folder = (folder / "absent").string()}, "train"),
            "absent: no such folder; expected a corpus in Multi30k's layout; set data.folder");
  EXPECT_EQ(message({.folder = folder.path().string()}, "test"),
            "tok/test.lc.norm.tok.en: cannot read: No such file or directory");
  DataOptions files{.layout = "files", .folder = folder.path().string()};
  EXPECT_EQ(message(files, "train"), "data.train_source: empty; layout \"files\" needs it");
  EXPECT_EQ(message(files, "test"),
            "data: layout \"files\" has no split 'test'; expected 'train' or 'val'");
  files.train_source = files.train_target = "empty";
  EXPECT_EQ(message(files, "train"), "empty: no lines; expected at least one");
}

// ---- the real corpus
// -------------------------------------------------------------------------------------------------

class RealMulti30k : public testing::Test {
 protected:
  void SetUp() override {
    if (!getenv("MULTI30K")) GTEST_SKIP() << "MULTI30K is not set: the real corpus is not checked";
  }
};

TEST_F(RealMulti30k, HasItsLinesAndWords) {
  EXPECT_EQ(load_split({}, "train").source.size(), 29000u);
  EXPECT_EQ(load_split({}, "val").source.size(), 1014u);
  const ParallelText test = load_split({}, "test_2016_flickr");
  EXPECT_EQ(test.source.size(), 1000u);
  std::size_t words = 0;
  for (const std::string& line : test.target) words += split_whitespace(line).size();
  EXPECT_EQ(words, 12103u);
  EXPECT_EQ(load_split({.text = "raw", .target_language = "fr"}, "test_2017_mscoco").images[0],
            "COCO_train2014_000000117071.jpg");
}

TEST_F(RealMulti30k, HasOneImageInFour) {
  for (const auto& [split, found] :
       {std::pair("train", 6993), std::pair("val", 242), std::pair("test_2016_flickr", 243)}) {
    const std::vector<std::string> names = load_split({}, split).images;
    int64_t there = 0;
    for (const std::string& name : names) there += fs::exists(image_root({}, split) / name);
    EXPECT_EQ(there, found) << split;
  }
  const DecodedImages images(load_split({}, "val").images, image_root({}, "val"), 32);
  EXPECT_EQ(images.found(), 242);
  EXPECT_EQ(images.missing(), 1014 - 242);
  EXPECT_EQ(images.pixels().size(0), 242);
}

}  // namespace penalmt::corpus_test
