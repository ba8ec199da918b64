#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <zlib.h>
#include <nlohmann/json.hpp>

#include "base/files.h"
#include "tests/program/harness.h"

namespace penalmt {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPng = "\x89PNG\r\n\x1A\nxyz";

class Evaluate : public testing::Test {
 protected:
  Evaluate()
      : folder_(fs::path(testing::TempDir()) / ("penalmt_evaluate_" + std::to_string(getpid()))) {
    fs::create_directories(folder_);
    file("hyp.de", "ein mann geht über die straße .\nzwei rote kreise\n");
    file("ref.de", "ein mann läuft über die straße .\nzwei blaue kreise\n");
    file("other.de", "ein mann läuft über die straße .\nzwei blaue kreise\n");
    file("three.de", "a\nb\nc\n");
  }
  ~Evaluate() override { fs::remove_all(folder_); }

  std::string file(const std::string& name, const std::string& text) {
    write_file(folder_ / name, text);
    return path(name);
  }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  Outcome run(std::vector<std::string> more, const std::string& input = "") const {
    std::vector<std::string> arguments = {"evaluate", "--references", path("ref.de")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_penalmt(arguments, input);
  }

  // `message` with FOLDER for the test's own; the only line on standard error, and nothing on
  // standard output.
  void expect_refusal(const std::vector<std::string>& more, std::string message) const {
    SCOPED_TRACE(message);
    for (std::size_t at; (at = message.find("FOLDER")) != std::string::npos;)
      message.replace(at, 6, folder_.string());
    const Outcome outcome = run(more);
    EXPECT_EQ(outcome.status, 2);
    EXPECT_EQ(outcome.output, "");
    EXPECT_EQ(outcome.errors, "penalmt: " + message + "\n");
  }

  fs::path folder_;
};

TEST_F(Evaluate, RefusesImagesBesideTextOnlyRunsUnlessThatIsMeant) {
  for (const char* fusion : {"none", "gated"}) {
    fs::create_directories(folder_ / fusion);
    file(std::string(fusion) + "/recipe.json",
         "{\"model\": {\"fusion\": \"" + std::string(fusion) + "\"}}");
    file(std::string(fusion) + "/metrics.jsonl", "{\"update\": 1, \"valid_nll\": 2}\n");
  }
  file("a.png", kPng);
  file("list.txt", "a.png\n\n");
  const std::vector<std::string> report = {
      "--hypotheses",   path("hyp.de"), "--report",       path("page.html"), "--images",
      path("list.txt"), "--image-root", folder_.string(), "--runs",          path("none")};
  expect_refusal(report,
                 "FOLDER/none: a text-only model, which has not looked at an image; got --images; "
                 "expected a run of a model trained with images, or --ignore-images");
  for (const std::string& more : {path("gated"), std::string("--ignore-images")}) {
    std::vector<std::string> arguments = report;
    arguments.push_back(more);
    EXPECT_EQ(run(arguments).errors, "");
  }
}

// The numbers are sacreBLEU 2.6's for these lines.
constexpr const char* kLine =
    "BLEU|nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:penalmt-" PENALMT_VERSION
    " = 42.7 80.0/50.0/33.3/25.0 (BP = 1.000 ratio = 1.000 hyp_len = 10 ref_len = 10)\n";

// What sacreBLEU prints for the same words is compared in conformance_test.cpp.
TEST_F(Evaluate, UnderstandsSacrebleusWords) {
  const std::string hyp = path("hyp.de"), ref = path("ref.de");
  const auto words = [](std::vector<std::string> more, const std::string& input = "") {
    more.insert(more.begin(), "evaluate");
    return run_penalmt(more, input);
  };
  EXPECT_EQ(words({ref, "-i", hyp}).output, kLine);
  EXPECT_EQ(words({"-i", hyp, "--references", ref}).output, kLine);
  EXPECT_EQ(words({ref}, read_file(hyp)).output, kLine);
  EXPECT_EQ(words({ref, "-i", hyp, "-m", "bleu", "chrf", "-w", "2", "-tok", "13a", "-b", "-lc",
                   "-f", "text"})
                .output,
            "42.73\n63.89\n");
  EXPECT_EQ(words({ref, "-i", hyp, "-m", "bleu", "chrf", "-b", "-f", "json"}).output,
            "[\n42.7,\n63.9\n]\n");
  EXPECT_EQ(nlohmann::json::parse(words({"-w", "2", ref, "--input=" + hyp, "-f", "json"}).output)
                .at("score"),
            42.73);
  const auto refusal = [&](const std::vector<std::string>& more) {
    const Outcome outcome = words(more);
    EXPECT_EQ(outcome.status, 2);
    return outcome.errors;
  };
  EXPECT_EQ(refusal({"-t", "wmt17", "-l", "en-de", "-i", hyp}),
            "penalmt: evaluate: -t: a test set of sacreBLEU's; expected the references' files "
            "(sacrebleu -t SET -l PAIR --echo ref prints one)\n");
  EXPECT_EQ(refusal({ref, "-i", hyp, "-f", "latex"}),
            "penalmt: evaluate: -f: got 'latex', expected json or text\n");
  EXPECT_EQ(refusal({ref, "-i", hyp, "-e", "latin1"}),
            "penalmt: evaluate: -e: got 'latin1', expected utf-8; iconv converts others\n");
  EXPECT_EQ(refusal({ref, "--references", ref, "-i", hyp}),
            "penalmt: evaluate: unexpected argument '" + ref + "'\n");
  EXPECT_EQ(refusal({ref, "-i", hyp, "-tok", "ja-mecab"}),
            "penalmt: tokenize: ja-mecab needs MeCab and a dictionary, which penalmt does not "
            "have; cut both texts into words with MeCab and take none, or take flores200 or "
            "char\n");
}

TEST_F(Evaluate, ScoresPieces) {
  const std::string model = PENALMT_SOURCE "/tests/golden/pieces.model";
  EXPECT_NE(
      run({"--hypotheses", path("hyp.de"), "--tokenize", "flores200", "--tokenizer-model", model})
          .output.find("|tok:flores200|"),
      std::string::npos);
  expect_refusal({"--hypotheses", path("hyp.de"), "--tokenizer-model", model},
                 "tokenize: 13a takes no model; got " + model);
}

TEST_F(Evaluate, TakesScoresMadeElsewhere) {
  file("hyp.comet", "0.5\n0.75\n");
  file("other.comet", "0.25\n0.5\n");
  const std::vector<std::string> systems = {
      "--hypotheses", path("hyp.de"), path("other.de"), "--names", "a", "b"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), systems.begin(), systems.end());
    return more;
  };
  const std::string comet = "COMET=" + path("hyp.comet"), other = "COMET=" + path("other.comet");
  const auto rows = nlohmann::json::parse(
      run(with({"--scores", comet, other, "--paired-ar", "--paired-ar-n", "100", "--json"}))
          .output);
  EXPECT_EQ(rows.at(0).at("COMET").at("score"), 0.625);
  EXPECT_EQ(rows.at(1).at("COMET").at("score"), 0.375);
  EXPECT_TRUE(rows.at(1).at("COMET").at("p_value").is_number());
  EXPECT_NE(run({"--hypotheses", path("hyp.de"), "--scores", comet})
                .output.find("COMET|given:mean|version:penalmt-" PENALMT_VERSION " = 0.6250\n"),
            std::string::npos);
  const std::string page = path("page.html");
  EXPECT_EQ(
      run(with({"--scores", comet, other, "--lower-is-better", "COMET", "--report", page})).errors,
      "");
  const std::string text = read_file(page);
  for (const char* part : {"<td class=\"score\" data-label=\"COMET\">0.6250</td>",
                           "COMET by reference length", "COMET <span aria-hidden=\"true\">↓</span>",
                           "download=\"scores.tsv\"", "Made 20", "penalmt evaluate --references "})
    EXPECT_NE(text.find(part), std::string::npos) << part;

