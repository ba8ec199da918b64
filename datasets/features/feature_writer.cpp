#include "datasets/features/feature_writer.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <set>

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "base/disk.h"
#include "base/error.h"
#include "base/files.h"
#include "base/json.h"
#include "base/sha256.h"
#include "tensors/npy.h"
#include "tensors/safetensors_index.h"
#include "tensors/scalar_types.h"

namespace penalmt {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr const char *kJournal = ".journal", *kPartial = ".partial";

// A file that grows at its end and stays where the program ends.
class GrowingFile {
 public:
  explicit GrowingFile(fs::path path)
      : path_(std::move(path)),
        descriptor_(::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)) {
    if (descriptor_ < 0) throw_file_error(path_, "write", errno);
    if (disk::lock(descriptor_)) return;
    ::close(descriptor_);
    throw Error(path_.string() + ": another process writes it; wait for it, or stop it");
  }
  ~GrowingFile() { ::close(descriptor_); }
  GrowingFile(const GrowingFile&) = delete;
  GrowingFile& operator=(const GrowingFile&) = delete;

  void cut(uint64_t size) {
    if (::ftruncate(descriptor_, static_cast<off_t>(size)) != 0)
      throw_file_error(path_, "write", errno);
    end_ = size;
  }
  void append(std::string_view bytes) {
    write_at(end_, bytes);
    end_ += bytes.size();
  }
  void write_at(uint64_t at, std::string_view bytes) {
    if (disk::write_at(descriptor_, bytes, at) != 0) throw_file_error(path_, "write", errno);
  }
  void flush() {
    if (disk::flush(descriptor_) != 0 && is_machine_fault(errno))
      throw_file_error(path_, "write", errno);
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
  int descriptor_;
  uint64_t end_ = 0;
};

fs::path with_ending(fs::path path, const char* ending) { return path += ending; }

std::string joined(const std::vector<std::string>& names) {
  return fmt::format("{}", fmt::join(names, "\n"));
}

Json identity_of(const StorePlan& plan) {
  return {{"encoder", plan.encoder},     {"regions", plan.shape.regions},
          {"width", plan.shape.width},   {"type", plan.half ? "F16" : "F32"},
          {"images", plan.names.size()}, {"names", sha256(joined(plan.names))}};
}

// What a journal says: the plan's identity, and the characters.
struct Journal {
  Json identity;
  std::string marks;
};

Journal read_journal(const fs::path& path) {
  const std::string text = read_file(path);
  const std::size_t line = text.find('\n');
  const Json identity = parse_json<Json>(std::string_view(text).substr(0, line), path.string(),
                                         nullptr, /*allow_exceptions=*/false);
  const std::string marks = line == std::string::npos ? "" : text.substr(line + 1);
  if (!identity.is_object() || line == std::string::npos ||
      marks.find_first_not_of("+-") != std::string::npos)
    throw Error(path.string() + ": no journal of a feature store; remove it");
  return {identity, marks};
}

void check_same_plan(const Json& found, const Json& expected, const fs::path& path) {
  for (const auto& [key, value] : expected.items())
    if (!found.contains(key) || found[key] != value)
      throw Error(fmt::format(
          "{}: what it began was another store; {}: got {}, expected {}; remove it to begin anew",
          path.string(), key, dump_json(found.value(key, Json())), dump_json(value)));
}

}  // namespace

std::string other_kind(const FeatureStore& there, const StorePlan& plan) {
  const bool half = there.type() == at::kHalf;
  if (there.encoder() == plan.encoder && half == plan.half) return "";
  const auto precision = [](bool is_half) { return is_half ? "fp16" : "fp32"; };
  return fmt::format("got features of '{}', {}; expected '{}', {}", there.encoder(),
                     precision(half), plan.encoder, precision(plan.half));
}

std::vector<std::string> missing_names(const FeatureStore& there, const StorePlan& plan) {
  const std::set<std::string> names(there.names().begin(), there.names().end());
  std::vector<std::string> missing;
  for (const std::string& name : plan.names)
    if (!names.contains(name)) missing.push_back(name);
  return missing;
}

struct FeatureWriter::State {
  fs::path target;
  StorePlan plan;
  GrowingFile data;
  std::optional<GrowingFile> journal;
  std::string marks;  // as in the journal
  int64_t kept = 0;

  State(const fs::path& path, StorePlan store)
      : target(path), plan(std::move(store)), data(with_ending(path, kPartial)) {}

  NumberType type() const { return plan.half ? NumberType::kFloat16 : NumberType::kFloat32; }
  uint64_t row_bytes() const {
    return static_cast<uint64_t>(plan.shape.regions * plan.shape.width * bytes_of(type()));
  }

