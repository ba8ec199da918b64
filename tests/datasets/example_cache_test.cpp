#include "datasets/example_cache.h"

#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include <fmt/format.h>

#include "base/disk.h"
#include "base/error.h"
#include "tests/base/temporary_folder.h"

namespace penalmt::example_cache_test {

namespace fs = std::filesystem;

class ExampleCacheTest : public testing::Test {
 protected:
  ExampleCacheTest() {
    write_file(folder_ / "a.en", "a b\n\nc\nd e f\n");
    write_file(folder_ / "a.de", "u v w\nx\ny\nz\n");
  }

  static Tokenizer tokenizer(int64_t vocabulary = 40) {
    TokenizerOptions options;
    options.vocabulary = vocabulary, options.exact_vocabulary = false;
    return Tokenizer::train({"a b c d e f", "u v w x y z"}, options);
  }
  Corpus corpus() const {
    return {.files = {.source = folder_ / "a.en", .target = folder_ / "a.de"}};
  }
  ExampleCache open(const Corpus& corpus) const {
    return {folder_ / "cache", corpus, tokenizer_, tokenizer_, 2};
  }
  std::vector<fs::path> caches() const {
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(folder_ / "cache"))
      if (entry.path().extension() == ".examples") found.push_back(entry.path());
    return found;
  }
  std::string refusal() const {
    return folder_.without_path(thrown_message<Error>([&] { open(corpus()); }));
  }

  const TemporaryFolder folder_;
  const Tokenizer tokenizer_ = tokenizer();
};

TEST_F(ExampleCacheTest, HoldsThePairsThatHaveBothSides) {
  const ExampleCache cache = open(corpus());
  ASSERT_EQ(cache.size(), 3);
  EXPECT_EQ(cache.pairs(), 4);
  const std::vector<std::pair<std::string, std::string>> pairs = {
      {"a b", "u v w"}, {"c", "y"}, {"d e f", "z"}};
  const std::vector<int64_t> ids = {0, 2, 3};
  for (int64_t i = 0; i < 3; ++i) {
    const Example expected =
        example_of(tokenizer_.encode(pairs[i].first), tokenizer_.encode(pairs[i].second), ids[i]);
    const Example got = cache.at(i);
    EXPECT_EQ(got.source, expected.source);
    EXPECT_EQ(got.target, expected.target);
    EXPECT_EQ(got.id, ids[i]);
    EXPECT_EQ(got.image, -1);
    EXPECT_EQ(cache.lengths(i).source, static_cast<int64_t>(expected.source.size()));
    EXPECT_EQ(cache.lengths(i).target, static_cast<int64_t>(expected.target.size()));
    EXPECT_EQ(cache.line(i), ids[i] + 1);
  }
}

TEST_F(ExampleCacheTest, IsMadeOnceForAContent) {
  open(corpus());
  const auto made = fs::last_write_time(caches().at(0) / "pieces.bin");
  fs::copy_file(folder_ / "a.en", folder_ / "copy.en");
  Corpus same = corpus();
  same.files.source = folder_ / "copy.en";
  open(same);
  ASSERT_EQ(caches().size(), 1u);
  EXPECT_EQ(fs::last_write_time(caches()[0] / "pieces.bin"), made);
  // Another text, another share of it, another tokenizer.
  write_file(folder_ / "copy.en", "a b\n\nc\nd e e\n");
  EXPECT_EQ(open(same).at(2).source, example_of(tokenizer_.encode("d e e"), {}, 0).source);
  EXPECT_EQ(caches().size(), 2u);
  same.limit = 3;
  EXPECT_EQ(open(same).size(), 2);
  EXPECT_EQ(caches().size(), 3u);
  const ExampleCache other(folder_ / "cache", corpus(), tokenizer(20), tokenizer_, 1);
  EXPECT_EQ(caches().size(), 4u);
}

TEST_F(ExampleCacheTest, ReadsTables) {
  write_file(folder_ / "a.csv", "de,en\n\"u\nv\",a\n,b\nw,c\n");
  const Corpus table = {.files = {.source = folder_ / "a.csv",
                                  .target = folder_ / "a.csv",
                                  .format = TableFormat::kCsv,
                                  .columns = {"en", "de", ""}}};
  const ExampleCache cache = open(table);
  ASSERT_EQ(cache.size(), 2);
  EXPECT_EQ(cache.at(0).target, example_of({}, tokenizer_.encode("u v"), 0).target);
  EXPECT_EQ(cache.at(1).id, 2);
  EXPECT_EQ(cache.line(1), 5);
}

