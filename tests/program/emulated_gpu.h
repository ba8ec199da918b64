// GPUs that are not there (tests/emulated_cuda), for programs that tests run.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace penalmt {

inline const std::filesystem::path kEmulatedGpu =
    std::filesystem::path(PENALMT_PROGRAM).parent_path() / "libemulated_cuda.so";

// While it lives, programs believe in so many GPUs, a process working on one. With a report they
// say at their end what they asked of it.
class EmulatedGpu {
 public:
  explicit EmulatedGpu(int devices = 1, bool report = true) {
    setenv("LD_PRELOAD", kEmulatedGpu.c_str(), 1);
    setenv("EMULATED_CUDA_DEVICES", std::to_string(devices).c_str(), 1);
    if (report) setenv("EMULATED_CUDA_REPORT", "1", 1);
  }
  ~EmulatedGpu() {
    for (const char* name : {"LD_PRELOAD", "EMULATED_CUDA_DEVICES", "EMULATED_CUDA_REPORT"})
      unsetenv(name);
  }
  EmulatedGpu(const EmulatedGpu&) = delete;
  EmulatedGpu& operator=(const EmulatedGpu&) = delete;
};

}  // namespace penalmt
