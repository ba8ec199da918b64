// penalmt translate as a user runs it.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/files.h"
#include "base/text.h"
#include "tests/program/harness.h"
#include "tests/translation/tiny_run.h"

namespace penalmt {
namespace {

namespace fs = std::filesystem;

const std::string kLines = "a red circle .\n\na dog runs fast .\ntwo blue squares .\n\n";

class TranslateProgram : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("penalmt_translate_" + std::to_string(::getpid()));
    fs::remove_all(folder_);
    make_tiny_run(folder_ / "text", {.heads = 1});
    make_tiny_run(folder_ / "gated", {.fusion = "gated"});
    write_file(folder_ / "in.en", kLines);
    std::string ppm = "P6\n16 16\n255\n";
    for (int i = 0; i < 16 * 16 * 3; ++i) ppm += static_cast<char>(i * 7 % 256);
    write_file(folder_ / "wave.ppm", ppm);
    write_file(folder_ / "broken.png", "no image");
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  void expect_refusal(const std::vector<std::string>& arguments, const std::string& message,
                      const std::string& input = kLines) {
    const Outcome outcome = run_penalmt(arguments, input);
    EXPECT_EQ(outcome.status, 2);
    EXPECT_EQ(outcome.output, "");
    EXPECT_EQ(outcome.errors, "penalmt: " + message + "\n");
  }

  // The tiny models' weights are a formula, and most of what they say is one thing over and over.
  std::string repeats(const std::string& model, int translations, int of) const {
    return "penalmt: warning: " + path(model) + ": " + std::to_string(translations) + " of " +
           std::to_string(of) + " translations say" + (translations == 1 ? "s" : "") +
           " one thing over and over, first in line 1\n";
  }