TEST_F(ExampleCacheTest, KeepsLargeVocabulariesToo) {
  std::vector<std::string> lines;
  std::string line;
  // Each word is new: 66,000 pieces, beyond what two bytes hold.
  for (int i = 0; i < 66000; ++i) {
    line += static_cast<char>(0xF0);
    line += static_cast<char>(0xA0 + i / 64 / 64 % 16);
    line += static_cast<char>(0x80 + i / 64 % 64);
    line += static_cast<char>(0x80 + i % 64);
    line += ' ';
    if (i % 100 == 99) lines.push_back(std::move(line)), line.clear();
  }
  TokenizerOptions options;
  options.vocabulary = 66010, options.exact_vocabulary = false;
  const Tokenizer large = Tokenizer::train(lines, options);
  ASSERT_GT(large.vocabulary_size(), 65536);
  write_file(folder_ / "b.en", lines[0] + "\n" + lines[659] + "\n");
  const Corpus corpus = {.files = {.source = folder_ / "b.en", .target = folder_ / "b.en"}};
  const ExampleCache cache(folder_ / "cache", corpus, large, tokenizer_, 2);
  for (const int64_t i : {0, 1})
    EXPECT_EQ(cache.at(i).source, example_of(large.encode(lines[i * 659]), {}, 0).source);
}

TEST_F(ExampleCacheTest, IsMadeByOneOfTwoProcesses) {
  std::string text;
  for (int i = 0; i < 3000; ++i) text += fmt::format("a b c d e f {}\n", i % 7);
  write_file(folder_ / "a.en", text);
  write_file(folder_ / "a.de", text);
  pid_t children[3];
  for (pid_t& child : children) {
    child = fork();
    if (child == 0) _exit(open(corpus()).size() == 3000 ? 0 : 1);
  }
  for (const pid_t child : children) {
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(caches().size(), 1u);
}

TEST_F(ExampleCacheTest, RefusesWhatIsDamaged) {
  open(corpus());
  const fs::path cache = caches().at(0);
  const std::string name = "cache/" + cache.filename().string() + ": ",
                    again = "; remove the folder, and it is made again",
                    meta = read_file(cache / "meta.json");
  const std::string pieces = read_file(cache / "pieces.bin"),
                    places = read_file(cache / "places.bin");
  write_file(cache / "pieces.bin", pieces + "x");
  EXPECT_EQ(
      refusal(),
      name + fmt::format("pieces.bin has {} bytes, expected {}", pieces.size() + 1, pieces.size()) +
          again);
  write_file(cache / "pieces.bin", pieces);
  for (const char* file : {"meta.json", "places.bin", "pieces.bin"}) {
    fs::rename(cache / file, cache / "moved");
    EXPECT_EQ(refusal(), name + file + " is missing" + again);
    fs::rename(cache / "moved", cache / file);
  }
  write_file(cache / "places.bin", "");
  EXPECT_EQ(refusal(), name + "places.bin has 0 bytes, expected 72" + again);
  write_file(cache / "places.bin", places);
  for (const std::size_t byte : {0, 8, 31, 64}) {  // where it begins, its length, its pair
    std::string changed = places;
    changed[byte] = '\x7F';
    write_file(cache / "places.bin", changed);
    const std::string said = refusal();
    EXPECT_TRUE(said.starts_with(name + "places.bin: example ")) << byte << said;
    EXPECT_TRUE(said.ends_with(" is not behind the one before it" + again)) << said;
  }
  // What no length and no order tells: a line's number, a piece.
  std::string changed = places;
  changed[20] ^= 1;
  write_file(cache / "places.bin", changed);
  EXPECT_EQ(refusal(), name + "places.bin is not what was written" + again);
  write_file(cache / "places.bin", places);
  changed = pieces;
  changed[pieces.size() / 2] ^= 1;
  write_file(cache / "pieces.bin", changed);
  EXPECT_EQ(refusal(), name + "pieces.bin is not what was written" + again);
  write_file(cache / "pieces.bin", pieces);
  std::string later = meta;
  later.replace(later.find("\"format\": 2"), 11, "\"format\": 3");
  write_file(cache / "meta.json", later);
  EXPECT_EQ(refusal(), name + "format 3, expected 2: another version wrote it" + again);
  later = meta;
  later.replace(later.find("\"examples\": "), 12, "\"examples\": \"3\", \"x\": ");
  write_file(cache / "meta.json", later);
  EXPECT_EQ(refusal(), name + "a damaged meta.json" + again);
  write_file(cache / "meta.json", "[");
  EXPECT_EQ(refusal(), name + "a damaged meta.json" + again);
}

TEST_F(ExampleCacheTest, LeavesNothingBehindWhereItFails) {
  const auto fails_at = [&](int64_t call) {
    disk::set_fault({.at = call, .error_number = ENOSPC});
    const std::string said =
        folder_.without_path(thrown_message<MachineError>([&] { open(corpus()); }));
    disk::set_fault({});
    return said;
  };
  EXPECT_NE(fails_at(1).find("cannot write: No space left on device"), std::string::npos);
  for (const auto& entry : fs::directory_iterator(folder_ / "cache"))
    EXPECT_EQ(entry.path().filename(), ".lock");
  write_file(folder_ / "a.de", "u\n");
  EXPECT_EQ(refusal(),
            "a.en: 4 lines, but a.de has 1; line i of one must belong to line i of the other");
  EXPECT_EQ(caches().size(), 0u);
}

}  // namespace penalmt::example_cache_test