  expect_refusal(with({"--scores", comet}),
                 "--scores: COMET: got 1 files, expected 2: one for each of --hypotheses, in their "
                 "order");
  expect_refusal({"--hypotheses", path("hyp.de"), "--scores", path("hyp.comet")},
                 "--scores: got 'FOLDER/hyp.comet', expected NAME=FILE, as COMET=out.comet: a name "
                 "and a file of one number a line");
  expect_refusal({"--hypotheses", path("hyp.de"), "--scores", "BLEU=" + path("hyp.comet")},
                 "--scores: 'BLEU' is computed here; expected another name");
  expect_refusal({"--hypotheses", path("hyp.de"), "--scores", comet, "--lower-is-better", "TER"},
                 "--lower-is-better: got 'TER', expected a name of --scores");
  expect_refusal({"--hypotheses", path("hyp.de"), "--scores", "M=" + path("three.de")},
                 "FOLDER/three.de: got 3 lines, expected 2 as in FOLDER/ref.de");
  file("hyp.comet", "0.5\nbad\n");
  expect_refusal({"--hypotheses", path("hyp.de"), "--scores", comet},
                 "FOLDER/hyp.comet:2: got 'bad', expected a number");
}

TEST_F(Evaluate, SaysWhichSystemsAreEqual) {
  const std::vector<std::string> arguments = {"--hypotheses",
                                              path("ref.de"),
                                              path("hyp.de"),
                                              path("other.de"),
                                              "--names",
                                              "a",
                                              "b",
                                              "c",
                                              "--paired-bs",
                                              "--paired-bs-n",
                                              "100",
                                              "--report",
                                              path("page.html")};
  const Outcome outcome = run(arguments);
  EXPECT_EQ(outcome.errors, "penalmt: warning: c: the same translations as a, in all 2 lines\n");
  EXPECT_NE(outcome.output.find("\n'c' has the BLEU of 'a' in every sentence: they do not differ, "
                                "and this p-value says nothing.\n"),
            std::string::npos)
      << outcome.output;
  const std::string page = read_file(path("page.html"));
  EXPECT_NE(page.find("<small>the same in every sentence</small>"), std::string::npos);
  EXPECT_NE(page.find("in all 2 sentences: they do not differ."), std::string::npos);
}

