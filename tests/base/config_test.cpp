#include "base/config.h"

#include <gtest/gtest.h>

#include "base/files.h"
#include "temporary_folder.h"

namespace penalmt::config_test {

struct Schedule {
  double peak = 0.005;
  int64_t warmup = 2000;
  std::string kind = "inverse_sqrt";
  template <class Visitor>
  void visit(Visitor& v) {
    v("peak", peak, "highest learning rate", config::between(1e-9, 10));
    v("warmup", warmup, "updates until the peak", config::at_least(0));
    v("kind", kind, "shape of the curve", config::one_of({"inverse_sqrt", "constant"}));
  }
};

struct Recipe {
  Schedule schedule;
  std::string name = "first";
  std::vector<std::string> metrics = {"bleu"};
  bool resume = false;
  template <class Visitor>
  void visit(Visitor& v) {
    v.group("schedule", schedule, "learning rate");
    v("name", name, "what to call it");
    v("metrics", metrics, "what to measure", config::one_of({"bleu", "chrf", "ter"}));
    v("resume", resume, "go on");
  }
};

using Lines = std::vector<std::string>;

Lines problems_of(const std::string& text, Recipe* recipe = nullptr) {
  Recipe own;
  config::Problems problems("r.json");
  config::read(recipe != nullptr ? *recipe : own, config::parse(text, "r.json"), problems);
  return problems.lines();
}

Lines problems_of_setting(const std::string& assignment, Recipe* recipe = nullptr) {
  Recipe own;
  config::Problems problems("--set");
  config::set(recipe != nullptr ? *recipe : own, assignment, problems);
  return problems.lines();
}

std::string refusal(const std::string& text) {
  return thrown_message<Error>([&] { config::parse(text, "r.json"); });
}

TEST(Config, OverwritesOnlyTheFieldsThatAreNamed) {
  Recipe recipe;
  EXPECT_EQ(
      problems_of(
          R"({"schedule": {"peak": 1, "kind": "constant"}, "metrics": ["ter", "bleu"], "resume": true})",
          &recipe),
      Lines{});
  EXPECT_EQ(recipe.schedule.peak, 1.0);
  EXPECT_EQ(recipe.schedule.warmup, 2000);
  EXPECT_EQ(recipe.schedule.kind, "constant");
  EXPECT_EQ(recipe.name, "first");
  EXPECT_EQ(recipe.metrics, (Lines{"ter", "bleu"}));
  EXPECT_TRUE(recipe.resume);
}

TEST(Config, ReportsEveryProblemAtOnce) {
  EXPECT_EQ(
      problems_of(
          R"({"schedule": {"warmpu": 1, "peak": 11, "kind": "constnat"}, "resume": 1, "metrics": ["blue"]})"),
      (Lines{"r.json: metrics: got [\"blue\"], expected list of texts, each one of bleu, chrf, "
             "ter; did you mean 'bleu'?",
             "r.json: resume: got 1, expected true or false",
             "r.json: schedule.kind: got \"constnat\", expected one of inverse_sqrt, constant; did "
             "you mean 'constant'?",
             "r.json: schedule.peak: got 11, expected number, 1e-09 to 10",
             "r.json: schedule.warmpu: unknown key; did you mean 'warmup'?"}));
}

TEST(Config, JoinsTheProblemsInOneError) {
  config::Problems problems("r.json");
  problems.throw_if_any();  // none: nothing happens
  problems.add("a", "unknown key");
  problems.add("b", "unknown key");
  EXPECT_EQ(thrown_message<Error>([&] { problems.throw_if_any(); }),
            "r.json: a: unknown key\nr.json: b: unknown key");
}

TEST(Config, PointsToAKeyOfAnotherPlace) {
  EXPECT_EQ(problems_of(R"({"warmup": 3})"),
            Lines{"r.json: warmup: unknown key; did you mean 'schedule.warmup'?"});
  EXPECT_EQ(problems_of(R"({"elephant": 3})"), Lines{"r.json: elephant: unknown key"});
}

TEST(Config, TakesWholeNumbersForNumbersButNeverTheOtherWay) {
  EXPECT_EQ(problems_of(R"({"schedule": {"peak": 2}})"), Lines{});
  const std::string expected = ", expected whole number, at least 0";
  EXPECT_EQ(problems_of(R"({"schedule": {"warmup": 4.7}})"),
            Lines{"r.json: schedule.warmup: got 4.7" + expected});
  EXPECT_EQ(problems_of(R"({"schedule": {"warmup": 4.0}})"),
            Lines{"r.json: schedule.warmup: got 4.0" + expected});
  EXPECT_EQ(problems_of(R"({"schedule": {"warmup": -1}})"),
            Lines{"r.json: schedule.warmup: got -1" + expected});
  EXPECT_EQ(problems_of(R"({"schedule": {"warmup": 18446744073709551615}})"),
            Lines{"r.json: schedule.warmup: got 18446744073709551615" + expected});
  EXPECT_EQ(problems_of(R"({"schedule": {"warmup": "4"}})"),
            Lines{"r.json: schedule.warmup: got \"4\"" + expected});
  EXPECT_EQ(problems_of(R"({"schedule": {"warmup": true}})"),
            Lines{"r.json: schedule.warmup: got true" + expected});
  EXPECT_EQ(problems_of(R"({"schedule": {"warmup": null}})"),
            Lines{"r.json: schedule.warmup: got null" + expected});
}

TEST(Config, KeepsTheOldValueWhereTheNewOneIsRefused) {
  Recipe recipe;
  EXPECT_EQ(problems_of(R"({"schedule": {"warmup": -1}})", &recipe).size(), 1U);
  EXPECT_EQ(recipe.schedule.warmup, 2000);
}

TEST(Config, TakesTheBoundsThemselves) {
  EXPECT_EQ(problems_of(R"({"schedule": {"peak": 10, "warmup": 0}})"), Lines{});
  EXPECT_EQ(problems_of(R"({"schedule": {"peak": 1e-9}})"), Lines{});
}

TEST(Config, RefusesOtherShapesThanObjects) {
  EXPECT_EQ(problems_of("[1]"), Lines{"r.json: the whole text: got [1], expected an object {...}"});
  EXPECT_EQ(problems_of(R"({"schedule": 3})"),
            Lines{"r.json: schedule: got 3, expected an object {...}"});
  EXPECT_EQ(problems_of(R"({"schedule.peak": 3})"),
            Lines{"r.json: schedule.peak: unknown key; did you mean 'schedule.peak'?"});
}

TEST(Config, ReadsComments) {
  Recipe recipe;
  EXPECT_EQ(problems_of("// of ours\n{ /* a name */ \"name\": \"// kept\" }\n", &recipe), Lines{});
  EXPECT_EQ(recipe.name, "// kept");
}

TEST(Config, NamesThePlaceWhereTheTextIsNotJson) {
  EXPECT_EQ(refusal("{\"a\": 1,\n \"b\" 2}"),
            "r.json:2:6: not JSON: got '2', expected ':' after the key");
  EXPECT_EQ(refusal(""), "r.json:1:1: not JSON: it ends too early; expected a value");
  EXPECT_EQ(refusal("{\"a\": 1e999}"),
            "r.json:1:7: not JSON: got '1e999', expected a number that a double holds");
  EXPECT_EQ(refusal("{\"a\": NaN}"), "r.json:1:7: not JSON: got 'NaN', expected a value");
  EXPECT_EQ(refusal("{} x"), "r.json:1:4: not JSON: got 'x', expected the end of the text");
  EXPECT_EQ(refusal("{\"a\":\n \"\xff\"}"), "r.json:2:3: invalid UTF-8");
}

TEST(Config, RefusesAKeyThatStandsTwice) {
  EXPECT_EQ(refusal("{\"a\": 1,\n  \"é\": {\"b\": 1, \"b\": 2}}"),
            "r.json:2:17: key 'b' stands twice in one object");
  EXPECT_EQ(refusal(R"({"a\"": 1, "a\"": 2})"),
            "r.json:1:12: key 'a\"' stands twice in one object");
  EXPECT_NO_THROW(config::parse(R"([{"a": {"a": 1}}, {"a": 2}])", "r.json"));
}

