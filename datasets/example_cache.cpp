#include "datasets/example_cache.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "base/disk.h"
#include "base/interrupt.h"
#include "base/json.h"
#include "base/parallel.h"
#include "base/progress.h"
#include "base/sha256.h"

namespace penalmt {
namespace {

namespace fs = std::filesystem;

constexpr int kFormat = 2;
constexpr std::size_t kNameDigits = 32;
constexpr int64_t kPairsAtATime = 1 << 16, kPairsAJob = 1 << 10;
constexpr int64_t kMostPairs = int64_t{1} << 32;
constexpr int64_t kNarrowest = 1 << 16;  // a vocabulary beyond it takes 4 bytes a piece

std::string hash_of(const MappedFile& file) {
  return sha256({reinterpret_cast<const char*>(file.data()), file.size()});
}

std::string hash_of(const fs::path& path) { return hash_of(MappedFile(plain_or_gzip(path))); }

std::string name_of(const Corpus& corpus, const Tokenizer& source, const Tokenizer& target) {
  const PairFiles& files = corpus.files;
  std::string content = fmt::format("{}\n{}\n{}\n{}\n", kFormat, corpus.limit,
                                    sha256(source.serialized()), sha256(target.serialized()));
  if (files.format)
    content += fmt::format("{}\n{}\n{}\n{}\n", static_cast<int>(*files.format),
                           hash_of(files.source), files.columns.source, files.columns.target);
  else
    content += fmt::format("{}\n{}\n", hash_of(files.source), hash_of(files.target));
  return sha256(content);
}

// Holds the folder's lock, so that one process at a time makes what several need.
class FolderLock {
 public:
  explicit FolderLock(const fs::path& folder) {
    const fs::path file = folder / ".lock";
    descriptor_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (descriptor_ < 0) throw_file_error(file, "write", errno);
    while (!disk::lock(descriptor_)) {
      throw_if_interrupted();
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
  }
  ~FolderLock() { ::close(descriptor_); }
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int descriptor_ = -1;
};

}  // namespace

// As it stands in places.bin.
struct ExampleCache::Place {
  uint64_t first = 0;               // of its pieces: the source's, then the target's
  uint32_t source = 0, target = 0;  // how many
  uint32_t pair = 0, line = 0;
};

namespace {

// The next pairs; false at the end.
bool read_some(PairReader& reader, const Corpus& corpus, int64_t done,
               std::vector<SentencePair>& pairs) {
  pairs.clear();
  while (static_cast<int64_t>(pairs.size()) < kPairsAtATime) {
    SentencePair pair;
    if (!reader.next(pair)) return false;
    // The rest is read all the same: its number of lines must be right.
    if (corpus.limit > 0 && done + static_cast<int64_t>(pairs.size()) >= corpus.limit) continue;
    expect_within_limits(pair.source, pair.target, pair.line, corpus.files);
    pairs.push_back(std::move(pair));
  }
  return true;
}

// The corpus cut into pieces, as files in `folder`.
class Writer {
 public:
  Writer(const fs::path& folder, bool narrow)
      : places_(folder / "places.bin"), pieces_(folder / "pieces.bin"), narrow_(narrow) {}

  template <class Place>
  void add(const SentencePair& pair, int64_t number, const std::vector<int>& source,
           const std::vector<int>& target) {
    const Place place{.first = written_,
                      .source = static_cast<uint32_t>(source.size()),
                      .target = static_cast<uint32_t>(target.size()),
                      .pair = static_cast<uint32_t>(number),
                      .line = static_cast<uint32_t>(pair.line)};
    places_.write({reinterpret_cast<const char*>(&place), sizeof place});
    for (const std::vector<int>* side : {&source, &target}) write(*side);
    written_ += source.size() + target.size();
    ++examples_;
  }
  int64_t examples() const { return examples_; }
  void commit() {
    places_.commit();
    pieces_.commit();
  }

 private:
  void write(const std::vector<int>& pieces) {
    if (!narrow_) return write_as<int32_t>(pieces);
    write_as<uint16_t>(pieces);
  }
  template <class T>
  void write_as(const std::vector<int>& pieces) {
    const std::vector<T> stored(pieces.begin(), pieces.end());
    pieces_.write({reinterpret_cast<const char*>(stored.data()), stored.size() * sizeof(T)});
  }

