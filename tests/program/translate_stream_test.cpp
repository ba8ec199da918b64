// penalmt translate talked with through pipes, and what becomes of text that is not as it should
// be.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
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

class TranslateStream : public ::testing::Test {
 protected:
  void SetUp() override {
    make_tiny_run(folder_ / "text", {.heads = 1});
    make_tiny_run(folder_ / "gated", {.fusion = "gated"});
    std::string ppm = "P6\n16 16\n255\n";
    for (int i = 0; i < 16 * 16 * 3; ++i) ppm += static_cast<char>(i * 7 % 256);
    write_file(folder_ / "wave.ppm", ppm);
  }

  std::string path(const std::string& name) const { return folder_ / name; }
  std::string file(const std::string& name, const std::string& bytes) const {
    write_file(folder_ / name, bytes);
    return path(name);
  }
  // The translation by the text-only model, one sentence at a time.
  std::string translation(const std::string& sentence) const {
    std::string line = run_penalmt({"translate", path("text"), sentence}).output;
    line.pop_back();
    return line;
  }
  void expect_refusal(const Lines& arguments, const std::string& message,
                      const std::string& input = "a dog .\n") const {
    const Outcome outcome = run_penalmt(arguments, input);
    EXPECT_EQ(outcome.status, 2);
    EXPECT_EQ(outcome.output, "");
    EXPECT_EQ(folder_.without_path(outcome.errors), "penalmt: " + message + "\n");
  }

  const TemporaryFolder folder_;
};

TEST_F(TranslateStream, AnswersEachLineOfAPipeBeforeTheNextOneIsSent) {
  Conversation talk({"translate", path("text")});
  talk.say("a red circle .\n");
  EXPECT_EQ(talk.answer(), translation("a red circle ."));
  talk.say("\n");
  EXPECT_EQ(talk.answer(), "");
  talk.say("a dog runs fast .\r\ntwo blue squares .\na red");  // a line and a half more
  EXPECT_EQ(talk.answer(), translation("a dog runs fast ."));
  EXPECT_EQ(talk.answer(), translation("two blue squares ."));
  talk.say(" circle .");
  const Outcome end = talk.finish();
  EXPECT_EQ(end.output, translation("a red circle .") + "\n");
  EXPECT_EQ(end.status, 0);
}

TEST_F(TranslateStream, AnswersEachJsonObjectOfAPipeAtOnce) {
  Conversation talk({"translate", path("gated"), "--json-input", "--json", "--image-root",
                     folder_.path().string()});
  for (const int id : {7, 8}) {
    const nlohmann::json object = {{"source", "a red circle ."}, {"image", "wave.ppm"}, {"id", id}};
    talk.say(object.dump() + "\n");
    const auto answer = nlohmann::json::parse(talk.answer());
    EXPECT_EQ(answer["id"], id);
    EXPECT_TRUE(answer.contains("image_use"));
  }
  EXPECT_EQ(talk.finish().status, 0);
}

TEST_F(TranslateStream, AnswersEachLineThatNormalizeAnswers) {
  Conversation normalize({"normalize", "--language", "en"});
  Conversation translate({"translate", path("text")});
  for (const char* const line : {"A red circle.\n", "A dog runs fast.\n"}) {
    normalize.say(line);
    translate.say(normalize.answer() + "\n");
    EXPECT_NE(translate.answer(), "nothing");
  }
}

TEST_F(TranslateStream, TakesTheImagesOfAListLineByLine) {
  const Lines arguments = {"translate",    path("gated"),
                           "--images",     file("list", "wave.ppm\n\n"),
                           "--image-root", folder_.path().string()};
  const auto in_one_go = run_penalmt(arguments, "a red circle .\na dog .\n").output;
  {
    Conversation talk(arguments);
    talk.say("a red circle .\n");
    std::string both = talk.answer() + "\n";
    talk.say("a dog .\n");
    both += talk.answer() + "\n";
    EXPECT_EQ(both, in_one_go);
    EXPECT_EQ(talk.finish().status, 0);
  }
  Conversation few(arguments);
  few.say("a red circle .\n");
  EXPECT_EQ(folder_.without_path(few.finish().errors),
            "penalmt: standard input: 1 lines; expected 2, one for each image of list\n");
  Conversation many(arguments);
  many.say("a red circle .\na dog .\na dog .\n");
  const Outcome end = many.finish();
  EXPECT_EQ(end.output, in_one_go);
  EXPECT_EQ(folder_.without_path(end.errors),
            "penalmt: standard input:3: got one line more than list has images, 2\n");
}

