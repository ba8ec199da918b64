// PenalMT in a program of one's own: a sentence and its image in, a translation out.
//
//   translate MODEL IMAGE "a circle ."
#include <cstdio>
#include <exception>
#include <filesystem>

#include "base/error.h"
#include "translation/image_source.h"
#include "translation/translator.h"

namespace {

void translate(const std::filesystem::path& model, const std::filesystem::path& image,
               const std::string& sentence) {
  // Opened once; every call may come with as many sentences as there are.
  penalmt::Translator translator = penalmt::Translator::open(model, c10::kCPU);
  const auto source = penalmt::open_images(translator, {.root = image.parent_path()});
  // One name a sentence; "" for a sentence without an image.
  const auto images = source->load({image.filename().string()});
  const auto translations =
      translator.translate({sentence}, images.get(), {.beam = 5, .n_best = 2}, {});
  for (const penalmt::ScoredText& text : translations.front().n_best)
    std::printf("%.4f\t%s\n", text.score, text.text.c_str());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs("translate MODEL IMAGE SENTENCE\n", stderr);
    return 2;
  }
  try {
    translate(argv[1], argv[2], argv[3]);
  } catch (const std::exception& error) {  // penalmt::Error: the user's mistake, in one line
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
