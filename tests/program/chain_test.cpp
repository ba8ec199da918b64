// penalmt chain as a user runs it.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/files.h"
#include "base/text.h"
#include "tests/base/temporary_folder.h"
#include "tests/datasets/coloured_images.h"
#include "tests/program/harness.h"
#include "tests/translation/tiny_run.h"

namespace penalmt {
namespace {

using Json = nlohmann::json;

class ChainCommand : public testing::Test {
 protected:
  ChainCommand() {
    make_tiny_run(folder_ / "text");
    write_file(folder_ / "a.en", "a red circle .\n\ntwo blue squares .\n");
    write_file(folder_ / "a.de", "ein roter kreis .\n\nzwei blaue quadrate .\n");
  }
  std::vector<std::string> chain(const std::vector<std::string>& more) const {
    std::vector<std::string> arguments = {"chain", "--threads", "1", "--device", "cpu"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  std::vector<std::string> on_text(const std::vector<std::string>& more) const {
    std::vector<std::string> arguments = {"--source", folder_ / "a.en", "--references",
                                          folder_ / "a.de"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return chain(arguments);
  }
  std::string refusal(const std::vector<std::string>& arguments) const {
    const Outcome outcome = run_penalmt(arguments);
    EXPECT_EQ(outcome.status, 2);
    EXPECT_EQ(outcome.output, "");
    return folder_.without_path(outcome.errors);
  }

  const TemporaryFolder folder_;
};

TEST_F(ChainCommand, MeasuresModelsSideBySide) {
  make_tiny_run(folder_ / "gated", {.fusion = "gated"});
  const Outcome table = run_penalmt(on_text({folder_ / "text"}));
  ASSERT_EQ(table.status, 0) << table.errors;
  EXPECT_EQ(table.errors, "");
  EXPECT_EQ(folder_.without_path(table.output).substr(0, 10), "text: nll ");
  for (const char* part : {"\nencoder ", "\ndecoder ", "\n1 cross-attention ", "straightness "})
    EXPECT_NE(table.output.find(part), std::string::npos) << part;

  const Outcome json = run_penalmt(on_text({folder_ / "text", folder_ / "text/best", "--json",
                                            "--remove", "--report", folder_ / "page.html"}));
  ASSERT_EQ(json.status, 0) << json.errors;
  std::vector<std::string> lines;
  for (const std::string_view line : split(json.output, '\n')) lines.emplace_back(line);
  ASSERT_EQ(lines.size(), 3u);  // the last is empty
  const Json first = Json::parse(lines[0]), second = Json::parse(lines[1]);
  EXPECT_EQ(first["model"], (folder_ / "text").string());
  EXPECT_EQ(first["chains"], second["chains"]);
  EXPECT_TRUE(first["bleu"].is_number());
  const Json& decoder = first["chains"][1];
  EXPECT_EQ(decoder["stack"], "decoder");
  ASSERT_EQ(decoder["nodes"].size(), 3u);
  for (const Json& node : decoder["nodes"]) {
    EXPECT_GT(node["step"]["mean"].get<double>(), 0);
    EXPECT_LE(std::abs(node["alignment"]["mean"].get<double>()), 1);
    EXPECT_TRUE(node["removed"]["nll"].is_number());
    EXPECT_TRUE(node["removed"]["bleu"].is_number());
    EXPECT_NE(node["removed"]["nll"], first["nll"]);
  }
  const std::string page = read_file(folder_ / "page.html");
  EXPECT_NE(page.find("Without the residual: change of nll"), std::string::npos);

  // The nll is that of `penalmt score`.
  const Outcome score = run_penalmt({"score", folder_ / "text", "--source", folder_ / "a.en",
                                     "--target", folder_ / "a.de", "--json"});
  double sum = 0, tokens = 0;
  for (const std::string_view line : split(score.output, '\n')) {
    if (line.empty()) continue;
    const Json scored = Json::parse(line);
    if (scored["source"] == "") continue;
    sum -= scored["log_probability"].get<double>();
    tokens += scored["tokens"].get<double>();
  }
  EXPECT_NEAR(first["nll"].get<double>(), sum / tokens, 1e-4);
  EXPECT_EQ(first["counted"], tokens);
}

TEST_F(ChainCommand, MeasuresClassifiersOnLabelledImages) {
  write_coloured_images(folder_ / "data/train", 8);
  write_file(folder_ / "recipe.json", R"({
  "data": {"folder": ")" + (folder_ / "data").string() +
                                          R"(", "valid": 2},
  "image_encoder": {"kind": "resnet", "size": 8, "width": 8, "stages": 2},
  "tau_grade": 0.5, "penalty": "stream",
  "training": {"batch": 6, "updates": 6, "warmup": 2, "crop": 1, "chain_every": 3}
})");
  const Outcome trained = run_penalmt({"classify", "train", folder_ / "recipe.json", "--out",
                                       folder_ / "run", "--threads", "1", "--device", "cpu"});
  ASSERT_EQ(trained.status, 0) << trained.errors;
  const Outcome outcome =
      run_penalmt(chain({folder_ / "run", "--labelled", folder_ / "data/train", "--json",
                         "--remove", "--report", folder_ / "page.html"}));
  ASSERT_EQ(outcome.status, 0) << outcome.errors;
  const Json found = Json::parse(outcome.output);
  EXPECT_EQ(found["counted"], 16);
  EXPECT_EQ(found["chains"][1]["stack"], "image_encoder.stage2");
  EXPECT_TRUE(found["accuracy"].is_number());
  EXPECT_TRUE(found["chains"][0]["nodes"][0]["removed"]["accuracy"].is_number());
  const std::string page = read_file(folder_ / "page.html");
  EXPECT_NE(page.find("Over training"), std::string::npos);
  EXPECT_NE(page.find("change of accuracy"), std::string::npos);
  // A model of the other kind is found before anything is measured.
  EXPECT_EQ(
      refusal(chain({folder_ / "run", folder_ / "text", "--labelled", folder_ / "data/train"})),
      "penalmt: text: a translation model, expected a classifier; translation models are measured "
      "on "
      "--source FILE with --references FILE\n");
  EXPECT_EQ(refusal(on_text({folder_ / "text", folder_ / "run"})),
            "penalmt: run: a classifier, expected a translation model; classifiers are measured on "
            "--labelled DIR\n");
}

TEST_F(ChainCommand, EveryModelFitsBeforeTheFirstIsMeasured) {
  make_tiny_run(folder_ / "gated", {.fusion = "gated"});
  make_tiny_run(folder_ / "features", {.fusion = "gated", .features = true});
  make_tiny_run(folder_ / "short", {.positions = "learned", .longest = 4});
  write_coloured_images(folder_ / "images", 2);
  write_file(folder_ / "list", "red/000.ppm\n\nblue/001.ppm\n");
  const auto with_images = [&](std::vector<std::string> arguments) {
    for (const char* word : {"--images", "list", "--image-root", "images"})
      arguments.push_back(word[0] == '-' ? word : std::string(folder_ / word));
    return on_text(arguments);
  };
  const std::string text_only =
      "penalmt: text: a text-only model, which would not look at an image; got --images; expected "
      "a model trained with images, or --ignore-images\n";
  EXPECT_EQ(refusal(with_images({folder_ / "gated", folder_ / "text"})), text_only);
  EXPECT_EQ(refusal(with_images({folder_ / "text", folder_ / "gated"})), text_only);
  EXPECT_NE(refusal(with_images({folder_ / "gated", folder_ / "features"})).find("--encoder"),
            std::string::npos);
  EXPECT_NE(refusal(on_text({folder_ / "text", folder_ / "short"})).find("expected at most 4"),
            std::string::npos);
  EXPECT_NE(refusal(on_text({folder_ / "text", folder_ / "absent"})).find("absent"),
            std::string::npos);

  const Outcome both =
      run_penalmt(with_images({folder_ / "gated", folder_ / "text", "--ignore-images"}));
  EXPECT_EQ(both.status, 0) << both.errors;
  EXPECT_NE(both.output.find("\nfusion "), std::string::npos);
  EXPECT_NE(folder_.without_path(both.output).find("\ntext: nll "), std::string::npos);
}

TEST_F(ChainCommand, LeavesATornLastLineOfItsHistoryOut) {
  const std::string whole =
      R"({"update":40,"chains":[{"stack":"encoder","straightness":0.5,"evenness":0.1,"nodes":[)"
      R"({"layer":1,"sublayer":"self_attention","step":1.5,"alignment":-0.5,"turning":null}]}]})"
      "\n";
  for (const char* end : {"", "\n"}) {
    write_file(folder_ / "text/chain.jsonl", whole + R"({"update":80,)" + end);
    const Outcome outcome =
        run_penalmt(on_text({folder_ / "text", "--report", folder_ / "page.html"}));
    EXPECT_EQ(outcome.status, 0);
    EXPECT_EQ(folder_.without_path(outcome.errors),
              "penalmt: warning: text/chain.jsonl:2: the line is not whole, as a run leaves it "
              "that is killed; left out\n");
    const std::string page = read_file(folder_ / "page.html");
    EXPECT_NE(page.find("self-attention, update 40: 1.500"), std::string::npos);
  }
  write_file(folder_ / "text/chain.jsonl", R"({"update":80,)"
                                           "\n" +
                                               whole);
  EXPECT_EQ(refusal(on_text({folder_ / "text", "--report", folder_ / "page.html"})),
            "penalmt: text/chain.jsonl:1: not a line of training.chain_every; expected a JSON "
            "object with update and chains\n");
}

TEST_F(ChainCommand, RefusesOptionsWithoutEffect) {
  EXPECT_EQ(refusal(on_text({folder_ / "text", "--beam", "5"})),
            "penalmt: --beam: got no --remove; expected both\n");
  const auto labelled = [&](const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {folder_ / "text", "--labelled", folder_ / "x"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return refusal(chain(arguments));
  };
  for (const std::vector<std::string>& option :
       std::vector<std::vector<std::string>>{{"--beam", "5", "--remove"},
                                             {"--max-source-length", "9"},
                                             {"--long-lines", "cut"},
                                             {"--encoder", "e"},
                                             {"--ignore-images"},
                                             {"--trust-encoder"}})
    EXPECT_EQ(labelled(option),
              "penalmt: " + option[0] + ": got --labelled too; expected one of them\n");
}

TEST_F(ChainCommand, RefusesWhatItCannotMeasure) {
  const std::string model = folder_ / "text";
  EXPECT_EQ(refusal(chain({model})),
            "penalmt: chain: got nothing to measure on; expected --source FILE with --references "
            "FILE, or --labelled DIR\n");
  EXPECT_EQ(refusal(on_text({model, "--labelled", folder_ / "x"})),
            "penalmt: chain: got text and --labelled; expected --source FILE with --references "
            "FILE, or --labelled DIR\n");
  EXPECT_EQ(refusal(chain({model, "--source", folder_ / "a.en"})),
            "penalmt: --source: got no --references; expected both\n");
  EXPECT_EQ(refusal(chain({model, "--references", folder_ / "a.de"})),
            "penalmt: --references: got no --source; expected both\n");
  EXPECT_EQ(
      refusal(chain({model, "--labelled", folder_ / "x", "--images", "l", "--image-root", "r"})),
      "penalmt: --images: got --labelled too; expected one of them\n");
  EXPECT_EQ(refusal(on_text({model, "--report", "-"})),
            "penalmt: --report: got '-', expected a file; the measures go to standard output\n");
  write_file(folder_ / "empty", "\n\n");
  EXPECT_EQ(
      refusal(chain({model, "--source", folder_ / "empty", "--references", folder_ / "empty"})),
      "penalmt: empty: no sentence there; expected at least one\n");
  EXPECT_EQ(refusal(chain({model, "--labelled", folder_ / "x"})),
            "penalmt: text: a translation model, expected a classifier; translation models are "
            "measured on --source FILE with --references FILE\n");
}

}  // namespace
}  // namespace penalmt