  fs::path folder_;
};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::string_view line : split(text, '\n')) lines.emplace_back(line);
  if (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

TEST_F(TranslateProgram, SearchesAsItIsTold) {
  const auto text = [&](const std::vector<std::string>& options) {
    std::vector<std::string> words = {"translate", path("text"), "a red circle ."};
    words.insert(words.end(), options.begin(), options.end());
    const Outcome outcome = run_penalmt(words);
    EXPECT_EQ(outcome.status, 0) << outcome.errors;
    return outcome.output;
  };
  EXPECT_TRUE(text({"--prefix", "ein roter"}).starts_with("ein roter"));
  const std::vector<std::string> drawn = {"--sample", "--temperature", "3", "--n-best", "4"};
  EXPECT_EQ(text(drawn), text(drawn));
  auto seeded = drawn;
  seeded.insert(seeded.end(), {"--seed", "9"});
  EXPECT_NE(text(seeded), text(drawn));
  EXPECT_EQ(text({"--sample", "--top-k", "1"}), text({"--beam", "1"}));
  EXPECT_EQ(text({"--ensemble", path("text")}), text({}));
  const auto json = nlohmann::json::parse(
      text({"--json", "--token-scores", "--alignment", "--max-length", "5", "--min-length", "5"}));
  EXPECT_EQ(json.at("tokens").size(), 5u);
  ASSERT_EQ(json.at("token_scores").size(), 6u);
  double sum = 0;
  for (const double score : json.at("token_scores")) sum += score;
  EXPECT_NEAR(json.at("score").get<double>(), sum / 6, 1e-3);
  EXPECT_FALSE(json.at("alignment").empty());
  for (const auto& pair : json.at("alignment")) EXPECT_LT(pair.at(0).get<int>(), 4);
  // One file of prefixes for one of lines; an object's own.
  write_file(folder_ / "begin.de", "ein\n\n\nzwei\n\n");
  const auto lines = lines_of(run_penalmt({"translate", path("text"), "--input", path("in.en"),
                                           "--prefixes", path("begin.de")})
                                  .output);
  ASSERT_EQ(lines.size(), 5u);
  EXPECT_TRUE(lines[0].starts_with("ein"));
  EXPECT_TRUE(lines[3].starts_with("zwei"));
  const Outcome object = run_penalmt({"translate", path("text"), "--json-input"},
                                     "{\"source\": \"a red circle .\", \"prefix\": \"zwei\"}\n");
  EXPECT_TRUE(object.output.starts_with("zwei")) << object.errors;
}

TEST_F(TranslateProgram, LearnsAShortlistAndKeepsToIt) {
  write_file(folder_ / "train.en", "a red circle .\na dog runs fast .\n");
  write_file(folder_ / "train.de", "ein roter kreis .\nein hund rennt .\n");
  const Outcome learnt = run_penalmt({"shortlist", path("text"), "--source", path("train.en"),
                                      "--target", path("train.de"), "--output", path("text.lex")});
  EXPECT_EQ(learnt.status, 0);
  EXPECT_EQ(learnt.errors, "penalmt: " + path("text.lex") + ": learnt from 2 sentence pairs\n");
  const Outcome outcome =
      run_penalmt({"translate", path("text"), "--shortlist", path("text.lex"),
                   "--shortlist-frequent", "0", "--shortlist-best", "3", "--json"},
                  "a red circle .\n");
  EXPECT_EQ(outcome.status, 0) << outcome.errors;
  const std::string list = read_file(folder_ / "text.lex");
  for (const std::string piece : nlohmann::json::parse(outcome.output).at("tokens"))
    EXPECT_NE(list.find(piece + " "), std::string::npos) << piece;
  expect_refusal({"translate", path("text"), "--shortlist", path("in.en")},
                 path("in.en") +
                     ":1: got 'a red circle .', expected three words: a target piece, a source "
                     "piece, a probability");
  write_file(folder_ / "train.de", "ein hund .\n");
  const Outcome uneven = run_penalmt({"shortlist", path("text"), "--source", path("train.en"),
                                      "--target", path("train.de"), "--output", path("x.lex")});
  EXPECT_EQ(uneven.status, 2);
  EXPECT_EQ(uneven.errors, "penalmt: " + path("train.de") + ": 1 lines; expected 2, as " +
                               path("train.en") + " has\n");
}

// The model's own defaults are in its model.json.
TEST_F(TranslateProgram, SearchesAsTheModelsFolderSays) {
  const fs::path file = folder_ / "text" / "best" / "model.json";
  auto description = nlohmann::ordered_json::parse(read_file(file));
  const auto with = [&](const char* key, const nlohmann::json& value) {
    auto changed = description;
    changed["decoding"][key] = value;
    write_file(file, changed.dump());
    const std::string output =
        run_penalmt({"translate", path("text"), "--json"}, "a red circle .\n").output;
    write_file(file, description.dump());
    return output;
  };
  const auto said = [&](const std::vector<std::string>& options) {
    std::vector<std::string> words = {"translate", path("text"), "--json"};
    words.insert(words.end(), options.begin(), options.end());
    return run_penalmt(words, "a red circle .\n").output;
  };
  const std::string plain = said({});
  EXPECT_EQ(with("max_length", 3), said({"--max-length", "3"}));
  EXPECT_EQ(with("no_repeat_ngram", 1), said({"--no-repeat-ngram", "1"}));
  EXPECT_EQ(with("precision", "int8"), said({"--precision", "int8"}));
  EXPECT_NE(with("max_length", 3), plain);
}

TEST_F(TranslateProgram, RefusesSearchesThatContradictThemselves) {
  expect_refusal({"translate", path("text"), "--min-length", "9", "--max-length", "4"},
                 "--min-length: got 9; expected at most --max-length, 4");
  write_file(folder_ / "few.de", "ein\n");
  write_file(folder_ / "many.de", "a\nb\nc\nd\ne\nf\n");
  expect_refusal(
      {"translate", path("text"), "--input", path("in.en"), "--prefixes", path("few.de")},
      path("few.de") + ": ends after line 1; expected one for each of " + path("in.en") +
          ", which has more");
  expect_refusal(
      {"translate", path("text"), "--input", path("in.en"), "--prefixes", path("many.de")},
      path("many.de") + ": more than 5 lines; expected one for each of " + path("in.en"));
  make_tiny_run(folder_ / "images", {.fusion = "gated"});
  expect_refusal({"translate", path("text"), "--ensemble", path("images")},
                 path("images") + ": got a model that looks at images; expected it before " +
                     path("text") + ", which does not");
  for (const auto& [words, message] :
       {std::pair(std::vector<std::string>{"--sample", "--beam", "3"}, "--beam"),
        {{"--top-k", "3"}, "--sample"},
        {{"--alignment"}, "--json"}}) {
    std::vector<std::string> all = {"translate", path("text")};
    all.insert(all.end(), words.begin(), words.end());
    const Outcome outcome = run_penalmt(all, kLines);
    EXPECT_EQ(outcome.status, 2);
    EXPECT_NE(outcome.errors.find(message), std::string::npos) << outcome.errors;
  }
}

TEST_F(TranslateProgram, GivesALineForALineFromAFileAPipeAndIntoAFile) {
  const Outcome piped = run_penalmt({"translate", path("text")}, kLines);
  EXPECT_EQ(piped.status, 0);
  EXPECT_EQ(piped.errors, repeats("text", 3, 5));
  const auto lines = lines_of(piped.output);
  ASSERT_EQ(lines.size(), 5u);
  EXPECT_EQ(lines[1], "");
  EXPECT_EQ(lines[4], "");
  EXPECT_NE(lines[0], "");
  EXPECT_EQ(run_penalmt({"translate", path("text"), "--input", path("in.en")}).output,
            piped.output);
  EXPECT_EQ(
      run_penalmt({"translate", path("text"), "--threads", "1", "--batch-tokens", "1"}, kLines)
          .output,
      piped.output);
  EXPECT_EQ(
      run_penalmt({"translate", path("text/best"), "--threads", "3", "--batch-tokens", "9"}, kLines)
          .output,
      piped.output);
  EXPECT_EQ(run_penalmt({"translate", path("text"), "--output", path("out.de")}, kLines).output,
            "");
  EXPECT_EQ(read_file(folder_ / "out.de"), piped.output);
  EXPECT_EQ(run_penalmt({"translate", path("text"), "a red circle ."}).output, lines[0] + "\n");
  EXPECT_EQ(run_penalmt({"translate", path("text")}, "").output, "");
}

TEST_F(TranslateProgram, TellsHowMuchOfAFileIsLeft) {
  const auto shown = [](const std::vector<std::string>& lines, const std::string& text) {
    return std::any_of(lines.begin(), lines.end(), [&](const std::string& line) {
      return line.find(text) != std::string::npos;
    });
  };
  const std::string out = path("out.de");
  EXPECT_TRUE(shown(
      lines_on_terminal(80, {"translate", path("text"), "--input", path("in.en"), "--output", out}),
      "/5 sentences"));
}

TEST_F(TranslateProgram, RawTextIsNormalisedBeforeAndDetokenisedAfter) {
  const std::string raw = "A “red” circle.\n\nTwo DOGS don't run!\n";
  const std::string normalised = run_penalmt({"normalize", "--language", "en"}, raw).output;
  EXPECT_EQ(lines_of(normalised)[0], "a &quot; red &quot; circle .");
  const std::string translated = run_penalmt({"translate", path("text")}, normalised).output;
  const Outcome way_back =
      run_penalmt({"normalize", "--language", "de", "--reverse", "--capitalise"}, translated);
  const Outcome at_once = run_penalmt({"translate", path("text"), "--raw"}, raw);
  EXPECT_EQ(at_once.output, way_back.output);
  EXPECT_NE(at_once.output, translated);
  const auto object = nlohmann::json::parse(
      lines_of(run_penalmt({"translate", path("text"), "--raw", "--json"}, raw).output)[0]);
  EXPECT_EQ(object["source"], "A “red” circle.");
  EXPECT_EQ(object["translation"], lines_of(at_once.output)[0]);
}

TEST_F(TranslateProgram, RawTextNeedsAModelOfTokenisedText) {
  const fs::path description = folder_ / "text/best/model.json";
  auto json = nlohmann::ordered_json::parse(read_file(description));
  json["text"] = "raw";
  write_file(description, json.dump());
  expect_refusal(
      {"translate", path("text"), "--raw"},
      path("text") +
          ": --raw is for models of tokenised text; got a model trained with data.text 'raw', "
          "expected 'tok'");
}

TEST_F(TranslateProgram, PrintsNBestAsLineScoreText) {
  const Outcome outcome = run_penalmt({"translate", path("text"), "--n-best", "3"}, kLines);
  const auto best = lines_of(run_penalmt({"translate", path("text")}, kLines).output);
  const auto lines = lines_of(outcome.output);
  ASSERT_EQ(lines.size(), 3 * 3u + 2);
  double before = 0;
  for (size_t i = 0; i < lines.size(); ++i) {
    const auto fields = split(lines[i], '\t');
    ASSERT_EQ(fields.size(), 3u);
    const double score = std::stod(std::string(fields[1]));
    if (i == 0) EXPECT_EQ(fields[2], best[0]);
    EXPECT_EQ(fields[0], std::to_string(i < 3 ? 1 : i == 3 ? 2 : i < 7 ? 3 : i < 10 ? 4 : 5));
    if (i > 0 && fields[0] == split(lines[i - 1], '\t')[0]) EXPECT_LE(score, before);
    before = score;
  }
  EXPECT_EQ(lines[3], "2\t0.000000\t");
}

TEST_F(TranslateProgram, PrintsAJsonObjectALine) {
  const auto plain = lines_of(run_penalmt({"translate", path("text")}, kLines).output);
  const auto lines = lines_of(run_penalmt({"translate", path("text"), "--json"}, kLines).output);
  const auto sources = lines_of(kLines);
  ASSERT_EQ(lines.size(), 5u);
  for (size_t i = 0; i < lines.size(); ++i) {
    const auto object = nlohmann::ordered_json::parse(lines[i]);
    std::vector<std::string> keys;
    for (const auto& item : object.items()) keys.push_back(item.key());
    EXPECT_EQ(keys, (std::vector<std::string>{"source", "translation", "score", "tokens"}));
    EXPECT_EQ(object["source"], sources[i]);
    EXPECT_EQ(object["translation"], plain[i]);
    EXPECT_LE(object["score"].get<double>(), 0);
    EXPECT_EQ(object["tokens"].empty(), plain[i].empty());
  }
  const auto object = nlohmann::json::parse(lines_of(
      run_penalmt({"translate", path("text"), "--json", "--n-best", "2"}, kLines).output)[0]);
  ASSERT_EQ(object["n_best"].size(), 2u);
  EXPECT_EQ(object["n_best"][0]["translation"], object["translation"]);
  EXPECT_GE(object["n_best"][0]["score"], object["n_best"][1]["score"]);
}

TEST_F(TranslateProgram, LooksAtImagesAndReportsMissingOnes) {
  write_file(folder_ / "list.txt", "wave.ppm#0\n\nabsent.jpg\nwave.ppm\n\n");
  const Outcome with =
      run_penalmt({"translate", path("gated"), "--input", path("in.en"), "--images",
                   path("list.txt"), "--image-root", folder_.string(), "--json"});
  EXPECT_EQ(with.status, 0);
  EXPECT_EQ(with.errors,
            "penalmt: 3 of 5 lines had no image; 1 of them names one that is not there, first "
            "'absent.jpg' in line 3\n" +
                repeats("gated", 3, 5));
  const Outcome without = run_penalmt({"translate", path("gated"), "--json"}, kLines);
  EXPECT_EQ(without.errors, "penalmt: warning: " + path("gated") +
                                ": a multimodal model run without images; give --images LIST "
                                "--image-root DIR, or --image PHOTO\n" +
                                repeats("gated", 3, 5));
  const auto score = [](const Outcome& outcome, size_t line) {
    return nlohmann::json::parse(lines_of(outcome.output)[line])["score"].get<double>();
  };
  EXPECT_GT(std::abs(score(with, 0) - score(without, 0)), 1e-3);
  EXPECT_NEAR(score(with, 2), score(without, 2), 1e-6);
  const Outcome one = run_penalmt(
      {"translate", path("gated"), "--image", path("wave.ppm"), "a red circle .", "--json"});
  EXPECT_EQ(one.errors, repeats("gated", 1, 1));
  EXPECT_NEAR(score(one, 0), score(with, 0), 1e-5);
}

TEST_F(TranslateProgram, TakesImagesAsStoredFeatures) {
  make_tiny_run(folder_ / "features", {.fusion = "selective", .features = true});
  make_tiny_store(folder_ / "store.npy", {"a.jpg", "b.jpg"});
  write_file(folder_ / "list.txt", "a.jpg#2\n\nb.jpg\nabsent.jpg\n\n");
  const Outcome seen = run_penalmt({"translate", path("features"), "--images", path("list.txt"),
                                    "--features", path("store.npy"), "--json"},
                                   kLines);
  EXPECT_EQ(seen.status, 0);
  EXPECT_EQ(seen.errors, "penalmt: warning: " + path("store.npy") +
                             ": does not say which encoder made it; the model expects features of "
                             "'toy'\npenalmt: 3 of 5 lines had no image; 1 of "
                             "them names one that is not there, first 'absent.jpg' in line 4\n" +
                             repeats("features", 3, 5));
  const auto lines = lines_of(seen.output);
  ASSERT_EQ(lines.size(), 5u);
  const auto first = nlohmann::json::parse(lines[0]);
  EXPECT_EQ(first["image"], "a.jpg");
  const auto& use = first["image_use"];
  EXPECT_EQ(use["side"], "source");
  EXPECT_EQ(use["tokens"].back(), "</s>");
  ASSERT_EQ(use["gate"].size(), use["tokens"].size());
  ASSERT_EQ(use["attention"].size(), use["tokens"].size());
  for (size_t i = 0; i < use["gate"].size(); ++i) {
    EXPECT_GT(use["gate"][i].get<double>(), 0);
    EXPECT_LT(use["gate"][i].get<double>(), 1);
    ASSERT_EQ(use["attention"][i].size(), 2u);
    EXPECT_NEAR(use["attention"][i][0].get<double>() + use["attention"][i][1].get<double>(), 1,
                2e-4);
  }
  EXPECT_FALSE(nlohmann::json::parse(lines[3]).contains("image_use"));

  const std::string model = path("features"), list = path("list.txt");
  expect_refusal({"translate", model, "--images", list, "--image-root", path("")},
                 model +
                     ": the model takes the features of 'toy', and carries no encoder; expected a "
                     "store (--features) or an encoder "
                     "(--encoder)");
  make_tiny_store(folder_ / "wide.npy", {"a.jpg"}, 7);
  expect_refusal({"translate", model, "--images", list, "--features", path("wide.npy")},
                 path("wide.npy") + ": got features of 2 x 7 (regions x width), expected 2 x 6");
  make_tiny_store(folder_ / "other.npy", {"z.jpg"});
  write_file(folder_ / "other.encoder.txt", "toy\n");
  expect_refusal({"translate", model, "--images", list, "--features", path("other.npy")},
                 path("other.npy") + ": not one of the images that " + list +
                     " names is in it; expected names such as 'a.jpg'");
  expect_refusal({"translate", path("gated"), "--images", list, "--features", path("store.npy")},
                 path("gated") + ": the model has an image encoder of its own; got features " +
                     path("store.npy") + ", expected the images themselves");
  expect_refusal({"translate", model, "--features", path("store.npy")},
                 "--features: got no --images; expected both");
  expect_refusal(
      {"translate", model, "--images", list, "--features", path("store.npy"), "--image-root", "."},
      "--features: got --image-root too; expected one of them");
}

TEST_F(TranslateProgram, TakesJsonLines) {
  const std::string input = R"({"source": "a red circle .", "image": "wave.ppm", "id": 7})"
                            "\n"
                            R"({"source": ""})"
                            "\n"
                            R"({"source": "a red circle .", "image": null})"
                            "\n"
                            R"({"image": "absent.ppm", "source": "a dog runs fast ."})"
                            "\n";
  const Outcome seen = run_penalmt(
      {"translate", path("gated"), "--json", "--json-input", "--image-root", path("")}, input);
  EXPECT_EQ(seen.status, 0);
  EXPECT_EQ(seen.errors,
            "penalmt: 3 of 4 lines had no image; 1 of them names one that is not there, first "
            "'absent.ppm' in line 4\n" +
                repeats("gated", 3, 4));
  const auto lines = lines_of(seen.output);
  ASSERT_EQ(lines.size(), 4u);
  const auto with = nlohmann::json::parse(lines[0]), without = nlohmann::json::parse(lines[2]);
  EXPECT_EQ(with["image"], "wave.ppm");
  EXPECT_EQ(with["id"], 7);
  EXPECT_FALSE(without.contains("id"));
  EXPECT_EQ(with["image_use"]["gate"].size(), with["image_use"]["tokens"].size());
  EXPECT_FALSE(with["image_use"].contains("attention"));  // one pooled vector
  EXPECT_GT(std::abs(with["score"].get<double>() - without["score"].get<double>()), 1e-4);
  EXPECT_EQ(nlohmann::json::parse(lines[1])["translation"], "");
  const Outcome null = run_penalmt({"translate", path("gated"), "--json", "--json-input"},
                                   "{\"source\": \"a red circle .\", \"id\": null}\n");
  EXPECT_NE(null.output.find("\"id\":null"), std::string::npos) << null.output << null.errors;
  // The same as with a list of images.
  write_file(folder_ / "one.txt", "wave.ppm\n");
  const Outcome listed = run_penalmt(
      {"translate", path("gated"), "--json", "--images", path("one.txt"), "--image-root", path("")},
      "a red circle .\n");
  auto expected = with;
  expected.erase("id");
  EXPECT_EQ(nlohmann::json::parse(lines_of(listed.output).front()), expected);
  // A path of its own where there is no --image-root; plain lines out.
  const std::string whole_path =
      R"({"source": "a red circle .", "image": ")" + path("wave.ppm") + "\"}\n";
  EXPECT_EQ(run_penalmt({"translate", path("gated"), "--json-input"}, whole_path).output,
            with["translation"].get<std::string>() + "\n");

  const std::string gated = path("gated");
  expect_refusal(
      {"translate", gated, "--json-input"},
      "standard input:2: got no JSON object, expected one a line, as {\"source\": \"a dog .\", "
      "\"image\": \"dog.jpg\"}",
      "{\"source\": \"a\"}\n[]\n");
  expect_refusal({"translate", gated, "--json-input"},
                 "standard input:1: got the key 'Image', expected source, image, prefix or id",
                 "{\"source\": \"a\", \"Image\": \"a.jpg\"}\n");
  expect_refusal({"translate", gated, "--json-input"},
                 "standard input:1:17: key 'source' stands twice in one object",
                 "{\"source\": \"a\", \"source\": \"b\"}\n");
  const Outcome prose =
      run_penalmt({"translate", gated, "--json-input"}, "{\"source\": \"a\"}\na dog .\n");
  EXPECT_EQ(prose.status, 2);
  EXPECT_EQ(prose.errors, "penalmt: standard input:2:1: not JSON: got 'a', expected a value\n");
  expect_refusal({"translate", gated, "--json-input"},
                 "standard input:1: no \"source\" in the object, expected a text",
                 "{\"image\": \"a.jpg\"}\n");
  expect_refusal({"translate", gated, "--json-input"},
                 "standard input:1: \"image\": got 7, expected a text",
                 "{\"source\": \"a\", \"image\": 7}\n");
  expect_refusal({"translate", path("text"), "--json-input"},
                 "standard input:1: got the image 'wave.ppm' for a text-only model, which would "
                 "not look at it; expected a model trained with images, or --ignore-images",
                 input);
  expect_refusal({"translate", gated, "--json-input", "a dog ."},
                 "--json-input: got --images, --image or a sentence too; expected them in the "
                 "input's objects");
}

