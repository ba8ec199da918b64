#include "datasets/contrastive.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "datasets/parallel_text.h"

namespace penalmt {
namespace {

namespace fs = std::filesystem;

// The one file that begins with "<part>.".
fs::path file_of(const fs::path& folder, const std::string& part) {
  std::vector<fs::path> found;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder))
    if (entry.path().filename().string().starts_with(part + ".")) found.push_back(entry.path());
  std::sort(found.begin(), found.end());
  if (found.empty())
    throw Error(fmt::format("{}: no {}.<language>; expected src.*, correct.*, incorrect.* and img.order",
                            folder.string(), part));
  if (found.size() > 1)
    throw Error(fmt::format("{}: {} and {}; expected one", folder.string(), found[0].filename().string(),
                            found[1].filename().string()));
  return found.front();
}

}  // namespace

ContrastivePairs read_contrastive(const fs::path& folder) {
  if (!fs::is_directory(folder)) throw Error(folder.string() + ": no such folder; expected contrastive pairs");
  ContrastivePairs pairs;
  pairs.source_file = file_of(folder, "src");
  pairs.correct_file = file_of(folder, "correct");
  pairs.incorrect_file = file_of(folder, "incorrect");
  pairs.image_list = folder / "img.order";
  ParallelText text = read_parallel_text(pairs.source_file, pairs.correct_file, pairs.image_list);
  pairs.incorrect = read_parallel_text(pairs.source_file, pairs.incorrect_file, std::nullopt).target;
  pairs.source = std::move(text.source);
  pairs.correct = std::move(text.target);
  pairs.images = std::move(text.images);
  return pairs;
}

}  // namespace penalmt
