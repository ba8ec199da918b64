#include "commands/cli/image_options.h"

#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <utility>

#include "base/error.h"
#include "base/progress.h"
#include "translation/text_translator.h"

namespace penalmt {

void check(const ImageArguments& arguments, ImageNames names) {
  const bool has_list = !arguments.images.empty(), has_pairs = names == ImageNames::kPairs,
             has_names = has_list || names == ImageNames::kJsonLines;
  std::error_code ignored;
  if (std::filesystem::is_directory(arguments.images, ignored))
    throw Error(
        "--images: got the folder " + arguments.images +
        ", expected a list of names, one a line of the text; the folder that they are in is "
        "--image-root");
  if (!has_names && !arguments.image_root.empty())
    throw Error("--image-root: got no --images; expected both");
  if (!has_names && !has_pairs && !arguments.features.empty())
    throw Error("--features: got no --images; expected both");
  if (has_list && arguments.image_root.empty() && arguments.features.empty())
    throw Error("--images: got no --image-root; expected both");
  if (!arguments.image_root.empty() && !arguments.features.empty())
    throw Error("--features: got --image-root too; expected one of them");
  if (!arguments.feature_names.empty() && arguments.features.empty())
    throw Error("--feature-names: got no --features; expected both");
  if (arguments.skip_broken && !has_names && !has_pairs)
    throw Error("--skip-broken: got no --images; expected both");
  if (arguments.skip_broken && !arguments.features.empty() && !has_pairs)
    throw Error("--skip-broken: got --features too; a store holds no broken images");
  if (arguments.allow_outside && arguments.image_root.empty() && !has_pairs)
    throw Error("--allow-outside: got no --image-root; expected both");
  if (!arguments.encoder.empty() && !arguments.features.empty())
    throw Error("--encoder: got --features too; expected one of them");
}

ImageSourceOptions image_source_options(const ImageArguments& arguments, int threads) {
  return {.root = arguments.image_root,
          .features = arguments.features,
          .feature_names = arguments.feature_names,
          .encoder = arguments.encoder,
          .threads = threads,
          .rules = {arguments.allow_outside, arguments.skip_broken},
          .a_store = "a store (--features)",
          .an_encoder = "an encoder (--encoder)"};
}

void expect_inside(const ImageSource& source, const std::string& name, const std::string& root,
                   const std::string& place) {
  if (source.leads_out(name))
    throw Error(
        fmt::format("{}: the image '{}' is outside of {}{}", place, name, root, kAllowOutside));
}

void warn_of_broken(ImageCount& count, const std::string& place) {
  std::map<std::string, std::pair<std::size_t, std::size_t>> files;  // first line, further ones
  std::vector<std::string> order;
  for (; count.warned < count.broken.size(); ++count.warned) {
    const BrokenImage& broken = count.broken[count.warned];
    const auto [file, is_new] = files.try_emplace(broken.problem, broken.line + 1, 0);
    if (is_new)
      order.push_back(broken.problem);
    else
      ++file->second.second;
  }
  for (const std::string& problem : order) {
    const auto [line, more] = files.at(problem);
    warning(fmt::format(
        "{}:{}: {}; skipped{}", place, line, problem,
        more == 0 ? "" : fmt::format(", in {} further line{} too", more, more == 1 ? "" : "s")));
  }
}

bool takes_images(const TextTranslator& translator, const ImageArguments& arguments,
                  const std::string& option) {
  if (!translator.uses_images() && !arguments.ignore_images)
    throw Error(translator.place() + ": a text-only model, which would not look at an image; got " +
                option + "; expected a model trained with images, or --ignore-images");
  return translator.uses_images();
}

void warn_without_images(const TextTranslator& translator, const std::string& expected) {
  if (translator.uses_images())
    warning(translator.place() + ": a multimodal model run without images; give " + expected);
}

}  // namespace penalmt