// With lesser instructions, too: PENALMT_CPU leaves a processor without what it has.
TEST_F(TranslateProgram, TranslatesInOtherNumbers) {
  const std::vector<std::string> translate = {"translate",   path("text"), "--input",
                                              path("in.en"), "--beam",     "2"};
  const auto outcome_of = [&](const std::vector<std::string>& more) {
    std::vector<std::string> arguments = translate;
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_penalmt(arguments);
  };
  const std::string exact = outcome_of({}).output;
  for (const char* cpu : {"plain", "avx2", "avxvnni", "avx512", "vnni"}) {
    setenv("PENALMT_CPU", cpu, 1);
    EXPECT_EQ(outcome_of({"--precision", "float32"}).output, exact) << cpu;
    const Outcome rounded = outcome_of({"--precision", "int8"});
    EXPECT_EQ(rounded.status, 0) << rounded.errors;
    EXPECT_EQ(lines_of(rounded.output).size(), 5U) << cpu;
  }
  unsetenv("PENALMT_CPU");
  for (const char* name : {"auto", "bfloat16"})
    EXPECT_EQ(lines_of(outcome_of({"--precision", name}).output).size(), 5U) << name;
  expect_refusal({"translate", path("text"), "--precision", "int7", "a dog ."},
                 "translate: --precision: got \"int7\", expected one of auto, float32, bfloat16, "
                 "int8; did you mean 'int8'?");
}

