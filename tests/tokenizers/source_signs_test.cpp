#include "tokenizers/source_signs.h"
#include "base/line_reader.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

namespace penalmt::source_signs_test {

SourceSigns signs_of(const std::vector<std::string>& lines) {
  SourceSigns signs;
  for (const std::string& line : lines) signs.add(line);
  return signs;
}

TEST(SourceSigns, AreCountedByLines) {
  const SourceSigns signs =
      signs_of({"A man, a Dog.", "", "two \xc3\x84rzte run .", "a man &apos;s dog .",
                "it 's 3,000 m , the u.s. flag", "l&apos; eau , &quot; a &quot; .", "a dog runs!"});
  EXPECT_EQ(signs.lines, 6);
  EXPECT_EQ(signs.capitals, 2);
  EXPECT_EQ(signs.marks, 3);  // "man,", "'s", "runs!"
  EXPECT_EQ(signs.tokenised, 2);
  EXPECT_EQ(signs.tabs, 0);
  EXPECT_EQ(signs.commas, 0);
  EXPECT_TRUE(signs.look_raw());
  EXPECT_FALSE(signs.look_tokenised());
}

TEST(SourceSigns, TellTablesFromProse) {
  EXPECT_TRUE(signs_of({"1\ta dog .", "2\ta cat ."}).look_tabbed());
  EXPECT_TRUE(signs_of({"7,\"a dog, a cat\",x.jpg", "8,a man,y.jpg"}).look_comma_separated());
  EXPECT_TRUE(signs_of({"7;a dog;x", "8;a man;y"}).look_comma_separated());
  const SourceSigns prose = signs_of({"a dog, a cat", "1,000 men", "a , b &amp; c ; d"});
  EXPECT_FALSE(prose.look_comma_separated());
  EXPECT_FALSE(prose.look_tabbed());
}

TEST(SourceSigns, AskForMoreThanAFewLines) {
  std::vector<std::string> lines(95, "a man .");
  for (int i = 0; i < 5; ++i) lines.emplace_back("A man .");
  EXPECT_FALSE(signs_of(lines).look_raw());  // 5 of 100
  lines.emplace_back("A man .");
  EXPECT_TRUE(signs_of(lines).look_raw());
  EXPECT_FALSE(SourceSigns().look_raw());
  EXPECT_FALSE(SourceSigns().look_tabbed());
}

TEST(PieceCount, LooksForeignFromFourInAHundredOn) {
  PieceCount count;
  EXPECT_FALSE(count.look_foreign());
  count.add(std::vector<int>(97, 9));
  count.add({3, 3, 3});
  EXPECT_EQ(count.all, 100);
  EXPECT_EQ(count.unknown, 3);
  EXPECT_FALSE(count.look_foreign());
  count.add({3});
  EXPECT_TRUE(count.look_foreign());
}

TEST(SourceSigns, KnowMulti30ksTokenisedFilesFromItsRawOnes) {
  const char* const corpus = getenv("MULTI30K");
  if (!corpus) GTEST_SKIP() << "MULTI30K is not set: the real corpus is not checked";
  int files = 0;
  for (const char* const kind : {"tok", "raw"})
    for (const auto& entry :
         std::filesystem::directory_iterator(std::filesystem::path(corpus) / kind)) {
      if (!entry.path().filename().string().starts_with("test_")) continue;
      const SourceSigns signs = signs_of(read_lines(entry.path()));
      const bool raw = kind == std::string("raw");
      EXPECT_EQ(signs.look_raw(), raw) << entry.path();
      EXPECT_EQ(signs.look_tokenised(), !raw) << entry.path();
      EXPECT_FALSE(signs.look_tabbed()) << entry.path();
      EXPECT_FALSE(signs.look_comma_separated()) << entry.path();
      ++files;
    }
  EXPECT_GE(files, 2);
}

}  // namespace penalmt::source_signs_test
