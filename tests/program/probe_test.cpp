// penalmt probe as a user runs it: what must be so whatever the model, and every probe on a model
// that was trained for seconds.
#include <gtest/gtest.h>
#include <zlib.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "base/files.h"
#include "base/line_reader.h"
#include "base/text.h"
#include "tests/base/temporary_folder.h"
#include "tests/program/harness.h"
#include "tests/translation/tiny_run.h"

namespace penalmt {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;
using Json = nlohmann::json;

std::string big_endian(uint32_t number) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(number >> shift & 255);
  return bytes;
}

std::string png_part(const std::string& name, const std::string& data) {
  const std::string part = name + data;
  const auto checksum =
      crc32(0, reinterpret_cast<const Bytef*>(part.data()), static_cast<uInt>(part.size()));
  return big_endian(static_cast<uint32_t>(data.size())) + part +
         big_endian(static_cast<uint32_t>(checksum));
}

// A PNG of 16 x 16 pixels, RGB, that depend on `number`.
std::string image(int number) {
  std::string rows;
  for (int i = 0; i < 16 * 49; ++i)
    rows += static_cast<char>(
        i % 49 == 0 ? 0 : (i * (7 + 30 * number) + 50 * number) % 256);  // 0: a row as it is
  std::string packed(compressBound(rows.size()), '\0');
  uLongf length = packed.size();
  compress(reinterpret_cast<Bytef*>(packed.data()), &length,
           reinterpret_cast<const Bytef*>(rows.data()), rows.size());
  packed.resize(length);
  const std::string frame =
      big_endian(16) + big_endian(16) + std::string("\x08\x02\x00\x00\x00", 5);
  return "\x89PNG\r\n\x1A\n" + png_part("IHDR", frame) + png_part("IDAT", packed) +
         png_part("IEND", "");
}

class ProbeCommand : public testing::Test {
 protected:
  ProbeCommand() {
    make_tiny_run(folder_ / "text");
    make_tiny_run(folder_ / "gated", {.fusion = "gated"});
    for (int i = 0; i < 4; ++i)
      write_file(folder_ / ("images/" + std::to_string(i) + ".png"), image(i));
    file("in.en",
         "a red circle .\na red circle .\na dog runs fast .\na red circle .\ntwo blue squares .\na "
         "red circle .\n");
    file("ref.de",
         "ein roter kreis .\nein kreis .\nein hund rennt .\nein rotes rad .\nzwei blaue quadrate "
         ".\nein kreis .\n");
    file("images.txt", "0.png\n1.png\n\n2.png\n3.png\nabsent.png\n");
    file("color.positions", "1\n1\n\n1\n1\n1\n");
    file("pairs/src.en", "a circle .\na circle .\ntwo dogs .\ntwo dogs .\n");
    file("pairs/correct.de",
         "ein roter kreis .\nzwei blaue quadrate .\nein hund .\nder mann rennt .\n");
    file("pairs/incorrect.de",
         "zwei blaue quadrate .\nein roter kreis .\nder mann rennt .\nein hund .\n");
    file("pairs/img.order", "0.png\n1.png\n2.png\n3.png\n");
  }

  std::string file(const std::string& name, const std::string& text) {
    fs::create_directories((folder_ / name).parent_path());
    write_file(folder_ / name, text);
    return folder_ / name;
  }
  std::string path(const std::string& name) const { return folder_ / name; }