TEST_F(Evaluate, PrintsSacrebleusLine) {
  const Outcome outcome = run({"--hypotheses", path("hyp.de")});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.output, kLine);
  EXPECT_EQ(outcome.errors, "");
}

TEST_F(Evaluate, ReadsGzipAndStandardInput) {
  const std::string text = read_file(path("hyp.de"));
  const gzFile zipped = gzopen(path("hyp.de.gz").c_str(), "wb");
  gzwrite(zipped, text.data(), static_cast<unsigned>(text.size()));
  gzclose(zipped);
  EXPECT_EQ(run({"--hypotheses", path("hyp.de.gz")}).output, kLine);
  EXPECT_EQ(run({"--hypotheses", "-"}, text).output, kLine);
}

TEST_F(Evaluate, JsonHasSacrebleusNames) {
  const auto json = nlohmann::json::parse(
      run({"--hypotheses", path("hyp.de"), "--json", "--width", "2", "--lowercase"}).output);
  EXPECT_EQ(json.at("name"), "BLEU");
  EXPECT_EQ(json.at("score"), 42.73);
  EXPECT_EQ(json.at("case"), "lc");
  EXPECT_EQ(json.at("verbose_score"),
            "80.0/50.0/33.3/25.0 (BP = 1.000 ratio = 1.000 hyp_len = 10 ref_len = 10)");
}

TEST_F(Evaluate, SentenceLevelPrintsOneLineForEach) {
  const Outcome outcome =
      run({"--hypotheses", path("other.de"), "--sentence-level", "--tokenize", "none"});
  const std::string head =
      "BLEU|nrefs:1|case:mixed|eff:yes|tok:none|smooth:exp|version:penalmt-" PENALMT_VERSION
      " = 100.0 ";
  EXPECT_EQ(outcome.output,
            head + "100.0/100.0/100.0/100.0 (BP = 1.000 ratio = 1.000 hyp_len = 7 ref_len = 7)\n" +
                head +
                "100.0/100.0/100.0/0.0 (BP = 1.000 ratio = 1.000 hyp_len = 3 ref_len = 3)\n");
}

TEST_F(Evaluate, SeveralSystemsAreATable) {
  const std::vector<std::string> files = {"--hypotheses", path("hyp.de"), path("other.de"),
                                          "--names",      "wrong",        "right"};
  EXPECT_EQ(run(files).output.substr(0, run(files).output.find("\n\n")),
            "╒══════════╤════════╕\n"
            "│   System │  BLEU  │\n"
            "╞══════════╪════════╡\n"
            "│    wrong │  42.7  │\n"
            "├──────────┼────────┤\n"
            "│    right │ 100.0  │\n"
            "╘══════════╧════════╛");
  auto with_json = files;
  with_json.push_back("--json");
  const auto json = nlohmann::json::parse(run(with_json).output);
  EXPECT_EQ(json.at(1).at("system"), "right");
  EXPECT_EQ(json.at(1).at("BLEU"), "100.0");
}