TEST_F(TranslateProgram, ChecksAnotherPrecisionAgainstFloat32) {
  write_file(folder_ / "in.de", kLines);
  const std::vector<std::string> translate = {"translate",   path("text"),  "--input",
                                              path("in.en"), "--precision", "float32"};
  const auto errors_of = [&](const std::vector<std::string>& more) {
    std::vector<std::string> arguments = translate;
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_penalmt(arguments).errors;
  };
  EXPECT_NE(errors_of({"--check", "3"}).find("penalmt: float32: 3 of 3 lines are as in float32\n"),
            std::string::npos);
  const std::string whole = errors_of({"--check", "9", "--references", path("in.de")});
  EXPECT_NE(whole.find("penalmt: float32: 5 of 5 lines are as in float32\npenalmt: BLEU 0.00, in "
                       "float32 0.00\n"),
            std::string::npos)
      << whole;
  expect_refusal({"translate", path("text"), "--references", path("in.de"), "a dog ."},
                 "--references: got no --check N; expected it: they are for what it compares");
}

TEST_F(TranslateProgram, RefusesWhatItCannotDo) {
  const std::string text = path("text"), gated = path("gated"), list = path("list.txt"),
                    root = folder_.string();
  write_file(folder_ / "list.txt", "wave.ppm\n\n");
  expect_refusal(
      {"translate", path("nowhere")},
      path("nowhere") + ": no such folder; expected a run folder or a checkpoint folder");
  expect_refusal({"translate", text, "--images", list, "--image-root", root},
                 text +
                     ": a text-only model, which would not look at an image; got --images; "
                     "expected a model trained with images, or --ignore-images");
  expect_refusal({"translate", text, "--image", path("wave.ppm"), "a dog ."},
                 text +
                     ": a text-only model, which would not look at an image; got --image; expected "
                     "a model trained with images, or --ignore-images");
  expect_refusal({"translate", gated, "--images", list},
                 "--images: got no --image-root; expected both");
  expect_refusal({"translate", gated, "--image", path("wave.ppm")},
                 "--image: got no sentence; expected one, as in: penalmt translate MODEL --image "
                 "photo.jpg \"a man .\"");
  expect_refusal({"translate", gated, "--image", path("wave.ppm"), "--images", list, "--image-root",
                  root, "a dog ."},
                 "--image: got --images too; expected one of them");
  expect_refusal({"translate", text, "--input", path("in.en"), "a dog ."},
                 "--input: got a sentence too; expected one of them");
  expect_refusal({"translate", gated, "--images", list, "--image-root", root, "a dog ."},
                 "--images: got a single sentence; expected --image PHOTO with it");
  expect_refusal(
      {"translate", gated, "--input", path("in.en"), "--images", list, "--image-root", root},
      path("in.en") + ": 5 lines; expected 2, one for each image of " + list);
  expect_refusal({"translate", gated, "--image", "", "a dog ."},
                 "translate: --image: got an empty name");
  expect_refusal(
      {"translate", gated, "--image", path("wave.ppm"), "--features", path("f.npy"), "a dog ."},
      "--image: got --features too; expected an image file, which the model's encoder looks at, or "
      "--images with --features");
  expect_refusal(
      {"translate", gated, "--image", path("wave.ppm"), "--encoder", path("e"), "a dog ."},
      gated + ": the model has an image encoder of its own; got the encoder " + path("e"));
  expect_refusal({"translate", gated, "--image", path("absent.jpg"), "a dog ."},
                 path("absent.jpg") + ": no such image");
  expect_refusal({"translate", gated, "--image", root, "a dog ."},
                 "--image: got the folder " + root + ", expected an image");
  expect_refusal({"translate", gated, "--image", path("broken.png"), "a dog ."},
                 path("broken.png") + ": not an image that can be decoded");
  expect_refusal({"translate", text, "--beam", "2", "--n-best", "3"},
                 "--n-best: got 3; expected at most the beam, 2; give --beam 3");
  expect_refusal({"translate", text, "--input", path("absent.en")},
                 path("absent.en") + ": cannot read: No such file or directory");
  write_file(folder_ / "none.txt", "absent.jpg\n\n\n\n\n");
  expect_refusal({"translate", gated, "--images", path("none.txt"), "--image-root", root},
                 root + ": not one of the images that " + path("none.txt") +
                     " names is there; expected files such as 'absent.jpg'");
  write_file(folder_ / "broken.txt", "broken.png\n\n\n\n\n");
  expect_refusal(
      {"translate", gated, "--images", path("broken.txt"), "--image-root", root},
      path("broken.txt") + ":1: " + path("broken.png") + ": not an image that can be decoded");
}