  // The model with the text and what more is given.
  Outcome probe(const std::string& model, const Words& more) const {
    Words arguments = {"probe",        path(model),    "--source", path("in.en"),
                       "--references", path("ref.de"), "--device", "cpu"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_penalmt(arguments);
  }
  Words with_images(Words more = {}) const {
    more.insert(more.end(), {"--images", path("images.txt"), "--image-root", path("images")});
    return more;
  }
  Json json_of(const Outcome& outcome) const {
    EXPECT_EQ(outcome.status, 0) << outcome.errors;
    return Json::parse(outcome.output);
  }
  std::string refusal(const Words& arguments) const {
    const Outcome outcome = run_penalmt(arguments);
    EXPECT_EQ(outcome.status, 2);
    EXPECT_EQ(outcome.output, "");
    return folder_.without_path(outcome.errors);
  }

  struct Folder : TemporaryFolder {
    Folder() { fs::create_directories(path() / "images"); }
  };
  const Folder folder_;
};

Words images_of(const Json& table) {
  Words names;
  for (const Json& row : table) names.push_back(row.at("images"));
  return names;
}

TEST_F(ProbeCommand, ComparesTheRightImagesWithAllOthersOnTheLinesThatHaveOne) {
  const Json json = json_of(probe("gated", with_images({"--json"})));
  EXPECT_EQ(json.at("lines"), (Json{{"counted", 4}, {"all", 6}}));
  EXPECT_EQ(images_of(json.at("conditions")),
            (Words{"right", "shuffled", "zeroed", "noise", "none"}));
  EXPECT_TRUE(json["conditions"][0]["BLEU"]["p_value"].is_null());
  std::set<double> scores;
  for (const Json& row : json["conditions"])
    scores.insert(row.at("log p").at("score").get<double>());
  EXPECT_EQ(scores.size(), 5u);  // this model looks
  EXPECT_GT(json.at("gates").at("pieces"), 4 * 3);
  EXPECT_GT(json["gates"]["mean"], json["gates"]["quantiles"][0]["gate"]);
  EXPECT_LT(json["gates"]["mean"], json["gates"]["quantiles"][6]["gate"]);
  EXPECT_FALSE(json.contains("attention"));  // one pooled vector
  EXPECT_EQ(
      json_of(probe("gated", with_images({"--json", "--all-lines"}))).at("lines").at("counted"), 6);
  EXPECT_EQ(images_of(json_of(probe("gated", with_images({"--json", "--incongruent", "noise"})))
                          .at("conditions")),
            (Words{"right", "noise", "none"}));
}

TEST_F(ProbeCommand, IsRepeatedExactlyAndTheSeedDecides) {
  const Words once = with_images({"--json", "--mask", path("color.positions")});
  EXPECT_EQ(probe("gated", once).output, probe("gated", once).output);
  Words seeded = once;
  seeded.insert(seeded.end(), {"--seed", "7"});
  const auto noise = [&](const Words& arguments) {
    return json_of(probe("gated", arguments))["conditions"][3]["log p"]["score"].get<double>();
  };
  EXPECT_NE(noise(once), noise(seeded));
}

TEST_F(ProbeCommand, WritesTheTranslationsOfEachCondition) {
  const Outcome outcome = probe(
      "gated", with_images({"--mask", path("color.positions"), "--translations", path("out")}));
  ASSERT_EQ(outcome.status, 0) << outcome.errors;
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_ / "out"), {}), 10);
  const auto lines = [&](const std::string& name) { return read_lines(folder_ / ("out/" + name)); };
  file("four.en", "a red circle .\na red circle .\na red circle .\ntwo blue squares .\n");
  file("four.txt", "0.png\n1.png\n2.png\n3.png\n");
  const Outcome translated =
      run_penalmt({"translate", path("gated"), "--input", path("four.en"), "--images",
                   path("four.txt"), "--image-root", path("images"), "--device", "cpu"});
  EXPECT_EQ(read_file(folder_ / "out/right.txt"), translated.output);
  const Outcome without =
      run_penalmt({"translate", path("gated"), "--input", path("four.en"), "--device", "cpu"});
  EXPECT_EQ(read_file(folder_ / "out/none.txt"), without.output);
  // Of one sentence: whatever its image was.
  for (const char* condition : {"zeroed", "none"}) {
    EXPECT_EQ(lines(condition + std::string(".txt"))[0], lines(condition + std::string(".txt"))[1])
        << condition;
    EXPECT_EQ(lines(condition + std::string(".txt"))[0], lines(condition + std::string(".txt"))[2])
        << condition;
  }
  const Outcome masked =
      run_penalmt({"translate", path("gated"), "--device", "cpu"}, "a <mask> circle .\n");
  EXPECT_EQ(lines("none.masked.txt")[0] + "\n", masked.output);
}

