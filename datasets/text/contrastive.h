// Contrastive pairs in CoMMuTE's format (Futeral et al., "Tackling Ambiguity with Images", ACL
// 2023): an ambiguous sentence, an image, the translation that it makes right and one that another
// image would. Free of torch.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace penalmt {

// Line by line. In CoMMuTE each sentence stands twice: with two images, and the translations
// exchanged.
struct ContrastivePairs {
  std::filesystem::path source_file, correct_file, incorrect_file,
      image_list;  // where the lines are from
  std::vector<std::string> source, correct, incorrect;
  std::vector<std::string> images;  // names; "" where there is none
};

// A folder with one `src.<language>`, one `correct.<language>`, one `incorrect.<language>`, and
// `img.order` with a name a line; plain or gzip. Throws Error "FOLDER: no correct.<language>;
// expected src.*, correct.*, incorrect.* and img.order", "FOLDER: correct.de and correct.fr;
// expected one", where the translations are not into one language, where one of them is an empty
// line, and as read_parallel_text, where the files do not have as many lines.
ContrastivePairs read_contrastive(const std::filesystem::path& folder);

// Where CoMMuTE's archive puts their images: in the folder, or beside it.
std::filesystem::path contrastive_images(const std::filesystem::path& folder);

}  // namespace penalmt
