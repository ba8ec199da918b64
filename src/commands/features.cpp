// penalmt features: an encoder's view of images, computed once and kept.
#include <fmt/format.h>

#include <cerrno>
#include <filesystem>

#include <ATen/ATen.h>

#include "base/error.h"
#include "base/files.h"
#include "base/mistakes.h"
#include "base/progress.h"
#include "commands/cli/command.h"
#include "commands/cli/common.h"
#include "commands/cli/image_options.h"
#include "datasets/features/exported_encoder.h"
#include "datasets/features/images_to_encode.h"
#include "datasets/features/script_trust.h"
#include "datasets/features/store_filling.h"
#include "datasets/images/image_folder.h"
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

ImagesToEncode images_to_encode(const FeaturesArguments& arguments) {
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
  const ImagesToEncode images = is_folder
                                    ? images_of_folder(arguments.images)
                                    : images_of_list(arguments.images, arguments.image_root,
                                                     {arguments.allow_outside, kAllowOutside});
  if (!images.others.empty()) warning(about_others(images.root, images.others));
  return images;
}

void refuse_missing(const ImagesToEncode& images) {
  std::vector<std::string> lines = images.missing();
  if (lines.empty()) return;
  lines.push_back(fmt::format("{} of {} images are missing; --skip-broken goes on without them",
                              lines.size(), images.names.size()));
  throw Mistakes(std::move(lines));
}

// What is there is kept: true where it is the store that was asked for. Throws Error where it is
// another.
bool is_complete(const FeaturesArguments& arguments, const StorePlan& plan) {
  if (arguments.overwrite || !fs::exists(arguments.out)) return false;
  const std::string is_there = arguments.out + ": is there already",
                    way_out = "; --overwrite replaces it";
  if (!arguments.resume) throw Error(is_there + way_out);
  const FeatureStore there = FeatureStore::open(arguments.out);
  if (const std::string other = other_kind(there, plan); !other.empty())
    throw Error(is_there + ": " + other + way_out);
  const std::vector<std::string> missing = missing_names(there, plan);
  const std::string without = missing.empty()
                                  ? ""
                                  : fmt::format("; without {} of {} images, such as '{}'",
                                                missing.size(), plan.names.size(), missing.front());
  if (!missing.empty() && !arguments.skip_broken) throw Error(is_there + without + way_out);
  message(arguments.out + ": complete already" + without);
  return true;
}

void features(const FeaturesArguments& arguments) {
  if (arguments.trust_encoder) trust_all_scripts();
  expect_output("--out", arguments.out, {arguments.images});
  const ImagesToEncode images = images_to_encode(arguments);
  if (!arguments.skip_broken) refuse_missing(images);
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
    throw Error(images.place(error.image().line) + error.image().problem);
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
