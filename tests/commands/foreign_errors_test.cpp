// Every sentence that stands for what a library threw.
#include "commands/cli/foreign_errors.h"

#include <c10/util/Exception.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <new>
#include <nlohmann/json.hpp>
#include <opencv2/core.hpp>
#include <stdexcept>
#include <system_error>

#include "base/error.h"

namespace penalmt::foreign_errors_test {

void expect_words(const std::exception& error, const std::string& text, bool machine_fault = true) {
  const ForeignError words = in_words(error);
  EXPECT_EQ(words.text, text);
  EXPECT_EQ(words.machine_fault, machine_fault) << text;
}

TEST(ForeignErrors, OfFilesNameTheFileAndWhoseFaultItIs) {
  using std::filesystem::filesystem_error;
  const auto code = [](int number) { return std::error_code(number, std::generic_category()); };
  expect_words(filesystem_error("cannot create directories", "a/b", code(EACCES)),
               "a/b: cannot create directories: Permission denied", false);
  expect_words(filesystem_error("cannot copy file", "a", "b", code(ENOSPC)),
               "a: cannot copy file: No space left on device", true);
  expect_words(filesystem_error("cannot get current path", code(ENOENT)),
               "a file: cannot get current path: No such file or directory", false);
}

TEST(ForeignErrors, OfMemoryAreTheMachinesAndSaySo) {
  expect_words(std::bad_alloc(), "out of memory");
  expect_words(cv::Exception(cv::Error::StsNoMem, "Failed to allocate 60000000 bytes", "resize",
                             "alloc.cpp", 73),
               "out of memory");
  expect_words(c10::Error("[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate "
                          "memory: you tried to allocate 8 bytes.",
                          nullptr),
               "out of memory");
  expect_words(c10::OutOfMemoryError({"f", "CUDACachingAllocator.cpp", 1},
                                     "CUDA out of memory. Tried to allocate 2.00 GiB.\nmore"),
               "CUDA out of memory. Tried to allocate 2.00 GiB.");
}

TEST(ForeignErrors, OfLibrariesAreOneLineAndNameTheLibrary) {
  expect_words(cv::Exception(cv::Error::StsBadArg, "bad flag", "merge", "merge.cpp", 130),
               "internal error: OpenCV: bad flag");
  expect_words(c10::Error("shapes do not fit\nmore", nullptr),
               "internal error: LibTorch: shapes do not fit");
  try {
    nlohmann::json::parse("{}").at("key");
    FAIL();
  } catch (const std::exception& error) {
    expect_words(error, "internal error: JSON: key 'key' not found");
  }
  expect_words(std::system_error(EAGAIN, std::generic_category(), "thread"),
               "the system refused: thread: Resource temporarily unavailable");
  expect_words(std::out_of_range("vector::at\nmore"), "internal error: vector::at");
  expect_words(MachineError("a.bin: cannot read: Input/output error"),
               "a.bin: cannot read: Input/output error");
}

TEST(ForeignErrors, AreNeverEmpty) {
  expect_words(std::runtime_error(""), "internal error: of no name");
  expect_words(std::runtime_error("\n \n"), "internal error: of no name");
}

}  // namespace penalmt::foreign_errors_test