TEST_F(TranslateProgram, RefusesDamagedAndForeignCheckpoints) {
  const fs::path weights = folder_ / "text" / "best" / "model.safetensors";
  const std::string whole = read_file(weights);
  for (size_t kept : {size_t{0}, size_t{5}, size_t{300}, whole.size() - 1}) {
    write_file(weights, whole.substr(0, kept));
    const Outcome outcome = run_penalmt({"translate", path("text")}, kLines);
    EXPECT_EQ(outcome.status, 2) << kept;
    EXPECT_EQ(outcome.errors.rfind("penalmt: " + weights.string() + ": ", 0), 0u) << outcome.errors;
    EXPECT_EQ(lines_of(outcome.errors).size(), 1u);
  }
  fs::copy_file(folder_ / "gated" / "best" / "model.safetensors", weights,
                fs::copy_options::overwrite_existing);
  const Outcome foreign = run_penalmt({"translate", path("text")}, kLines);
  EXPECT_EQ(foreign.status, 2);
  EXPECT_NE(foreign.errors.find("is unknown to the model; is it another model's?"),
            std::string::npos)
      << foreign.errors;
  fs::remove(folder_ / "text" / "best" / "model.json");
  const Outcome headless = run_penalmt({"translate", path("text")}, kLines);
  EXPECT_EQ(headless.status, 2);
  EXPECT_NE(headless.errors.find("model.json: cannot read: No such file or directory"),
            std::string::npos)
      << headless.errors;
}

