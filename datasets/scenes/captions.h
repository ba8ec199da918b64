// The generated corpus, part 2 of 5: a scene in English (one word left out), German and French.
// Free of torch and OpenCV.
#pragma once

#include <string>

#include "datasets/scenes/left_out_marks.h"
#include "datasets/scenes/scene.h"

namespace penalmt {

enum class Language { kEnglish, kGerman, kFrench };
std::string code(Language language);  // "en", "de", "fr"

struct Caption {
  std::string
      tokenised;        // as Multi30k's tok/: lower case, Moses tokens ("d&apos; un carré noir .")
  std::string written;  // as Multi30k's raw/: cased ("À gauche d'un carré noir, on voit trois
                        // cercles rouges.")
};

// Two scenes that differ only in the left-out word have the same English caption; German and French
// say it. The translation's wording follows the English one, so nothing else needs the image.
Caption caption(const Scene& scene, Language language);

// What scoring needs: the left-out word and the noun it must stand beside. German and French only.
LeftOutMark left_out_mark(const Scene& scene, Language language);

}  // namespace penalmt
