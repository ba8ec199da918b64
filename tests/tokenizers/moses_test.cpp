// Captions to the text of the published scores and back, in the four languages of Multi30k.
#include "tokenizers/moses.h"
#include "base/line_reader.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/config.h"
#include "base/error.h"
#include "tests/base/temporary_folder.h"
#include "tokenizers/code_points.h"
#include "tokenizers/moses_normalize.h"

namespace penalmt::moses_test {
namespace fs = std::filesystem;

using Lines = std::vector<std::string>;
using nlohmann::json;

constexpr const char* kCodes[] = {"cs", "de", "en", "fr"};

// What Moses's own scripts answered (tests/golden/moses.py).
const json& golden() {
  static const json answers =
      config::parse_file(fs::path(PENALMT_SOURCE) / "tests/golden/moses.json");
  return answers;
}

TEST(Moses, MakesOfALineWhatItsOwnScriptsMake) {
  const Lines lines = golden()["lines"];
  for (const std::string code : kCodes) {
    const Lines answers = golden()["answers"][code];
    ASSERT_EQ(lines.size(), answers.size());
    for (std::size_t i = 0; i < lines.size(); ++i)
      EXPECT_EQ(to_moses(lines[i], moses_language(code)), answers[i]) << code << ": " << lines[i];
  }
}

TEST(Moses, LowersTokenizesAndEscapesACaption) {
  const MosesLanguage german = moses_language("de");
  const std::string tokens = "zwei männer rufen : &quot; auf geht &apos; s ! &quot;";
  EXPECT_EQ(to_moses("Zwei Männer rufen: „Auf geht's!“", german), tokens);
  EXPECT_EQ(from_moses(tokens, german), "zwei männer rufen: \"auf geht's!\"");
  EXPECT_EQ(to_moses("&|<>[]", german), "&amp; &#124; &lt; &gt; &#91; &#93;");
  EXPECT_EQ(from_moses("&amp; &#124; &lt; &gt; &#91; x &#93;", german), "& | < > [x]");
  EXPECT_EQ(from_moses("&amp;apos;", german), "&apos;");  // restored once
}

TEST(Moses, GivesAnEmptyLineForALineWithoutTokens) {
  for (const std::string code : kCodes) {
    for (const char* const line : {"", " ", "\t", "\u00A0\u3000", "\r"}) {
      EXPECT_EQ(to_moses(line, moses_language(code)), "") << code;
      EXPECT_EQ(from_moses(line, moses_language(code)), "") << code;
    }
  }
}

TEST(Moses, SplitsAgainWhatItJoined) {
  const MosesLanguage english = moses_language("en"), german = moses_language("de"),
                      french = moses_language("fr");
  const std::string line =
      "a man &apos;s dog &quot; rex &quot; barks ; he is 3.5 years ( or 1,000 ) , isn &apos;t he ?";
  EXPECT_EQ(to_moses(from_moses(line, english), english), line);
  EXPECT_EQ(to_moses(from_moses("das &quot; geht &apos; s &quot; -schild : 5 % , usw. 3", german),
                     german),
            "das &quot; geht &apos; s &quot; -schild : 5 % , usw. 3");
  EXPECT_EQ(to_moses(from_moses("l&apos; homme : &quot; d&apos; accord ! &quot;", french), french),
            "l&apos; homme : &quot; d&apos; accord ! &quot;");
}

TEST(Moses, TakesLongLinesOfMarksInItsStride) {
  for (const std::string code : kCodes) {
    for (const char* const piece : {"'", "\"", ".", ",", ".\"", " & amp ;", " ' a", "(", "’"}) {
      std::string line;
      for (int i = 0; i < 30000; ++i) line += piece;
      EXPECT_FALSE(from_moses(to_moses(line, moses_language(code)), moses_language(code)).empty());
    }
  }
}

TEST(Moses, CapitalisesTheFirstLetter) {
  EXPECT_EQ(capitalised("two men."), "Two men.");
  EXPECT_EQ(capitalised("\"élan\", dit-il"), "\"Élan\", dit-il");
  EXPECT_EQ(capitalised("ǆ"), "ǅ");
  EXPECT_EQ(capitalised("2 men"), "2 men");
  EXPECT_EQ(capitalised("..."), "...");
  EXPECT_EQ(capitalised(""), "");
}

TEST(Moses, RefusesOtherLanguages) {
  EXPECT_EQ(thrown_message<Error>([] { moses_language("nl"); }),
            "language: got \"nl\", expected one of cs, de, en, fr");
  EXPECT_EQ(thrown_message<Error>([] { moses_language("DE"); }),
            "language: got \"DE\", expected one of cs, de, en, fr");
}

struct CorpusFile {
  std::string split, code;
  Lines raw, tok;
};

std::vector<CorpusFile> corpus(const fs::path& folder) {
  std::vector<CorpusFile> files;
  for (const char* const split :
       {"train", "val", "test_2016_flickr", "test_2017_flickr", "test_2017_mscoco"}) {
    for (const std::string code : kCodes) {
      const fs::path raw = folder / "raw" / (std::string(split) + "." + code + ".gz");
      if (!fs::exists(raw)) continue;
      files.push_back({split, code, read_lines(raw),
                       read_lines(folder / "tok" / (std::string(split) + ".lc.norm.tok." + code))});
    }
  }
  return files;
}

// Punctuation made plain and white space single: what of a caption can come back.
std::string plain(const std::string& line, MosesLanguage language) {
  std::u32string text = lower_case(code_points(line)), single;
  normalize_punctuation(text, language);
  for (const std::u32string_view word : split_at_spaces(text))
    single.append(single.empty() ? U"" : U" ").append(word);
  return to_utf8(single);
}

TEST(Moses, GivesMulti30ksTokenizedFilesFromItsRawOnes) {
  if (!getenv("MULTI30K")) GTEST_SKIP() << "MULTI30K is not set: the real corpus is not checked";
  const std::vector<CorpusFile> files = corpus(getenv("MULTI30K"));
  ASSERT_FALSE(files.empty());
  for (const CorpusFile& file : files) {
    ASSERT_EQ(file.raw.size(), file.tok.size()) << file.split << "." << file.code;
    for (std::size_t i = 0; i < file.raw.size(); ++i) {
      EXPECT_EQ(to_moses(file.raw[i], moses_language(file.code)), file.tok[i])
          << file.split << "." << file.code << ":" << i + 1;
    }
  }
}

TEST(Moses, GivesBackMulti30ksCaptionsButForTheirSlips) {
  if (!getenv("MULTI30K")) GTEST_SKIP() << "MULTI30K is not set: the real corpus is not checked";
  for (const CorpusFile& file : corpus(getenv("MULTI30K"))) {
    const MosesLanguage language = moses_language(file.code);
    std::size_t came_back = 0;
    for (std::size_t i = 0; i < file.raw.size(); ++i)
      came_back +=
          plain(from_moses(file.tok[i], language), language) == plain(file.raw[i], language);
    EXPECT_GE(static_cast<double>(came_back), 0.998 * static_cast<double>(file.raw.size()))
        << file.split << "." << file.code << ": " << came_back << " of " << file.raw.size();
  }
}

}  // namespace penalmt::moses_test
