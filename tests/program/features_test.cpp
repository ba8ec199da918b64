#include <gtest/gtest.h>

#include <filesystem>

#include "base/files.h"
#include "tests/base/temporary_folder.h"
#include "tests/program/harness.h"

namespace penalmt {
namespace {

namespace fs = std::filesystem;

const std::string kGolden = PENALMT_SOURCE "/tests/golden/vision";

// A folder with three good images.
void make_images(const fs::path& folder) {
  fs::create_directories(folder);
  for (const char* name : {"wide.png", "tall.png", "square.png"})
    fs::copy_file(fs::path(kGolden) / name, folder / name);
}

Outcome run_features(const std::string& images, const std::string& out,
                     const std::vector<std::string>& more = {}) {
  std::vector<std::string> arguments = {"features", images, "--encoder", kGolden + "/encoder-grid",
                                        "--out",    out,    "--device",  "cpu"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return run_penalmt(arguments);
}

std::string header_of(const std::string& safetensors) {
  const std::string bytes = read_file(safetensors);
  return bytes.substr(8, bytes.find("}}") + 2 - 8);
}

TEST(FeaturesCommand, StoresAFolderInTheOrderOfItsNames) {
  const TemporaryFolder folder;
  make_images(folder / "images");
  write_file(folder / "images/notes.txt", "no image");
  const std::string images = folder / "images", out = folder / "f.safetensors";
  const Outcome outcome = run_features(images, out);
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.output, "");
  EXPECT_EQ(outcome.errors, "penalmt: warning: " + images +
                                ": one entry is no image and is passed over: notes.txt\npenalmt: " +
                                out + ": 3 images, 9 x 6 (regions x width), fp16; 0 skipped\n");
  const std::string header = header_of(out);
  EXPECT_NE(header.find(R"("names":"square.png\ntall.png\nwide.png")"), std::string::npos)
      << header;
  EXPECT_NE(header.find(R"("encoder":"tiny-grid )"), std::string::npos) << header;
  EXPECT_NE(header.find(R"("features":{"dtype":"F16","shape":[3,9,6])"), std::string::npos)
      << header;
  EXPECT_EQ(folder.entries(), 2);
  // Any batch, any number of threads: the same images.
  ASSERT_EQ(
      run_features(images, folder / "g.safetensors", {"--threads", "3", "--batch", "1"}).status, 0);
  EXPECT_EQ(header_of(folder / "g.safetensors"), header);
  EXPECT_EQ(run_features(images, out, {"--resume"}).errors,
            "penalmt: warning: " + images +
                ": one entry is no image and is passed over: notes.txt\npenalmt: " + out +
                ": complete already\n");
}

TEST(FeaturesCommand, StoresTheImagesOfItsFolders) {
  const TemporaryFolder folder;
  make_images(folder / "images");
  fs::create_directories(folder / "images/more");
  fs::rename(folder / "images/tall.png", folder / "images/more/tall.png");
  write_file(folder / "images/Thumbs.db", "left behind");
  const Outcome outcome = run_features(folder / "images", folder / "f.npy");
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.errors, "penalmt: " + (folder / "f.npy").string() +
                                ": 3 images, 9 x 6 (regions x width), fp16; 0 skipped\n");
  EXPECT_EQ(read_file(folder / "f.names.txt"), "more/tall.png\nsquare.png\nwide.png\n");
}

TEST(FeaturesCommand, StoresAListAsNumpyArray) {
  const TemporaryFolder folder;
  make_images(folder / "images");
  write_file(folder / "list.txt", "wide.png#0\n\ntall.png\nwide.png#1\n");
  const Outcome outcome = run_features(folder / "list.txt", folder / "f.npy",
                                       {"--image-root", folder / "images", "--precision", "fp32"});
  EXPECT_EQ(outcome.status, 0) << outcome.errors;
  EXPECT_EQ(read_file(folder / "f.names.txt"), "wide.png\ntall.png\n");
  EXPECT_EQ(read_file(folder / "f.encoder.txt").substr(0, 10), "tiny-grid ");
  EXPECT_NE(read_file(folder / "f.npy")
                .find("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 9, 6), }"),
            std::string::npos);
}

TEST(FeaturesCommand, ListsWhatIsMissingOrBrokenAndSkipsItOnRequest) {
  const TemporaryFolder folder;
  make_images(folder / "images");
  const std::string images = folder / "images", list = folder / "list.txt",
                    out = folder / "f.safetensors";
  write_file(list, "wide.png\nabsent.png\nbomb.png\ntall.png\ngone.png\n");
  fs::copy_file(kGolden + "/bomb.png", images + "/bomb.png");
  const Outcome missing = run_features(list, out, {"--image-root", images});
  EXPECT_EQ(missing.status, 2);
  EXPECT_EQ(missing.errors, "penalmt: " + list + ":2: " + images +
                                "/absent.png: no such file\npenalmt: " + list + ":5: " + images +
                                "/gone.png: no such file\npenalmt: 2 of 5 images are missing; "
                                "--skip-broken goes on without them\n");
  const std::string bomb =
      images + "/bomb.png: 100,000 x 100,000 pixels; expected at most 200,000,000";
  const Outcome broken = run_features(images, out);
  EXPECT_EQ(broken.status, 2);
  EXPECT_EQ(broken.errors, "penalmt: " + bomb + "; --skip-broken goes on without such images\n");
  EXPECT_EQ(folder.entries(), 2);  // nothing of it is left
  const Outcome skipped = run_features(list, out, {"--image-root", images, "--skip-broken"});
  EXPECT_EQ(skipped.status, 0);
  EXPECT_EQ(skipped.errors, "penalmt: skipped: " + images +
                                "/absent.png: cannot read: No such file or directory\n" +
                                "penalmt: skipped: " + bomb + "\npenalmt: skipped: " + images +
                                "/gone.png: cannot read: No such file or directory\npenalmt: " +
                                out + ": 2 images, 9 x 6 (regions x width), fp16; 3 skipped\n");
}

TEST(FeaturesCommand, GoesOnAfterABrokenImageIsMended) {
  const TemporaryFolder folder;
  make_images(folder / "images");
  const std::string images = folder / "images", out = folder / "f.safetensors";
  ASSERT_EQ(run_features(images, folder / "whole.safetensors", {"--batch", "1"}).status, 0);
  const std::string wide = read_file(images + "/wide.png");
  write_file(images + "/wide.png", "no image");
  EXPECT_EQ(run_features(images, out, {"--batch", "1", "--threads", "1"}).errors,
            "penalmt: " + images +
                "/wide.png: not an image that can be decoded; --skip-broken goes on without such "
                "images\n");
  EXPECT_EQ(run_features(images, out).errors,
            "penalmt: " + out +
                ".journal: an interrupted run left it; resume that "
                "run, or remove the file\n");
  write_file(images + "/wide.png", wide);
  const Outcome resumed = run_features(images, out, {"--batch", "1", "--resume"});
  EXPECT_EQ(resumed.errors, "penalmt: going on after 2 of 3 images\npenalmt: " + out +
                                ": 3 images, 9 x 6 (regions x width), fp16; 0 skipped\n");
  EXPECT_TRUE(read_file(out) == read_file(folder / "whole.safetensors"));
  EXPECT_EQ(folder.entries(), 3);
}

TEST(FeaturesCommand, KeepsAStoreThatIsThere) {
  const TemporaryFolder folder;
  make_images(folder / "images");
  const std::string images = folder / "images", out = folder / "f.safetensors",
                    list = folder / "list.txt";
  write_file(list, "wide.png\n");
  ASSERT_EQ(run_features(list, out, {"--image-root", images}).status, 0);
  const std::string before = read_file(out);
  const auto refused = [&](const std::vector<std::string>& arguments, const std::string& input,
                           const std::string& what) {
    const Outcome outcome = run_features(input, out, arguments);
    EXPECT_EQ(outcome.status, 2);
    EXPECT_EQ(outcome.errors,
              "penalmt: " + out + ": is there already" + what + "; --overwrite replaces it\n");
    EXPECT_TRUE(read_file(out) == before);
  };
  refused({}, images, "");
  refused({"--resume"}, images, "; without 2 of 3 images, such as 'square.png'");
  const Outcome other =
      run_features(list, out, {"--image-root", images, "--resume", "--precision", "fp32"});
  EXPECT_NE(other.errors.find(": is there already: got features of 'tiny-grid "), std::string::npos)
      << other.errors;
  EXPECT_NE(other.errors.find(", fp16; expected 'tiny-grid "), std::string::npos) << other.errors;
  EXPECT_EQ(run_features(list, out, {"--image-root", images, "--resume"}).errors,
            "penalmt: " + out + ": complete already\n");
  EXPECT_EQ(
      run_features(images, out, {"--resume", "--skip-broken"}).errors,
      "penalmt: " + out + ": complete already; without 2 of 3 images, such as 'square.png'\n");
  EXPECT_TRUE(read_file(out) == before);
  EXPECT_EQ(run_features(images, out, {"--overwrite"}).status, 0);
  EXPECT_FALSE(read_file(out) == before);
  // Where nothing comes of it nothing is left.
  fs::create_directory(folder / "broken");
  write_file(folder / "broken/a.png", "no image");
  const std::string none = folder / "none.npy";
  EXPECT_EQ(run_features(folder / "broken", none, {"--skip-broken"}).status, 2);
  EXPECT_FALSE(fs::exists(none + ".journal") || fs::exists(none + ".partial"));
}

TEST(FeaturesCommand, RefusesInOneLine) {
  const TemporaryFolder folder;
  make_images(folder / "images");
  fs::create_directory(folder / "empty");
  write_file(folder / "blank.txt", "\n\n");
  const std::string images = folder / "images", out = folder / "f.safetensors",
                    empty = folder / "empty", blank = folder / "blank.txt";
  const auto refusal = [](const Outcome& outcome) {
    EXPECT_EQ(outcome.status, 2);
    EXPECT_EQ(outcome.output, "");
    return outcome.errors;
  };
  EXPECT_EQ(refusal(run_features(images + "2", out)),
            "penalmt: " + images + "2: cannot read: No such file or directory\n");
  EXPECT_EQ(refusal(run_features(images, out, {"--image-root", images})),
            "penalmt: --image-root: goes with a list of images; " + images + " is a folder\n");
  EXPECT_EQ(refusal(run_features(blank, out)),
            "penalmt: --image-root is missing; expected the folder that the names in " + blank +
                " are in\n");
  EXPECT_EQ(refusal(run_features(blank, out, {"--image-root", images})),
            "penalmt: " + blank + ": no line names an image\n");
  EXPECT_EQ(refusal(run_features(empty, out)),
            "penalmt: " + empty +
                ": no images there; expected .jpg, .jpeg, .png, .webp, .bmp, .ppm or .pgm files\n");
  EXPECT_EQ(
      refusal(run_features(images, folder / "f.pt")),
      "penalmt: " + (folder / "f.pt").string() +
          ": a feature store is a .safetensors or an .npy file; this is neither by its name\n");
  EXPECT_EQ(refusal(run_penalmt({"features", images, "--encoder", empty, "--out", out})),
            "penalmt: " + empty + "/encoder.json: cannot read: No such file or directory\n");
  EXPECT_EQ(folder.entries(), 3);
}

}  // namespace
}  // namespace penalmt