TEST(Config, NamesTheFile) {
  const TemporaryFolder folder;
  write_file(folder / "a.json", "{");
  EXPECT_EQ(
      folder.without_path(thrown_message<Error>([&] { config::parse_file(folder / "a.json"); })),
      "a.json:1:2: not JSON: it ends too early; expected a key in double quotes");
  EXPECT_EQ(
      folder.without_path(thrown_message<Error>([&] { config::parse_file(folder / "b.json"); })),
      "b.json: cannot read: No such file or directory");
}

TEST(ConfigSet, ReadsValuesAsJsonAndElseAsText) {
  Recipe recipe;
  for (const char* assignment : {"schedule.peak=0.5", "schedule.kind=constant", "resume=true",
                                 "name=7", "metrics=[\"chrf\"]"}) {
    EXPECT_EQ(problems_of_setting(assignment, &recipe), Lines{});
  }
  EXPECT_EQ(recipe.schedule.peak, 0.5);
  EXPECT_EQ(recipe.schedule.kind, "constant");
  EXPECT_TRUE(recipe.resume);
  EXPECT_EQ(recipe.name, "7");  // a text field takes any text
  EXPECT_EQ(recipe.metrics, Lines{"chrf"});
  problems_of_setting("name=a=b \"c", &recipe);
  EXPECT_EQ(recipe.name, "a=b \"c");
  problems_of_setting("name=\"quoted\"", &recipe);
  EXPECT_EQ(recipe.name, "quoted");
  problems_of_setting("name=", &recipe);
  EXPECT_EQ(recipe.name, "");
  EXPECT_EQ(problems_of_setting("schedule={\"peak\": 3}", &recipe), Lines{});
  EXPECT_EQ(recipe.schedule.peak, 3.0);
}

