#include "tensors/safetensors_index.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <iterator>
#include <set>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/refusal.h"

namespace penalmt {
namespace {

static_assert(std::endian::native == std::endian::little, "the format is little endian");

using Json = nlohmann::ordered_json;

constexpr uint64_t kLongestHeader = 100'000'000;  // the reference implementation's limit
constexpr const char* kMetadata = "__metadata__";

struct SafetensorsType {
  const char* name;
  NumberType type;
};
constexpr SafetensorsType kSafetensorsTypes[] = {
    {"F64", NumberType::kFloat64},   {"F32", NumberType::kFloat32}, {"F16", NumberType::kFloat16},
    {"BF16", NumberType::kBfloat16}, {"I64", NumberType::kInt64},   {"I32", NumberType::kInt32},
    {"I16", NumberType::kInt16},     {"I8", NumberType::kInt8},     {"U8", NumberType::kUint8},
    {"BOOL", NumberType::kBoolean}};

std::string known_types() {
  std::string names;
  for (const SafetensorsType& entry : kSafetensorsTypes)
    names += (names.empty() ? "" : ", ") + std::string(entry.name);
  return names;
}

const char* name_of(NumberType type) {
  return std::find_if(std::begin(kSafetensorsTypes), std::end(kSafetensorsTypes),
                      [&](const SafetensorsType& entry) { return entry.type == type; })
      ->name;
}

// The header's text, its place checked against the size of the file.
std::string_view header_text(const std::filesystem::path& path, std::string_view file) {
  if (file.size() < 8)
    refuse(path, fmt::format("truncated; got {} bytes, expected at least 8 (the header's length)",
                             file.size()));
  uint64_t length;
  std::memcpy(&length, file.data(), 8);
  if (length > kLongestHeader)
    refuse(path, fmt::format("no safetensors file: header length {}, expected at most {}", length,
                             kLongestHeader));
  if (length > file.size() - 8)
    refuse(path, fmt::format("truncated; got {} bytes, expected at least {} (a header of {} bytes)",
                             file.size(), length + 8, length));
  return file.substr(8, length);
}

Json parse_header(const std::filesystem::path& path, std::string_view text) {
  std::set<std::string> seen;
  std::string twice;
  const auto watch_keys = [&](int depth, Json::parse_event_t event, Json& value) {
    if (event == Json::parse_event_t::key && depth == 1 &&
        !seen.insert(value.get<std::string>()).second)
      twice = value.get<std::string>();
    return true;
  };
  Json header;
  try {
    header = parse_json<Json>(text, path.string() + ": header", watch_keys);
  } catch (const Json::parse_error& error) {
    refuse(path, fmt::format("header: no valid JSON at byte {}", error.byte));
  }
  if (!header.is_object())
    refuse(path, fmt::format("header: got a JSON {}, expected an object", header.type_name()));
  if (!twice.empty()) refuse(path, fmt::format("header: two tensors are called '{}'", twice));
  return header;
}

bool is_list_of_sizes(const Json& value) {
  return value.is_array() && std::all_of(value.begin(), value.end(), [](const Json& size) {
           return size.is_number_unsigned() &&
                  size.get<uint64_t>() <= static_cast<uint64_t>(INT64_MAX);
         });
}

StoredTensor read_entry(const std::filesystem::path& path, const std::string& name,
                        const Json& value) {
  const auto field = [&](const char* key) -> const Json& {
    if (!value.is_object() || !value.contains(key))
      refuse(path, fmt::format("{}: no '{}' in the header", name, key));
    return value[key];
  };
  StoredTensor entry{.name = name};

  const Json& type = field("dtype");
  const auto known = std::find_if(std::begin(kSafetensorsTypes), std::end(kSafetensorsTypes),
                                  [&](const SafetensorsType& each) { return type == each.name; });
  if (known == std::end(kSafetensorsTypes))
    refuse(path, fmt::format("{}: dtype: got {}, expected one of {}", name, dump_json(type),
                             known_types()));
  entry.type = known->type;

  const Json& shape = field("shape");
  if (!is_list_of_sizes(shape))
    refuse(path,
           fmt::format("{}: shape: got {}, expected a list of sizes", name, dump_json(shape)));
  entry.shape = shape.get<std::vector<int64_t>>();

  const Json& offsets = field("data_offsets");
  if (!is_list_of_sizes(offsets) || offsets.size() != 2 ||
      offsets[0].get<uint64_t>() > offsets[1].get<uint64_t>())
    refuse(path, fmt::format("{}: data_offsets: got {}, expected [begin, end]", name,
                             dump_json(offsets)));
  entry.begin = offsets[0].get<uint64_t>();
  entry.end = offsets[1].get<uint64_t>();

  auto bytes = static_cast<uint64_t>(bytes_of(entry.type));
  bool overflow = false;
  for (const int64_t size : entry.shape)
    overflow |= __builtin_mul_overflow(bytes, static_cast<uint64_t>(size), &bytes);
  if (overflow || bytes != entry.end - entry.begin)
    refuse(path, fmt::format("{}: data_offsets: got {} bytes, expected {} for {} {}", name,
                             entry.end - entry.begin,
                             overflow ? "more than can be" : std::to_string(bytes), known->name,
                             dump_json(shape)));
  return entry;
}

// The tensors must tile the data: no overlap, no gap, nothing left over.
void check_tiling(const std::filesystem::path& path, const std::vector<StoredTensor>& entries,
                  uint64_t data_size) {
  std::vector<const StoredTensor*> order;
  for (const StoredTensor& entry : entries) order.push_back(&entry);
  std::sort(order.begin(), order.end(), [](auto* a, auto* b) {
    return std::pair(a->begin, a->end) < std::pair(b->begin, b->end);
  });
  uint64_t reached = 0;
  for (const StoredTensor* entry : order) {
    if (entry->end > data_size)
      refuse(path,
             fmt::format("truncated; got {} bytes of data, expected at least {} (tensor '{}')",
                         data_size, entry->end, entry->name));
    if (entry->begin != reached)
      refuse(
          path,
          fmt::format("{}: data begins at {}, expected {} ({})", entry->name, entry->begin, reached,
                      entry->begin < reached ? "it overlaps another tensor" : "a gap before it"));
    reached = entry->end;
  }
  if (reached != data_size)
    refuse(path, fmt::format("got {} bytes of data, expected {}", data_size, reached));
}

std::map<std::string, std::string> read_metadata(const std::filesystem::path& path,
                                                 const Json& value) {
  std::map<std::string, std::string> metadata;
  if (!value.is_object())
    refuse(path,
           fmt::format("{}: got {}, expected an object of texts", kMetadata, dump_json(value)));
  for (const auto& [key, text] : value.items()) {
    if (!text.is_string())
      refuse(path, fmt::format("{}: {}: got {}, expected a text", kMetadata, key, dump_json(text)));
    metadata[key] = text.get<std::string>();
  }
  return metadata;
}

}  // namespace

SafetensorsIndex index_safetensors(const std::filesystem::path& path, std::string_view file) {
  const std::string_view text = header_text(path, file);
  const std::size_t data_begin = 8 + text.size();
  SafetensorsIndex index;
  const Json header = parse_header(path, text);
  for (const auto& [name, value] : header.items()) {
    if (name == kMetadata)
      index.metadata = read_metadata(path, value);
    else
      index.tensors.push_back(read_entry(path, name, value));
  }
  check_tiling(path, index.tensors, file.size() - data_begin);
  for (StoredTensor& tensor : index.tensors) {
    tensor.begin += data_begin;
    tensor.end += data_begin;
  }
  return index;
}

std::string safetensors_header(const SafetensorsIndex& index, std::size_t size) {
  Json header = Json::object();
  if (!index.metadata.empty()) header[kMetadata] = index.metadata;
  for (const StoredTensor& tensor : index.tensors) {
    if (tensor.name == kMetadata || header.contains(tensor.name))
      throw std::logic_error("safetensors: two tensors are called '" + tensor.name + "'");
    header[tensor.name] = {{"dtype", name_of(tensor.type)},
                           {"shape", tensor.shape},
                           {"data_offsets", {tensor.begin, tensor.end}}};
  }
  std::string text = dump_json(header);
  text.resize(std::max((text.size() + 7) / 8 * 8, size - std::min<std::size_t>(size, 8)), ' ');
  const uint64_t length = text.size();
  return std::string(reinterpret_cast<const char*>(&length), 8) + text;
}

}  // namespace penalmt