TEST_F(ProbeCommand, CountsMaskedWordsThatTheReferenceTranslates) {
  const Json json = json_of(probe("text", {"--json", "--mask", path("color.positions")}));
  EXPECT_EQ(json.at("masking").at("counted"), 3);
  EXPECT_EQ(json.at("masking").at("untranslated"), 2);
  EXPECT_EQ(json.at("masking").at("unknown"), 0);
  EXPECT_NEAR(json["masking"]["best_guess"]["restricted"].get<double>(), 100 / 3.0, 1e-9);
  EXPECT_NEAR(json["masking"]["best_guess"]["relaxed"].get<double>(), 200 / 3.0, 1e-9);
  EXPECT_LE(json["conditions"][0]["restricted"]["score"],
            json["conditions"][0]["relaxed"]["score"]);
  const std::string lexicon = file("my.tsv", "blue\tblaue\n");
  const Json mine =
      json_of(probe("text", {"--json", "--mask", path("color.positions"), "--lexicon", lexicon}));
  EXPECT_EQ(mine.at("masking").at("counted"), 1);
  EXPECT_EQ(mine.at("masking").at("unknown"), 4);
}

TEST_F(ProbeCommand, ATextOnlyModelIsABaseline) {
  const Outcome outcome = probe("text", with_images({"--ignore-images"}));
  EXPECT_EQ(folder_.without_path(outcome.errors),
            "penalmt: warning: text: 4 of 4 translations say one thing over and over, first in "
            "line 1\n");
  EXPECT_EQ(outcome.output.substr(0, outcome.output.find('\n')),
            "4 of 6 lines count: those with an image");
  EXPECT_NE(outcome.output.find("a text-only model: its images cannot be changed\n"),
            std::string::npos);
  const Json json = json_of(
      probe("text", with_images({"--json", "--ignore-images", "--contrastive", path("pairs")})));
  EXPECT_EQ(images_of(json.at("conditions")), (Words{"none"}));
  EXPECT_EQ(images_of(json.at("contrastive")), (Words{"none"}));
}

