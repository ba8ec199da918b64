#include "tensors/device_program.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <dlfcn.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <mutex>
#include <vector>

#include "base/error.h"
#include "tensors/device_kernels_text.h"  // made by CMake from device_kernels.cu

namespace penalmt {
namespace {

// What the compiler of a GPU has and the kernels' text leaves open.
constexpr char kPreamble[] = R"CUDA(
#define INFINITY __int_as_float(0x7f800000)
#define PENALMT_SHARED(name) extern __shared__ __align__(16) float name[]
__device__ inline float warp_sum(float x) {
  for (int step = 16; step > 0; step /= 2) x += __shfl_xor_sync(0xffffffffu, x, step);
  return x;
}
__device__ inline float warp_max(float x) {
  for (int step = 16; step > 0; step /= 2) {
    const float other = __shfl_xor_sync(0xffffffffu, x, step);
    x = other > x ? other : x;
  }
  return x;
}
)CUDA";

// The driver's and the compiler's functions, by their C interface.
struct Cuda {
  int (*device_get)(int*, int);
  int (*device_attribute)(int*, int, int);
  int (*retain_context)(void**, int);
  int (*get_context)(void**);
  int (*set_context)(void*);
  int (*load_module)(void**, const void*);
  int (*get_function)(void**, void*, const char*);
  int (*launch_kernel)(void*, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned,
                       void*, void**, void**);
  int (*error_name)(int, const char**);
  int (*create_program)(void**, const char*, const char*, int, const char* const*,
                        const char* const*);
  int (*compile_program)(void*, int, const char* const*);
  int (*log_size)(void*, size_t*);
  int (*get_log)(void*, char*);
  int (*cubin_size)(void*, size_t*);
  int (*get_cubin)(void*, char*);
};

[[noreturn]] void fail(const std::string& what) {
  throw MachineError("the GPU's kernels: " + what);
}

// LibTorch's own door to the compiler, libcaffe2_nvrtc.so beside libtorch_cpu.so, knows where it
// lies and is linked with the driver.
void* open_compiler() {
  const auto folder = libtorch_folder();
  if (!folder) fail("libtorch_cpu.so was not found");
  void* handle = dlopen((*folder / "libcaffe2_nvrtc.so").c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) fail(dlerror());
  return handle;
}

Cuda find_functions() {
  void* library = open_compiler();
  Cuda cuda;
  const auto find = [&](auto& function, const char* name) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(library, name));
    if (function == nullptr) fail(std::string("no function ") + name);
  };
  find(cuda.device_get, "cuDeviceGet");
  find(cuda.device_attribute, "cuDeviceGetAttribute");
  find(cuda.retain_context, "cuDevicePrimaryCtxRetain");
  find(cuda.get_context, "cuCtxGetCurrent");
  find(cuda.set_context, "cuCtxSetCurrent");
  find(cuda.load_module, "cuModuleLoadData");
  find(cuda.get_function, "cuModuleGetFunction");
  find(cuda.launch_kernel, "cuLaunchKernel");
  find(cuda.error_name, "cuGetErrorName");
  find(cuda.create_program, "nvrtcCreateProgram");
  find(cuda.compile_program, "nvrtcCompileProgram");
  find(cuda.log_size, "nvrtcGetProgramLogSize");
  find(cuda.get_log, "nvrtcGetProgramLog");
  find(cuda.cubin_size, "nvrtcGetCUBINSize");
  find(cuda.get_cubin, "nvrtcGetCUBIN");
  return cuda;
}

const Cuda& cuda() {
  static const Cuda functions = find_functions();
  return functions;
}

void check(int result, const char* what) {
  if (result == 0) return;
  const char* name = nullptr;
  cuda().error_name(result, &name);
  fail(std::string(what) + ": " + (name ? name : "error " + std::to_string(result)));
}

// head_depth: 0, or that of the attention that is wanted.
std::vector<char> compile(int device, int head_depth) {
  int major = 0, minor = 0;
  check(cuda().device_attribute(&major, 75, device), "cuDeviceGetAttribute");
  check(cuda().device_attribute(&minor, 76, device), "cuDeviceGetAttribute");
  const std::string architecture =
      "--gpu-architecture=sm_" + std::to_string(major) + std::to_string(minor);
  const std::string text =
      (head_depth > 0 ? "#define PENALMT_DEPTH " + std::to_string(head_depth) + "\n" : "") +
      kPreamble + kDeviceKernels;
  void* program = nullptr;
  if (cuda().create_program(&program, text.c_str(), "device_kernels.cu", 0, nullptr, nullptr) != 0)
    fail("nvrtcCreateProgram");
  const char* options[] = {architecture.c_str(), "--std=c++17"};
  if (cuda().compile_program(program, 2, options) != 0) {
    size_t size = 0;
    cuda().log_size(program, &size);
    std::string log(size, '\0');
    cuda().get_log(program, log.data());
    fail(architecture + ": " + log);
  }
  size_t size = 0;
  cuda().cubin_size(program, &size);
  std::vector<char> code(size);
  if (size == 0 || cuda().get_cubin(program, code.data()) != 0) fail("nvrtcGetCUBIN");
  return code;  // the program lives as long as the process, like its code
}

