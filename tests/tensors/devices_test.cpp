#include "tensors/devices.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <dlfcn.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace penalmt::devices_test {

bool driver_is_here() { return dlopen("libcuda.so.1", RTLD_NOW) != nullptr; }

TEST(Devices, TheCpuIsAlwaysThere) { EXPECT_EQ(choose_device("cpu").str(), "cpu"); }

TEST(Devices, AutoIsTheCpuWhereThereIsNoGpu) {
  if (driver_is_here()) GTEST_SKIP() << "this machine has a GPU driver";
  EXPECT_EQ(choose_device("auto").str(), "cpu");
}

TEST(Devices, ComputesOnTheGpuThatAutoChose) {
  if (!driver_is_here()) GTEST_SKIP() << "needs a GPU";
  EXPECT_EQ(at::ones({3}, choose_device("auto")).sum().item<float>(), 3.0f);
}

TEST(Devices, RefusesWhatCannotBeHad) {
  const auto refusal = [](const char* name) -> std::string {
    try {
      return choose_device(name).str();
    } catch (const Error& error) {
      return error.what();
    }
  };
  EXPECT_EQ(refusal("gpu"), "device: got 'gpu', expected auto, cpu or cuda");
  if (driver_is_here()) GTEST_SKIP() << "this machine has a GPU driver";
  EXPECT_EQ(refusal("cuda"), "device cuda: no GPU or no driver for it on this machine; choose cpu");
}

TEST(Devices, UsesAsManyThreadsAsAskedFor) {
  set_threads(1);
  EXPECT_EQ(at::get_num_threads(), 1);
  set_threads(0);
  EXPECT_GE(at::get_num_threads(), 1);
}

}  // namespace penalmt::devices_test