TEST_F(ProbeCommand, ATextOnlyModelNeedsToBeToldThatImagesAreIgnored) {
  const auto expect_refused = [&](Words more, const std::string& option) {
    Words arguments = {"probe", path("text")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    EXPECT_EQ(refusal(arguments),
              "penalmt: text: a text-only model, which would not look at an image; got " + option +
                  "; expected a model trained with images, or --ignore-images\n");
  };
  expect_refused(with_images({"--source", path("in.en"), "--references", path("ref.de")}),
                 "--images");
  expect_refused({"--contrastive", path("pairs"), "--contrastive-image-root", path("images")},
                 "--contrastive-image-root");
  expect_refused({"--contrastive", path("pairs"), "--features", path("f.npy")}, "--features");
}

TEST_F(ProbeCommand, WarnsOfTextThatIsNotTheModelsAndOfBadAnswers) {
  file("raw.en", "A red circle.\n\nTwo blue squares.\n");
  file("three.de", "ein roter kreis .\n\nzwei blaue quadrate .\n");
  const Outcome outcome = run_penalmt({"probe", path("text"), "--source", path("raw.en"),
                                       "--references", path("three.de"), "--device", "cpu"});
  EXPECT_EQ(outcome.status, 0);
  const std::string errors = folder_.without_path(outcome.errors);
  EXPECT_EQ(errors.substr(0, errors.find('\n') + 1),
            "penalmt: warning: text: the input does not look like what the model was trained on: 2 "
            "of 2 lines have capital letters and 2 unspaced marks, its text is lower-cased and "
            "tokenised (penalmt normalize makes such text); 2 of 21 pieces are unknown to it (is "
            "this its language?)\n");
  // Of the lines that count, under the right images alone, with their numbers in the file.
  file("late.txt", "\n\n0.png\n1.png\n2.png\n\n");
  const Outcome late =
      probe("gated", {"--images", path("late.txt"), "--image-root", path("images")});
  EXPECT_EQ(folder_.without_path(late.errors),
            "penalmt: warning: gated: 3 of 3 translations say one thing over and over, first in "
            "line 3\n");
}

TEST_F(ProbeCommand, KnowsAtTheStartWhereItCannotWrite) {
  // The model is not even looked for.
  const auto refused = [&](const std::string& option, const std::string& place) {
    return refusal({"probe", path("nowhere"), "--source", path("in.en"), "--references",
                    path("ref.de"), option, place});
  };
  EXPECT_EQ(refused("--translations", path("in.en/out")),
            "penalmt: in.en/out: cannot write: Not a directory\n");
  EXPECT_EQ(refused("--report", path("none/r.html")),
            "penalmt: none/r.html: cannot write: No such file or directory\n");
  EXPECT_EQ(refused("--translations", path("new/out")),
            "penalmt: nowhere: no such folder; expected a run folder or a checkpoint folder\n");
  EXPECT_FALSE(fs::exists(folder_ / "new"));
}

// Whatever the model thinks of the translations: they are exchanged the second time.
TEST_F(ProbeCommand, WithoutAnImageHalfOfTheContrastivePairsAreRight) {
  const auto pairs = [&](const std::string& model) {
    return json_of(run_penalmt({"probe", path(model), "--contrastive", path("pairs"),
                                "--contrastive-image-root", path("images"), "--json", "--device",
                                "cpu", "--ignore-images"}));
  };
  const Json text = pairs("text"), gated = pairs("gated");
  EXPECT_EQ(text.at("pairs"), (Json{{"all", 4}, {"without_image", 0}}));
  EXPECT_EQ(images_of(gated.at("contrastive")),
            (Words{"right", "shuffled", "zeroed", "noise", "none"}));
  for (const Json& row : {text["contrastive"][0], gated["contrastive"][2], gated["contrastive"][4]})
    for (const char* by : {"perplexity", "probability"}) {
      EXPECT_EQ(row.at(by).at("score"), 50) << row;
      EXPECT_EQ(row.at(by).at("ci"), 0) << row;
    }
  file("pairs/img.order", "0.png\n\ngone.png\n1.png\n");
  const Json some = pairs("gated");
  EXPECT_EQ(some.at("pairs"), (Json{{"all", 4}, {"without_image", 2}}));
  EXPECT_EQ(folder_.without_path(some.at("notes")[0].get<std::string>()),
            "pairs/img.order: 2 of 4 lines had no image; 1 of them names one that is not there, "
            "first 'gone.png' in line 3");
}

// What CoMMuTE's evaluate.py does with two such files: lines of numbers, right where the first is
// the lower.
double as_evaluate_py_has_it(const Words& correct, const Words& incorrect) {
  EXPECT_EQ(correct.size(), incorrect.size());
  int right = 0;
  for (size_t i = 0; i < correct.size(); ++i)
    right += std::stod(correct[i]) < std::stod(incorrect[i]);
  return 100.0 * right / static_cast<double>(correct.size());
}

TEST_F(ProbeCommand, WritesThePerplexitiesThatCommuteReads) {
  // The last pair's translations are one: whatever a model thinks, it is a tie.
  file("ties/src.en", "a circle .\ntwo dogs .\ntwo dogs .");
  file("ties/correct.de", "ein roter kreis .\nein hund .\nein hund .");
  file("ties/incorrect.de", "zwei blaue quadrate .\nder mann rennt .\nein hund .");
  file("ties/img.order", "0.png\n1.png\n0.png");
  const auto share = [&](const std::string& ties) {
    const auto output =
        run_penalmt({"probe", path("gated"), "--contrastive", path("ties"),
                     "--contrastive-image-root", path("images"), "--contrastive-scores",
                     path("scores/" + ties), "--ties", ties, "--json", "--device", "cpu"});
    EXPECT_EQ(output.status, 0) << output.errors;
    return json_of(output).at("contrastive")[0].at("perplexity").at("score").get<double>();
  };
  const double half = share("half"), wrong = share("wrong");
  EXPECT_NEAR(half - wrong, 100 / 6.0, 1e-9);
  const auto lines = [&](const std::string& name) {
    return read_lines(folder_ / "scores/wrong" / name);
  };
  EXPECT_NEAR(as_evaluate_py_has_it(lines("right.correct.txt"), lines("right.incorrect.txt")),
              wrong, 1e-9);
  EXPECT_EQ(read_file(folder_ / "scores/half/none.correct.txt"),
            read_file(folder_ / "scores/wrong/none.correct.txt"));
}

TEST_F(ProbeCommand, FindsTheContrastiveImagesInTheFolderOrBesideIt) {
  const auto status = [&] {
    return run_penalmt({"probe", path("gated"), "--contrastive", path("pairs"), "--json",
                        "--device", "cpu"})
        .status;
  };
  EXPECT_EQ(status(), 0);  // images/ beside pairs/
  fs::rename(folder_ / "images", folder_ / "pairs/images");
  EXPECT_EQ(status(), 0);
}

TEST_F(ProbeCommand, FindsTheContrastiveImagesInAStore) {
  make_tiny_run(path("features"), {.fusion = "selective", .features = true});
  make_tiny_store(path("store.npy"), {"0.png", "1.png", "3.png"});
  const auto run = [&](const Words& more) {
    Words arguments = {
        "probe", path("features"), "--contrastive", path("pairs"), "--json", "--device", "cpu"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  };
  const Json json = json_of(run_penalmt(run({"--features", path("store.npy")})));
  EXPECT_EQ(json.at("pairs"), (Json{{"all", 4}, {"without_image", 1}}));
  EXPECT_EQ(images_of(json.at("contrastive")),
            (Words{"right", "shuffled", "zeroed", "noise", "none"}));
  // The text beside them needs no images.
  const Json both = json_of(run_penalmt(run({"--features", path("store.npy"), "--source",
                                             path("in.en"), "--references", path("ref.de")})));
  EXPECT_EQ(both.at("lines"), (Json{{"counted", 6}, {"all", 6}}));
  EXPECT_EQ(both.at("contrastive"), json.at("contrastive"));
  EXPECT_EQ(refusal(run({"--features", path("store.npy"), "--encoder", path("e")})),
            "penalmt: --encoder: got --features too; expected one of them\n");
}

TEST_F(ProbeCommand, RawPairsAreNormalised) {
  const auto run = [&](const Words& more) {
    Words arguments = {"probe",    path("text"), "--contrastive", path("pairs"), "--json",
                       "--device", "cpu"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_penalmt(arguments);
  };
  const Outcome plain = run({});
  EXPECT_EQ(plain.errors, "");
  file("pairs/src.en", "A circle.\nA circle.\nTwo dogs.\nTwo dogs.\n");
  file("pairs/correct.de", "Ein roter Kreis.\nZwei blaue Quadrate.\nEin Hund.\nDer Mann rennt.\n");
  file("pairs/incorrect.de",
       "Zwei blaue Quadrate.\nEin roter Kreis.\nDer Mann rennt.\nEin Hund.\n");
  EXPECT_EQ(run({"--raw"}).output, plain.output);
  EXPECT_EQ(run({"--raw"}).errors, "");
  EXPECT_EQ(folder_.without_path(run({}).errors),
            "penalmt: warning: pairs/src.en: has capital letters, and the model was trained on "
            "lower-cased tokenised text; "
            "--raw normalises the pairs\n");
}

TEST_F(ProbeCommand, WritesAPage) {
  ASSERT_EQ(probe("gated", with_images({"--report", path("r.html"), "--samples", "2"})).status, 0);
  const std::string page = read_file(folder_ / "r.html");
  EXPECT_NE(page.find("<section id=\"conditions\">"), std::string::npos);
  EXPECT_NE(page.find("<section id=\"gates\">"), std::string::npos);
  EXPECT_NE(page.find("Images right: 4 of 4 translations say one thing over and over, first in "
                      "line 1."),
            std::string::npos);
  EXPECT_NE(
      page.find(
          "2 of 4 sentences: those whose translations differ most between right and shuffled"),
      std::string::npos);
  // Two sentences, each with another's image beside the second translation.
  std::size_t beside = 0;
  for (std::size_t at = page.find("alt=\"The image shuffled of"); at != std::string::npos;
       at = page.find("alt=\"The image shuffled of", at + 1))
    ++beside;
  EXPECT_EQ(beside, 2u);
  for (const char* part : {"download=\"scores.tsv\"", "download=\"sentences.tsv\"",
                           ">penalmt probe ", "by penalmt " PENALMT_VERSION})
    EXPECT_NE(page.find(part), std::string::npos) << part;
}

// 4 patches are a grid of 2 x 2.
TEST_F(ProbeCommand, ShowsWhereASelectiveModelLooked) {
  make_tiny_run(folder_ / "selective", {.fusion = "selective"});
  const Json json =
      json_of(probe("selective", with_images({"--json", "--report", path("r.html")})));
  EXPECT_EQ(json.at("attention").at("pieces"), json.at("gates").at("pieces"));
  EXPECT_NEAR(json["attention"]["largest_if_even"].get<double>(), 0.25, 1e-9);
  EXPECT_GE(json["attention"]["largest"], 0.25);
  EXPECT_LE(json["attention"]["entropy"], 1);
  const std::string page = read_file(folder_ / "r.html");
  EXPECT_NE(page.find("<svg class=\"heat\" viewBox=\"0 0 2 2\""), std::string::npos);
  EXPECT_NE(page.find("<button type=\"button\" class=\"piece\""), std::string::npos);
}

TEST_F(ProbeCommand, RefusesWhatDoesNotFit) {
  const std::string model = path("gated"), source = path("in.en"), references = path("ref.de");
  const Words text = {"probe", model, "--source", source, "--references", references};
  const auto more = [&](const Words& options) {
    Words arguments = text;
    arguments.insert(arguments.end(), options.begin(), options.end());
    return refusal(arguments);
  };
  EXPECT_EQ(refusal({"probe", model}),
            "penalmt: probe: nothing to probe with; expected --source and --references, or "
            "--contrastive\n");
  EXPECT_EQ(refusal({"probe", model, "--source", source}),
            "penalmt: --source: got no --references; expected both\n");
  EXPECT_EQ(
      refusal({"probe", model, "--contrastive", path("pairs"), "--mask", path("color.positions")}),
      "penalmt: --mask: got no --source; expected --source and --references\n");
  EXPECT_EQ(more({"--image-root", path("images")}),
            "penalmt: --image-root: got no --images; expected both\n");
  EXPECT_EQ(more({"--incongruent", "shuffeld"}),
            "penalmt: --incongruent: got 'shuffeld', expected shuffled, zeroed, noise; did you "
            "mean 'shuffled'?\n");
  EXPECT_EQ(more({"--lexicon", path("my.tsv")}),
            "penalmt: --lexicon: got no --mask; expected both\n");
  EXPECT_EQ(more({"--mask-token", "a b"}), "penalmt: --mask-token: got no --mask; expected both\n");
  EXPECT_EQ(more({"--kind", "color"}), "penalmt: --kind: got no --mask; expected both\n");
  EXPECT_EQ(more({"--mask", path("color.positions"), "--mask-token", "a b"}),
            "penalmt: --mask-token: got 'a b', expected a word\n");
  EXPECT_EQ(more({"--raw"}), "penalmt: --raw: is for contrastive pairs; got no --contrastive\n");
  EXPECT_EQ(more({"--contrastive-image-root", "."}),
            "penalmt: --contrastive-image-root: got no --contrastive; expected both\n");
  EXPECT_EQ(more({"--translations", source}), "penalmt: --translations: in.en is no folder\n");
  EXPECT_EQ(more({"--report", "-"}),
            "penalmt: --report: got '-', expected a file; the results go to standard output\n");
  const Words images = {"--images", path("images.txt"), "--image-root", path("images")};
  const auto with_images_too = [&](Words options) {
    options.insert(options.end(), images.begin(), images.end());
    return more(options);
  };
  EXPECT_EQ(with_images_too({"--mask", path("color.positions"), "--kind", "noun"}),
            "penalmt: --kind: no lexicon of kind 'noun' for en to de; expected color or people, en "
            "to de or fr; for others "
            "give --lexicon\n");
  file("none.tsv", "dog\thund\n");
  EXPECT_EQ(with_images_too({"--mask", path("color.positions"), "--lexicon", path("none.tsv")}),
            "penalmt: color.positions: of its masked words not one counts; 4 are not in the "
            "lexicon, 0 have no translation in "
            "ref.de\n");
  file("short.positions", "1\n");
  EXPECT_EQ(with_images_too({"--mask", path("short.positions")}),
            "penalmt: short.positions: 1 lines, but in.en has 6; line i of one must belong to line "
            "i of the other\n");
  EXPECT_EQ(with_images_too({"--metrics", "blue"}),
            "penalmt: --metrics: unknown metric; got 'blue', expected one of bleu, chrf, ter; did "
            "you mean 'bleu'?\n");
  file("short.txt", "0.png\n");
  EXPECT_EQ(more({"--images", path("short.txt"), "--image-root", path("images")}),
            "penalmt: short.txt: 1 lines, but in.en has 6; line i of one must belong to line i of "
            "the other\n");
  file("absent.txt", "a.png\nb.png\n\n\n\n\n");
  EXPECT_EQ(
      refusal({"probe", path("text"), "--source", source, "--references", references, "--images",
               path("absent.txt"), "--image-root", path("images"), "--ignore-images"}),
      "penalmt: absent.txt: none of its 6 images is in images\n");
  file("empty", "");
  EXPECT_EQ(
      refusal({"probe", path("text"), "--source", path("empty"), "--references", path("empty")}),
      "penalmt: empty: got no lines, expected at least one\n");
  file("marks.tsv", "attribute\tvalue\tchoices\tphrase\tright\tnouns\toffsets\n");
  EXPECT_EQ(with_images_too({"--left-out", path("marks.tsv")}),
            "penalmt: marks.tsv: 0 marks, but in.en has 6 lines; mark i must belong to line i\n");
  for (const char* name : {"src.en", "correct.de", "incorrect.de", "img.order"})
    file("pairs/" + std::string(name), "");
  EXPECT_EQ(refusal({"probe", path("text"), "--contrastive", path("pairs")}),
            "penalmt: pairs/src.en: got no lines, expected at least one\n");
}

// ---- generated shapes
// ----------------------------------------------------------------------------------------------

Words masked_colours(const Words& source) {
  const std::set<std::string_view> colours = {"red", "blue", "green", "yellow", "purple", "black"};
  Words positions;
  for (const std::string& line : source) {
    const auto words = split_whitespace(line);
    std::string& of_line = positions.emplace_back();
    for (std::size_t i = 0; i < words.size(); ++i)
      if (colours.count(words[i]) != 0) of_line += (of_line.empty() ? "" : " ") + std::to_string(i);
  }
  return positions;
}

std::string joined(const Words& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

// Captions that need the image; pairs of them with the images exchanged. A training of seconds does
// not make the model look yet: it is every probe's path that is walked, with the numbers that hold
// all the same.
TEST(ProbeOfShapes, RunsEveryProbe) {
  const TemporaryFolder folder;
  const std::string corpus = folder / "corpus", tok = corpus + "/tok/test.lc.norm.tok.";
  ASSERT_EQ(run_penalmt({"shapes", "--out", corpus, "--train", "200", "--val", "8", "--test", "24"})
                .status,
            0);
  write_file(folder / "recipe.json", R"({
  "data": {"folder": ")" + corpus + R"("},
  "tokenizer": {"vocabulary": 120, "exact_vocabulary": false},
  "model": {"width": 16, "feed_forward": 32, "heads": 2, "encoder_layers": 1, "decoder_layers": 1, "fusion": "gated",
            "image_encoder": {"size": 32, "patch": 8, "width": 16, "feed_forward": 32, "heads": 2, "layers": 1}},
  "training": {"batch_tokens": 400, "accumulate": 1, "updates": 60, "validate_every": 60, "warmup": 10, "average": 1,
               "learning_rate": 5e-3, "validate_bleu": false}
})");
  const Outcome trained = run_penalmt({"train", folder / "recipe.json", "--out", folder / "run",
                                       "--threads", "1", "--device", "cpu"});
  ASSERT_EQ(trained.status, 0) << trained.errors;
  const Words source = read_lines(tok + "en"), references = read_lines(tok + "de");
  write_file(folder / "color.positions", joined(masked_colours(source)));
  // Pairs: scene 2k and 2k + 1, each once as the right one.
  std::filesystem::create_directories(folder / "pairs");
  const Words images = read_lines(corpus + "/image_splits/test.txt");
  Words src, incorrect;
  for (std::size_t i = 0; i < source.size(); ++i)
    src.push_back(source[i / 2 * 2]), incorrect.push_back(references[i ^ 1]);
  write_file(folder / "pairs/src.en", joined(src));
  write_file(folder / "pairs/correct.de", joined(references));
  write_file(folder / "pairs/incorrect.de", joined(incorrect));
  write_file(folder / "pairs/img.order", joined(images));

  const Outcome outcome = run_penalmt({"probe",
                                       folder / "run",
                                       "--source",
                                       tok + "en",
                                       "--references",
                                       tok + "de",
                                       "--images",
                                       corpus + "/image_splits/test.txt",
                                       "--image-root",
                                       corpus + "/images",
                                       "--mask",
                                       folder / "color.positions",
                                       "--left-out",
                                       corpus + "/left_out/test.de.tsv",
                                       "--contrastive",
                                       folder / "pairs",
                                       "--contrastive-image-root",
                                       corpus + "/images",
                                       "--metrics",
                                       "bleu",
                                       "chrf",
                                       "--report",
                                       folder / "probe.html",
                                       "--json",
                                       "--device",
                                       "cpu"});
  ASSERT_EQ(outcome.status, 0) << outcome.errors;
  const std::string errors = folder.without_path(outcome.errors);
  EXPECT_EQ(errors.substr(0, errors.find('\n') + 1),
            "penalmt: warning: run/recipe.json: the model was trained without masked words "
            "(data.masking); expect little of it where words are "
            "masked\n");
  const Json json = Json::parse(outcome.output);
  EXPECT_EQ(json.at("lines"), (Json{{"counted", 24}, {"all", 24}}));
  EXPECT_EQ(json.at("masking").at("untranslated"), 0);
  EXPECT_EQ(json.at("masking").at("unknown"), 0);
  EXPECT_GT(json.at("masking").at("counted"), 5);
  EXPECT_GE(json.at("left_out_chance"), 100 / 6.0 - 1e-9);
  EXPECT_LE(json.at("left_out_chance"), 25);
  ASSERT_EQ(json.at("conditions").size(), 5u);
  for (const Json& row : json["conditions"]) {
    EXPECT_LE(row.at("restricted").at("score"), row.at("relaxed").at("score"));
    EXPECT_LT(row.at("log p").at("score"), 0);
    for (const char* measure : {"BLEU", "chrF2", "left-out", "restricted"}) {
      EXPECT_GE(row.at(measure).at("score"), 0) << measure;
      EXPECT_LE(row.at(measure).at("score"), 100) << measure;
    }
  }
  for (const std::size_t blind : {2, 4})  // zeroed, none
    EXPECT_EQ(json.at("contrastive").at(blind).at("probability").at("score"), 50);
  EXPECT_NE(read_file(folder / "probe.html").find("<article"), std::string::npos);
}

}  // namespace
}  // namespace penalmt