  std::vector<std::string> kept_names() const {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < marks.size(); ++i)
      if (marks[i] == '+') names.push_back(plan.names[i]);
    return names;
  }

  std::string header(const std::vector<std::string>& names, std::size_t size) const {
    const std::vector<int64_t> shape = {static_cast<int64_t>(names.size()), plan.shape.regions,
                                        plan.shape.width};
    if (target.extension() == ".npy") return npy_header(type(), shape, size);
    return safetensors_header(
        {.tensors = {{"features", type(), shape, 0, names.size() * row_bytes()}},
         .metadata = {{"format", "pt"}, {"encoder", plan.encoder}, {"names", joined(names)}}},
        size);
  }
  // Room for the longest header there can be: the one with all images.
  std::size_t header_size() const { return header(plan.names, 0).size(); }

  void begin(bool resumes) {
    const fs::path path = with_ending(target, kJournal);
    const Json identity = identity_of(plan);
    if (resumes) {
      const Journal found = read_journal(path);
      check_same_plan(found.identity, identity, path);
      marks = found.marks;
      kept = std::count(marks.begin(), marks.end(), '+');
    }
    const uint64_t size = header_size() + static_cast<uint64_t>(kept) * row_bytes();
    if (fs::file_size(data.path()) < (resumes ? size : 0))
      throw Error(fmt::format(
          "{}: cut off; got {} bytes, expected at least {}; remove it and {} to begin anew",
          data.path().string(), fs::file_size(data.path()), size, path.string()));
    data.cut(size);
    // The journal appears whole, and what it says is only added to.
    if (!resumes) write_file(path, identity.dump() + "\n");
    journal.emplace(path);
    journal->cut(fs::file_size(path));
  }

  // In the stored type, every number of it finite.
  at::Tensor checked(const at::Tensor& features) const {
    if (!at::isfinite(features).all().item<bool>())
      throw Error(fmt::format(
          "{}: the encoder gives numbers that are not finite, for '{}' or an image soon after it",
          plan.encoder, plan.names[marks.size()]));
    const at::Tensor stored = features.to(scalar_type(type())).contiguous();
    if (!at::isfinite(stored).all().item<bool>())
      throw Error(fmt::format("{}: the encoder gives {}; float16 holds at most 65504; choose fp32",
                              plan.encoder, features.abs().max().item<float>()));
    return stored;
  }
};

FeatureWriter::FeatureWriter(const fs::path& path, StorePlan plan, bool resume) {
  if (path.extension() != ".npy" && path.extension() != ".safetensors")
    throw Error(path.string() +
                ": a feature store is a .safetensors or an .npy file; this is neither by its name");
  const fs::path journal = with_ending(path, kJournal);
  const bool was_begun = fs::exists(journal) && fs::exists(with_ending(path, kPartial));
  if (was_begun && !resume)
    throw Error(journal.string() +
                ": an interrupted run left it; resume that run, or remove the file");
  state_ = std::make_unique<State>(path, std::move(plan));
  state_->begin(was_begun);
}

FeatureWriter::~FeatureWriter() {
  if (!state_ || (done() > 0 && !has_nothing())) return;
  disk::remove(with_ending(state_->target, kJournal));
  disk::remove(state_->data.path());
}

bool FeatureWriter::has_nothing() const {
  return done() == static_cast<int64_t>(state_->plan.names.size()) && kept() == 0;
}
const StorePlan& FeatureWriter::plan() const { return state_->plan; }
int64_t FeatureWriter::done() const { return static_cast<int64_t>(state_->marks.size()); }
int64_t FeatureWriter::kept() const { return state_->kept; }

void FeatureWriter::add(const at::Tensor& features, const std::vector<bool>& kept) {
  TORCH_CHECK(std::count(kept.begin(), kept.end(), true) == features.size(0),
              "a row for each image that is kept");
  if (features.size(0) > 0) {
    const at::Tensor stored = state_->checked(features);
    state_->data.append({static_cast<const char*>(stored.const_data_ptr()), stored.nbytes()});
    state_->data.flush();
  }
  std::string marks;
  for (const bool is_kept : kept) marks += is_kept ? '+' : '-';
  state_->journal->append(marks);
  state_->marks += marks;
  state_->kept += features.size(0);
}

void FeatureWriter::finish() {
  State& state = *state_;
  TORCH_CHECK(state.marks.size() == state.plan.names.size(), "not all images were added");
  const std::vector<std::string> names = state.kept_names();
  if (names.empty())
    throw Error(fmt::format("{}: not one of the {} images can be read; nothing to store",
                            state.target.string(), state.marks.size()));
  state.data.write_at(0, state.header(names, state.header_size()));
  state.data.flush();
  if (state.target.extension() == ".npy") {
    write_file(beside_store(state.target, ".names.txt"), joined(names) + "\n");
    write_file(beside_store(state.target, ".encoder.txt"), state.plan.encoder + "\n");
  }
  if (disk::rename(state.data.path(), state.target) != 0)
    throw_file_error(state.target, "write", errno);
  disk::remove(with_ending(state.target, kJournal));
}

}  // namespace penalmt