// The expected text of these is sacreBLEU 2.6's own, for these files: sacrebleu ref.de -i hyp.de
// other.de ...
TEST_F(Evaluate, SeveralMetricsAreAlignedLines) {
  EXPECT_EQ(run({"--hypotheses", path("hyp.de"), "--metrics", "ter", "chrf", "bleu", "--short",
                 "--force"})
                .output,
            "     BLEU|#:1|c:mixed|e:no|tok:13a|s:exp|v:penalmt-" PENALMT_VERSION
            " = 42.7 80.0/50.0/33.3/25.0 (BP = 1.000 ratio = 1.000 hyp_len = 10 ref_len = 10)\n"
            "  chrF2|#:1|c:mixed|e:yes|nc:6|nw:0|s:no|v:penalmt-" PENALMT_VERSION
            " = 63.9\n"
            "TER|#:1|c:lc|t:tercom|nr:no|pn:yes|as:no|v:penalmt-" PENALMT_VERSION " = 20.0\n");
}

TEST_F(Evaluate, PairedTestsGiveScoreMeanIntervalAndPValue) {
  const std::vector<std::string> systems = {
      "--hypotheses", path("hyp.de"), path("other.de"), "--names", "a", "b"};
  auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), systems.begin(), systems.end());
    const Outcome outcome = run(more);
    EXPECT_EQ(outcome.status, 0) << outcome.errors;
    return outcome.output;
  };
  const std::string table = with({"--paired-bs", "--paired-bs-n", "100"});
  EXPECT_EQ(table.substr(0, table.find("\n\n")),
            "╒═════════════╤═════════════════════╕\n"
            "│      System │  BLEU (μ ± 95% CI)  │\n"
            "╞═════════════╪═════════════════════╡\n"
            "│ Baseline: a │ 42.7 (34.6 ± 24.4)  │\n"
            "├─────────────┼─────────────────────┤\n"
            "│           b │ 100.0 (77.0 ± 50.0) │\n"
            "│             │    (p = 0.0099)*    │\n"
            "╘═════════════╧═════════════════════╛");
  const auto json = nlohmann::json::parse(
      with({"--paired-ar", "--paired-ar-n", "100", "--metrics", "ter", "--json"}));
  EXPECT_EQ(
      json.at(0).dump(),
      R"({"TER":{"ci":null,"mean":null,"p_value":null,"score":20.0},"system":"Baseline: a"})");
  EXPECT_EQ(
      json.at(1).dump(),
      R"({"TER":{"ci":null,"mean":null,"p_value":0.009900990099009901,"score":0.0},"system":"b"})");
}

TEST_F(Evaluate, ReferencesMayBeColumnsAndMayBeMissing) {
  const std::string columns =
      file("columns.de", "ein mann geht .\tein mann läuft .\nzwei kreise\tzwei\trote kreise\n");
  const auto evaluate = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(),
                     {"evaluate", "--hypotheses", path("hyp.de"), "--references"});
    return run_penalmt(arguments);
  };
  EXPECT_NE(evaluate({columns, "--num-refs", "2"}).output.find("nrefs:2|"), std::string::npos);
  const Outcome outcome = evaluate({columns, "--num-refs", "3"});
  EXPECT_EQ(outcome.errors,
            "penalmt: " + columns + ":1: expected 3 tab-separated columns, got 2\n");
  EXPECT_EQ(outcome.status, 2);
  const std::string first = file("first.de", "a\n\n"), second = file("second.de", "b\nc\n"),
                    empty = file("none.de", "a\n\n");
  EXPECT_NE(evaluate({first, second}).output.find("nrefs:2|"), std::string::npos);
  EXPECT_NE(evaluate({first, second, "--skip-empty-references"}).output.find("nrefs:var|"),
            std::string::npos);
  const std::string partly = file("partly.de", "a\t\nb\tc\n");
  EXPECT_EQ(evaluate({partly, "--num-refs", "2"}).errors,
            "penalmt: " + partly + ":1: expected 2 tab-separated columns, got 1\n");
  EXPECT_NE(
      evaluate({partly, "--num-refs", "2", "--skip-empty-references"}).output.find("nrefs:var|"),
      std::string::npos);
  EXPECT_EQ(evaluate({first, empty, "--skip-empty-references"}).errors,
            "penalmt: references: sentence 2 has none; expected at least one that is not empty\n");
}