TEST(ConfigSet, TakesSpacesAroundTheEqualsSign) {
  Recipe recipe;
  for (const char* assignment : {"schedule.peak = 2", "name =  two words ", "resume =true"})
    EXPECT_EQ(problems_of_setting(assignment, &recipe), Lines{});
  EXPECT_EQ(recipe.schedule.peak, 2.0);
  EXPECT_EQ(recipe.name, "two words ");
  EXPECT_TRUE(recipe.resume);
  problems_of_setting("name= led", &recipe);
  EXPECT_EQ(recipe.name, " led");
}

struct Rates {
  double learning_rate = 1;
  void visit(auto& v) { v("learning_rate", learning_rate, "", config::anything()); }
};

struct Training {
  Rates training;
  void visit(auto& v) { v.group("training", training, ""); }
};

TEST(Config, KnowsANameByItsInitials) {
  Training options;
  config::Problems problems("r.json");
  config::read(options, nlohmann::json::parse(R"({"training": {"lr": 1}})"), problems);
  config::set(options, "lr=1", problems);
  config::set(options, "training.lr=1", problems);
  EXPECT_EQ(problems.lines(),
            (Lines{"r.json: training.lr: unknown key; did you mean 'learning_rate'?",
                   "set: lr: unknown key; did you mean 'training.learning_rate'?",
                   "set: training.lr: unknown key; did you mean 'training.learning_rate'?"}));
}

