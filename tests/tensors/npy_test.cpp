#include "tensors/npy.h"

#include <filesystem>
#include <fstream>

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"

namespace penalmt::npy_test {

std::filesystem::path golden(const std::string& name) {
  return std::filesystem::path(PENALMT_SOURCE) / ("tests/golden/tensor_files_" + name + ".npy");
}

class Npy : public testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove(path_); }

  // The refusal of a file with these bytes, without the path before it.
  std::string refusal(const std::string& bytes) {
    std::ofstream(path_, std::ios::binary) << bytes;
    try {
      load_npy(path_);
    } catch (const Error& error) {
      const std::string text = error.what(), place = path_.string() + ": ";
      return text.starts_with(place) ? text.substr(place.size()) : "without its place: " + text;
    }
    return "accepted";
  }
  // A version 1.0 file.
  static std::string file_of(const std::string& header, const std::string& data) {
    return std::string("\x93NUMPY\x01\x00", 8) + static_cast<char>(header.size()) + '\0' + header +
           data;
  }

  std::filesystem::path path_ =
      std::filesystem::temp_directory_path() / ("npy_test." + std::to_string(getpid()));
};

TEST_F(Npy, ReadsWhatNumpyWroteAndWritesTheSameBytes) {
  const at::Tensor i = at::arange(15).reshape({3, 5});
  const std::pair<const char*, at::Tensor> cases[] = {{"f16", (i - 2).div(2).to(at::kHalf)},
                                                      {"f32", (i - 2).div(2).to(at::kFloat)},
                                                      {"f64", (i - 2).to(at::kDouble).div(2)},
                                                      {"i32", (i - 2).to(at::kInt)},
                                                      {"i64", i - 2},
                                                      {"u8", i.to(at::kByte)},
                                                      {"bool", i.remainder(2).eq(0)},
                                                      {"scalar", at::scalar_tensor(0.5)},
                                                      {"vector", at::arange(4, at::kInt)}};
  for (const auto& [name, expected] : cases) {
    const at::Tensor loaded = load_npy(golden(name));
    EXPECT_EQ(loaded.scalar_type(), expected.scalar_type()) << name;
    EXPECT_TRUE(loaded.equal(expected)) << name;
    save_npy(path_, expected);
    EXPECT_EQ(read_file(path_), read_file(golden(name))) << name;
  }
}

TEST_F(Npy, ReadsVersionTwo) {
  const std::string header = "{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }\n";
  EXPECT_EQ(refusal(std::string("\x93NUMPY\x02\x00", 8) + static_cast<char>(header.size()) +
                    std::string(3, '\0') + header + "ab"),
            "accepted");
  EXPECT_EQ(load_npy(path_)[1].item<int>(), 'b');
}

TEST_F(Npy, StoresStridedTensorsRowByRow) {
  const at::Tensor transposed = at::arange(6).reshape({2, 3}).t();
  save_npy(path_, transposed);
  EXPECT_TRUE(load_npy(path_).equal(transposed));
}

TEST_F(Npy, RefusesATruncatedOrForeignFile) {
  const std::string whole = read_file(golden("f32"));
  EXPECT_EQ(refusal("PNG"), "no .npy file; expected it to begin with \\x93NUMPY");
  EXPECT_EQ(refusal(whole.substr(0, 9)), "truncated; got 9 bytes");
  EXPECT_EQ(refusal(whole.substr(0, 60)), "truncated; got 60 bytes, expected at least 128");
  EXPECT_EQ(refusal(whole.substr(0, whole.size() - 1)),
            "got 59 bytes of data, expected 60 for <f4 (3, 5)");
  EXPECT_EQ(refusal(whole + "x"), "got 61 bytes of data, expected 60 for <f4 (3, 5)");
  EXPECT_EQ(refusal(std::string("\x93NUMPY\x03\x00{}{}", 12)), "version 3.0; expected 1.0 or 2.0");
}

TEST_F(Npy, RefusesWhatItCannotRepresent) {
  EXPECT_EQ(refusal(file_of("{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }\n", "1234")),
            "element type: got '>f4', expected one of <f2, <f4, <f8, <i4, <i8, |u1, |b1");
  EXPECT_EQ(
      refusal(file_of("{'descr': '<f4', 'fortran_order': True, 'shape': (1, 1), }\n", "1234")),
      "the array is in column order, expected row order; save numpy.ascontiguousarray(array)");
  EXPECT_EQ(refusal(file_of(
                "{'descr': '<f8', 'fortran_order': False, 'shape': (4611686018427387904, 8), }\n",
                "1234")),
            "got 4 bytes of data, expected more than can be for <f8 (4611686018427387904, 8)");
}

TEST_F(Npy, RefusesAHeaderThatIsNotNumpys) {
  for (const char* header :
       {"", "{", "[]", "{'descr': '<f4', 'shape': (1,), }",
        "{'descr': '<f4', 'fortran_order': 0, 'shape': (1,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': 1, }",
        "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }",
        "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), } x"})
    EXPECT_EQ(refusal(file_of(header, "1234")),
              "header: expected a dictionary of 'descr', 'fortran_order' and 'shape'")
        << header;
}

}  // namespace penalmt::npy_test
