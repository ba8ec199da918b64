#include "base/gpu_driver.h"

#include <dlfcn.h>

namespace penalmt {

bool machine_has_gpu() {
  void* driver = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  if (driver == nullptr) return false;
  const auto initialise = reinterpret_cast<int (*)(unsigned)>(dlsym(driver, "cuInit"));
  const auto count_devices = reinterpret_cast<int (*)(int*)>(dlsym(driver, "cuDeviceGetCount"));
  int count = 0;
  return initialise && count_devices && initialise(0) == 0 && count_devices(&count) == 0 &&
         count > 0;
}

}  // namespace penalmt
