#include "tensors/npy.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "base/files.h"
#include "base/refusal.h"
#include "tensors/scalar_types.h"

namespace penalmt {
namespace {

static_assert(std::endian::native == std::endian::little, "the files we write are little endian");

constexpr std::string_view kMagic = "\x93NUMPY";

struct NpyType {
  const char* name;
  NumberType type;
};
constexpr NpyType kNpyTypes[] = {{"<f2", NumberType::kFloat16}, {"<f4", NumberType::kFloat32},
                                 {"<f8", NumberType::kFloat64}, {"<i4", NumberType::kInt32},
                                 {"<i8", NumberType::kInt64},   {"|u1", NumberType::kUint8},
                                 {"|b1", NumberType::kBoolean}};

struct Header {
  std::string type;
  bool column_order = false;
  std::vector<int64_t> shape;
};

// Reads the dictionary that NumPy writes: three keys, each once, in any order.
class HeaderParser {
 public:
  explicit HeaderParser(std::string_view text) : rest_(text) {}

  // nullopt where the text is anything else.
  std::optional<Header> parse() {
    Header header;
    int found = 0;  // a bit a key
    if (!take('{')) return std::nullopt;
    while (!take('}')) {
      const auto key = word();
      if (!key || !take(':')) return std::nullopt;
      const int bit = *key == "descr" ? 1 : *key == "fortran_order" ? 2 : *key == "shape" ? 4 : 0;
      if (bit == 0 || (found & bit)) return std::nullopt;
      found |= bit;
      if (bit == 1) {
        const auto type = word();
        if (!type) return std::nullopt;
        header.type = *type;
      } else if (bit == 2) {
        header.column_order = take_text("True");
        if (!header.column_order && !take_text("False")) return std::nullopt;
      } else if (!sizes(header.shape)) {
        return std::nullopt;
      }
      if (!take(',') && peek() != '}') return std::nullopt;
    }
    skip_space();
    if (found != 7 || !rest_.empty()) return std::nullopt;
    return header;
  }

 private:
  void skip_space() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \n"), rest_.size())); }
  char peek() {
    skip_space();
    return rest_.empty() ? '\0' : rest_.front();
  }
  bool take(char expected) {
    if (peek() != expected) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool take_text(std::string_view expected) {
    skip_space();
    if (!rest_.starts_with(expected)) return false;
    rest_.remove_prefix(expected.size());
    return true;
  }
  // 'text' in single or double quotes.
  std::optional<std::string> word() {
    const char quote = peek();
    if (quote != '\'' && quote != '"') return std::nullopt;
    const std::size_t end = rest_.find(quote, 1);
    if (end == std::string_view::npos) return std::nullopt;
    std::string text(rest_.substr(1, end - 1));
    rest_.remove_prefix(end + 1);
    return text;
  }
  // (), (2,) or (2, 3).
  bool sizes(std::vector<int64_t>& shape) {
    if (!take('(')) return false;
    while (!take(')')) {
      skip_space();
      int64_t size = -1;
      const auto [stop, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), size);
      if (error != std::errc() || size < 0) return false;
      rest_.remove_prefix(stop - rest_.data());
      shape.push_back(size);
      if (!take(',') && peek() != ')') return false;
    }
    return true;
  }

