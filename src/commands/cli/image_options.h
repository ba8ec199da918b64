// The options by which commands are given images.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "commands/cli/shared_options.h"
#include "translation/image_source.h"

namespace penalmt {

class TextTranslator;
class Translator;

struct ImageArguments {
  std::string images, image_root, features, feature_names, encoder;
  bool ignore_images = false;  // a text-only model may be given images
  bool trust_encoder = false, skip_broken = false, allow_outside = false;

  template <class Visitor>
  void visit(Visitor& v) {
    v("images", images, "the images' names, one a line of the text; an empty line: none",
      option().value("LIST"));
    v("image_root", image_root, "the folder that the names are in", option().value("DIR"));
    v("features", features, "or the store that has their features (penalmt features, or .npy)",
      option().value("STORE"));
    v("feature_names", feature_names,
      "the names of an .npy store's rows, one a line; default: the store's name with .names.txt "
      "in the place of .npy",
      option().value("FILE"));
    v("encoder", encoder, "the exported encoder of a model that takes features and carries none",
      option().value("DIR"));
    v("ignore_images", ignore_images,
      "a text-only model may be given images: it translates the text alone");
    visit_trust(v, trust_encoder);
    v("skip_broken", skip_broken, "a broken image counts as a missing one, and a warning names it");
    v("allow_outside", allow_outside,
      "take images whose names lead out of --image-root, by a link, ../ or an absolute path");
  }
};

// What an Error says of a name that leads out of --image-root.
inline constexpr const char* kAllowOutside = "; --allow-outside takes it";

// What names the images: --images alone, the objects of JSON lines, or contrastive pairs too, which
// are not all below --image-root.
enum class ImageNames { kList, kJsonLines, kPairs };

// Throws Error where one of them lacks another.
void check(const ImageArguments& arguments, ImageNames names = ImageNames::kList);

// Warns where a model that takes images gets none; `expected`: the options that give it some.
void warn_without_images(const TextTranslator& translator, const std::string& expected);
// Throws the Error of a text-only model that is given images by `option`; false where they are to
// be ignored.
bool takes_images(const TextTranslator& translator, const ImageArguments& arguments,
                  const std::string& option);
// Throws Error "list.txt:3: the image '../a.png' is outside of images" where it is, and that is not
// allowed. `place`: "list.txt:3".
void expect_inside(const ImageSource& source, const std::string& name, const std::string& root,
                   const std::string& place);

// Warns of the broken images that were counted since the last time; each file is named once, with
// its first line of `place`.
void warn_of_broken(ImageCount& count, const std::string& place);

ImageSourceOptions image_source_options(const ImageArguments& arguments, int threads);

// The images of a list, null where there is none. Nothing is ignored in silence: throws Error
// where the model is text-only and there is a list, unless --ignore-images says that this is meant;
// warns where it is multimodal and there is none. Throws as read_image_list, open_images,
// expect_inside and ImageSource::expect_some.
std::unique_ptr<const ImageSource> open_line_images(const Translator& translator,
                                                    const ImageArguments& arguments, int threads);
// The images of a list at hand, of a model that takes some.
std::unique_ptr<const ImageSource> open_listed_images(const Translator& translator,
                                                      const ImageArguments& arguments,
                                                      ImageList list, int threads);

}  // namespace penalmt
