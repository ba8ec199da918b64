// penalmt features: an encoder's view of images, computed once and kept.
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <set>

#include <ATen/ATen.h>

#include "base/error.h"
#include "base/files.h"
#include "base/mistakes.h"
#include "base/progress.h"
#include "base/text.h"
#include "commands/cli/command.h"
#include "commands/cli/common.h"
#include "commands/cli/image_options.h"
#include "datasets/features/exported_encoder.h"
#include "datasets/features/script_trust.h"
#include "datasets/features/store_filling.h"
#include "datasets/images/image_folder.h"
#include "datasets/text/image_names.h"
#include "datasets/text/parallel_text.h"
#include "tensors/devices.h"

namespace penalmt {
namespace {

namespace fs = std::filesystem;

struct FeaturesArguments {
  std::string images, image_root, encoder, out, precision = "fp16";
  int64_t batch = 16;
  bool skip_broken = false, allow_outside = false, resume = false, overwrite = false;
  bool trust_encoder = false;
  MachineOptions machine;

  template <class Visitor>
  void visit(Visitor& v) {
    v("images", images,
      "a folder of images, with those in its folders, or a list of their names, one a line",
      option().positional().required());
    v("image_root", image_root, "the folder that a list's names are in", option().value("DIR"));
    v("encoder", encoder, "the folder of an exported image encoder",
      option().required().value("DIR"));
    v("out", out, "the store to write, .safetensors or .npy", option().required().value("STORE"));
    v("precision", precision, "how numbers are stored", config::one_of({"fp16", "fp32"}));
    v("batch", batch, "images encoded at a time by each thread", config::between(1, 4096));
    v("skip_broken", skip_broken,
      "list missing and broken images on standard error and go on without them");
    v("allow_outside", allow_outside,
      "take images whose names lead out of --image-root, by a link, ../ or an absolute path");
    v("resume", resume,
      "go on with what an interrupted run wrote; a finished store stays as it is");
    v("overwrite", overwrite, "replace a store that is there");
    visit_trust(v, trust_encoder);
    machine.visit(v);
  }
};

struct NamedImages {
  fs::path root;
  std::vector<std::string> names;  // each once
  std::vector<int64_t> lines;      // a name: its first line in the list; empty: of a folder
};

NamedImages images_below(const fs::path& folder) {
  ImageFolder found = images_in(folder);
  for (const std::string& name : found.names)
    if (first_invalid_utf8(name) || name.find('\n') != std::string::npos)
      throw Error((folder / name).string() + ": the file's name is no line of UTF-8; rename it");
  if (found.names.empty())
    throw Error(folder.string() +
                ": no images there; expected .jpg, .jpeg, .png, .webp, .bmp, .ppm or .pgm files");
  if (!found.others.empty()) warning(about_others(folder, found.others));
  return {folder, std::move(found.names), {}};
}

NamedImages listed_images(const fs::path& list, const fs::path& root, bool allow_outside) {
  NamedImages images{.root = root, .names = {}, .lines = {}};
  std::set<std::string> seen = {""};  // an empty line: a sentence without an image
  std::vector<std::string> names = read_image_list(list);
  if (!allow_outside) expect_inside(names, root, list.string(), kAllowOutside);
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!seen.insert(names[i]).second) continue;
    images.names.push_back(std::move(names[i]));
    images.lines.push_back(static_cast<int64_t>(i) + 1);
  }
  if (images.names.empty()) throw Error(list.string() + ": no line names an image");
  return images;
}

NamedImages images_to_encode(const FeaturesArguments& arguments) {
  if (!fs::exists(arguments.images)) throw_file_error(arguments.images, "read", ENOENT);
  const bool is_folder = fs::is_directory(arguments.images);
  if (is_folder && !arguments.image_root.empty())
    throw Error("--image-root: goes with a list of images; " + arguments.images + " is a folder");
  if (!is_folder && arguments.image_root.empty())
    throw Error("--image-root is missing; expected the folder that the names in " +
                arguments.images + " are in");
  if (is_folder && arguments.allow_outside)
    throw Error("--allow-outside: goes with a list of images; " + arguments.images +
                " is a folder");
  return is_folder ? images_below(arguments.images)
                   : listed_images(arguments.images, arguments.image_root, arguments.allow_outside);
}

