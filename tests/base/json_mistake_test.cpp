#include "base/json_mistake.h"

#include <gtest/gtest.h>

#include <random>

#include <nlohmann/json.hpp>

namespace penalmt::json_mistake_test {

// "offset: words", "" for JSON.
std::string mistake_in(std::string_view text, bool comments = false) {
  const auto mistake = first_json_mistake(text, comments);
  return mistake ? std::to_string(mistake->offset) + ": " + mistake->words : "";
}

TEST(JsonMistake, IsNoneWhereTheTextIsJson) {
  for (const char* text :
       {"{}", "[]", " [1, -2.5e3, 0, 0.1E-2]\n",
        "{\"a\": {\"b\": [true, false, null]}, \"c\": \"\"}",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00é\"", "\xEF\xBB\xBF{}"})
    EXPECT_EQ(mistake_in(text), "") << text;
  EXPECT_EQ(mistake_in("// a\n[1, /* b */ 2] // c", true), "");
}

TEST(JsonMistake, SaysWhereAndWhatWasExpected) {
  EXPECT_EQ(mistake_in(""), "0: it ends too early; expected a value");
  EXPECT_EQ(mistake_in("a dog ."), "0: got 'a', expected a value");
  EXPECT_EQ(mistake_in("True"), "0: got 'True', expected a value; did you mean 'true'?");
  EXPECT_EQ(mistake_in("{'a': 1}"), "1: got ''', expected a key in double quotes");
  EXPECT_EQ(mistake_in("['a']"), "1: got ''', expected a value; texts stand in double quotes");
  EXPECT_EQ(mistake_in("{\"a\" 1}"), "5: got '1', expected ':' after the key");
  EXPECT_EQ(mistake_in("{\"a\": 1 \"b\"}"), "8: got '\"', expected ',' or '}'");
  EXPECT_EQ(mistake_in("[1 2]"), "3: got '2', expected ',' or ']'");
  EXPECT_EQ(mistake_in("[1, 2,]"), "6: got a comma before ']', expected none");
  EXPECT_EQ(mistake_in("[1, 2"), "5: it ends too early; expected ',' or ']'");
  EXPECT_EQ(mistake_in("[010]"), "1: got '010', expected a value");
  EXPECT_EQ(mistake_in("[1.]"), "1: got '1.', expected a value");
  EXPECT_EQ(mistake_in("1e999"), "0: got '1e999', expected a number that a double holds");
  EXPECT_EQ(mistake_in("{} {}"), "3: got '{', expected the end of the text");
  EXPECT_EQ(mistake_in("\"abc"), "0: a text without its closing quote");
  EXPECT_EQ(mistake_in("\"a\nb\""), "2: got '\\n' inside a text, expected its closing quote");
  EXPECT_EQ(
      mistake_in("\"\\x41\""),
      "1: got '\\x' inside a text, expected an escape of JSON's, such as \\\\, \\\" or \\u00e9");
  EXPECT_EQ(mistake_in("\"\\ud83d\""), "1: got \\ud83d, half of a character, inside a text");
  EXPECT_EQ(mistake_in("[1] /* a", true), "4: a comment without its end; expected */");
  EXPECT_EQ(mistake_in("[1] // a"), "4: got '/', expected the end of the text");
  EXPECT_EQ(mistake_in(std::string(40, 'x')),
            "0: got '" + std::string(30, 'x') + "...', expected a value");
}

// The library's answer is the right one.
TEST(JsonMistake, IsThereWhereTheLibraryFindsOne) {
  const std::string sound = R"({"a": [1, -2.5e3, true, null], "b": {"c": "\u00e9\n"}, "d": ""})";
  const std::string letters = "{}[]\",:\\ 01e-.tn\x01";
  std::mt19937 draw(1);
  int refused = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string text = sound;
    for (unsigned n = draw() % 3; n < 3; ++n)
      text[draw() % text.size()] = letters[draw() % letters.size()];
    const bool is_json = nlohmann::json::accept(text);
    refused += is_json ? 0 : 1;
    EXPECT_EQ(mistake_in(text).empty(), is_json) << text << " " << mistake_in(text);
  }
  EXPECT_GT(refused, 10000);
}

}  // namespace penalmt::json_mistake_test
