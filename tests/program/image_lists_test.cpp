// Names of images that somebody else wrote, and images that are broken: what every command makes of
// them.
#include <gtest/gtest.h>
#include <algorithm>

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/files.h"
#include "base/text.h"
#include "tests/base/temporary_folder.h"
#include "tests/program/harness.h"
#include "tests/translation/tiny_run.h"

namespace penalmt {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;
using Json = nlohmann::json;

const std::string kVision = PENALMT_SOURCE "/tests/golden/vision";
const std::string kDamaged = PENALMT_SOURCE "/tests/golden/images/damaged";

// A model whose weights are a formula has little to say: without the warnings of that.
std::string without_repeats(const std::string& errors) {
  std::string kept;
  for (const std::string_view line : split(errors, '\n'))
    if (!line.empty() && line.find(" one thing over and over, first in line 1") == line.npos)
      kept.append(line).append("\n");
  return kept;
}

class ImageLists : public testing::Test {
 protected:
  ImageLists() {
    fs::create_directories(folder_ / "images");
    fs::create_directories(folder_ / "pairs");
    make_tiny_run(folder_ / "text");
    make_tiny_run(folder_ / "gated", {.fusion = "gated"});
    for (const char* name : {"wide.png", "tall.png"})
      fs::copy_file(fs::path(kVision) / name, folder_ / "images" / name);
    fs::copy_file(fs::path(kVision) / "square.png", folder_ / "secret.png");
    fs::copy_file(fs::path(kDamaged) / "img-1.webp", folder_ / "images/broken.webp");
    file("in.en", "a red circle .\na dog runs fast .\ntwo blue squares .\n");
    file("ref.de", "ein roter kreis .\nein hund rennt .\nzwei blaue quadrate .\n");
    file("outside.txt", "wide.png\n../secret.png\ntall.png\n");
    file("broken.txt", "wide.png\nbroken.webp\nbroken.webp\n");
  }
  std::string file(const std::string& name, const std::string& text) const {
    write_file(folder_ / name, text);
    return folder_ / name;
  }
  std::string path(const std::string& name) const { return folder_ / name; }

  // What the command says, without the folder's path.
  std::string refusal(const Words& arguments, const std::string& input = "") const {
    const Outcome outcome = run_penalmt(arguments, input);
    EXPECT_EQ(outcome.status, 2);
    EXPECT_EQ(outcome.output, "");
    return folder_.without_path(outcome.errors);
  }
  Outcome succeed(Words arguments, const Words& more = {}, const std::string& input = "") const {
    arguments.insert(arguments.end(), more.begin(), more.end());
    Outcome outcome = run_penalmt(arguments, input);
    EXPECT_EQ(outcome.status, 0) << outcome.errors;
    outcome.errors = without_repeats(folder_.without_path(outcome.errors));
    return outcome;
  }
  Words with_list(const Words& arguments, const std::string& list) const {
    Words all = arguments;
    all.insert(all.end(), {"--images", path(list), "--image-root", path("images")});
    return all;
  }
  Words translate() const {
    return {"translate", path("gated"), "--input", path("in.en"), "--json"};
  }
  Words score() const {
    return {"score", path("gated"), "--source", path("in.en"), "--target", path("ref.de")};
  }
  Words probe(const std::string& model) const {
    Words words = {"probe",        path(model), "--source",      path("in.en"), "--references",
                   path("ref.de"), "--json",    "--incongruent", "zeroed"};
    if (model == "text") words.emplace_back("--ignore-images");
    return words;
  }
  static Json line(const Outcome& outcome, std::size_t number) {
    return Json::parse(split(outcome.output, '\n')[number]);
  }

  const TemporaryFolder folder_;
};

TEST_F(ImageLists, ThatLeadOutAreRefusedUnlessAllowed) {
  const std::string words =
      "penalmt: outside.txt:2: the image '../secret.png' is outside of images; --allow-outside "
      "takes it\n";
  const auto expect_both = [&](const Words& arguments) {
    EXPECT_EQ(refusal(with_list(arguments, "outside.txt")), words);
    EXPECT_EQ(succeed(with_list(arguments, "outside.txt"), {"--allow-outside"}).errors, "");
  };
  expect_both(translate());
  expect_both(score());
  expect_both(probe("gated"));
  expect_both(probe("text"));
  EXPECT_EQ(refusal({"features", path("outside.txt"), "--image-root", path("images"), "--encoder",
                     kVision + "/encoder-grid", "--out", path("f.npy")}),
            words);
  EXPECT_EQ(refusal(with_list({"evaluate", "--hypotheses", path("ref.de"), "--references",
                               path("ref.de"), "--report", path("page.html")},
                              "outside.txt")),
            words);
}

TEST_F(ImageLists, OfJsonLinesContrastivePairsAndTrainingAreHeldToTheirFolder) {
  const std::string json = R"({"source": "a dog .", "image": "wide.png"})"
                           "\n"
                           R"({"source": "a dog .", "image": ")" +
                           path("secret.png") + "\"}\n";
  const Words lines = {"translate", path("gated"), "--json-input", "--image-root", path("images")};
  EXPECT_EQ(refusal(lines, json),
            "penalmt: standard input:2: the image 'secret.png' is outside of images; "
            "--allow-outside takes it\n");
  succeed(lines, {"--allow-outside"}, json);

