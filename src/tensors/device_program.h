// Kernels of our own on a GPU (device_kernels.cu): compiled for it when the first is launched,
// through the driver and the compiler (NVRTC) that LibTorch's CUDA libraries bring along. None of
// CUDA's headers are needed, and the same binary runs without a GPU.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace penalmt {

// The folder of the libtorch_cpu.so that runs; nullopt where the loader does not say.
std::optional<std::filesystem::path> libtorch_folder();

struct LaunchShape {
  int64_t blocks = 0;
  int threads = 256;         // of a block, a multiple of 32
  int64_t shared_bytes = 0;  // at most 48 KiB
  int head_depth = 0;        // of attention's kernels, which are compiled for one depth
};

// One warp of 32 threads a row.
inline LaunchShape a_warp_each(int64_t rows) { return {.blocks = (rows + 7) / 8, .threads = 256}; }

// One block of 256 threads a row, which share sums.
inline LaunchShape a_block_each(int64_t rows) {
  return {.blocks = rows, .threads = 256, .shared_bytes = 32 * sizeof(float)};
}

// arguments: pointers to the kernel's arguments, in their order. Throws MachineError where the GPU
// or its driver refuses.
void launch(c10::Device device, const std::string& kernel, const LaunchShape& shape,
            void** arguments);

// Queues the kernel of that name behind what runs on the device: pointers into its memory, int64_t,
// uint64_t, uint32_t, int and float, exactly as the kernel declares them.
template <class... Arguments>
void launch_kernel(c10::Device device, const std::string& kernel, const LaunchShape& shape,
                   Arguments... arguments) {
  if (shape.blocks == 0) return;
  void* pointers[] = {&arguments...};
  launch(device, kernel, shape, pointers);
}

// The sums of each column of a [N, C], float32 or bfloat16, and of b [N, C] float32 (or undefined),
// by one kernel: [1 or 2, C] float32.
at::Tensor device_column_sums(const at::Tensor& a, const at::Tensor& b = {});

// "NAME_float" or "NAME_bfloat16", by the numbers that a kernel works on.
std::string kernel_for(const char* name, at::ScalarType type);

}  // namespace penalmt
