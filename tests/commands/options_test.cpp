// Options of commands: from the fields of a struct to what the command line may say.
#include "commands/cli/options.h"

#include <gtest/gtest.h>

namespace penalmt::options_test {

struct Everything {
  bool json = false, exact = true;
  int width = 1;
  int64_t trials = 10;
  uint64_t seed = 1;
  double share = 0.5;
  std::string name = "a", kind = "bpe";
  std::vector<std::string> runs;
  std::optional<int64_t> beam;
  std::optional<double> penalty;
  std::optional<std::string> mask;

  template <class Visitor>
  void visit(Visitor& v) {
    v("json", json, "print JSON");
    v("exact_size", exact, "refuse what is too small");
    v("width", width, "digits", config::between(0, 15));
    v("trials", trials, "trials of the test", option(config::at_least(1)).needs("json"));
    v("seed", seed, "where random numbers start");
    v("share", share, "of the text", config::between(0, 1));
    v("name", name, "what it is called", option().value("NAME"));
    v("kind", kind, "how it is done", config::one_of({"bpe", "unigram"}));
    v("RUN", runs, "run folders", option().positional().required());
    v("beam", beam, "hypotheses kept", config::between(1, 1000));
    v("penalty", penalty, "of length");
    v("mask", mask, "the masked word");
  }
};

class Options : public testing::Test {
 protected:
  const Option& named(const std::string& name) const {
    for (const Option& option : options_)
      if (option.name == name) return option;
    throw std::out_of_range(name);
  }
  void give(const std::string& name, const std::vector<std::string>& values) {
    for (const std::string& value : values) EXPECT_EQ(refusal(name, value), "");
    assign(named(name), values);
  }
  std::string refusal(const std::string& name, const std::string& value) const {
    return problem_of(named(name), value);
  }

  Everything fields_;
  std::vector<Option> options_ = options_of(fields_);
};

TEST_F(Options, AreNamedByTheirFields) {
  EXPECT_EQ(options_.size(), 12U);
  EXPECT_EQ(options_[1].name, "--exact-size");
  EXPECT_EQ(options_[8].name, "RUN");
  EXPECT_TRUE(named("--json").is_flag());
  EXPECT_FALSE(named("--exact-size").is_flag());
  EXPECT_EQ(named("--trials").rules.needed, std::vector<std::string>{"json"});
}

TEST_F(Options, WriteTheFields) {
  give("--json", {});
  give("--exact-size", {"false"});
  give("--width", {"3"});
  give("--seed", {"18446744073709551615"});
  give("--share", {"1"});
  give("--name", {"7"});
  give("RUN", {"a", "true"});
  give("--beam", {"5"});
  give("--penalty", {"-0.5"});
  give("--mask", {"\"x\""});
  EXPECT_TRUE(fields_.json);
  EXPECT_FALSE(fields_.exact);
  EXPECT_EQ(fields_.width, 3);
  EXPECT_EQ(fields_.seed, UINT64_MAX);
  EXPECT_EQ(fields_.share, 1);
  EXPECT_EQ(fields_.name, "7");
  EXPECT_EQ(fields_.runs, (std::vector<std::string>{"a", "true"}));
  EXPECT_EQ(fields_.beam, 5);
  EXPECT_EQ(fields_.penalty, -0.5);
  EXPECT_EQ(fields_.mask, "\"x\"");  // text is taken as it is
}

TEST_F(Options, RefuseWhatIsNoNumberInTheirRange) {
  EXPECT_EQ(refusal("--width", "16"), "got '16', expected a whole number from 0 to 15");
  for (const char* wrong : {"0x5", "010", "5.0", "1e2", " 5", "", "1001"})
    EXPECT_EQ(refusal("--beam", wrong),
              "got '" + std::string(wrong) + "', expected a whole number from 1 to 1000");
  EXPECT_EQ(refusal("--trials", "0"),
            "got '0', expected a whole number from 1 to 9223372036854775807");
  EXPECT_EQ(refusal("--share", "nan"), "got 'nan', expected a number from 0 to 1");
  EXPECT_EQ(refusal("--seed", "-1"), "got '-1', expected a whole number from 0 to 2^64 - 1");
  EXPECT_EQ(refusal("--seed", "010"), "got '010', expected a whole number from 0 to 2^64 - 1");
  EXPECT_EQ(refusal("--exact-size", "no"), "got \"no\", expected true or false");
  EXPECT_EQ(refusal("--kind", "unigrm"),
            "got \"unigrm\", expected one of bpe, unigram; did you mean 'unigram'?");
}

struct OfARecipe {
  int64_t pieces = 100;
  template <class Visitor>
  void visit(Visitor& v) {
    v("pieces", pieces, "number of pieces", config::between(5, 1000));
  }
};

struct WithARecipes {
  OfARecipe keys;
  int64_t beam = 5;
  template <class Visitor>
  void visit(Visitor& v) {
    v.recipe_keys(keys);
    v("beam", beam, "hypotheses kept", config::between(1, 1000));
  }
};

TEST(OptionsOfRecipes, AreRefusedInTheWordsOfRecipes) {
  WithARecipes fields;
  const std::vector<Option> options = options_of(fields);
  EXPECT_EQ(problem_of(options[0], "many"), "got \"many\", expected whole number, 5 to 1000");
  EXPECT_EQ(problem_of(options[0], "7"), "");
  EXPECT_EQ(problem_of(options[1], "0"), "got '0', expected a whole number from 1 to 1000");
}

TEST_F(Options, SayWhatTheyTake) {
  EXPECT_EQ(value_word(named("--width")), "N");
  EXPECT_EQ(value_word(named("--name")), "NAME");
  EXPECT_EQ(value_word(named("RUN")), "TEXT");
  EXPECT_EQ(allowed_in_words(named("--width")), " (0 to 15)");
  EXPECT_EQ(allowed_in_words(named("--trials")), " (at least 1)");
  EXPECT_EQ(allowed_in_words(named("--kind")), " (bpe, unigram)");
  EXPECT_EQ(allowed_in_words(named("--name")), "");
  EXPECT_EQ(allowed_in_words(named("--exact-size")), " (true or false)");
  EXPECT_EQ(default_text(named("--share")), "0.5");
  EXPECT_EQ(default_text(named("--beam")), "");
  EXPECT_EQ(default_text(named("--json")), "");
  EXPECT_EQ(default_text(named("--exact-size")), "true");
}

}  // namespace penalmt::options_test
