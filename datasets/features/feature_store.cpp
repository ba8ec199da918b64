#include "datasets/features/feature_store.h"

#include <cstring>
#include <unordered_map>

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "base/files.h"
#include "base/line_reader.h"
#include "base/refusal.h"
#include "base/text.h"
#include "datasets/text/parallel_text.h"
#include "tensors/npy.h"
#include "tensors/safetensors_index.h"
#include "tensors/scalar_types.h"

namespace penalmt {
namespace {

namespace fs = std::filesystem;

std::string in_brackets(const std::vector<int64_t>& shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

// True where a number's exponent is all ones: infinite, or none.
template <class Bits, Bits kExponent>
bool has_infinite(const std::byte* row, std::size_t bytes) {
  bool found = false;
  for (std::size_t i = 0; i < bytes; i += sizeof(Bits)) {
    Bits bits;
    std::memcpy(&bits, row + i, sizeof(bits));
    found |= (bits & kExponent) == kExponent;
  }
  return found;
}

// What a file says of itself.
struct Found {
  StoredTensor tensor;
  std::string encoder;
  std::vector<std::string> names;
  std::string names_place;  // where the names stand
};

StoredTensor features_of(const fs::path& path, const SafetensorsIndex& index) {
  for (const StoredTensor& tensor : index.tensors)
    if (tensor.name == "features") return tensor;
  if (index.tensors.size() == 1) return index.tensors.front();
  refuse(path,
         fmt::format("got {} tensors without one called 'features'; expected that or a single one",
                     index.tensors.size()));
}

Found read_safetensors(const fs::path& path, std::string_view file) {
  SafetensorsIndex index = index_safetensors(path, file);
  Found found{.tensor = features_of(path, index), .encoder = index.metadata["encoder"]};
  const auto names = index.metadata.find("names");
  if (names == index.metadata.end()) return found;
  for (const std::string_view name : split(names->second, '\n')) found.names.emplace_back(name);
  found.names_place = path.string() + ": names";
  return found;
}

Found read_npy(const fs::path& path, std::string_view file) {
  Found found{.tensor = index_npy(path, file)};
  const fs::path encoder = beside_store(path, ".encoder.txt");
  if (!fs::exists(encoder)) return found;
  for (const std::string& line : read_lines(encoder)) found.encoder += line;
  return found;
}

}  // namespace

fs::path beside_store(const fs::path& path, const char* ending) {
  return fs::path(path).replace_extension() += ending;
}

struct FeatureStore::Data {
  fs::path path;
  MappedFile map;
  std::vector<std::string> names;
  std::unordered_map<std::string, int64_t> row_of;
  std::string encoder;
  at::ScalarType type;
  FeatureShape shape;
  bool channels_first;  // [N, F, H, W]: a row is [F, R]
  const std::byte* begin;

  std::size_t row_bytes() const {
    return static_cast<std::size_t>(shape.regions * shape.width) * c10::elementSize(type);
  }

  explicit Data(const fs::path& file) : path(file), map(file) {}

  void take_tensor(const StoredTensor& tensor) {
    if (tensor.type != NumberType::kFloat16 && tensor.type != NumberType::kFloat32)
      refuse(path, fmt::format("element type: got {}, expected float16 or float32 (numpy: "
                               "features.astype('float32'))",
                               tensor.type == NumberType::kFloat64
                                   ? "float64"
                                   : c10::toString(scalar_type(tensor.type))));
    const std::vector<int64_t>& sizes = tensor.shape;
    bool fits = sizes.size() >= 2 && sizes.size() <= 4;
    for (const int64_t size : sizes) fits &= size > 0;
    if (!fits)
      refuse(path, "shape: got " + in_brackets(sizes) +
                       ", expected [N, F], [N, R, F] or [N, F, H, W], none of them 0");
    channels_first = sizes.size() == 4;
    if (sizes.size() == 2) shape = {1, sizes[1]};
    if (sizes.size() == 3) shape = {sizes[1], sizes[2]};
    if (channels_first) shape = {sizes[2] * sizes[3], sizes[1]};
    type = scalar_type(tensor.type);
    begin = map.data() + tensor.begin;
  }