TEST(ConfigSet, RefusesWhatItDoesNotKnow) {
  EXPECT_EQ(problems_of_setting("schedule.peek=1"),
            Lines{"set: schedule.peek: unknown key; did you mean 'schedule.peak'?"});
  EXPECT_EQ(problems_of_setting("peak=1"),
            Lines{"set: peak: unknown key; did you mean 'schedule.peak'?"});
  EXPECT_EQ(problems_of_setting("resume"), Lines{"set: resume: expected key=value"});
  EXPECT_EQ(problems_of_setting("=3"), Lines{"set: =3: expected key=value"});
  EXPECT_EQ(problems_of_setting("schedule=3"),
            Lines{"set: schedule: a group of keys: set one of them, as schedule.peak=3"});
  EXPECT_EQ(problems_of_setting("schedule.peak=nan"),
            Lines{"set: schedule.peak: got \"nan\", expected number, 1e-09 to 10"});
  EXPECT_EQ(problems_of_setting("schedule.peak=inf"),
            Lines{"set: schedule.peak: got \"inf\", expected number, 1e-09 to 10"});
  EXPECT_EQ(problems_of_setting("resume=yes"),
            Lines{"set: resume: got \"yes\", expected true or false"});
  EXPECT_EQ(problems_of_setting("metrics=bleu"),
            Lines{"set: metrics: got \"bleu\", expected list of texts, each one "
                  "of bleu, chrf, ter; did you mean [\"bleu\"]?"});
}

struct Lists {
  std::vector<double> mean = {127, 0.5};
  template <class Visitor>
  void visit(Visitor& v) {
    v("mean", mean, "of each channel", config::between(0, 255));
  }
};

TEST(Config, TakesListsOfNumbers) {
  const auto read = [](const std::string& text, Lists& lists) {
    config::Problems problems("r.json");
    config::read(lists, config::parse(text, "r.json"), problems);
    return problems.lines();
  };
  Lists lists;
  EXPECT_EQ(config::write(lists).dump(), R"({"mean":[127.0,0.5]})");
  EXPECT_EQ(read(R"({"mean": [1, 2.5, 255]})", lists), Lines{});
  EXPECT_EQ(lists.mean, (std::vector<double>{1, 2.5, 255}));
  const std::string expected = ", expected list of numbers, 0 to 255";
  EXPECT_EQ(read(R"({"mean": [1, 256]})", lists), Lines{"r.json: mean: got [1,256]" + expected});
  EXPECT_EQ(read(R"({"mean": ["1"]})", lists), Lines{R"(r.json: mean: got ["1"])" + expected});
  EXPECT_EQ(read(R"({"mean": 1})", lists), Lines{"r.json: mean: got 1" + expected});
  EXPECT_EQ(lists.mean.size(), 3U);
}

TEST(ConfigWrite, GivesBackWhatWasRead) {
  Recipe recipe;
  problems_of(
      R"({"schedule": {"peak": 0.1, "warmup": 7}, "name": "ä \"q\"", "metrics": [], "resume": true})",
      &recipe);
  const std::string text = config::write(recipe).dump();
  EXPECT_EQ(
      text,
      R"({"schedule":{"peak":0.1,"warmup":7,"kind":"inverse_sqrt"},"name":"ä \"q\"","metrics":[],"resume":true})");
  Recipe again;
  EXPECT_EQ(problems_of(text, &again), Lines{});
  EXPECT_EQ(config::write(again).dump(), text);
}

TEST(ConfigHelp, NamesEveryFieldWithMeaningTypeRangeAndDefault) {
  const Recipe defaults;
  EXPECT_EQ(config::help(defaults),
            "schedule.peak    highest learning rate (number, 1e-09 to 10; default 0.005)\n"
            "schedule.warmup  updates until the peak (whole number, at least 0; default 2000)\n"
            "schedule.kind    shape of the curve (one of inverse_sqrt, constant; default "
            "\"inverse_sqrt\")\n"
            "name             what to call it (text; default \"first\")\n"
            "metrics          what to measure (list of texts, each one of bleu, chrf, ter; default "
            "[\"bleu\"])\n"
            "resume           go on (true or false; default false)\n");
}

