#include <fmt/format.h>

#include "commands/cli/image_options.h"
#include "datasets/text/parallel_text.h"
#include "translation/translator.h"

namespace penalmt {

std::unique_ptr<const ImageSource> open_listed_images(const Translator& translator,
                                                      const ImageArguments& arguments,
                                                      ImageList list, int threads) {
  ImageSourceOptions options = image_source_options(arguments, threads);
  options.list = std::move(list);
  auto images = open_images(translator, options);
  for (std::size_t i = 0; i < options.list->names.size(); ++i)
    expect_inside(*images, options.list->names[i], arguments.image_root,
                  fmt::format("{}:{}", options.list->place, options.list->line_of(i)));
  images->expect_some();
  return images;
}

std::unique_ptr<const ImageSource> open_line_images(const Translator& translator,
                                                    const ImageArguments& arguments, int threads) {
  if (!arguments.images.empty() && takes_images(translator, arguments, "--images"))
    return open_listed_images(translator, arguments,
                              {read_image_list(arguments.images), arguments.images}, threads);
  if (arguments.images.empty())
    warn_without_images(translator, "--images LIST --image-root DIR, or --image PHOTO");
  return nullptr;
}

}  // namespace penalmt
