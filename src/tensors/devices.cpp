#include "tensors/devices.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <thread>

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <c10/core/DeviceGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include "base/error.h"
#include "base/gpu_driver.h"
#include "base/progress.h"
#include "base/thread_count.h"
#include "tensors/device_program.h"

namespace penalmt {
namespace {

// Opens libtorch_cuda.so beside the libtorch_cpu.so that runs. Returns what went wrong.
std::optional<std::string> open_cuda_libraries() {
  const auto folder = libtorch_folder();
  if (!folder) return "libtorch_cpu.so was not found";
  const auto library = *folder / "libtorch_cuda.so";
  if (dlopen(library.c_str(), RTLD_NOW | RTLD_GLOBAL) == nullptr) return dlerror();
  if (!at::hasCUDA()) return "LibTorch sees no usable GPU";
  return std::nullopt;
}

int cores() { return static_cast<int>(std::max(1u, std::thread::hardware_concurrency())); }

// OpenMP ends the program where it cannot make a thread, and makes its threads anew whenever more
// of them work than the time before, when memory may be used up: so it is asked for no more than
// there are, nor than there are cores, which more would not make faster.
void take_threads(int wanted) {
  const int threads = threads_to_be_had(std::min(wanted, cores()));
  if (threads != at::get_num_threads()) at::set_num_threads(threads);
  at::parallel_for(0, threads, 1, [](int64_t, int64_t) {});
}

}  // namespace

c10::Device choose_device(const std::string& name, int number) {
  take_threads(at::get_num_threads());
  if (name == "cpu") return c10::Device(c10::kCPU);
  if (name != "auto" && name != "cuda")
    throw Error("device: got '" + name + "', expected auto, cpu or cuda");
  // The driver itself is asked: LibTorch's CUDA libraries take a second to load.
  if (!machine_has_gpu()) {
    if (name == "cuda")
      throw Error("device cuda: no GPU or no driver for it on this machine; choose cpu");
    return c10::Device(c10::kCPU);
  }
  if (const auto problem = open_cuda_libraries()) {
    const std::string text = "LibTorch cannot use the GPU of this machine: " + *problem +
                             "; run recipes/setup.sh for its CUDA packages";
    if (name == "cuda") throw Error("device cuda: " + text);
    warning(text);
    return c10::Device(c10::kCPU);
  }
  // float32 is float32: cuDNN's convolutions would otherwise round what they multiply to 10 bits.
  at::globalContext().setAllowTF32CuDNN(false);
  const c10::impl::VirtualGuardImpl gpus(c10::kCUDA);
  const c10::Device device(c10::kCUDA, static_cast<c10::DeviceIndex>(number % gpus.deviceCount()));
  gpus.setDevice(device);
  return device;
}

std::string name_of_gpu(c10::Device device) {
  void* driver = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  const auto function = [&](const char* name) { return driver ? dlsym(driver, name) : nullptr; };
  void* newer = function("cuDeviceGetUuid_v2");  // parts of one card have their own
  const auto get = reinterpret_cast<int (*)(int*, int)>(function("cuDeviceGet"));
  const auto get_uuid =
      reinterpret_cast<int (*)(unsigned char*, int)>(newer ? newer : function("cuDeviceGetUuid"));
  int handle = 0;
  unsigned char uuid[16] = {};
  if (!get || !get_uuid || get(&handle, device.index()) != 0 || get_uuid(uuid, handle) != 0)
    throw MachineError("the GPU's driver does not say which one it is");
  return fmt::format("{:02x}", fmt::join(uuid, ""));
}

at::Tensor pinned_for(c10::Device device, const at::Tensor& tensor) {
  if (device.is_cpu()) return tensor;
  const c10::DeviceGuard here(device);  // another thread's current device may be another
  return tensor.pin_memory();
}

void set_threads(int threads) { take_threads(threads > 0 ? threads : cores()); }

SingleThreadedScope::SingleThreadedScope() : before_(at::get_num_threads()) {
  at::set_num_threads(1);
}
SingleThreadedScope::~SingleThreadedScope() { at::set_num_threads(before_); }

void bound_kernel_cache() {
  // oneDNN keeps the code it generates for each shape of a product, 1,024 of them unless told
  // otherwise: with bfloat16 and batches of every length that was 4 GB.
  setenv("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "128", /*overwrite=*/0);
}

}  // namespace penalmt
