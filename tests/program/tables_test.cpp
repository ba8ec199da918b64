// Tables through the program: translate, score, evaluate and train.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/files.h"
#include "base/text.h"
#include "tests/program/harness.h"
#include "tests/translation/tiny_run.h"

namespace penalmt {
namespace {

namespace fs = std::filesystem;
using Lines = std::vector<std::string>;

class Tables : public ::testing::Test {
 protected:
  void SetUp() override {
    make_tiny_run(folder_ / "text", {.heads = 1});
    make_tiny_run(folder_ / "gated", {.fusion = "gated"});
    fs::create_directory(folder_ / "set");
    std::string ppm = "P6\n16 16\n255\n";
    for (int i = 0; i < 16 * 16 * 3; ++i) ppm += static_cast<char>(i * 7 % 256);
    write_file(folder_ / "set/wave.ppm", ppm);
  }

  std::string path(const std::string& name) const { return folder_ / name; }
  std::string file(const std::string& name, const std::string& bytes) const {
    write_file(folder_ / name, bytes);
    return path(name);
  }
  Outcome run(const Lines& arguments, const std::string& input = "") const {
    Outcome outcome = run_penalmt(arguments, input);
    outcome.errors = folder_.without_path(outcome.errors);
    return outcome;
  }
  void expect_refusal(const Lines& arguments, const std::string& message,
                      const std::string& input = "") const {
    const Outcome outcome = run(arguments, input);
    EXPECT_EQ(outcome.status, 2);
    EXPECT_EQ(outcome.output, "");
    EXPECT_EQ(outcome.errors, "penalmt: " + message + "\n");
  }
  // The translation by the text-only model.
  std::string translation(const std::string& sentence) const {
    std::string line = run_penalmt({"translate", path("text"), sentence}).output;
    line.pop_back();
    return line;
  }