  file("pairs/src.en", "a dog .\na dog .\n");
  file("pairs/correct.de", "ein hund .\nein kreis .\n");
  file("pairs/incorrect.de", "ein kreis .\nein hund .\n");
  file("pairs/img.order", "wide.png\n../secret.png\n");
  EXPECT_EQ(refusal({"probe", path("gated"), "--contrastive", path("pairs"),
                     "--contrastive-image-root", path("images")}),
            "penalmt: pairs/img.order:2: the image '../secret.png' is outside of images; "
            "--allow-outside takes it\n");

  const Json recipe = {{"data",
                        {{"layout", "files"},
                         {"folder", folder_.path().string()},
                         {"train_source", "in.en"},
                         {"train_target", "ref.de"},
                         {"train_images", "outside.txt"},
                         {"valid_source", "in.en"},
                         {"valid_target", "ref.de"},
                         {"valid_images", "outside.txt"}}},
                       {"model", {{"fusion", "gated"}}}};
  file("recipe.json", recipe.dump());
  EXPECT_EQ(refusal({"train", path("recipe.json"), "--out", path("run"), "--device", "cpu"}),
            "penalmt: outside.txt:2: the image '../secret.png' is outside of images; "
            "data.allow_outside takes it\n");
}

TEST_F(ImageLists, BrokenImagesCountAsMissingOnRequest) {
  const std::string problem = "images/broken.webp: damaged; a WebP's data cannot be decoded";
  const std::string warning =
      "penalmt: warning: broken.txt:2: " + problem + "; skipped, in 1 further line too\n";
  const std::string count =
      "penalmt: 2 of 3 lines had no image; 2 of them name one that is broken\n";
  for (const Words& arguments : {translate(), score(), probe("gated")})
    EXPECT_EQ(refusal(with_list(arguments, "broken.txt")),
              "penalmt: broken.txt:2: " + problem + "\n");

  const Outcome translated = succeed(with_list(translate(), "broken.txt"), {"--skip-broken"});
  EXPECT_EQ(translated.errors, warning + count);
  EXPECT_FALSE(line(translated, 0).contains("image_missing"));
  EXPECT_TRUE(line(translated, 0).contains("image_use"));
  EXPECT_EQ(line(translated, 1)["image"], "broken.webp");
  EXPECT_EQ(line(translated, 1)["image_missing"], true);
  EXPECT_FALSE(line(translated, 1).contains("image_use"));
  const Outcome blind = succeed(translate());
  EXPECT_NEAR(line(translated, 1)["score"].get<double>(), line(blind, 1)["score"].get<double>(),
              1e-6);

  const Words chain = {"chain",       path("gated"),  "--source",
                       path("in.en"), "--references", path("ref.de")};
  EXPECT_EQ(refusal(with_list(chain, "broken.txt")), "penalmt: broken.txt:2: " + problem + "\n");
  EXPECT_EQ(succeed(with_list(chain, "broken.txt"), {"--skip-broken"}).errors, warning + count);

  const Outcome scored = succeed(with_list(score(), "broken.txt"), {"--skip-broken"});
  EXPECT_EQ(scored.errors, warning + count);
  EXPECT_EQ(split(scored.output, '\n')[1], split(succeed(score()).output, '\n')[1]);

  for (const char* model : {"gated", "text"}) {
    const Outcome probed = succeed(with_list(probe(model), "broken.txt"),
                                   {"--skip-broken", "--report", path("page.html"), "--all-lines"});
    EXPECT_EQ(probed.errors, warning);
    EXPECT_EQ(Json::parse(probed.output)["lines"], (Json{{"counted", 3}, {"all", 3}}));
    const Outcome counted = succeed(with_list(probe(model), "broken.txt"), {"--skip-broken"});
    EXPECT_EQ(Json::parse(counted.output)["lines"], (Json{{"counted", 1}, {"all", 3}})) << model;
  }
}

TEST_F(ImageLists, OneBrokenImageIsSkippedToo) {
  const std::string broken = path("images/broken.webp");
  const Outcome outcome =
      succeed({"translate", path("gated"), "--image", broken, "a dog ."}, {"--skip-broken"});
  EXPECT_EQ(outcome.errors,
            "penalmt: warning: --image:1: images/broken.webp: damaged; a WebP's data cannot be "
            "decoded; skipped\n"
            "penalmt: 1 of 1 lines had no image; 1 of them names one that is broken\n");
  EXPECT_EQ(outcome.output, succeed({"translate", path("gated"), "a dog ."}).output);
}

