// The options by which commands are given images.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "translation/line_images.h"

namespace CLI {
class App;
}

namespace penalmt {

class Translator;

struct ImageArguments {
  std::string images, image_root, features, feature_names, encoder;
  bool ignore_images = false;  // a text-only model may be given images
  bool skip_broken = false, allow_outside = false;
};

// What an Error says of a name that leads out of --image-root.
inline constexpr const char* kAllowOutside = "; --allow-outside takes it";

// --images LIST with --image-root DIR or --features STORE; --feature-names FILE; --encoder DIR;
// --ignore-images, --skip-broken, --allow-outside.
void add_image_options(CLI::App& command, ImageArguments& arguments);
// What names the images: --images alone, the objects of JSON lines, or contrastive pairs too, which
// are not all below --image-root.
enum class ImageNames { kList, kJsonLines, kPairs };

// Throws Error where one of them lacks another.
void check(const ImageArguments& arguments, ImageNames names = ImageNames::kList);

// The images of a list, nullopt where there is none. Nothing is ignored in silence: throws Error
// where the model is text-only and there is a list, unless --ignore-images says that this is meant;
// warns where it is multimodal and there is none.
std::optional<LineImages> open_line_images(const Translator& translator,
                                           const ImageArguments& arguments, int threads);
// Throws the Error of a text-only model that is given images by `option`; false where they are to
// be ignored.
bool takes_images(const Translator& translator, const ImageArguments& arguments,
                  const std::string& option);
// Throws Error "list.txt:3: the image '../a.png' is outside of images" where it is, and that is not
// allowed. `place`: "list.txt:3".
void expect_inside(const ImageSource& source, const std::string& name, const std::string& root,
                   const std::string& place);

// Warns of the broken images that were counted since the last time; each file is named once, with
// its first line of `place`.
void warn_of_broken(ImageCount& count, const std::string& place);

ImageSourceOptions image_source_options(const ImageArguments& arguments, int threads);

}  // namespace penalmt