struct Part {
  std::string name = "";
  double weight = 1;
  template <class Visitor>
  void visit(Visitor& v) {
    v("name", name, "what it is called");
    v("weight", weight, "how much of it", config::between(0, 10));
  }
};

struct Whole {
  std::vector<Part> parts = {};
  template <class Visitor>
  void visit(Visitor& v) {
    v.list("parts", parts, "what it is made of");
  }
};

struct Boxed {
  Whole whole;
  bool open = false;
  template <class Visitor>
  void visit(Visitor& v) {
    v.group("whole", whole, "what is inside");
    v("open", open, "whether one sees it");
  }
};

TEST(Config, TakesListsOfObjects) {
  Boxed boxed;
  const auto read = [&](const std::string& text) {
    config::Problems problems("r.json");
    config::read(boxed, config::parse(text, "r.json"), problems);
    return problems.lines();
  };
  const auto set = [&](const std::string& assignment) {
    config::Problems problems("r.json");
    config::set(boxed, assignment, problems);
    return problems.lines();
  };
  EXPECT_EQ(config::write(boxed).dump(), R"({"open":false,"whole":{"parts":[]}})");
  EXPECT_EQ(read(R"({"whole": {"parts": [{"name": "a"}, {"name": "b", "weight": 2}]}})"), Lines{});
  ASSERT_EQ(boxed.whole.parts.size(), 2u);
  EXPECT_EQ(boxed.whole.parts[1].weight, 2);
  const std::string written = config::write(boxed).dump();
  EXPECT_EQ(
      written,
      R"({"whole":{"parts":[{"name":"a","weight":1.0},{"name":"b","weight":2.0}]},"open":false})");
  EXPECT_EQ(set("whole.parts.1.weight=3"), Lines{});
  EXPECT_EQ(boxed.whole.parts[1].weight, 3);
  EXPECT_EQ(set(R"(whole.parts=[{"name": "c"}])"), Lines{});
  ASSERT_EQ(boxed.whole.parts.size(), 1u);
  EXPECT_EQ(boxed.whole.parts[0].name, "c");
  EXPECT_EQ(read(R"({"whole": {"parts": []}})"), Lines{});
  EXPECT_TRUE(boxed.whole.parts.empty());
}

TEST(Config, NamesThePlaceInAListOfObjects) {
  const auto problems = [](const std::string& text) {
    Boxed boxed;
    config::Problems problems("r.json");
    config::read(boxed, config::parse(text, "r.json"), problems);
    return problems.lines();
  };
  EXPECT_EQ(problems(R"({"whole": {"parts": [{"wieght": 1}, {"weight": 11}, 3]}})"),
            (Lines{"r.json: whole.parts.0.wieght: unknown key; did you mean 'weight'?",
                   "r.json: whole.parts.1.weight: got 11, expected number, 0 to 10",
                   "r.json: whole.parts.2: got 3, expected an object {...}"}));
  EXPECT_EQ(problems(R"({"whole": {"parts": {"weight": 1}}})"),
            Lines{"r.json: whole.parts: got {\"weight\":1}, expected a list of objects [{...}]"});
  Boxed boxed;
  config::Problems of_set("r.json");
  config::set(boxed, "whole.parts.0.weight=2", of_set);
  config::set(boxed, "whole.parts=3", of_set);
  EXPECT_EQ(of_set.lines(), (Lines{"set: whole.parts.0.weight: unknown key",
                                   "set: whole.parts: got 3, expected a list of objects [{...}]"}));
}

TEST(Config, TellsOfTheKeysInAListOfObjects) {
  EXPECT_EQ(config::help(Boxed{}),
            "whole.parts.N.name    what it is called (text; default \"\")\n"
            "whole.parts.N.weight  how much of it (number, 0 to 10; default 1.0)\n"
            "open                  whether one sees it (true or false; default false)\n");
}

}  // namespace penalmt::config_test