// "list.txt:3: ", where the images are those of a list.
std::string place_of(const NamedImages& images, std::size_t number, const std::string& list) {
  return images.lines.empty() ? "" : fmt::format("{}:{}: ", list, images.lines[number]);
}

void refuse_missing(const NamedImages& images, const std::string& list) {
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < images.names.size(); ++i) {
    const std::string& name = images.names[i];
    if (fs::is_regular_file(images.root / name)) continue;
    lines.push_back(place_of(images, i, list) + (images.root / name).string() + ": no such file" +
                    (lines.empty() ? did_you_mean_image(names_like(images.root, name)) : ""));
  }
  if (lines.empty()) return;
  lines.push_back(fmt::format("{} of {} images are missing; --skip-broken goes on without them",
                              lines.size(), images.names.size()));
  throw Mistakes(std::move(lines));
}

// What is there is kept: true where it is the store that was asked for. Throws Error where it is
// another.
bool is_complete(const FeaturesArguments& arguments, const StorePlan& plan) {
  if (arguments.overwrite || !fs::exists(arguments.out)) return false;
  const std::string way_out = "; --overwrite replaces it";
  if (!arguments.resume) throw Error(arguments.out + ": is there already" + way_out);
  const FeatureStore there = FeatureStore::open(arguments.out);
  const char* type = there.type() == at::kHalf ? "fp16" : "fp32";
  if (there.encoder() != plan.encoder || type != arguments.precision)
    throw Error(fmt::format("{}: is there already: got features of '{}', {}; expected '{}', {}{}",
                            arguments.out, there.encoder(), type, plan.encoder, arguments.precision,
                            way_out));
  const std::set<std::string> names(there.names().begin(), there.names().end());
  std::vector<std::string> missing;
  for (const std::string& name : plan.names)
    if (!names.contains(name)) missing.push_back(name);
  const std::string without = missing.empty()
                                  ? ""
                                  : fmt::format("; without {} of {} images, such as '{}'",
                                                missing.size(), plan.names.size(), missing.front());
  if (!missing.empty() && !arguments.skip_broken)
    throw Error(arguments.out + ": is there already" + without + way_out);
  message(arguments.out + ": complete already" + without);
  return true;
}

void features(const FeaturesArguments& arguments) {
  if (arguments.trust_encoder) trust_all_scripts();
  expect_output("--out", arguments.out, {arguments.images});
  const NamedImages images = images_to_encode(arguments);
  if (!arguments.skip_broken) refuse_missing(images, arguments.images);
  const ExportedEncoder encoder =
      ExportedEncoder::open(arguments.encoder, choose_device(arguments.machine.device));
  for (const fs::path& written :
       {fs::path(arguments.out), beside_store(arguments.out, ".names.txt"),
        beside_store(arguments.out, ".encoder.txt")})
    expect_not_read("--out", written.string());
  const StorePlan plan{images.names, encoder.name(), encoder.shape(),
                       arguments.precision == "fp16"};
  if (is_complete(arguments, plan)) return;
  FeatureWriter writer(arguments.out, plan, arguments.resume);
  if (writer.done() > 0)
    message(fmt::format("going on after {} of {} images", with_commas(writer.done()),
                        with_commas(plan.names.size())));
  Progress progress("features", "images", static_cast<int64_t>(images.names.size()));
  try {
    fill_store(encoder, images.root, writer,
               {.batch = arguments.batch,
                .threads = arguments.machine.threads,
                .skip_broken = arguments.skip_broken,
                .way_out = "; --skip-broken goes on without such images"},
               &progress);
  } catch (const BrokenImageError& error) {
    throw Error(place_of(images, error.image().line, arguments.images) + error.image().problem);
  }
  writer.finish();
  message(fmt::format("{}: {} images, {} x {} (regions x width), {}; {} skipped", arguments.out,
                      with_commas(writer.kept()), encoder.regions(), encoder.width(),
                      arguments.precision, with_commas(writer.done() - writer.kept())));
}

}  // namespace

Command features_command() {
  return command<FeaturesArguments>(
      features,
      "An encoder is a folder that recipes/vision/export.py makes: encoder.pt and encoder.json.\n"
      "Examples:\n"
      "  penalmt features multi30k/images --encoder encoders/lite0-grid --out "
      "lite0-grid.safetensors\n"
      "  penalmt features train.txt --image-root flickr30k --encoder encoders/lite0-pooled --out "
      "train.npy --skip-broken");
}

}  // namespace penalmt
