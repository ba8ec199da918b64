#include "base/json.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/config.h"
#include "base/error.h"
#include "tests/base/temporary_folder.h"

namespace penalmt::json_test {

namespace fs = std::filesystem;
using nlohmann::json;

struct Options {
  double rate = 1;
  template <class Visitor>
  void visit(Visitor& v) {
    v("rate", rate, "a rate");
  }
};

std::string nested(int levels) { return std::string(levels, '[') + std::string(levels, ']'); }

TEST(Json, IsBoundedInDepth) {
  EXPECT_EQ(first_too_deep(nested(100)), std::nullopt);
  EXPECT_EQ(first_too_deep(nested(101)), 100u);
  EXPECT_EQ(first_too_deep("[[],[]," + nested(101) + "]"), 106u);
  EXPECT_EQ(parse_json<json>(nested(100), "f.json").size(), 1u);
  for (const int levels : {101, 200'000})
    EXPECT_EQ(thrown_message<Error>([&] { parse_json<json>(nested(levels), "f.json"); }),
              "f.json: nested deeper than 100 levels, at byte 101");
}

TEST(Json, BracketsInStringsAndCommentsAreNoLevels) {
  const std::string many(200, '[');
  EXPECT_EQ(first_too_deep("\"" + many + "\""), std::nullopt);
  EXPECT_EQ(first_too_deep("\"\\\"" + many), std::nullopt);
  EXPECT_EQ(first_too_deep("// " + many + "\n[]"), std::nullopt);
  EXPECT_EQ(first_too_deep("/* " + many + " */[]"), std::nullopt);
  EXPECT_EQ(first_too_deep("\"\\\\\"" + many), 104u);
  for (const std::string open : {"\"", "\"\\", "/", "//", "/*", "/*/"})
    EXPECT_EQ(first_too_deep(open), std::nullopt);
}

TEST(Json, ConfigurationIsBoundedInDepth) {
  const std::string deep = "{\n  \"a\": " + nested(200'000) + "}";
  EXPECT_EQ(thrown_message<Error>([&] { config::parse(deep, "r.json"); }),
            "r.json:2:107: nested deeper than 100 levels");
  Options options;
  config::Problems problems("--set");
  config::set(options, "rate=" + nested(200'000), problems);
  config::set(options, "rate=\xff", problems);
  EXPECT_EQ(problems.lines(),
            (std::vector<std::string>{"--set: rate: nested deeper than 100 levels",
                                      "--set: rate: invalid UTF-8"}));
}

TEST(Json, BytesThatAreNoUtf8AreReplaced) {
  EXPECT_EQ(dump_json(json("caf\xe9.jpg")), "\"caf\xef\xbf\xbd.jpg\"");
  EXPECT_EQ(dump_json(json{{"a", 1}}, 2), "{\n  \"a\": 1\n}");
}

TEST(Json, AMemberIsKeptByteForByte) {
  EXPECT_EQ(member_text(R"({"id": 123456789012345678901234567890, "a": 1})", "id"),
            "123456789012345678901234567890");
  EXPECT_EQ(member_text(R"({"a": "\"id\": 2", "b": {"id": 3}, "id" : 1.10 })", "id"), "1.10");
  EXPECT_EQ(member_text(R"({"\u0069d":{"x":[1, 2,{"id":0}],"y":"},"}})", "id"),
            R"({"x":[1, 2,{"id":0}],"y":"},"})");
  EXPECT_EQ(member_text(R"({/* "id": 1, */ "id": 2 /* two */, "z": 0})", "id"), "2");
  EXPECT_EQ(member_text(R"({"id": "é\n"})", "id"), R"("é\n")");
  EXPECT_EQ(member_text(R"({"id":[]})", "id"), "[]");
  EXPECT_EQ(member_text(R"({"idx": 1, "x": "id"})", "id"), std::nullopt);
  EXPECT_EQ(member_text("{}", "id"), std::nullopt);
}

TEST(Json, AnObjectKnowsWhereItsValuesStand) {
  const std::string text = R"( {"a" : "x\"}", /* "b": 1, */ "c":[1, {"a": 2} ] ,"d":{}} )";
  const ObjectText object = object_text(text);
  ASSERT_EQ(object.members.size(), 3u);
  const auto value = [&](std::size_t i) {
    const auto& [key, begin, end] = object.members[i];
    return key + "=" + text.substr(begin, end - begin);
  };
  EXPECT_EQ(value(0), R"(a="x\"}")");
  EXPECT_EQ(value(1), R"(c=[1, {"a": 2} ])");
  EXPECT_EQ(value(2), "d={}");
  EXPECT_EQ(object.end, text.size() - 2);
  EXPECT_TRUE(object_text("{ }").members.empty());
  EXPECT_EQ(object_text("{ }").end, 2u);
}

TEST(Json, EveryReaderGoesThroughTheBoundedParser) {
  for (const char* part : {"src", "models", "tokenizers", "datasets"}) {
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(PENALMT_SOURCE) / part)) {
      const std::string name = entry.path().lexically_relative(PENALMT_SOURCE).string();
      if (!entry.is_regular_file() || name.starts_with("src/base/json.") ||
          name == "src/base/config.cpp")
        continue;
      std::stringstream text;
      text << std::ifstream(entry.path()).rdbuf();
      for (const char* call : {"json::parse(", "Json::parse(", "json::accept(", "Json::accept("})
        EXPECT_EQ(text.str().find(call), std::string::npos) << name << " calls " << call;
    }
  }
}

}  // namespace penalmt::json_test