// The kernels of one GPU: those of attention for one depth, or the others.
class DeviceProgram {
 public:
  DeviceProgram(int device, int head_depth) {
    int number = 0;
    check(cuda().device_get(&number, device), "cuDeviceGet");
    check(cuda().retain_context(&context_, number), "cuDevicePrimaryCtxRetain");
    enter();
    check(cuda().load_module(&module_, compile(number, head_depth).data()), "cuModuleLoadData");
  }
  // A thread that has not spoken to the driver yet has no context.
  void enter() const {
    void* current = nullptr;
    check(cuda().get_context(&current), "cuCtxGetCurrent");
    if (current != context_) check(cuda().set_context(context_), "cuCtxSetCurrent");
  }
  void* function(const std::string& name) {
    const std::lock_guard lock(mutex_);
    void*& found = functions_[name];
    if (!found) check(cuda().get_function(&found, module_, name.c_str()), name.c_str());
    return found;
  }

 private:
  void *context_ = nullptr, *module_ = nullptr;
  std::mutex mutex_;
  std::map<std::string, void*> functions_;
};

DeviceProgram& program_of(c10::Device device, int head_depth) {
  static std::mutex mutex;
  static std::map<std::pair<int, int>, DeviceProgram> programs;
  const std::lock_guard lock(mutex);
  const int number = device.has_index() ? device.index() : 0;
  return programs.try_emplace({number, head_depth}, number, head_depth).first->second;
}

}  // namespace

std::optional<std::filesystem::path> libtorch_folder() {
  Dl_info self;
  if (dladdr(reinterpret_cast<const void*>(&at::get_num_threads), &self) == 0) return std::nullopt;
  return std::filesystem::path(self.dli_fname).parent_path();
}

void launch(c10::Device device, const std::string& kernel, const LaunchShape& shape,
            void** arguments) {
  DeviceProgram& program = program_of(device, shape.head_depth);
  program.enter();
  void* stream = c10::impl::VirtualGuardImpl(c10::kCUDA).getStream(device).native_handle();
  check(cuda().launch_kernel(program.function(kernel), static_cast<unsigned>(shape.blocks), 1, 1,
                             static_cast<unsigned>(shape.threads), 1, 1,
                             static_cast<unsigned>(shape.shared_bytes), stream, arguments, nullptr),
        kernel.c_str());
}

namespace {

// Where the blocks of a sum count themselves: zeros, which every kernel leaves as it found them.
// One stream's kernels run one after the other.
uint32_t* tickets_of(c10::Device device, int64_t wanted) {
  static std::mutex mutex;
  static auto& all = *new std::map<int, at::Tensor>;  // the driver may be gone before statics are
  const std::lock_guard lock(mutex);
  at::Tensor& tickets = all[device.has_index() ? device.index() : 0];
  if (!tickets.defined() || tickets.numel() < wanted)
    tickets =
        at::zeros({std::max<int64_t>(wanted, 4096)}, at::TensorOptions(device).dtype(at::kInt));
  return static_cast<uint32_t*>(tickets.mutable_data_ptr());
}

}  // namespace

at::Tensor device_column_sums(const at::Tensor& a, const at::Tensor& b) {
  constexpr int64_t kLanes = 32, kWarps = 8, kRowsAWarp = 16;
  const int64_t rows = a.size(0), columns = a.size(1), matrices = b.defined() ? 2 : 1;
  const int64_t places = matrices * ((columns + kLanes - 1) / kLanes);
  const int64_t slices = std::clamp<int64_t>(rows / (kWarps * kRowsAWarp), 1, 64);
  const auto options = a.options().dtype(at::kFloat);
  at::Tensor sums = at::empty({matrices, columns}, options),
             partials = at::empty({slices, places, kLanes}, options);
  launch_kernel(a.device(), kernel_for("column_sums", a.scalar_type()),
                {.blocks = places * slices,
                 .threads = kWarps * kLanes,
                 .shared_bytes = kWarps * kLanes * static_cast<int64_t>(sizeof(float))},
                a.const_data_ptr(), b.defined() ? b.const_data_ptr<float>() : nullptr,
                sums.mutable_data_ptr<float>(), partials.mutable_data_ptr<float>(),
                tickets_of(a.device(), places), static_cast<int>(slices), rows, columns);
  return sums;
}

std::string kernel_for(const char* name, at::ScalarType type) {
  TORCH_CHECK(type == at::kFloat || type == at::kBFloat16, name, ": no kernel for ", type);
  return std::string(name) + (type == at::kFloat ? "_float" : "_bfloat16");
}

}  // namespace penalmt
