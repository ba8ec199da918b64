#include "datasets/text/contrastive.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "base/expect_folder.h"
#include "base/text.h"
#include "datasets/text/parallel_text.h"

namespace penalmt {
namespace {

namespace fs = std::filesystem;

// "correct.de", "correct.de.gz" → ".de"
std::string language_of(fs::path file) {
  if (file.extension() == ".gz") file.replace_extension();
  return file.extension().string();
}

void refuse_empty_lines(const std::vector<std::string>& lines, const fs::path& file) {
  for (std::size_t i = 0; i < lines.size(); ++i)
    if (split_whitespace(lines[i]).empty())
      throw Error(
          fmt::format("{}:{}: got an empty line, expected a translation", file.string(), i + 1));
}

// The one file that begins with "<part>.".
fs::path file_of(const fs::path& folder, const std::string& part) {
  std::vector<fs::path> found;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder))
    if (entry.path().filename().string().starts_with(part + ".")) found.push_back(entry.path());
  std::sort(found.begin(), found.end());
  if (found.empty())
    throw Error(
        fmt::format("{}: no {}.<language>; expected src.*, correct.*, incorrect.* and img.order",
                    folder.string(), part));
  if (found.size() > 1)
    throw Error(fmt::format("{}: {} and {}; expected one", folder.string(),
                            found[0].filename().string(), found[1].filename().string()));
  return found.front();
}

}  // namespace

ContrastivePairs read_contrastive(const fs::path& folder) {
  expect_folder(folder, "contrastive pairs");
  ContrastivePairs pairs;
  pairs.source_file = file_of(folder, "src");
  pairs.correct_file = file_of(folder, "correct");
  pairs.incorrect_file = file_of(folder, "incorrect");
  pairs.image_list = folder / "img.order";
  ParallelText text = read_parallel_text(pairs.source_file, pairs.correct_file, pairs.image_list);
  if (language_of(pairs.correct_file) != language_of(pairs.incorrect_file))
    throw Error(fmt::format("{}: got {} and {}; expected translations into one language",
                            folder.string(), pairs.correct_file.filename().string(),
                            pairs.incorrect_file.filename().string()));
  pairs.incorrect =
      read_parallel_text(pairs.source_file, pairs.incorrect_file, std::nullopt).target;
  refuse_empty_lines(text.target, pairs.correct_file);
  refuse_empty_lines(pairs.incorrect, pairs.incorrect_file);
  pairs.source = std::move(text.source);
  pairs.correct = std::move(text.target);
  pairs.images = std::move(text.images);
  return pairs;
}

fs::path contrastive_images(const fs::path& folder) {
  const fs::path inside = folder / "images";
  if (fs::is_directory(inside)) return inside;
  return fs::absolute(folder).lexically_normal().parent_path() / "images";
}

}  // namespace penalmt