TEST_F(TranslateProgram, ScoresGivenTranslations) {
  write_file(folder_ / "in.de", "ein roter kreis .\n\nein hund rennt .\nzwei blaue quadrate .\n\n");
  const Outcome plain =
      run_penalmt({"score", path("text"), "--source", path("in.en"), "--target", path("in.de")});
  EXPECT_EQ(plain.status, 0);
  const auto lines = lines_of(plain.output);
  ASSERT_EQ(lines.size(), 5u);
  EXPECT_EQ(lines[1], "0.000000");
  EXPECT_LT(std::stod(lines[0]), 0);
  const Outcome json = run_penalmt(
      {"score", path("text"), "--source", path("in.en"), "--target", path("in.de"), "--json"});
  const auto object = nlohmann::json::parse(lines_of(json.output)[3]);
  EXPECT_EQ(object["target"], "zwei blaue quadrate .");
  EXPECT_NEAR(object["log_probability"].get<double>(), std::stod(lines[3]), 1e-5);
  write_file(folder_ / "short.de", "ein\n");
  const Outcome uneven =
      run_penalmt({"score", path("text"), "--source", path("in.en"), "--target", path("short.de")});
  EXPECT_EQ(uneven.status, 2);
  EXPECT_EQ(uneven.errors, "penalmt: " + path("in.en") + ": 5 lines, but " + path("short.de") +
                               " has 1; line i of one must belong to line i of the other\n");
}