TEST_F(Evaluate, LeftOutWordsAreCountedBesideChance) {
  const std::string marks =
      file("marks.tsv",
           "attribute\tvalue\tchoices\tphrase\tright\tnouns\toffsets\n"
           "count\t1\t5\tein mann\tein einen\tmann\t-1\n"
           "colour\tblue\t6\tblaue kreise\tblau blaue blauen\tkreis kreise\t-1\n");
  const auto score = [&](const char* name) {
    const Outcome outcome = run({"--hypotheses", path(name), "--left-out", marks, "--json"});
    EXPECT_EQ(outcome.status, 0) << outcome.errors;
    return nlohmann::json::parse(outcome.output).at("left_out");
  };
  const auto wrong = score("hyp.de");
  EXPECT_EQ(wrong.at("colour"),
            nlohmann::json::parse(R"({"right": 0, "total": 1, "percent": 0.0, "chance": 16.7})"));
  EXPECT_EQ(wrong.at("count"),
            nlohmann::json::parse(R"({"right": 1, "total": 1, "percent": 100.0, "chance": 20.0})"));
  EXPECT_EQ(score("other.de").at("all").at("right"), 2);
  EXPECT_NE(
      run({"--hypotheses", path("hyp.de"), "--left-out", marks}).output.find("(chance 16.7 %)"),
      std::string::npos);
}

TEST_F(Evaluate, WarnsOfTokenisedText) {
  std::string lines;
  for (int i = 0; i < 100; ++i) lines += "ein mann .\n";
  const std::string text = file("tokenised.de", lines);
  const auto errors = [&](const char* tokenizer) {
    return run_penalmt(
               {"evaluate", "--hypotheses", text, "--references", text, "--tokenize", tokenizer})
        .errors;
  };
  EXPECT_NE(errors("13a").find("100 lines end in ' .', so the text looks tokenised"),
            std::string::npos);
  EXPECT_EQ(errors("none"), "");
}

TEST_F(Evaluate, WritesAReportWithImages) {
  file("a.png", kPng);
  const std::string list = file("images.txt", "absent.png#0\na.png#1\n"),
                    report = path("report.html");
  const Outcome outcome =
      run({"--hypotheses", path("hyp.de"), path("other.de"), "--names", "<wrong>", "a/right",
           "--report", report, "--source", path("other.de"), "--images", list, "--image-root",
           folder_.string()});
  EXPECT_EQ(outcome.status, 0) << outcome.errors;
  const std::string page = read_file(report);
  for (const char* part :
       {"&lt;wrong&gt;", "data:image/png;base64,", "zwei <mark><b>rote</b></mark> kreise",
        "<td class=\"score\" data-label=\"BLEU\">42.7"})
    EXPECT_NE(page.find(part), std::string::npos) << part;
}

TEST_F(Evaluate, ReportNamesSystemsAsToldAndFilesBriefly) {
  const std::string report = path("report.html");
  const auto page = [&](const std::vector<std::string>& names) {
    std::vector<std::string> arguments = {"--hypotheses", path("hyp.de"), path("other.de"),
                                          "--report", report};
    arguments.insert(arguments.end(), names.begin(), names.end());
    EXPECT_EQ(run(arguments).status, 0);
    return read_file(report);
  };
  EXPECT_NE(page({"--names", "beam/1", "beam/5"}).find("beam/<wbr>1"), std::string::npos);
  const std::string brief = page({});
  EXPECT_NE(brief.find("hyp.<wbr>de"), std::string::npos);
  // The command at its end is as it was typed.
  EXPECT_EQ(brief.substr(0, brief.find("<footer>")).find(folder_.filename().string()),
            std::string::npos);
}