  AtomicFile places_, pieces_;
  bool narrow_;
  uint64_t written_ = 0;
  int64_t examples_ = 0;
};

}  // namespace

ExampleCache::ExampleCache(const fs::path& folder, const Corpus& corpus, const Tokenizer& source,
                           const Tokenizer& target, int threads)
    : name_(name_of(corpus, source, target)),
      narrow_(std::max(source.vocabulary_size(), target.vocabulary_size()) <= kNarrowest) {
  std::error_code code;
  fs::create_directories(folder, code);
  if (code) throw_file_error(folder, "write", code.value());
  const fs::path cache = folder / (name_.substr(0, kNameDigits) + ".examples");
  if (!fs::exists(cache, code)) {
    const FolderLock lock(folder);
    if (!fs::exists(cache, code)) make(cache, corpus, source, target, threads);
  }
  open(cache);
}

void ExampleCache::make(const fs::path& cache, const Corpus& corpus, const Tokenizer& source,
                        const Tokenizer& target, int threads) const {
  remove_abandoned(cache.parent_path());
  AtomicFolder folder(cache);
  Writer writer(folder.path(), narrow_);
  PairReader reader(corpus.files);
  Progress progress("cut into pieces", "pairs", 0);
  std::vector<SentencePair> pairs;
  std::vector<std::vector<int>> sources, targets;
  int64_t done = 0;
  for (bool more = true; more;) {
    more = read_some(reader, corpus, done, pairs);
    const auto count = static_cast<int64_t>(pairs.size());
    sources.resize(pairs.size());
    targets.resize(pairs.size());
    parallel_for((count + kPairsAJob - 1) / kPairsAJob, threads, [&](int64_t job) {
      for (int64_t i = job * kPairsAJob; i < std::min(count, (job + 1) * kPairsAJob); ++i) {
        sources[i] = source.encode(pairs[i].source);
        targets[i] = target.encode(pairs[i].target);
      }
    });
    for (int64_t i = 0; i < count; ++i)
      if (!pairs[i].source.empty() && !pairs[i].target.empty())  // else nothing to learn from
        writer.add<Place>(pairs[i], done + i, sources[i], targets[i]);
    done += count;
    progress.show(done);
  }
  if (done > kMostPairs)
    throw Error(fmt::format("{}: {} pairs, expected at most {} in a cache; split the file",
                            corpus.files.source.string(), done, kMostPairs));
  if (name_of(corpus, source, target) != name_)
    throw Error(corpus.files.source.string() + ": was changed while it was read; start again");
  writer.commit();
  const nlohmann::ordered_json meta = {{"format", kFormat},
                                       {"content", name_},
                                       {"source", corpus.files.source.string()},
                                       {"pairs", done},
                                       {"examples", writer.examples()},
                                       {"places", hash_of(folder.path() / "places.bin")},
                                       {"pieces", hash_of(folder.path() / "pieces.bin")}};
  write_file(folder.path() / "meta.json", dump_json(meta, 2) + "\n");
  folder.commit();
}

void ExampleCache::open(const fs::path& cache) {
  const fs::path meta = cache / "meta.json";
  const auto damaged = [&](const std::string& what) {
    return Error(
        fmt::format("{}: {}; remove the folder, and it is made again", cache.string(), what));
  };
  for (const char* file : {"meta.json", "places.bin", "pieces.bin"})
    if (!fs::exists(cache / file)) throw damaged(fmt::format("{} is missing", file));
  nlohmann::json object;
  std::string content, sums[2];
  try {
    object = parse_json<nlohmann::json>(read_file(meta), meta.string());
    if (!object.is_object() || !object.contains("format")) throw damaged("a damaged meta.json");
    if (object["format"] != kFormat)
      throw damaged(fmt::format("format {}, expected {}: another version wrote it",
                                dump_json(object["format"]), kFormat));
    content = object.at("content");
    size_ = object.at("examples");
    pairs_ = object.at("pairs");
    sums[0] = object.at("places");
    sums[1] = object.at("pieces");
  } catch (const nlohmann::json::exception&) {
    throw damaged("a damaged meta.json");
  }
  if (content != name_) throw damaged("not what its name says");
  places_.emplace(cache / "places.bin");
  pieces_.emplace(cache / "pieces.bin");
  if (size_ < 0 || pairs_ < size_ || places_->size() != size_ * sizeof(Place))
    throw damaged(fmt::format("places.bin has {} bytes, expected {}", places_->size(),
                              size_ * static_cast<int64_t>(sizeof(Place))));
  uint64_t pieces = 0;
  for (int64_t i = 0, next = 0; i < size_; ++i) {
    const Place& place = this->place(i);
    if (place.first != pieces || place.pair < next || place.pair >= pairs_)
      throw damaged(fmt::format("places.bin: example {} is not behind the one before it", i + 1));
    pieces += uint64_t{place.source} + place.target;
    next = int64_t{place.pair} + 1;
  }
  const uint64_t bytes = pieces * (narrow_ ? sizeof(uint16_t) : sizeof(int32_t));
  if (pieces_->size() != bytes)
    throw damaged(fmt::format("pieces.bin has {} bytes, expected {}", pieces_->size(), bytes));
  if (hash_of(*places_) != sums[0]) throw damaged("places.bin is not what was written");
  if (hash_of(*pieces_) != sums[1]) throw damaged("pieces.bin is not what was written");
}

const ExampleCache::Place& ExampleCache::place(int64_t i) const {
  return reinterpret_cast<const Place*>(places_->data())[i];
}

ExampleLengths ExampleCache::lengths(int64_t i) const {
  const Place& place = this->place(i);
  return {place.source + 1, place.target + 2};
}

int64_t ExampleCache::line(int64_t i) const { return place(i).line; }

Example ExampleCache::at(int64_t i) const {
  const Place& place = this->place(i);
  const auto read = [&](uint64_t first, uint32_t count) {
    const auto pieces = [&](const auto* all) {
      return std::vector<int>(all + first, all + first + count);
    };
    return narrow_ ? pieces(reinterpret_cast<const uint16_t*>(pieces_->data()))
                   : pieces(reinterpret_cast<const int32_t*>(pieces_->data()));
  };
  return example_of(read(place.first, place.source), read(place.first + place.source, place.target),
                    place.pair);
}

}  // namespace penalmt
