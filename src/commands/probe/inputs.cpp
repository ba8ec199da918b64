#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/config.h"
#include "base/error.h"
#include "base/progress.h"
#include "base/text.h"
#include "commands/probe/steps.h"
#include "datasets/changed_images.h"
#include "datasets/features/feature_store.h"
#include "datasets/images/image_decoding.h"
#include "datasets/text/image_names.h"
#include "datasets/text/parallel_text.h"
#include "translation/model_location.h"
#include "translation/translator.h"

namespace penalmt {
namespace {

namespace fs = std::filesystem;

void need_both(const std::string& a, const std::string& a_name, const std::string& b,
               const std::string& b_name) {
  if (a.empty() != b.empty())
    throw Error(fmt::format("{}: got no {}; expected both", a.empty() ? b_name : a_name,
                            a.empty() ? a_name : b_name));
}

void need_source(const ProbeOptions& options, const std::string& value, const std::string& name) {
  if (!value.empty() && !options.has_text())
    throw Error(fmt::format("{}: got no --source; expected --source and --references", name));
}

// A line: the image that --images names, "" for none.
Lines image_names(const ProbeOptions& options, std::size_t lines) {
  if (options.images.images.empty()) return Lines(lines);
  Lines names = read_image_list(options.images.images);
  if (names.size() != lines)
    throw Error(
        fmt::format("{}: {} lines, but {} has {}; line i of one must belong to line i of the other",
                    options.images.images, names.size(), options.source, lines));
  return names;
}

// A line: the image's file, "" where it has none or it is not on the disk.
std::vector<fs::path> image_files_of(const Lines& names, const fs::path& root) {
  std::vector<fs::path> image_files;
  std::error_code ignored;
  for (const std::string& name : names)
    image_files.push_back(!name.empty() && fs::is_regular_file(root / name, ignored) ? root / name
                                                                                     : "");
  return image_files;
}

// --skip-broken: a broken image is as good as none. A text-only model has not tried to decode them.
void drop_broken(const ProbeOptions& options, ProbeText& text) {
  ImageCount count;
  std::map<fs::path, std::string> problems;
  for (std::size_t i = 0; i < text.image_files.size(); ++i) {
    fs::path& file = text.image_files[i];
    if (text.all_images) {
      if (text.all_images->index()[i] < 0) file.clear();
      continue;
    }
    if (file.empty()) continue;
    const auto [problem, is_new] = problems.try_emplace(file);
    try {
      if (is_new) decode_image(file);
    } catch (const Error& error) {
      problem->second = error.what();
    }
    if (problem->second.empty()) continue;
    count.broken.push_back({i, problem->second});
    file.clear();
  }
  warn_of_broken(count, options.images.images);
}

// A line: is its image at hand, for a text-only model, which is not given it?
std::vector<bool> at_hand(const ImageArguments& images, const Lines& names,
                          const std::vector<fs::path>& image_files) {
  std::optional<FeatureStore> store;
  if (!images.features.empty()) store = FeatureStore::open(images.features, images.feature_names);
  std::vector<bool> there;
  for (std::size_t i = 0; i < names.size(); ++i)
    there.push_back(store ? !names[i].empty() && store->row(names[i]) >= 0
                          : !image_files[i].empty());
  return there;
}

template <class T>
std::vector<T> some_of(std::vector<T> all, const std::vector<std::size_t>& lines) {
  std::vector<T> some;
  for (const std::size_t line : lines) some.push_back(std::move(all[line]));
  return some;
}

// A model that has never met a mask does not know what to make of one.
void warn_of_unknown_masks(const Translator& translator) {
  const auto run = find_tokenizers(translator.place());
  const fs::path recipe = run ? *run / "recipe.json" : "";
  if (!fs::exists(recipe)) return;
  const nlohmann::json said = config::parse_file(recipe);
  const auto masking = "/data/masking"_json_pointer;
  if (!said.contains(masking) || said[masking] == "")
    warning(recipe.string() +
            ": the model was trained without masked words (data.masking); expect little of it "
            "where words are masked");
}

// --mask: the words that it names, and the lines without them.
void mask(const ProbeOptions& options, ProbeText& text) {
  const WordPositions positions = read_positions(options.mask);
  check_positions(positions, options.mask, text.source, options.source);
  for (std::size_t i = 0; i < text.source.size(); ++i) {
    const auto words = split_whitespace(text.source[i]);
    Lines& masked = text.masked_words.emplace_back();
    for (const int position : positions[i])
      masked.emplace_back(words[static_cast<std::size_t>(position)]);
  }
  text.masked_source = mask_lines(text.source, positions, options.mask_token());
}

}  // namespace

void check_options(const ProbeOptions& options) {
  if (!options.has_text() && options.references.empty() && options.contrastive.empty())
    throw Error(
        "probe: nothing to probe with; expected --source and --references, or --contrastive");
  need_both(options.source, "--source", options.references, "--references");
  ImageArguments images = options.images;
  if (!images.features.empty()) images.image_root.clear();  // of the images in the report
  if (images.image_root.empty() && !options.images.image_root.empty()) images.allow_outside = false;
  check(images, options.contrastive.empty() ? ImageNames::kList : ImageNames::kPairs);
  for (const auto& [value, name] : {std::pair(options.images.images, "--images"),
                                    {options.mask, "--mask"},
                                    {options.left_out, "--left-out"},
                                    {options.translations, "--translations"},
                                    {options.report, "--report"}})
    need_source(options, value, name);
  const Lines& known = image_changes();
  for (const std::string& name : options.incongruent)
    if (std::find(known.begin(), known.end(), name) == known.end())
      throw Error(fmt::format("--incongruent: got '{}', expected {}{}", name,
                              fmt::join(known, ", "), did_you_mean(name, known)));
  for (const auto& [given, name] : {std::pair(!options.lexicon.empty(), "--lexicon"),
                                    {options.given_kind.has_value(), "--kind"},
                                    {options.given_mask_token.has_value(), "--mask-token"}})
    if (given && options.mask.empty())
      throw Error(fmt::format("{}: got no --mask; expected both", name));
  if (options.contrastive.empty() && !options.contrastive_image_root.empty())
    throw Error("--contrastive-image-root: got no --contrastive; expected both");
  if (options.contrastive.empty() && options.raw)
    throw Error("--raw: is for contrastive pairs; got no --contrastive");
  if (!options.translations.empty()) expect_output_folder("--translations", options.translations);
  if (!options.contrastive_scores.empty())
    expect_output_folder("--contrastive-scores", options.contrastive_scores);
  const std::string mask_token = options.mask_token();
  if (split_whitespace(mask_token) != std::vector<std::string_view>{mask_token})
    throw Error(fmt::format("--mask-token: got '{}', expected a word", mask_token));
  if (options.report == "-")
    throw Error("--report: got '-', expected a file; the results go to standard output");
  if (!options.report.empty())
    expect_output(
        "--report", options.report,
        {options.source, options.references, options.images.images, options.images.features,
         options.images.feature_names, options.mask, options.lexicon, options.left_out});
}

void check_model(const ProbeOptions& options, const Translator& translator) {
  for (const auto& [given, option] :
       {std::pair(&options.images.images, "--images"),
        {&options.images.features, "--features"},
        {&options.contrastive_image_root, "--contrastive-image-root"}})
    if (!given->empty()) takes_images(translator, options.images, option);
}

std::unique_ptr<ImageSet> probe_images(const ProbeOptions& options, const Translator& translator,
                                       const ImageArguments& arguments, std::size_t lines,
                                       const std::string& place, Lines* notes) {
  if (!translator.uses_images()) return nullptr;
  const std::unique_ptr<const ImageSource> images =
      open_line_images(translator, arguments, options.machine.threads);
  if (!images) return nullptr;
  images->expect_lines(static_cast<int64_t>(lines), place);
  ImageCount count;
  auto set = images->load(count);
  warn_of_broken(count, arguments.images);
  if (notes && (count.not_found > 0 || !count.broken.empty()))
    notes->push_back(arguments.images + ": " + count.text());
  return set;
}

ProbeText read_probe_text(const ProbeOptions& options, Translator& translator) {
  ParallelText parallel = read_parallel_text(options.source, options.references, std::nullopt);
  limit_lengths(options.length, translator, {parallel.source, options.source},
                {parallel.target, options.references});
  ProbeText text;
  text.all_lines = parallel.source.size();
  text.source = std::move(parallel.source);
  text.references = std::move(parallel.target);
  if (!options.mask.empty()) {
    warn_of_unknown_masks(translator);
    mask(options, text);
  }
  if (!options.left_out.empty()) text.marks = read_left_out_marks(options.left_out);
  if (!options.left_out.empty() && text.marks.size() != text.all_lines)
    throw Error(fmt::format("{}: {} marks, but {} has {} lines; mark i must belong to line i",
                            options.left_out, text.marks.size(), options.source, text.all_lines));
  const Lines names = image_names(options, text.all_lines);
  if (!options.images.image_root.empty() && !options.images.allow_outside)
    expect_inside(names, options.images.image_root, options.images.images, kAllowOutside);
  text.image_files = image_files_of(names, options.images.image_root);
  text.all_images =
      probe_images(options, translator, options.images, text.all_lines, options.source, nullptr);

  if (options.images.skip_broken) drop_broken(options, text);

  const std::vector<bool> there =
      text.all_images ? std::vector<bool>() : at_hand(options.images, names, text.image_files);
  for (std::size_t i = 0; i < text.all_lines; ++i) {
    const bool has_image = text.all_images ? text.all_images->index()[i] >= 0 : there[i];
    if (options.all_lines || options.images.images.empty() || has_image) text.lines.push_back(i);
  }
  if (text.lines.empty())
    throw Error(text.all_lines == 0
                    ? options.source + ": got no lines, expected at least one"
                    : fmt::format("{}: none of its {} images is in {}{}", options.images.images,
                                  text.all_lines,
                                  options.images.features.empty() ? options.images.image_root
                                                                  : options.images.features,
                                  (options.images.features.empty()
                                       ? did_you_mean_first(options.images.image_root, names)
                                       : "")));
  text.source = some_of(std::move(text.source), text.lines);
  text.references = some_of(std::move(text.references), text.lines);
  text.image_files = some_of(std::move(text.image_files), text.lines);
  if (!options.mask.empty())
    text.masked_source = some_of(std::move(text.masked_source), text.lines);
  if (!options.mask.empty()) text.masked_words = some_of(std::move(text.masked_words), text.lines);
  if (!options.left_out.empty()) text.marks = some_of(std::move(text.marks), text.lines);
  if (text.all_images) text.images = images_of_lines(*text.all_images, text.lines);
  return text;
}

}  // namespace penalmt