// A file's images are read while the lines before them are translated: nothing else changes.
TEST_F(TranslateStream, ReadsTheImagesOfLaterLinesAhead) {
  std::string flat = "P6\n16 16\n255\n", sources, list;
  for (int i = 0; i < 16 * 16; ++i) flat += "\x10\xf0\x20";
  file("flat.ppm", flat);
  constexpr int kLines = 2300;
  for (int i = 0; i < kLines; ++i) {
    sources += i % 2 == 0 ? "a red circle .\n" : "a dog runs .\n";
    list += std::vector{"wave.ppm\n", "flat.ppm\n", "\n"}[i % 3];
  }
  const std::string out = path("out"), source = file("source", sources);
  Lines command = {"translate",    path("gated"),           "--images", path("list"),
                   "--image-root", folder_.path().string(), "--beam",   "1"};
  file("list", list);
  const Outcome piped = run_penalmt(command, sources);
  EXPECT_EQ(std::count(piped.output.begin(), piped.output.end(), '\n'), kLines);
  command.insert(command.end(), {"--input", source, "--output", out});
  const Outcome filed = run_penalmt(command);
  EXPECT_EQ(filed.status, 0);
  EXPECT_EQ(read_file(out), piped.output);
  EXPECT_EQ(filed.errors, piped.errors);

  // A broken image late in the list: what was translated before it is kept.
  fs::remove(out);
  file("broken.ppm", "P6\n16 16\n255\n");
  list.replace(list.find_last_of("w"), 8, "broken.ppm");
  file("list", list);
  const Outcome broken = run_penalmt(command);
  EXPECT_EQ(broken.status, 2);
  EXPECT_NE(broken.errors.find("list:" + std::to_string(kLines - 1) + ": "), std::string::npos)
      << broken.errors;
  EXPECT_FALSE(fs::exists(out));
  const std::string kept = read_file(out + ".partial");
  EXPECT_EQ(std::count(kept.begin(), kept.end(), '\n'), 2000);
  EXPECT_EQ(piped.output.substr(0, kept.size()), kept);
}

TEST_F(TranslateStream, AnswersWhatStandsBeforeABadLine) {
  Conversation talk({"translate", path("text")});
  talk.say("a red circle .\na dog .\n\xff\na dog .\n");
  const Outcome end = talk.finish();
  EXPECT_EQ(end.output, translation("a red circle .") + "\n" + translation("a dog .") + "\n");
  EXPECT_EQ(end.errors, "penalmt: standard input:3: invalid UTF-8 at byte 1\n");
  EXPECT_EQ(end.status, 2);
}

TEST_F(TranslateStream, KeepsWhatWasTranslatedBeforeALateBadLineOfAPipe) {
  Conversation talk({"translate", path("text"), "--output", path("out.de")});
  talk.say("a red circle .\na dog .\n\xff\n");
  const Outcome end = talk.finish();
  EXPECT_EQ(end.status, 2);
  EXPECT_EQ(folder_.without_path(end.errors),
            "penalmt: out.de.partial: holds the translations of lines 1 to 2\n"
            "penalmt: standard input:3: invalid UTF-8 at byte 1\n");
  EXPECT_EQ(read_file(path("out.de.partial")),
            translation("a red circle .") + "\n" + translation("a dog .") + "\n");
  EXPECT_FALSE(fs::exists(path("out.de")));
}

TEST_F(TranslateStream, FindsABadLineOfAFileBeforeItTranslates) {
  std::string text;
  for (int i = 0; i < 20000; ++i)
    text += "a dog runs fast .\n";  // more than it translates at a time
  file("late.en", text + "\xff\n");
  expect_refusal({"translate", path("text"), "--input", path("late.en"), "--output", path("out")},
                 "late.en:20001: invalid UTF-8 at byte 1");
  EXPECT_FALSE(fs::exists(path("out.partial")));
  expect_refusal({"translate", path("text")}, "standard input:20001: invalid UTF-8 at byte 1",
                 text + "\xff\n");
  expect_refusal({"translate", path("text"), "--json-input"},
                 "standard input:2: got the key 'x', expected source, image, prefix or id",
                 "{\"source\": \"a\"}\n{\"source\": \"a\", \"x\": 1}\n");
}

