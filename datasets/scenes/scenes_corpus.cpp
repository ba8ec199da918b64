#include "datasets/scenes/scenes_corpus.h"

#include <cassert>
#include <cerrno>
#include <fstream>
#include <numeric>

#include <fmt/format.h>
#include <zlib.h>
#include <opencv2/imgcodecs.hpp>

#include "base/error.h"
#include "base/files.h"
#include "base/parallel.h"
#include "base/random.h"
#include "datasets/scenes/captions.h"
#include "datasets/scenes/drawing.h"

namespace penalmt {
namespace {

namespace fs = std::filesystem;

constexpr Language kLanguages[] = {Language::kEnglish, Language::kGerman, Language::kFrench};

// The README's words for a user who opens the folder.
constexpr const char* kReadme = R"(Shapes, a generated corpus for translation with images
{train} training, {valid} validation and {test} test scenes; seed {seed}; images of {size} x {size} pixels.
Made by: penalmt shapes --out DIR --train {train} --val {valid} --test {test} --seed {seed} --size {size}

tok/<split>.lc.norm.tok.<en|de|fr>   lower-cased and tokenised       splits: train, val, test
raw/<split>.<en|de|fr>.gz            the same as written
images/*.png                         the images
image_splits/<split>.txt             line i names the image of line i
image_splits/test.shuffled.txt       a control: every line has the image of another line, at random
left_out/<split>.<de|fr>.tsv         the word that the English line leaves out (row i + 1 for line i)

A scene holds one to three groups of equal objects: 1 to 5 circles, squares, triangles, stars, crosses or diamonds; red, blue,
green, yellow, purple or black. The English caption leaves out the colour ("two circles") or the count ("some red circles") of one
group; the German and French lines say it. In training and validation some combinations of shape, colour and count (24 of 180) never
occur; the group of every left-out word of the test split is one of them.

The columns of left_out, separated by tabs; lists are separated by spaces:
  attribute   colour or count
  value       the colour's English name, or the number
  choices     how many values there are: guessing is right once in so many times
  phrase      what stands in the reference translation
  right       all forms of the right word
  nouns       all forms of the noun that it belongs to
  offsets     where the right word may stand, counted in words from the noun: -1 is just before it
A translation is right where the noun stands in it and, wherever it stands, a right word stands at one of the offsets.
Chance: 1 in {colours} for a colour, 1 in {counts} for a count. A model that has learnt which combinations never occur gets less.
Another line's image may happen to show the right word: with shuffled images a model that looks gets up to 5 points above chance.

Score:  penalmt shapes score --hypotheses FILE --marks left_out/test.de.tsv
)";

// Plain: the folder around it appears only when all its files are on the disk.
void write_plain(const fs::path& path, std::string_view bytes) {
  std::ofstream file(path, std::ios::binary);
  if (!file.write(bytes.data(), static_cast<std::streamsize>(bytes.size())).flush())
    throw_file_error(path, "write", errno);
}

// A gzip file in memory, without a time or a name in its header: the same text gives the same
// bytes.
std::string gzip(const std::string& text) {
  z_stream stream{};
  constexpr int kGzip = 15 + 16, kMemoryLevel = 8;
  if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, kGzip, kMemoryLevel,
                   Z_DEFAULT_STRATEGY) != Z_OK)
    throw MachineError("gzip: cannot compress");
  std::string packed(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  const int state = deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  assert(state == Z_STREAM_END);
  (void)state;
  return packed;
}

std::string image_name(const std::string& split, int64_t line) {
  return fmt::format("{}-{:06}.png", split, line + 1);
}

void write_images(const fs::path& folder, const std::string& split,
                  const std::vector<Scene>& scenes, int size, int threads) {
  parallel_for(static_cast<int64_t>(scenes.size()), threads, [&](int64_t line) {
    std::vector<uint8_t> png;
    cv::imencode(".png", draw(scenes[line], size), png, {cv::IMWRITE_PNG_COMPRESSION, 6});
    write_plain(folder / "images" / image_name(split, line),
                {reinterpret_cast<const char*>(png.data()), png.size()});
  });
}

void write_text(const fs::path& folder, const std::string& split,
                const std::vector<Scene>& scenes) {
  for (const Language language : kLanguages) {
    std::string tokenised, written, marks = left_out_header() + "\n";
    for (const Scene& scene : scenes) {
      const Caption line = caption(scene, language);
      tokenised += line.tokenised + "\n";
      written += line.written + "\n";
      if (language != Language::kEnglish) marks += to_line(left_out_mark(scene, language)) + "\n";
    }
    write_plain(folder / "tok" / fmt::format("{}.lc.norm.tok.{}", split, code(language)),
                tokenised);
    write_plain(folder / "raw" / fmt::format("{}.{}.gz", split, code(language)), gzip(written));
    if (language != Language::kEnglish)
      write_plain(folder / "left_out" / fmt::format("{}.{}.tsv", split, code(language)), marks);
  }
  std::string names;
  for (std::size_t line = 0; line < scenes.size(); ++line) names += image_name(split, line) + "\n";
  write_plain(folder / "image_splits" / (split + ".txt"), names);
}

void write_shuffled_images(const fs::path& folder, const ScenesOptions& options) {
  std::string names;
  for (const int64_t line : derangement(options.test, options.seed))
    names += image_name("test", line) + "\n";
  write_plain(folder / "image_splits" / "test.shuffled.txt", names);
}

void refuse_used(const fs::path& folder) {
  std::error_code ignored;
  if (!fs::exists(folder, ignored)) return;
  if (!fs::is_directory(folder))
    throw Error(fmt::format("{}: is a file; expected a new folder", folder.string()));
  if (!fs::is_empty(folder, ignored))
    throw Error(
        fmt::format("{}: the folder is not empty; expected a new one; remove it or name another",
                    folder.string()));
}

}  // namespace

std::vector<int64_t> derangement(int64_t count, uint64_t seed) {
  assert(count >= 2);
  std::vector<int64_t> order(count);
  SplitMix64 random(seed, ~uint64_t{0});  // a stream of its own: scenes have smaller numbers
  while (true) {                          // one random order in e is a derangement
    std::iota(order.begin(), order.end(), 0);
    shuffle(order, random);
    bool all_moved = true;
    for (int64_t i = 0; i < count; ++i) all_moved = all_moved && order[i] != i;
    if (all_moved) return order;
  }
}

void write_scenes_corpus(const fs::path& target, const ScenesOptions& options, int threads) {
  refuse_used(target);
  AtomicFolder folder(target);
  for (const char* part : {"tok", "raw", "image_splits", "images", "left_out"})
    fs::create_directory(folder.path() / part);

  struct Part {
    Split split;
    std::string name;
    int64_t scenes;
  };
  for (const auto& [split, name, count] :
       {Part{Split::kTrain, "train", options.train}, Part{Split::kValid, "val", options.valid},
        Part{Split::kTest, "test", options.test}}) {
    std::vector<Scene> scenes;
    for (int64_t line = 0; line < count; ++line)
      scenes.push_back(make_scene(options.seed, split, line));
    write_text(folder.path(), name, scenes);
    write_images(folder.path(), name, scenes, static_cast<int>(options.size), threads);
  }
  write_shuffled_images(folder.path(), options);
  write_plain(folder.path() / "README.txt",
              fmt::format(fmt::runtime(kReadme), fmt::arg("train", options.train),
                          fmt::arg("valid", options.valid), fmt::arg("test", options.test),
                          fmt::arg("seed", options.seed), fmt::arg("size", options.size),
                          fmt::arg("colours", kColourChoices), fmt::arg("counts", kCountChoices)));
  folder.commit();
}

}  // namespace penalmt