// Seen before any work, where a list names it: else the image would be read, and then replaced.
TEST_F(ImageLists, AnImageOfTheListIsNoPlaceForOutput) {
  Words arguments = with_list(translate(), "two.txt");
  file("two.txt", "wide.png\n\ntall.png\n");
  arguments.insert(arguments.end(), {"--output", path("images/tall.png")});
  const std::string before = read_file(path("images/tall.png"));
  EXPECT_EQ(refusal(arguments),
            "penalmt: --output: got images/tall.png, which is read too; expected another file\n");
  EXPECT_EQ(read_file(path("images/tall.png")), before);
  EXPECT_FALSE(fs::exists(path("images/tall.png.partial")));
}

TEST_F(ImageLists, OfJsonLinesSkipBrokenImagesToo) {
  const std::string json = R"({"source": "a dog .", "image": "broken.webp", "id": 1})"
                           "\n"
                           "\n  \n"  // passed over, and counted where lines are numbered
                           R"({"source": "a dog .", "image": "absent.png"})"
                           "\n"
                           R"({"source": "a dog .", "image": "wide.png"})"
                           "\n";
  const Outcome outcome = succeed({"translate", path("gated"), "--json", "--json-input",
                                   "--image-root", path("images"), "--skip-broken"},
                                  {}, json);
  EXPECT_EQ(outcome.errors,
            "penalmt: warning: standard input:1: images/broken.webp: damaged; a WebP's data cannot "
            "be decoded; skipped\n"
            "penalmt: 2 of 3 lines had no image; 1 of them names one that is not there, first "
            "'absent.png' in line 4; 1 of them names one that is broken\n");
  EXPECT_EQ(line(outcome, 0)["image_missing"], true);
  EXPECT_EQ(line(outcome, 1)["image_missing"], true);
  EXPECT_FALSE(line(outcome, 2).contains("image_missing"));
  EXPECT_EQ(std::count(outcome.output.begin(), outcome.output.end(), '\n'), 3);
}

TEST_F(ImageLists, OfJsonLinesNameTheLineOfABrokenImage) {
  const Outcome outcome =
      run_penalmt({"translate", path("gated"), "--json-input", "--image-root", path("images")},
                  "\n{\"source\": \"a dog .\", \"image\": \"broken.webp\"}\n");
  EXPECT_EQ(outcome.status, 2);
  EXPECT_EQ(folder_.without_path(outcome.errors),
            "penalmt: standard input:2: images/broken.webp: damaged; a WebP's data cannot be "
            "decoded\n");
}

TEST_F(ImageLists, WithOneWholeImageAreProbedWithoutOthersInItsPlace) {
  file("one.txt", "wide.png\n\nbroken.webp\n");
  Words arguments = with_list(probe("gated"), "one.txt");
  std::replace(arguments.begin(), arguments.end(), std::string("zeroed"), std::string("shuffled"));
  const Outcome outcome = succeed(arguments, {"--skip-broken"});
  EXPECT_NE(outcome.errors.find("penalmt: warning: --incongruent: shuffled is left out: there is "
                                "one image, and it takes two\n"),
            std::string::npos)
      << outcome.errors;
}

TEST_F(ImageLists, WithoutOneWholeImageAreRefused) {
  file("none.txt", "broken.webp\n\nbroken.webp\n");
  for (const Words& arguments : {score(), probe("gated")}) {
    Words all = with_list(arguments, "none.txt");
    all.emplace_back("--skip-broken");
    EXPECT_EQ(refusal(all),
              "penalmt: none.txt: not one of the images can be decoded; the first: "
              "images/broken.webp: damaged; a WebP's data cannot be decoded\n");
  }
}

TEST_F(ImageLists, OptionsWithoutEffectAreRefused) {
  const auto more = [&](Words arguments, const Words& options) {
    arguments.insert(arguments.end(), options.begin(), options.end());
    return refusal(arguments);
  };
  EXPECT_EQ(more(translate(), {"--skip-broken"}),
            "penalmt: --skip-broken: got no --images; expected both\n");
  EXPECT_EQ(more(score(), {"--allow-outside"}),
            "penalmt: --allow-outside: got no --image-root; expected both\n");
  EXPECT_EQ(
      more(score(), {"--images", path("broken.txt"), "--features", path("f.npy"), "--skip-broken"}),
      "penalmt: --skip-broken: got --features too; a store holds no broken images\n");
  EXPECT_EQ(refusal({"features", path("images"), "--encoder", kVision + "/encoder-grid", "--out",
                     path("f.npy"), "--allow-outside"}),
            "penalmt: --allow-outside: goes with a list of images; images is a folder\n");
}

}  // namespace
}  // namespace penalmt