TEST_F(TranslateStream, NeverWritesOverWhatItReads) {
  const std::string in = file("in.en", "a dog .\n");
  fs::create_symlink("in.en", path("soft"));
  fs::create_hard_link(in, path("hard"));
  for (const char* const name : {"in.en", "soft", "hard"})
    expect_refusal(
        {"translate", path("text"), "--input", in, "--output", path(name)},
        "--output: got " + std::string(name) + ", which is read too; expected another file");
  expect_refusal({"translate", path("gated"), "--images", file("list", "wave.ppm\n"),
                  "--image-root", folder_.path().string(), "--output", path("list")},
                 "--output: got list, which is read too; expected another file");
  expect_refusal({"normalize", "--language", "en", "--input", in, "--output", path("soft")},
                 "--output: got soft, which is read too; expected another file");
  EXPECT_EQ(read_file(in), "a dog .\n");
}

TEST_F(TranslateStream, KnowsAtTheStartWhereItCannotWrite) {
  // The model is not even looked for.
  expect_refusal({"translate", path("nowhere"), "--output", path("none/out")},
                 "none/out: cannot write: No such file or directory");
  fs::permissions(file("kept", "mine"), fs::perms::owner_read);
  expect_refusal({"translate", path("nowhere"), "--output", path("kept")},
                 "kept: cannot write: Permission denied");
  EXPECT_EQ(read_file(path("kept")), "mine");
}

TEST_F(TranslateStream, TextReachesTheModelClean) {
  const std::string clean =
      run_penalmt({"translate", path("text"), "--n-best", "2"}, "a red circle .\n\n\na dog .\n")
          .output;
  const std::string rough =
      "\xef\xbb\xbf"
      "a red circle .\r\n \t \r\n\xc2\xa0\xe3\x80\x80\n\xc2\xa0 a  dog\xc2\xa0. \n";
  EXPECT_EQ(run_penalmt({"translate", path("text"), "--n-best", "2"}, rough).output, clean);
  EXPECT_EQ(
      run_penalmt({"translate", path("text"), "--n-best", "2", "--input", file("rough.en", rough)})
          .output,
      clean);
  const auto scores = [&](const std::string& source, const std::string& target) {
    return run_penalmt({"score", path("text"), "--source", file("s", source), "--target",
                        file("t", target)})
        .output;
  };
  EXPECT_EQ(scores(rough,
                   "\xef\xbb\xbf"
                   "ein  kreis .\r\n\r\n \n ein\xc2\xa0hund .\n"),
            scores("a red circle .\n\n\na dog .\n", "ein kreis .\n\n\nein hund .\n"));
}

