#include "tensors/safetensors.h"

#include <filesystem>
#include <fstream>

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"

namespace penalmt::safetensors_test {

const std::filesystem::path kGolden =
    std::filesystem::path(PENALMT_SOURCE) / "tests/golden/tensor_files.safetensors";
constexpr std::pair<const char*, at::ScalarType> kTypes[] = {
    {"f64", at::kDouble}, {"f32", at::kFloat}, {"f16", at::kHalf},  {"bf16", at::kBFloat16},
    {"i64", at::kLong},   {"i32", at::kInt},   {"i16", at::kShort}, {"i8", at::kChar},
    {"u8", at::kByte},    {"bool", at::kBool}};

// What tests/golden/tensor_files.py calls counted((3, 5), type).
at::Tensor counted(at::ScalarType type) {
  const at::Tensor i = at::arange(15).reshape({3, 5});
  if (type == at::kBool) return i.remainder(2).eq(0);
  if (type == at::kByte) return i.to(type);
  return at::isFloatingType(type) ? (i - 2).div(2).to(type) : (i - 2).to(type);
}

class Safetensors : public testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove(path_); }

  // The header's length, the header and the data, as they stand in a file.
  static std::string file_of(const std::string& header, const std::string& data) {
    const uint64_t length = header.size();
    return std::string(reinterpret_cast<const char*>(&length), 8) + header + data;
  }
  // The refusal of a file with these bytes, without the path before it.
  std::string refusal(const std::string& bytes) {
    std::ofstream(path_, std::ios::binary) << bytes;
    try {
      load_safetensors(path_);
    } catch (const Error& error) {
      const std::string text = error.what(), place = path_.string() + ": ";
      return text.starts_with(place) ? text.substr(place.size()) : "without its place: " + text;
    }
    return "accepted";
  }

  std::filesystem::path path_ =
      std::filesystem::temp_directory_path() / ("safetensors_test." + std::to_string(getpid()));
};

TEST_F(Safetensors, ReadsWhatPythonWrote) {
  const NamedTensors named = load_safetensors(kGolden);
  for (const auto& [name, type] : kTypes) {
    const at::Tensor* tensor = find(named, name);
    ASSERT_NE(tensor, nullptr) << name;
    EXPECT_EQ(tensor->scalar_type(), type) << name;
    EXPECT_TRUE(tensor->equal(counted(type))) << name;
  }
  EXPECT_EQ(find(named, "scalar")->item<float>(), 0.5f);
  EXPECT_EQ(find(named, "empty")->sizes(), at::IntArrayRef({0, 4}));
  EXPECT_EQ(find(named, "none"), nullptr);
  EXPECT_EQ(named.tensors.size(), 12u);
  EXPECT_EQ(named.metadata, (std::map<std::string, std::string>{{"made by", "Python"}}));
}

TEST_F(Safetensors, WritesTheBytesThatPythonWrites) {
  save_safetensors(path_, load_safetensors(kGolden));
  EXPECT_EQ(read_file(path_), read_file(kGolden));
}

TEST_F(Safetensors, GivesBackEveryTypeInTheOrderGiven) {
  NamedTensors saved;
  for (const auto& [name, type] : kTypes)
    saved.tensors.emplace(saved.tensors.begin(), name, counted(type));
  saved.tensors.emplace_back("scalar \"quoted\" ü", at::scalar_tensor(3));
  saved.metadata = {{"a", "1"}, {"b", "zwei"}};
  save_safetensors(path_, saved);
  const NamedTensors loaded = load_safetensors(path_);
  EXPECT_EQ(loaded.metadata, saved.metadata);
  ASSERT_EQ(loaded.tensors.size(), saved.tensors.size());
  for (std::size_t i = 0; i < saved.tensors.size(); ++i) {
    EXPECT_EQ(loaded.tensors[i].first, saved.tensors[i].first);
    EXPECT_EQ(loaded.tensors[i].second.scalar_type(), saved.tensors[i].second.scalar_type());
    EXPECT_TRUE(loaded.tensors[i].second.equal(saved.tensors[i].second)) << saved.tensors[i].first;
  }
}

TEST_F(Safetensors, StoresStridedTensorsRowByRow) {
  save_safetensors(
      path_, {{{"transposed", counted(at::kFloat).t()}, {"one", at::ones({1}, at::kByte)}}, {}});
  EXPECT_TRUE(load_safetensors(path_).tensors[0].second.equal(counted(at::kFloat).t()));
}

TEST_F(Safetensors, LoadsTensorsThatMayBeWrittenTo) {
  save_safetensors(path_, {{{"x", at::zeros({2})}}, {}});
  at::Tensor x = load_safetensors(path_).tensors[0].second;
  EXPECT_EQ(x.add_(1).sum().item<float>(), 2.0f);
  EXPECT_EQ(load_safetensors(path_).tensors[0].second.sum().item<float>(), 0.0f);
}