  const TemporaryFolder folder_;
};

TEST_F(Tables, AreTranslatedIntoAColumnAndElseStayAsTheyAre) {
  const std::string circle = translation("a red circle ."), dog = translation("a dog runs fast .");
  const std::string csv = file("a.csv",
                               "id,caption,note\r\n"
                               "1,a red circle .,\"x, \"\"y\"\"\"\r\n"
                               "2,\"a dog\nruns fast .\", z \r\n"
                               "\r\n"
                               "3,,\r\n");
  const Outcome to_csv = run({"translate", path("text"), "--table", csv, "--source-column",
                              "caption", "--target-column", "de"});
  EXPECT_EQ(to_csv.status, 0) << to_csv.errors;
  EXPECT_EQ(to_csv.output, "id,caption,note,de\r\n1,a red circle .,\"x, \"\"y\"\"\"," + circle +
                               "\r\n2,\"a dog\nruns fast .\", z ," + dog + "\r\n3,,,\r\n");
  const std::string tsv = file("a.tsv", "de\tcaption\n\ta red circle .\n \t\"a dog\n");
  EXPECT_EQ(run({"translate", path("text"), "--table", tsv, "--source-column", "caption",
                 "--target-column", "de", "--output", path("out.tsv")})
                .output,
            "");
  EXPECT_EQ(read_file(folder_ / "out.tsv"), "de\tcaption\n" + circle + "\ta red circle .\n" +
                                                translation("\"a dog") + "\t\"a dog\n");
  const std::string jsonl = file("a.jsonl", "{\"id\":1.10,\"caption\":\"a red circle .\"}\n");
  EXPECT_EQ(run({"translate", path("text"), "--table", jsonl, "--source-column", "caption"}).output,
            "{\"id\":1.10,\"caption\":\"a red circle .\", \"translation\": \"" + circle + "\"}\n");
}

TEST_F(Tables, ComeThroughAPipeRowByRow) {
  Conversation talk(
      {"translate", path("text"), "--table", "-", "--format", "csv", "--source-column", "caption"});
  talk.say("caption,n\na red circle .,1\n\n");
  EXPECT_EQ(talk.answer(), "caption,n,translation");
  EXPECT_EQ(talk.answer(), "a red circle .,1," + translation("a red circle ."));
  talk.say("\"a dog runs\n");
  talk.say("fast .\",2\n");
  EXPECT_EQ(talk.answer(), "\"a dog runs");
  EXPECT_EQ(talk.answer(), "fast .\",2," + translation("a dog runs fast ."));
  const Outcome end = talk.finish();
  EXPECT_EQ(end.output, "");
  EXPECT_EQ(end.status, 0);
}

TEST_F(Tables, RawTextComesBackAsPeopleWriteIt) {
  const std::string csv = file("a.csv", "caption\n\"A “red” circle, here.\"\n");
  const Outcome once = run({"translate", path("text"), "--raw", "A “red” circle, here."});
  const Outcome table = run({"translate", path("text"), "--raw", "--table", csv, "--source-column",
                             "caption", "--format", "csv"});
  const std::string text = once.output.substr(0, once.output.size() - 1);
  const bool is_quoted = text.find_first_of(",\"") != std::string::npos;
  if (!is_quoted)
    EXPECT_EQ(table.output, "caption,translation\n\"A “red” circle, here.\"," + text + "\n");
  else
    EXPECT_NE(table.output.find(",\""), std::string::npos);
}

TEST_F(Tables, ImagesAreInTheTablesFolder) {
  const std::string rows = "caption,photo\na red circle .,wave.ppm#3\na red circle .,\n";
  const std::string csv = file("set/a.csv", rows);
  const Lines command = {"translate",       path("gated"), "--table",        csv,
                         "--source-column", "caption",     "--image-column", "photo"};
  const Outcome seen = run(command);
  EXPECT_EQ(seen.status, 0);
  EXPECT_EQ(seen.errors.substr(0, seen.errors.find('\n')), "penalmt: 1 of 2 lines had no image");
  const auto line = [](const Outcome& outcome, std::size_t number) {
    return std::string(split(outcome.output, '\n')[number]);
  };
  const std::string with =
      run({"translate", path("gated"), "--image", path("set/wave.ppm"), "a red circle ."}).output;
  EXPECT_EQ(line(seen, 1) + "\n", "a red circle .,wave.ppm#3," + with);
  // Elsewhere.
  const std::string far = file("far.csv", rows);
  EXPECT_EQ(run({"translate", path("gated"), "--table", far, "--source-column", "caption",
                 "--image-column", "photo", "--image-root", path("set")})
                .output,
            seen.output);
  expect_refusal({"translate", path("gated"), "--table", far, "--source-column", "caption",
                  "--image-column", "photo"},
                 folder_.path().string() +
                     ": not one of the images that far.csv names is there; expected files such as "
                     "'wave.ppm'");
  const Outcome without =
      run({"translate", path("gated"), "--table", far, "--source-column", "caption"});
  EXPECT_EQ(without.errors.substr(0, without.errors.find('\n')),
            "penalmt: warning: gated: a multimodal model run without images; give --image-column "
            "COLUMN");
  expect_refusal({"translate", path("text"), "--table", csv, "--source-column", "caption",
                  "--image-column", "photo"},
                 "text: a text-only model, which would not look at an image; got --image-column; "
                 "expected a model trained with images, or --ignore-images");
  const std::string out = file("set/out.csv", "caption,photo\nx,wave.ppm\n\ny,../far.csv\n");
  expect_refusal(
      {"translate", path("gated"), "--table", out, "--source-column", "caption", "--image-column",
       "photo"},
      "set/out.csv:4: the image '../far.csv' is outside of set; --allow-outside takes it");
  const std::string broken = file("set/broken.csv", "caption,photo\nx,\n\ny,broken.png\n");
  file("set/broken.png", "no image");
  expect_refusal({"translate", path("gated"), "--table", broken, "--source-column", "caption",
                  "--image-column", "photo"},
                 "set/broken.csv:4: set/broken.png: not an image that can be decoded");
}

TEST_F(Tables, RefuseWhatTheyAreNotMeantFor) {
  const std::string text = path("text");
  const std::string csv = file("a.csv", "id,caption,de\n1,a dog .,\n2,a dog .,ein hund\n");
  const auto translate = [&](const Lines& more) {
    Lines arguments = {"translate", text, "--table"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  };
  expect_refusal(translate({csv, "--source-column", "captoin"}),
                 "a.csv: no column 'captoin'; its columns: id, caption, de; did you mean "
                 "'caption'?");
  expect_refusal(translate({csv, "--source-column", "caption", "--target-column", "de"}),
                 "a.csv:3: the column 'de' holds a text already; expected an empty one, a new "
                 "column, or --replace");
  const Outcome replaced =
      run(translate({csv, "--source-column", "caption", "--target-column", "de", "--replace"}));
  EXPECT_EQ(replaced.output, "id,caption,de\n1,a dog .," + translation("a dog .") + "\n2,a dog .," +
                                 translation("a dog .") + "\n");
  expect_refusal(
      translate({file("a.txt", "a\n"), "--source-column", "a"}),
      "--table: got a.txt, whose name does not say what it is; expected an ending .tsv, .csv or "
      ".jsonl, or --format");
  expect_refusal(translate({"-", "--source-column", "a"}),
                 "--table: got standard input, whose name does not say what it is; expected an "
                 "ending .tsv, .csv or .jsonl, or --format");
  expect_refusal(translate({csv}), "translate: --table requires --source-column");
  expect_refusal({"translate", text, "--source-column", "a"},
                 "translate: --source-column requires --table");
  expect_refusal(translate({csv, "--source-column", "caption", "--json"}),
                 "translate: --table excludes --json");
  expect_refusal(translate({csv, "--source-column", "caption", "--image-root", "."}),
                 "--image-root: got no --image-column; expected both");
  expect_refusal({"translate", text, "a dog .", "--table", csv, "--source-column", "caption"},
                 "--table: got a sentence too; expected one of them");
  expect_refusal(translate({csv, "--source-column", "caption", "--output", csv}),
                 "--output: got a.csv, which is read too; expected another file");
  expect_refusal(translate({csv, "--source-column", "caption", "--target-column", ""}),
                 "--target-column: got an empty name, expected a column");
}

// A file is looked through before any work.
TEST_F(Tables, LeaveNothingHalfWritten) {
  for (const auto& [bytes, problem] :
       {std::pair("caption,n\na dog .,1\na dog, here,2\n",
                  "bad.csv:3: 3 fields, expected 2 as in the first line; a field that holds ',' "
                  "stands in quotes"),
        {"caption,n\na dog .,1\n\"a dog .,2\n", "bad.csv:3: a quote opens here and never closes"},
        {"caption,n\na dog .,1\n\xff,2\n", "bad.csv:3: invalid UTF-8 at byte 1"},
        {"caption,n\ra dog .,1\ra cat .,2\r",
         "bad.csv:1: a carriage return in the names of the columns; lines are to end in a line "
         "feed"}}) {
    expect_refusal({"translate", path("text"), "--table", file("bad.csv", bytes), "--source-column",
                    "caption", "--output", path("out.csv")},
                   problem);
    EXPECT_FALSE(fs::exists(folder_ / "out.csv"));
    EXPECT_FALSE(fs::exists(folder_ / "out.csv.partial"));
  }
  Conversation talk({"translate", path("text"), "--table", "-", "--format", "csv",
                     "--source-column", "caption", "--output", path("out.csv")});
  talk.say("caption,n\na dog .,1\nb\n");
  const Outcome piped = talk.finish();
  EXPECT_EQ(piped.status, 2);
  EXPECT_EQ(folder_.without_path(piped.errors),
            "penalmt: out.csv.partial: holds the translations of rows 1 to 1\n"
            "penalmt: standard input:3: 1 field, expected 2 as in the first line\n");
  EXPECT_FALSE(fs::exists(folder_ / "out.csv"));
  EXPECT_EQ(read_file(folder_ / "out.csv.partial"),
            "caption,n,translation\na dog .,1," + translation("a dog .") + "\n");
}

TEST_F(Tables, AreScored) {
  const std::string csv = file("a.csv",
                               "de,id,caption\nein roter kreis .,1,a red circle .\n\n"
                               "\"ein\nhund rennt .\",2,a dog runs fast .\n,3,\n");
  file("a.en", "a red circle .\na dog runs fast .\n\n");
  file("a.de", "ein roter kreis .\nein hund rennt .\n\n");
  const Outcome of_files =
      run({"score", path("text"), "--source", path("a.en"), "--target", path("a.de")});
  const Lines of_table = {"score",           path("text"), "--table",         csv,
                          "--source-column", "caption",    "--target-column", "de"};
  EXPECT_EQ(of_files.status, 0);
  EXPECT_EQ(run(of_table).output, of_files.output);
  EXPECT_EQ(split(of_files.output, '\n').size(), 4u);

  const std::string images =
      file("set/b.jsonl", R"({"en": "a red circle .", "de": "ein kreis .", "photo": "wave.ppm"})"
                          "\n"
                          R"({"en": "a red circle .", "de": "ein kreis ."})"
                          "\n");
  const Outcome seen = run({"score", path("gated"), "--table", images, "--source-column", "en",
                            "--target-column", "de", "--image-column", "photo"});
  EXPECT_EQ(seen.errors, "penalmt: 1 of 2 lines had no image\n");
  const auto scores = split(seen.output, '\n');
  EXPECT_GT(std::abs(std::stod(std::string(scores[0])) - std::stod(std::string(scores[1]))), 1e-4);

  expect_refusal({"score", path("text"), "--target", path("a.de")}, "score: --source is required");
  expect_refusal({"score", path("text"), "--table", csv, "--source-column", "caption"},
                 "score: --table requires --target-column");
  expect_refusal({"score", path("text"), "--table", file("c.csv", "a,b\nx,y\n\n,z\n"),
                  "--source-column", "a", "--target-column", "b"},
                 "c.csv:4: no sentence in the column 'a', but a translation in 'b'");
  const Outcome too_long = run({"score", path("text"), "--table", csv, "--source-column", "caption",
                                "--target-column", "de", "--max-source-length", "3"});
  EXPECT_EQ(too_long.status, 2);
  EXPECT_TRUE(too_long.errors.starts_with("penalmt: a.csv:2: a sentence of ")) << too_long.errors;
}

TEST_F(Tables, AreEvaluated) {
  const std::string csv = file("set/a.csv",
                               "id,en,de,photo,one,two\n"
                               "1,a dog .,ein Hund läuft schnell .,wave.ppm,ein Hund läuft .,x\n"
                               "2,a cat .,\"eine Katze, klein\",,\"eine Katze, klein\",y\n");
  file("a.de", "ein Hund läuft schnell .\neine Katze, klein\n");
  file("a.one", "ein Hund läuft .\neine Katze, klein\n");
  const Outcome of_files =
      run({"evaluate", "--hypotheses", path("a.one"), "--references", path("a.de")});
  const Outcome of_table =
      run({"evaluate", "--table", csv, "--hypotheses", "one", "--references", "de"});
  EXPECT_EQ(of_table.status, 0) << of_table.errors;
  EXPECT_EQ(of_table.output, of_files.output);
  EXPECT_NE(of_table.output, "");
  const Outcome report =
      run({"evaluate", "--table", csv, "--hypotheses", "one", "two", "--references", "de",
           "--source", "en", "--images", "photo", "--report", path("page.html")});
  EXPECT_EQ(report.status, 0) << report.errors;
  const std::string page = read_file(folder_ / "page.html");
  EXPECT_NE(page.find("a cat ."), std::string::npos);
  EXPECT_NE(page.find("no browser shows portable maps (.ppm)"), std::string::npos);
  expect_refusal({"evaluate", "--table", csv, "--hypotheses", "three", "--references", "de"},
                 "set/a.csv: no column 'three'; its columns: id, en, de, photo, one, two");
  expect_refusal({"evaluate", "--table", file("b.csv", "de,one\n"), "--hypotheses", "one",
                  "--references", "de"},
                 "b.csv: got no rows, expected at least one");
  expect_refusal({"evaluate", "--hypotheses", path("a.one"), "--references", path("a.de"),
                  "--report", path("p.html"), "--images", path("a.de")},
                 "evaluate: --images requires --image-root");
}

TEST_F(Tables, AreTrainedOn) {
  std::string rows = "id,de,en\n";
  for (int i = 0; i < 30; ++i)
    rows +=
        std::to_string(i) + (i % 2 != 0 ? ",ein kreis .,a circle .\n" : ",ein hund .,a dog .\n");
  const std::string train = file("set/train.csv", rows), valid = file("set/valid.csv", rows);
  const std::string recipe = file("recipe.json", R"({
  "tokenizer": {"vocabulary": 40, "exact_vocabulary": false},
  "model": {"width": 16, "feed_forward": 32, "heads": 2, "encoder_layers": 1, "decoder_layers": 1},
  "training": {"batch_tokens": 100, "accumulate": 1, "updates": 2, "validate_every": 2, "warmup": 5}
})");
  const auto run_of = [&](Lines data, const std::string& out) {
    Lines arguments = {"train", recipe, "--out", path(out)};
    for (const std::string& assignment : data) {
      arguments.push_back("--set");
      arguments.push_back(assignment);
    }
    return run(arguments);
  };
  const Lines data = {"data.layout=table",          "data.folder=" + path("set"),
                      "data.train_table=train.csv", "data.valid_table=valid.csv",
                      "data.source_column=en",      "data.target_column=de"};
  const Outcome trained = run_of(data, "trained");
  EXPECT_EQ(trained.status, 0) << trained.errors;
  EXPECT_TRUE(fs::exists(folder_ / "trained/best/model.safetensors"));
  Lines misspelt = data;
  misspelt[4] = "data.source_column=fr";
  EXPECT_EQ(run_of(misspelt, "misspelt").errors,
            "penalmt: set/train.csv: no column 'fr'; its columns: id, de, en\n");
}

}  // namespace
}  // namespace penalmt