TEST_F(TranslateStream, WarnsOnceOfTextThatIsNotTheModels) {
  const std::string place =
      "penalmt: warning: text: the input does not look like what the model "
      "was trained on: ";
  const auto warned_of = [&](const std::string& input, const Lines& more = {}) {
    Lines arguments = {"translate", path("text")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const std::string errors = folder_.without_path(run_penalmt(arguments, input).errors);
    return errors.substr(0, errors.find('\n'));  // the second warning is of the answers
  };
  EXPECT_EQ(warned_of("A red circle.\nTwo blue squares\n"),
            place +
                "2 of 2 lines have capital letters and 1 unspaced marks, its text is "
                "lower-cased and tokenised (--raw takes text as people write it); 2 of 20 "
                "pieces are unknown to it (is this its language?)");
  EXPECT_EQ(warned_of("1\ta red circle .\n2\ta dog .\n"),
            place +
                "2 of 2 lines have tabs, as a table (give the sentences' column alone); 2 of "
                "18 pieces are unknown to it (is this its language?)");
  EXPECT_EQ(warned_of("1,a red circle .,x\n"),
            place +
                "1 of 1 lines have commas as in a table (give the sentences' column alone); 2 "
                "of 12 pieces are unknown to it (is this its language?)");
  const std::string answers =
      "penalmt: warning: text: 1 of 1 translations says one thing over and over, first in line 1";
  EXPECT_EQ(warned_of("a red circle .\n"), answers);
  EXPECT_EQ(warned_of("A red circle.\n", {"--raw"}), answers);
  const std::string source = file("s", "A red circle.\n");
  EXPECT_EQ(
      folder_.without_path(
          run_penalmt({"score", path("text"), "--source", source, "--target", source}).errors),
      place +
          "1 of 1 lines have capital letters and 1 unspaced marks, its text is "
          "lower-cased and tokenised (penalmt normalize makes such text); 1 of 10 pieces "
          "are unknown to it (is this its language?)\n");
}

TEST_F(TranslateStream, ALongLineIsRefusedOrCut) {
  std::string line = "a dog .\na";
  for (int i = 0; i < 9000; ++i) line += " a";
  line += "\n";
  expect_refusal(
      {"translate", path("text")},
      "standard input:2: a sentence of 9002 pieces, expected at most 512; split the line, "
      "or give --long-lines cut, or a higher --max-source-length",
      line);
  expect_refusal({"translate", path("text"), "--max-source-length", "4"},
                 "standard input:1: a sentence of 5 pieces, expected at most 4; split the line, or "
                 "give --long-lines cut, or a higher --max-source-length",
                 "a a a a\n");
  const Outcome cut =
      run_penalmt({"translate", path("text"), "--max-source-length", "4", "--long-lines", "cut"},
                  "a a\na a a a\n\n");
  EXPECT_EQ(cut.status, 0);
  EXPECT_NE(cut.errors.find("penalmt: warning: standard input: 1 of 2 lines were longer than "
                            "--max-source-length, 4 pieces, and were cut; the first is line 2\n"),
            std::string::npos)
      << cut.errors;
  EXPECT_EQ(cut.output, translation("a a") + "\n" + translation("a a a") + "\n\n");

  // score and its sources
  const std::string source = file("s", line), target = file("t", "ein hund .\nein hund .\n");
  const Lines score = {"score", path("text"), "--source", source, "--target", target};
  expect_refusal(score,
                 "s:2: a sentence of 9002 pieces, expected at most 512; split the line, or give "
                 "--long-lines cut, or a higher --max-source-length");
  Lines cutting = score;
  cutting.insert(cutting.end(), {"--max-source-length", "6", "--long-lines", "cut"});
  const Outcome scored = run_penalmt(cutting);
  EXPECT_EQ(folder_.without_path(scored.errors),
            "penalmt: warning: s: 1 of 2 lines were longer than --max-source-length, 6 pieces, and "
            "were cut; the first is line 2\n");
  EXPECT_EQ(scored.output, run_penalmt({"score", path("text"), "--source",
                                        file("s", "a dog .\na a a a a\n"), "--target", target})
                               .output);

  make_tiny_run(folder_ / "learned", {.positions = "learned", .longest = 12, .heads = 1});
  expect_refusal(
      {"translate", path("learned")},
      "standard input:1: a sentence of 13 pieces, expected at most 12; split the line, or "
      "give --long-lines cut",
      "a a a a a a a a a a a a\n");
  expect_refusal({"translate", path("learned"), "--max-source-length", "13"},
                 "--max-source-length: got 13, expected at most 12, which the model's learned "
                 "positions serve");
}

TEST_F(TranslateStream, AnEmptySentenceStaysEmpty) {
  for (const char* const sentence : {"", " ", "\xc2\xa0"}) {
    const Outcome outcome = run_penalmt({"translate", path("text"), sentence}, "a dog .\n");
    EXPECT_EQ(outcome.status, 0);
    EXPECT_EQ(outcome.output, "\n");
    EXPECT_EQ(outcome.errors, "");
  }
}

TEST_F(TranslateStream, SaysWhereModelAndSentenceStand) {
  const std::string text = path("text");
  expect_refusal({"translate", "a dog .", text},
                 "translate: got the model text after the sentence, expected it first: penalmt "
                 "translate text \"a dog .\"");
  expect_refusal({"translate", "a", "dog", ".", text},
                 "translate: got the model text after the sentence, expected it first: penalmt "
                 "translate text \"a dog .\"");
  expect_refusal({"translate", text, "a", "dog", "."},
                 "translate: got 3 words after the model, expected a sentence in quotes: penalmt "
                 "translate text \"a dog .\"");
}

TEST_F(TranslateStream, SaysWhatAFileInThePlaceOfModelOrSentenceIs) {
  const std::string list = file("a.txt", "wave.ppm\n"), lines = file("b.txt", "a dog .\n");
  expect_refusal({"translate", "--images", list, lines},
                 "translate: got the file b.txt for the model, expected a run folder before the "
                 "options; --images takes one list, and lines are --input's: penalmt translate RUN "
                 "--input b.txt --images a.txt --image-root DIR");
  expect_refusal({"translate", path("gated"), "--images", list, lines},
                 "--images: got a.txt and b.txt, expected one list; lines to translate: --input "
                 "b.txt");
  expect_refusal({"translate", path("gated"), lines},
                 "translate: got the file b.txt for a sentence; its lines are translated by "
                 "--input b.txt");
}

TEST_F(TranslateStream, ANameWithoutItsEndingGetsTheFilesThatAreThere) {
  const std::string root = folder_.path().string(), gated = path("gated"),
                    source = file("s", "a dog .\na dog .\n");
  const std::string hint = "; did you mean 'wave.ppm'?";
  file("list", "\nwave\n");
  for (const Lines& command : {Lines{"translate", gated, "--input", source},
                               Lines{"score", gated, "--source", source, "--target", source},
                               Lines{"probe", gated, "--source", source, "--references", source},
                               Lines{"chain", gated, "--source", source, "--references", source}}) {
    Lines with = command;
    with.insert(with.end(), {"--images", path("list"), "--image-root", root});
    const Outcome outcome = run_penalmt(with);
    EXPECT_EQ(outcome.status, 2);
    EXPECT_EQ(outcome.errors, "penalmt: " + root + ": not one of the images that " + path("list") +
                                  " names is there; expected files such as 'wave'" + hint + "\n");
  }
  file("list", "wave.ppm\nwave\n");
  const Outcome some = run_penalmt(
      {"translate", gated, "--input", source, "--images", path("list"), "--image-root", root});
  EXPECT_EQ(some.errors.substr(0, some.errors.find('\n')),
            "penalmt: 1 of 2 lines had no image; 1 of them names one that is not there, first "
            "'wave' in line 2" +
                hint);
  const Outcome json =
      run_penalmt({"translate", gated, "--json-input", "--json", "--image-root", root},
                  R"({"source": "a dog .", "image": "wave.jpg"})"
                  "\n");
  EXPECT_EQ(json.errors.substr(0, json.errors.find('\n')),
            "penalmt: 1 of 1 lines had no image; 1 of them names one that is not there, first "
            "'wave.jpg' in line 1" +
                hint);
  EXPECT_EQ(
      run_penalmt({"translate", gated, "--image", path("wave"), "a dog ."}).errors,
      "penalmt: " + path("wave") + ": no such image; did you mean '" + path("wave.ppm") + "'?\n");
  EXPECT_EQ(run_penalmt({"features", file("list", "wave\nwave.gif\n"), "--image-root", root,
                         "--encoder", "e", "--out", path("f.npy")})
                .errors,
            "penalmt: " + path("list") + ":1: " + path("wave") + ": no such file" + hint +
                "\npenalmt: " + path("list") + ":2: " + path("wave.gif") +
                ": no such file\npenalmt: 2 of 2 images are missing; --skip-broken goes on without "
                "them\n");
  EXPECT_EQ(run_penalmt({"evaluate", "--hypotheses", source, "--references", source, "--report",
                         path("r.html"), "--images", path("list"), "--image-root", root})
                .errors,
            "penalmt: " + path("list") + ": none of its 2 images is in " + root +
                "; check --image-root" + hint + "\n");
}

TEST_F(TranslateStream, ATextOnlyModelNeedsToBeToldThatImagesAreIgnored) {
  const std::string text = path("text"), root = folder_.path().string();
  const std::string refusal =
      "text: a text-only model, which would not look at an image; got OPTION; expected a model "
      "trained with images, or --ignore-images";
  const auto refusal_of = [&](const std::string& option) {
    std::string said = refusal;
    return said.replace(said.find("OPTION"), 6, option);
  };
  const std::string list = file("list", "wave.ppm\n"), source = file("s", "a dog .\n");
  for (const Lines& command :
       {Lines{"translate", text}, Lines{"score", text, "--source", source, "--target", source}}) {
    Lines with = command;
    with.insert(with.end(), {"--images", list, "--image-root", root});
    expect_refusal(with, refusal_of("--images"));
    with.emplace_back("--ignore-images");
    EXPECT_EQ(run_penalmt(with, "a dog .\n").output, run_penalmt(command, "a dog .\n").output);
  }
  expect_refusal({"translate", text, "--json-input", "--features", "/nope"},
                 refusal_of("--features"), "{\"source\": \"a\"}\n");
  expect_refusal({"translate", text, "--json-input", "--image-root", root},
                 refusal_of("--image-root"), "{\"source\": \"a\"}\n");
  expect_refusal({"translate", text, "--encoder", "/nope"}, refusal_of("--encoder"), "a\n");
  const Outcome json = run_penalmt(
      {"translate", text, "--json-input", "--json", "--ignore-images", "--image-root", root},
      "{\"source\": \"a\", \"image\": \"wave.ppm\"}\n");
  EXPECT_EQ(json.status, 0);
  EXPECT_FALSE(nlohmann::json::parse(json.output).contains("image"));
}

TEST_F(TranslateStream, AFolderIsNoListOfImages) {
  const std::string root = folder_.path().string();
  for (const Lines& command :
       {Lines{"translate", path("gated")},
        Lines{"score", path("gated"), "--source", path("list"), "--target", path("list")}}) {
    Lines with = command;
    with.insert(with.end(), {"--images", root});
    expect_refusal(with, "--images: got the folder " + root +
                             ", expected a list of names, one a line of the text; the folder that "
                             "they are in is --image-root");
  }
}

}  // namespace
}  // namespace penalmt