TEST_F(Safetensors, AnEmptyListOfTensorsIsAFile) {
  save_safetensors(path_, {});
  EXPECT_TRUE(load_safetensors(path_).tensors.empty());
}

TEST_F(Safetensors, RefusesATruncatedFile) {
  const std::string whole = read_file(kGolden);
  EXPECT_EQ(refusal("abc"), "truncated; got 3 bytes, expected at least 8 (the header's length)");
  EXPECT_EQ(refusal(file_of("{}", "").substr(0, 9)),
            "truncated; got 9 bytes, expected at least 10 (a header of 2 bytes)");
  const std::string one = R"({"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})";
  EXPECT_EQ(refusal(file_of(one, "1234567")),
            "truncated; got 7 bytes of data, expected at least 8 (tensor 'x')");
  for (std::size_t size = 0; size < whole.size(); size += 13)
    EXPECT_TRUE(refusal(whole.substr(0, size)).starts_with("truncated; got ")) << size;
}

TEST_F(Safetensors, RefusesABadHeader) {
  EXPECT_EQ(refusal("PK\x03\x04 something else"),
            "no safetensors file: header length 7885648053892500304, expected at most 100000000");
  EXPECT_EQ(refusal(file_of("{\"x\":", "")), "header: no valid JSON at byte 6");
  EXPECT_EQ(refusal(file_of("[1]", "")), "header: got a JSON array, expected an object");
  EXPECT_EQ(refusal(file_of(R"({"x":1,"x":2})", "")), "header: two tensors are called 'x'");
  EXPECT_EQ(refusal(file_of(R"({"__metadata__":[]})", "")),
            "__metadata__: got [], expected an object of texts");
  EXPECT_EQ(refusal(file_of(R"({"__metadata__":{"a":1}})", "")),
            "__metadata__: a: got 1, expected a text");
}

TEST_F(Safetensors, RefusesABadEntry) {
  const auto entry = [&](const std::string& value) {
    return refusal(file_of("{\"x\":" + value + "}", "12345678"));
  };
  EXPECT_EQ(entry("3"), "x: no 'dtype' in the header");
  EXPECT_EQ(entry(R"({"dtype":"F32","data_offsets":[0,8]})"), "x: no 'shape' in the header");
  EXPECT_EQ(entry(R"({"dtype":"F8_E5M2","shape":[8],"data_offsets":[0,8]})"),
            "x: dtype: got \"F8_E5M2\", expected one of F64, F32, F16, BF16, I64, I32, I16, I8, "
            "U8, BOOL");
  EXPECT_EQ(entry(R"({"dtype":"F32","shape":[-2],"data_offsets":[0,8]})"),
            "x: shape: got [-2], expected a list of sizes");
  EXPECT_EQ(entry(R"({"dtype":"F32","shape":[2.0],"data_offsets":[0,8]})"),
            "x: shape: got [2.0], expected a list of sizes");
  EXPECT_EQ(entry(R"({"dtype":"F32","shape":[2],"data_offsets":[8,0]})"),
            "x: data_offsets: got [8,0], expected [begin, end]");
  EXPECT_EQ(entry(R"({"dtype":"F32","shape":[3],"data_offsets":[0,8]})"),
            "x: data_offsets: got 8 bytes, expected 12 for F32 [3]");
  EXPECT_EQ(
      entry(R"({"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]})"),
      "x: data_offsets: got 8 bytes, expected more than can be for F32 [4611686018427387904,4]");
}

TEST_F(Safetensors, RefusesOffsetsThatDoNotTileTheData) {
  const auto pair = [&](const std::string& first, const std::string& second,
                        const std::string& data) {
    const std::string entry = R"({"dtype":"U8","shape":[4],"data_offsets":)";
    return refusal(file_of("{\"x\":" + entry + first + "},\"y\":" + entry + second + "}}", data));
  };
  EXPECT_EQ(pair("[0,4]", "[4,8]", "12345678"), "accepted");
  EXPECT_EQ(pair("[0,4]", "[2,6]", "12345678"),
            "y: data begins at 2, expected 4 (it overlaps another tensor)");
  EXPECT_EQ(pair("[0,4]", "[6,10]", "1234567890"),
            "y: data begins at 6, expected 4 (a gap before it)");
  EXPECT_EQ(pair("[0,4]", "[8,12]", "12345678"),
            "truncated; got 8 bytes of data, expected at least 12 (tensor 'y')");
  EXPECT_EQ(pair("[0,4]", "[4,8]", "1234567890"), "got 10 bytes of data, expected 8");
}

}  // namespace penalmt::safetensors_test