TEST_F(Evaluate, ReportShowsTrainingCurves) {
  fs::create_directories(folder_ / "seed1");
  file("seed1/metrics.jsonl", R"({"update":62,"nll":8.5,"valid_nll":7.5,"valid_bleu":0.25})"
                              "\n");
  const std::string report = path("report.html");
  const Outcome outcome =
      run({"--hypotheses", path("hyp.de"), "--report", report, "--runs", path("seed1")});
  EXPECT_EQ(outcome.status, 0) << outcome.errors;
  EXPECT_NE(read_file(report).find("<title>seed1, update 62: validation nll 7.500</title>"),
            std::string::npos);
  expect_refusal({"--hypotheses", path("hyp.de"), "--report", report, "--runs", path("seed2")},
                 "FOLDER/seed2: no such folder; expected a run folder");
  // A classifier's curve says nothing beside a translator's.
  file("seed1/recipe.json", R"({"model": {"fusion": "gated"}})");
  fs::create_directories(folder_ / "images");
  file("images/recipe.json", R"({"image_encoder": {"kind": "vit"}})");
  file("images/metrics.jsonl", R"({"update":62,"nll":8.5,"valid_nll":7.5})"
                               "\n");
  expect_refusal(
      {"--hypotheses", path("hyp.de"), "--report", report, "--runs", path("seed1"), path("images")},
      "FOLDER/images: got the run of a classifier, expected a translation model as in "
      "FOLDER/seed1");
}

TEST_F(Evaluate, RefusesFilesThatDoNotFit) {
  const std::string hyp = path("hyp.de");
  expect_refusal({"--hypotheses", path("three.de")},
                 "FOLDER/three.de: got 3 lines, expected 2 as in FOLDER/ref.de");
  expect_refusal({path("three.de"), "--hypotheses", hyp},
                 "FOLDER/three.de: got 3 lines, expected 2 as in FOLDER/ref.de");
  expect_refusal({"--hypotheses", path("absent.de")},
                 "FOLDER/absent.de: cannot read: No such file or directory");
  file("bad.de",
       "gut\nschl\xE4"
       "cht\n");
  expect_refusal({"--hypotheses", path("bad.de")}, "FOLDER/bad.de:2: invalid UTF-8 at byte 5");
  expect_refusal({"--hypotheses", file("empty.de", "")},
                 "FOLDER/empty.de: got 0 lines, expected 2 as in FOLDER/ref.de");
  file("ref.de", "");
  expect_refusal({"--hypotheses", hyp}, "FOLDER/ref.de: got no lines, expected at least one");
}

TEST_F(Evaluate, RefusesOptionsThatMeanNothing) {
  const std::string hyp = path("hyp.de"), other = path("other.de");
  expect_refusal({"--hypotheses", hyp, "--tokenize", "13b"},
                 "tokenize: unknown tokenizer; got '13b', expected one of 13a, char, flores101, "
                 "flores200, intl, none, spBLEU-1K, spm, zh; did you mean '13a'?");
  expect_refusal({"--hypotheses", hyp, "--metrics", "bleu", "blue"},
                 "--metrics: unknown metric; got 'blue', expected one of bleu, chrf, ter; did you "
                 "mean 'bleu'?");
  expect_refusal({"--hypotheses", hyp, "--metrics", "ter", "chrf", "--sentence-level"},
                 "--sentence-level: got 2 metrics, expected one");
  expect_refusal({"--hypotheses", hyp, "--seed", "-1", "--confidence"},
                 "evaluate: --seed: got '-1', expected a whole number from 0 to 2^64 - 1");
  expect_refusal({"--hypotheses", "-", "-", "--names", "a", "b"},
                 "-: standard input is named 2 times, expected once");
  expect_refusal(
      {"--hypotheses", hyp, "--names", "\xff"},
      "--names: a system's name must be text without control characters; --names gives another");
  expect_refusal({"--hypotheses", hyp, "--report", "-"},
                 "--report: got '-', expected a file; the scores go to standard output");
  expect_refusal({"--hypotheses", hyp, "--smooth-method", "floor", "--smooth-value", "nan"},
                 "evaluate: --smooth-value: got 'nan', expected a number from 0 to 1000000000");
  expect_refusal(
      {"--hypotheses", hyp, "--paired-bs"},
      "--paired-bs: got one file of hypotheses, expected the baseline's and at least one more");
  expect_refusal(
      {"--hypotheses", hyp, "--paired-ar"},
      "--paired-ar: got one file of hypotheses, expected the baseline's and at least one more");
  expect_refusal(
      {"--hypotheses", hyp, other, "--confidence"},
      "--confidence: got 2 files of hypotheses, expected one; --paired-bs compares several");
  expect_refusal({other, "--hypotheses", hyp, "--num-refs", "2"},
                 "--num-refs: got 2 files of references, expected one with 2 columns");
  expect_refusal(
      {"--hypotheses", hyp, "--smooth-method", "linear"},
      "smooth_method: unknown method; got 'linear', expected one of add-k, exp, floor, none");
  expect_refusal(
      {"--hypotheses", hyp, "--smooth-value", "0.1"},
      "--smooth-value: method 'exp' takes no value; expected --smooth-method floor or add-k");
  expect_refusal({"--hypotheses", hyp, hyp},
                 "--hypotheses: 'FOLDER/hyp.de' stands there twice; expected a name of its own for "
                 "each system");
  expect_refusal({"--hypotheses", hyp, other, "--names", "a", "a"},
                 "--names: 'a' stands there twice; expected a name of its own for each system");
  expect_refusal({"--hypotheses", hyp, other, "--names", "a"},
                 "--names: got 1, expected 2: one for each file of --hypotheses");
  expect_refusal({"--hypotheses", hyp, other, "--sentence-level"},
                 "--sentence-level: got 2 files of hypotheses, expected one");
}