  std::string_view rest_;
};

}  // namespace

StoredTensor index_npy(const std::filesystem::path& path, std::string_view file) {
  // 1. Magic, version and the header's length.
  if (!file.starts_with(kMagic)) refuse(path, "no .npy file; expected it to begin with \\x93NUMPY");
  const int major = file.size() > 6 ? static_cast<unsigned char>(file[6]) : 0;
  const std::size_t width = major == 1 ? 2 : 4;  // bytes of the header's length
  if (file.size() < 8 + width) refuse(path, fmt::format("truncated; got {} bytes", file.size()));
  if (major != 1 && major != 2)
    refuse(path,
           fmt::format("version {}.{}; expected 1.0 or 2.0", major, static_cast<int>(file[7])));
  uint32_t length = 0;
  std::memcpy(&length, file.data() + 8, width);
  const std::size_t data_begin = 8 + width + length;
  if (data_begin > file.size())
    refuse(path,
           fmt::format("truncated; got {} bytes, expected at least {}", file.size(), data_begin));

  // 2. Type and shape.
  const std::string_view text = file.substr(8 + width, length);
  const std::optional<Header> header = HeaderParser(text).parse();
  if (!header)
    refuse(path, "header: expected a dictionary of 'descr', 'fortran_order' and 'shape'");
  const auto known = std::find_if(std::begin(kNpyTypes), std::end(kNpyTypes),
                                  [&](const NpyType& each) { return header->type == each.name; });
  if (known == std::end(kNpyTypes))
    refuse(path,
           fmt::format("element type: got '{}', expected one of <f2, <f4, <f8, <i4, <i8, |u1, |b1",
                       header->type));
  if (header->column_order)
    refuse(path,
           "the array is in column order, expected row order; save numpy.ascontiguousarray(array)");

  // 3. The elements' bytes.
  auto bytes = static_cast<uint64_t>(bytes_of(known->type));
  bool overflow = false;
  for (const int64_t size : header->shape)
    overflow |= __builtin_mul_overflow(bytes, static_cast<uint64_t>(size), &bytes);
  if (overflow || bytes != file.size() - data_begin)
    refuse(path,
           fmt::format("got {} bytes of data, expected {} for {} ({})", file.size() - data_begin,
                       overflow ? "more than can be" : std::to_string(bytes), header->type,
                       fmt::join(header->shape, ", ")));
  return {.name = "",
          .type = known->type,
          .shape = header->shape,
          .begin = data_begin,
          .end = file.size()};
}

at::Tensor load_npy(const std::filesystem::path& path) {
  const MappedFile map(path);
  const std::string_view file(reinterpret_cast<const char*>(map.data()), map.size());
  const StoredTensor stored = index_npy(path, file);
  at::Tensor tensor = at::empty(stored.shape, at::TensorOptions().dtype(scalar_type(stored.type)));
  if (stored.end > stored.begin)
    std::memcpy(tensor.mutable_data_ptr(), file.data() + stored.begin, stored.end - stored.begin);
  return tensor;
}

std::string npy_header(NumberType type, const std::vector<int64_t>& shape, std::size_t size) {
  const auto known = std::find_if(std::begin(kNpyTypes), std::end(kNpyTypes),
                                  [&](const NpyType& each) { return type == each.type; });
  TORCH_CHECK(known != std::end(kNpyTypes), "npy: cannot store tensors of type ",
              scalar_type(type));
  const std::string sizes =
      fmt::format("{}{}", fmt::join(shape, ", "), shape.size() == 1 ? "," : "");
  std::string header =
      fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}", known->name, sizes);
  constexpr std::size_t kBefore = 10;  // magic, version, length
  const std::size_t whole = std::max(kBefore + header.size() + 1, size);
  header.resize((whole + 63) / 64 * 64 - kBefore - 1, ' ');  // NumPy aligns the data to 64 bytes
  header += '\n';
  const auto length = static_cast<uint16_t>(header.size());
  std::string file(kMagic);
  return file.append("\x01\x00", 2)
      .append(reinterpret_cast<const char*>(&length), 2)
      .append(header);
}

void save_npy(const std::filesystem::path& path, const at::Tensor& tensor) {
  const at::Tensor dense = tensor.detach().to(at::kCPU).contiguous();
  std::string file = npy_header(number_type(dense.scalar_type()), dense.sizes().vec());
  file.append(static_cast<const char*>(dense.const_data_ptr()), dense.nbytes());
  write_file(path, file);
}

}  // namespace penalmt