// What the program maps while it answers: with the engine LibTorch is among it.
TEST_F(TranslateProgram, TranslatesTextWithoutLibTorch) {
  const auto loads_libtorch = [&](std::vector<std::string> options) {
    options.insert(options.begin(), "translate");
    Conversation talk(options);
    talk.say("a red circle .\n");
    EXPECT_NE(talk.answer(), "nothing");
    const bool loads = talk.maps().find("libtorch_cpu") != std::string::npos;
    EXPECT_EQ(talk.finish().status, 0);
    return loads;
  };
  for (const std::vector<std::string>& options : {std::vector<std::string>{},
                                                  {"--json", "--beam", "2", "--n-best", "2"},
                                                  {"--precision", "int8", "--beam", "1"},
                                                  {"--prefix", "ein"}}) {
    std::vector<std::string> words = {path("text"), "--device", "cpu"};
    words.insert(words.end(), options.begin(), options.end());
    EXPECT_FALSE(loads_libtorch(words)) << options.size();
  }
  EXPECT_TRUE(loads_libtorch({path("text"), "--device", "cpu", "--sample"}));
  EXPECT_TRUE(loads_libtorch({path("text"), "--device", "cpu", "--precision", "bfloat16"}));
  EXPECT_TRUE(loads_libtorch({path("gated"), "--device", "cpu"}));
}