  void take_names(std::vector<std::string> given, const std::string& place, int64_t rows) {
    if (static_cast<int64_t>(given.size()) != rows)
      throw Error(fmt::format("{}: {} names, but {} has {} rows", place, given.size(),
                              path.string(), rows));
    names = std::move(given);
    for (std::size_t i = 0; i < names.size(); ++i) {
      const auto [first, is_new] = row_of.try_emplace(names[i], static_cast<int64_t>(i));
      const std::byte* before = begin + static_cast<std::size_t>(first->second) * row_bytes();
      if (!is_new && std::memcmp(before, begin + i * row_bytes(), row_bytes()) != 0)
        throw Error(
            fmt::format("{}: '{}' stands twice, in lines {} and {}, with different features", place,
                        names[i], first->second + 1, i + 1));
    }
  }
};

FeatureStore FeatureStore::open(const fs::path& path, const fs::path& names) {
  const bool is_npy = path.extension() == ".npy";
  if (!is_npy && path.extension() != ".safetensors")
    refuse(path, "a feature store is a .safetensors or an .npy file; this is neither by its name");
  auto data = std::make_shared<Data>(path);
  const std::string_view file(reinterpret_cast<const char*>(data->map.data()), data->map.size());
  Found found = is_npy ? read_npy(path, file) : read_safetensors(path, file);
  data->take_tensor(found.tensor);
  data->encoder = found.encoder;
  if (!names.empty() || found.names_place.empty()) {
    const fs::path list = names.empty() ? beside_store(path, ".names.txt") : names;
    if (names.empty() && !fs::exists(list))
      refuse(path,
             "whose features they are is not known; expected the images' names, one a line, in " +
                 list.string());
    found.names = read_image_list(list);
    found.names_place = list.string();
  }
  data->take_names(std::move(found.names), found.names_place, found.tensor.shape[0]);
  return FeatureStore(std::move(data));
}

const std::vector<std::string>& FeatureStore::names() const { return data_->names; }
int64_t FeatureStore::regions() const { return data_->shape.regions; }
int64_t FeatureStore::width() const { return data_->shape.width; }
const std::string& FeatureStore::encoder() const { return data_->encoder; }
at::ScalarType FeatureStore::type() const { return data_->type; }

int64_t FeatureStore::row(const std::string& name) const {
  const auto found = data_->row_of.find(name);
  return found == data_->row_of.end() ? -1 : found->second;
}

at::Tensor FeatureStore::rows(const std::vector<int64_t>& which) const {
  std::error_code ignored;  // the rest of the last page would read as zeros
  if (fs::file_size(data_->path, ignored) < data_->map.size())
    refuse(data_->path, "has become shorter while it was read");
  const auto [regions, width] = data_->shape;
  const auto count = static_cast<int64_t>(which.size());
  const std::vector<int64_t> stored = data_->channels_first
                                          ? std::vector<int64_t>{count, width, regions}
                                          : std::vector<int64_t>{count, regions, width};
  at::Tensor rows = at::empty(stored, at::TensorOptions().dtype(data_->type));
  auto* to = static_cast<std::byte*>(rows.mutable_data_ptr());
  for (const int64_t row : which) {
    TORCH_CHECK(row >= 0 && row < static_cast<int64_t>(data_->names.size()), "row ", row,
                " of a store of ", data_->names.size());
    const std::byte* from = data_->begin + row * data_->row_bytes();
    const bool is_broken = data_->type == at::kHalf
                               ? has_infinite<uint16_t, 0x7C00>(from, data_->row_bytes())
                               : has_infinite<uint32_t, 0x7F800000>(from, data_->row_bytes());
    if (is_broken)
      refuse(data_->path, fmt::format("the features of '{}' hold a number that is not finite",
                                      data_->names[row]));
    std::memcpy(to, from, data_->row_bytes());
    to += data_->row_bytes();
  }
  return data_->channels_first ? rows.transpose(1, 2).contiguous() : rows;
}

void FeatureStore::expect(const FeatureShape& shape, const std::string& encoder) const {
  if (shape.regions != regions() || shape.width != width())
    refuse(data_->path, fmt::format("got features of {} x {} (regions x width), expected {} x {}",
                                    regions(), width(), shape.regions, shape.width));
  if (!encoder.empty() && !this->encoder().empty() && encoder != this->encoder())
    refuse(data_->path, fmt::format("got features of the encoder '{}', expected '{}'",
                                    this->encoder(), encoder));
}

}  // namespace penalmt