TEST_F(Evaluate, CountsTranslationsThatWentWrong) {
  const std::string source = path("wrong.en"), hypotheses = path("wrong.de"),
                    references = path("wrong.ref"), report = path("report.html");
  write_file(source, "a dog runs fast .\na man reads the book .\n");
  write_file(hypotheses, "ein hund hund hund hund hund\na man reads the book .\n");
  write_file(references, "ein hund rennt schnell .\nein mann liest das buch .\n");
  const std::vector<std::string> arguments = {"evaluate",     "--hypotheses", hypotheses,
                                              "--references", references,     "--json"};
  const Outcome outcome = run_penalmt(arguments);
  EXPECT_EQ(outcome.status, 0);
  const std::string repeats = "1 of 2 translations says one thing over and over, first in line 1";
  EXPECT_EQ(outcome.errors, "penalmt: warning: " + hypotheses + ": " + repeats + "\n");
  const auto object = nlohmann::json::parse(outcome.output);
  EXPECT_FALSE(object.contains("repeating"));  // the JSON's fields are sacreBLEU's
  std::vector<std::string> with_source = arguments;
  with_source.insert(with_source.end(), {"--report", report, "--source", source});
  const Outcome reported = run_penalmt(with_source);
  const std::string both = repeats + "; 1 of 2 translations repeats the source, first in line 2";
  EXPECT_EQ(reported.errors, "penalmt: warning: " + hypotheses + ": " + both + "\n");
  EXPECT_NE(read_file(report).find("<td>1 <small>first in line 1</small></td><td>1 <small>first in "
                                   "line 2</small></td></tr>"),
            std::string::npos);
}

TEST_F(Evaluate, KnowsAtTheStartWhereItsReportCannotBe) {
  const std::string hyp = path("hyp.de"), none = path("none.de");  // which is not even looked for
  expect_refusal({"--hypotheses", none, "--report", path("none/report.html")},
                 path("none/report.html") + ": cannot write: No such file or directory");
  const std::string bytes = read_file(hyp);
  expect_refusal({"--hypotheses", hyp, "--report", hyp},
                 "--report: got " + hyp + ", which is read too; expected another file");
  EXPECT_EQ(read_file(hyp), bytes);
}

TEST_F(Evaluate, RefusesAReportWithoutItsImages) {
  const std::string hyp = path("hyp.de"), report = path("report.html");
  const auto with_images = [&](const std::string& list) {
    return std::vector<std::string>{"--hypotheses", hyp,  "--report",     report,
                                    "--images",     list, "--image-root", folder_.string()};
  };
  expect_refusal(with_images(path("three.de")),
                 "FOLDER/three.de: got 3 lines, expected 2 as in FOLDER/ref.de");
  expect_refusal(with_images(file("images.txt", "x.png\ny.png\n")),
                 "FOLDER/images.txt: none of its 2 images is in FOLDER; check --image-root");
  file("x.png", "no image");
  expect_refusal(
      with_images(path("images.txt")),
      "FOLDER/x.png: not an image that a page can show; expected JPEG, PNG, GIF, WebP or BMP");
  EXPECT_FALSE(fs::exists(report));
}

}  // namespace
}  // namespace penalmt