// Both executables give the same bytes.
TEST_F(TranslateProgram, GivesWhatTheEngineGives) {
  const std::string engine = std::string(PENALMT_PROGRAM) + "-engine";
  for (const std::string options :
       {"", "--beam 1", "--json --beam 3 --n-best 2", "--precision int8 --json --token-scores",
        "--no-repeat-ngram 2 --min-length 3 --refill", "--prefix ein --json"}) {
    std::vector<std::string> words = {"translate", path("text"), "--device",
                                      "cpu",       "--input",    path("in.en")};
    std::istringstream rest(options);
    for (std::string word; rest >> word;) words.push_back(word);
    const Outcome ours = run_penalmt(words), engines = run_program(engine, words);
    EXPECT_EQ(ours.status, 0) << ours.errors;
    EXPECT_EQ(ours.output, engines.output) << options;
    EXPECT_EQ(ours.errors, engines.errors) << options;
  }
}

TEST_F(TranslateProgram, LeavesNoHalfWrittenOutput) {
  write_file(folder_ / "bad.en", "a dog .\n\xff\n");
  const Outcome outcome = run_penalmt(
      {"translate", path("text"), "--input", path("bad.en"), "--output", path("half.de")});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_EQ(outcome.errors, "penalmt: " + path("bad.en") + ":2: invalid UTF-8 at byte 1\n");
  EXPECT_FALSE(fs::exists(folder_ / "half.de"));
}

TEST_F(TranslateProgram, AFullDiskIsTheMachinesFault) {
  const Outcome outcome = run_penalmt({"translate", path("text")}, kLines, "/dev/full");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.errors, "penalmt: standard output: cannot write: No space left on device\n");
}

}  // namespace
}  // namespace penalmt
