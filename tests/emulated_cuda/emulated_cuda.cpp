// A CUDA device that is not there: LibTorch's device type "cuda" over the CPU's memory and
// operators, for machines without a GPU. The tests preload it (the target emulated_cuda):
//
//   LD_PRELOAD=$PWD/libemulated_cuda.so EMULATED_CUDA_REPORT=1 penalmt-engine train RECIPE --device
//   cuda ...
//
// The unmodified program believes in a GPU (cuInit, cuDeviceGetCount and the opening of
// libtorch_cuda.so are answered here) and takes its GPU branches: transfers, autocast, fused
// optimiser, devices that must agree. A tensor on the CPU beside one on the device is an error, as
// on a GPU (0-dimensional ones and index tensors are allowed there, too). What it shows: that the
// code is right, and how many operators it would launch, how often the host would wait (item,
// nonzero) and copy to or from it (a copy to the host waits, too). What it cannot show: speed,
// CUDA's own kernels (attention takes the composed path here), streams, memory. Tried with
// LibTorch 2.11.0: training with each of the five fusions and dropout 0 gives the CPU's losses,
// translation the CPU's text.
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/EmptyTensor.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <ATen/detail/PrivateUse1HooksInterface.h>
#include <ATen/native/CPUFallback.h>
#include <ATen/native/TensorFactories.h>
#include <ATen/ops/_reshape_alias_native.h>
#include <ATen/ops/as_strided_cpu_dispatch.h>
#include <ATen/ops/as_strided_native.h>
#include <ATen/ops/resize_native.h>
#include <ATen/ops/set_native.h>
#include <ATen/ops/view_native.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <c10/core/impl/alloc_cpu.h>
#include <torch/library.h>
#include <torch/torch.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>
namespace {
thread_local bool falling_back = false;
std::mutex counting;
std::map<std::string, long> launched;
std::atomic<long> waits{0}, to_device{0}, to_host{0};
constexpr auto kDev = c10::DeviceType::CUDA;
void count_launch(const char* name) {
  std::lock_guard<std::mutex> l(counting);
  ++launched[name];
}
}  // namespace
#include "nccl.h"
namespace {
// EMULATED_CUDA_DEVICES: how many there are, each for a process of its own.
int devices() {
  const char* asked = std::getenv("EMULATED_CUDA_DEVICES");
  return asked ? std::atoi(asked) : 1;
}
std::atomic<c10::DeviceIndex> current{0};
// EMULATED_CUDA_MEMORY: the bytes that the device has; as many as wanted where it is not set.
std::mutex memory;
std::map<void*, size_t> taken;
size_t in_use = 0, most_in_use = 0;
void release(void* p) {
  {
    std::lock_guard<std::mutex> l(memory);
    const auto found = taken.find(p);
    if (found != taken.end()) {
      in_use -= found->second;
      taken.erase(found);
    }
  }
  c10::free_cpu(p);
}
struct Alloc final : c10::Allocator {
  c10::DataPtr allocate(size_t n) override {
    static const char* limit = std::getenv("EMULATED_CUDA_MEMORY");
    void* p = nullptr;
    if (n) {
      std::lock_guard<std::mutex> l(memory);
      TORCH_CHECK_WITH(OutOfMemoryError, !limit || in_use + n <= std::strtoull(limit, nullptr, 10),
                       "CUDA out of memory. Tried to allocate ", n, " bytes.");
      p = c10::alloc_cpu(n);
      in_use += taken[p] = n;
      most_in_use = std::max(most_in_use, in_use);
    }
    return {p, p, &release, c10::Device(kDev, current)};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &release; }
  void copy_data(void* d, const void* s, std::size_t n) const final { std::memcpy(d, s, n); }
};
Alloc alloc;
struct Guard final : c10::impl::DeviceGuardImplInterface {
  c10::DeviceType type() const override { return kDev; }
  c10::Device exchangeDevice(c10::Device d) const override {
    return {kDev, current.exchange(d.index())};
  }
  c10::Device getDevice() const override { return {kDev, current}; }
  void setDevice(c10::Device d) const override { current = d.index(); }
  void uncheckedSetDevice(c10::Device d) const noexcept override { current = d.index(); }
  c10::Stream getStream(c10::Device d) const override {
    return c10::Stream(c10::Stream::DEFAULT, d);
  }
  c10::Stream getDefaultStream(c10::Device d) const override {
    return c10::Stream(c10::Stream::DEFAULT, d);
  }
  c10::Stream exchangeStream(c10::Stream s) const override {
    return c10::Stream(c10::Stream::DEFAULT, s.device());
  }
  c10::DeviceIndex deviceCount() const noexcept override {
    return static_cast<c10::DeviceIndex>(devices());
  }
  void record(void**, const c10::Stream&, const c10::DeviceIndex,
              const c10::EventFlag) const override {}
  void block(void*, const c10::Stream&) const override {}
  bool queryEvent(void*) const override { return true; }
  void destroyEvent(void*, const c10::DeviceIndex) const noexcept override {}
  bool queryStream(const c10::Stream&) const override { return emulated_nccl::queued == 0; }
  void synchronizeStream(const c10::Stream&) const override {
    while (emulated_nccl::queued > 0) std::this_thread::yield();
  }
  void* getStreamNativeHandle(const c10::Stream) const override { return nullptr; }
};
at::Tensor empty(c10::SymIntArrayRef size, std::optional<at::ScalarType> t,
                 std::optional<at::Layout>, std::optional<at::Device>, std::optional<bool>,
                 std::optional<at::MemoryFormat> f) {
  return at::detail::empty_generic(C10_AS_INTARRAYREF_SLOW(size), &alloc,
                                   c10::DispatchKeySet(c10::DispatchKey::CUDA),
                                   c10::dtype_or_default(t), f);
}
at::Tensor empty_strided(c10::SymIntArrayRef size, c10::SymIntArrayRef stride,
                         std::optional<at::ScalarType> t, std::optional<at::Layout>,
                         std::optional<at::Device>, std::optional<bool>) {
  return at::detail::empty_strided_generic(
      C10_AS_INTARRAYREF_SLOW(size), C10_AS_INTARRAYREF_SLOW(stride), &alloc,
      c10::DispatchKeySet(c10::DispatchKey::CUDA), c10::dtype_or_default(t));
}
// the same memory seen as a CPU tensor
at::Tensor on_cpu(const at::Tensor& t) {
  if (t.is_cpu()) return t;
  return at::from_blob(
      t.storage().mutable_data() ? t.mutable_data_ptr() : nullptr, t.sizes(), t.strides(),
      [keep = t](void*) {}, t.options().device(at::kCPU).requires_grad(false));
}
at::Tensor copy_from(const at::Tensor& self, const at::Tensor& dst, bool) {
  if (!falling_back) {
    if (dst.is_cpu())
      ++to_host;
    else if (self.is_cpu())
      ++to_device;
  }
  at::NoGradGuard g;
  on_cpu(dst).copy_(on_cpu(self));
  return dst;
}
at::Tensor copy_from_and_resize(const at::Tensor& self, const at::Tensor& dst) {
  at::NoGradGuard g;
  dst.resize_(self.sizes());
  on_cpu(dst).copy_(on_cpu(self));
  return dst;
}
at::Tensor& copy_(at::Tensor& self, const at::Tensor& src, bool) {
  if (falling_back) {
  } else if (self.is_cpu())
    ++to_host;
  else if (src.is_cpu())
    ++to_device;
  else {
    std::lock_guard<std::mutex> l(counting);
    ++launched["aten::copy_"];
  }
  at::NoGradGuard g;
  auto c = on_cpu(self);
  c.copy_(on_cpu(src));
  return self;
}
// The means that training keeps are written although the operator does not declare it: a fallback
// would lose them.
std::tuple<at::Tensor, at::Tensor, at::Tensor> batch_norm(
    const at::Tensor& x, const std::optional<at::Tensor>& weight,
    const std::optional<at::Tensor>& bias, const std::optional<at::Tensor>& mean,
    const std::optional<at::Tensor>& variance, bool training, double momentum, double epsilon) {
  {
    std::lock_guard<std::mutex> l(counting);
    ++launched["aten::native_batch_norm"];
  }
  const auto here = [](const std::optional<at::Tensor>& t) {
    return t && t->defined() ? std::optional<at::Tensor>(on_cpu(*t)) : t;
  };
  at::NoGradGuard g;
  const auto [y, kept_mean, kept_rstd] = at::native_batch_norm(
      on_cpu(x), here(weight), here(bias), here(mean), here(variance), training, momentum, epsilon);
  return {y.to(x.device()), kept_mean.to(x.device()), kept_rstd.to(x.device())};
}
// One kernel on a GPU.
void foreach_add(at::TensorList to, at::TensorList from, const at::Scalar& alpha) {
  {
    std::lock_guard<std::mutex> l(counting);
    ++launched["aten::_foreach_add_"];
  }
  at::NoGradGuard g;
  for (size_t i = 0; i < to.size(); ++i) on_cpu(to[i]).add_(on_cpu(from[i]), alpha);
}
at::Scalar local_scalar(const at::Tensor& t) {
  ++waits;
  return on_cpu(t).item();
}
at::Tensor view_(const at::Tensor& s, c10::SymIntArrayRef sz) {
  return at::native::view(s, C10_AS_INTARRAYREF_SLOW(sz));
}
at::Tensor as_strided_(const at::Tensor& s, c10::SymIntArrayRef sz, c10::SymIntArrayRef st,
                       std::optional<c10::SymInt> off) {
  return at::native::as_strided_tensorimpl(
      s, C10_AS_INTARRAYREF_SLOW(sz), C10_AS_INTARRAYREF_SLOW(st),
      off ? std::optional<int64_t>(off->expect_int()) : std::nullopt);
}
at::Tensor reshape_alias(const at::Tensor& s, c10::SymIntArrayRef sz, c10::SymIntArrayRef st) {
  return at::native::_reshape_alias(s, C10_AS_INTARRAYREF_SLOW(sz), C10_AS_INTARRAYREF_SLOW(st));
}
const at::Tensor& resize(const at::Tensor& self, c10::SymIntArrayRef size,
                         std::optional<at::MemoryFormat>) {
  auto s = C10_AS_INTARRAYREF_SLOW(size);
  int64_t n = 1;
  for (auto x : s) n *= x;
  size_t bytes = n * self.element_size();
  auto* st = self.storage().unsafeGetStorageImpl();
  if (bytes > st->nbytes()) {
    auto p = alloc.allocate(bytes);
    std::memcpy(p.get(), st->data(), st->nbytes());
    st->set_data_ptr_noswap(std::move(p));
    st->set_nbytes(bytes);
  }
  self.unsafeGetTensorImpl()->set_sizes_contiguous(s);
  return self;
}
void fallback(const c10::OperatorHandle& op, torch::jit::Stack* stack) {
  const auto n = op.schema().arguments().size();
  bool dev = false, cpu = false;
  auto see = [&](const at::Tensor& t) {
    if (!t.defined()) return;
    if (t.is_cpu()) {
      if (t.dim() > 0) cpu = true;
    } else
      dev = true;
  };
  for (const auto& v : torch::jit::last(*stack, n)) {
    if (v.isTensor())
      see(v.toTensor());
    else if (v.isTensorList())
      for (const at::Tensor t : v.toTensorList()) see(t);
  }
  const std::string name = op.schema().name();
  // A GPU takes index tensors of the CPU in these alone.
  const bool indexed = name == "aten::index" || name == "aten::index_put" ||
                       name == "aten::index_put_" || name == "aten::_index_put_impl_";
  TORCH_CHECK(!(dev && cpu) || indexed, name, ": tensors on two devices");
  if (name == "aten::nonzero" || name == "aten::masked_select")
    ++waits;  // the host needs the size of the result
  {
    std::lock_guard<std::mutex> l(counting);
    ++launched[name];
  }
  struct Scope {
    bool before = std::exchange(falling_back, true);
    ~Scope() { falling_back = before; }
  } scope;
  at::native::cpu_fallback(op, stack);
}
}  // namespace
namespace at {
struct EmulatedCudaHooks : CUDAHooksInterface {
  EmulatedCudaHooks(CUDAHooksArgs) {}
  void init() const override {}
  bool hasCUDA() const override { return true; }
  bool isBuilt() const override { return true; }
  bool isAvailable() const override { return true; }
  const Generator& getDefaultGenerator(c10::DeviceIndex) const override {
    static Generator g = at::detail::getDefaultCPUGenerator();
    return g;
  }
  bool hasPrimaryContext(c10::DeviceIndex) const override { return true; }
  c10::DeviceIndex deviceCount() const override { return static_cast<c10::DeviceIndex>(devices()); }
  c10::DeviceIndex getCurrentDevice() const override { return current; }
  Allocator* getPinnedMemoryAllocator() const override { return c10::GetAllocator(c10::kCPU); }
};
C10_REGISTER_CLASS(CUDAHooksRegistry, CUDAHooks, EmulatedCudaHooks)
}  // namespace at
C10_REGISTER_GUARD_IMPL(CUDA, Guard)
TORCH_LIBRARY_IMPL(aten, CUDA, m) {
  m.impl("empty.memory_format", &empty);
  m.impl("empty_strided", &empty_strided);
  m.impl("_copy_from", &copy_from);
  m.impl("_copy_from_and_resize", &copy_from_and_resize);
  m.impl("copy_", &copy_);
  m.impl("_local_scalar_dense", &local_scalar);
  m.impl("_foreach_add_.List", &foreach_add);
  m.impl("native_batch_norm", &batch_norm);
  m.impl("view", &view_);
  m.impl("as_strided", &as_strided_);
  m.impl("_reshape_alias", &reshape_alias);
  m.impl("resize_", &resize);
}
TORCH_LIBRARY_IMPL(_, CUDA, m) {
  m.fallback(torch::CppFunction::makeFromBoxedFunction<&fallback>());
}

// ---- kernels of our own
// --------------------------------------------------------------------------------------------------
// The driver and the compiler as device_program.cpp calls them: a "module" is a mark, a function
// one of ours compiled for the CPU.
#include "threads.h"

namespace {
template <class... Arguments, size_t... places>
void call(void (*kernel)(Arguments...), void** arguments, std::index_sequence<places...>) {
  kernel(*static_cast<Arguments*>(arguments[places])...);
}
template <class... Arguments>
std::function<void(void**)> callable(void (*kernel)(Arguments...)) {
  return [kernel](void** arguments) {
    call(kernel, arguments, std::index_sequence_for<Arguments...>());
  };
}
struct Kernel {
  std::string name;
  std::function<void(void**)> run;
};
std::map<std::string, Kernel>& kernels() {
  static std::map<std::string, Kernel> all;
  if (!all.empty()) return all;
#define KERNEL(NAME) all[#NAME] = {"penalmt::" #NAME, callable(&emulated_kernels::NAME)}
#define KERNELS(NAME) KERNEL(NAME##_float), KERNEL(NAME##_bfloat16)
  KERNEL(dropout_rows);
  KERNEL(embed_rows);
  KERNEL(embed_rows_backward);
  KERNELS(column_sums);
  KERNELS(residual_norm);
  KERNELS(residual_norm_backward);
  KERNELS(attention);
  KERNELS(attention_queries);
  KERNELS(attention_keys);
  KERNELS(token_loss);
  KERNELS(pair_loss);
  return all;
}
}  // namespace

extern "C" {
int cuInit(unsigned) { return 0; }
int cuDeviceGetCount(int* n) {
  *n = devices();
  return 0;
}
int cuDeviceGetUuid_v2(unsigned char* uuid, int device) {
  std::memset(uuid, device + 1, 16);
  return 0;
}
int cuDeviceGet(int* device, int number) {
  *device = number;
  return 0;
}
int cuDeviceGetAttribute(int* value, int which, int) {
  *value = which == 75 ? 9 : 0;  // compute capability 9.0
  return 0;
}
int cuDevicePrimaryCtxRetain(void** context, int) {
  static int mark;
  *context = &mark;
  return 0;
}
int cuCtxGetCurrent(void** context) { return cuDevicePrimaryCtxRetain(context, 0); }
int cuCtxSetCurrent(void*) { return 0; }
int cuModuleLoadData(void** module, const void*) { return cuDevicePrimaryCtxRetain(module, 0); }
int cuGetErrorName(int, const char** name) {
  *name = "no such kernel";
  return 0;
}
int cuModuleGetFunction(void** function, void*, const char* name) {
  const auto found = kernels().find(name);
  if (found == kernels().end()) return 500;
  *function = &found->second;
  return 0;
}
int cuLaunchKernel(void* function, unsigned blocks, unsigned, unsigned, unsigned threads, unsigned,
                   unsigned, unsigned shared_bytes, void*, void** arguments, void**) {
  auto& kernel = *static_cast<Kernel*>(function);
  {
    std::lock_guard<std::mutex> l(counting);
    ++launched[kernel.name];
  }
  emulated_cuda::shared_memory.assign(shared_bytes / sizeof(float), NAN);
  emulated_cuda::block_size.x = threads;
  emulated_cuda::grid_size.x = blocks;
  const std::function<void()> run = [&] { kernel.run(arguments); };
  for (unsigned b = 0; b < blocks; ++b) {
    emulated_cuda::block_index.x = b;
    emulated_cuda::Block(static_cast<int>(threads), run).run();
  }
  return 0;
}
int nvrtcCreateProgram(void** program, const char*, const char*, int, const char* const*,
                       const char* const*) {
  return cuDevicePrimaryCtxRetain(program, 0);
}
int nvrtcCompileProgram(void*, int, const char* const*) { return 0; }
int nvrtcGetProgramLogSize(void*, size_t* size) {
  *size = 0;
  return 0;
}
int nvrtcGetProgramLog(void*, char*) { return 0; }
int nvrtcGetCUBINSize(void*, size_t* size) {
  *size = 1;
  return 0;
}
int nvrtcGetCUBIN(void*, char* code) {
  *code = 0;
  return 0;
}
}

// What a program asks before it believes in a GPU.
#include <dlfcn.h>
extern "C" void* dlopen(const char* file, int flags) {
  using Open = void* (*)(const char*, int);
  static Open real = reinterpret_cast<Open>(dlsym(RTLD_NEXT, "dlopen"));
  if (file)
    for (const char* library : {"libcuda.so.1", "libtorch_cuda.so", "libcaffe2_nvrtc.so"})
      if (std::strstr(file, library)) return real(nullptr, RTLD_NOW);
  return real(file, flags);
}
namespace {
struct Start {
  Start() { c10::SetAllocator(kDev, &alloc); }
  ~Start() {
    if (!std::getenv("EMULATED_CUDA_REPORT")) return;
    long all = 0;
    std::vector<std::pair<long, std::string>> by;
    for (auto& [n, c] : launched) {
      all += c;
      by.push_back({c, n});
    }
    std::sort(by.rbegin(), by.rend());
    std::fprintf(stderr,
                 "emulated cuda: %ld operators, %ld waits of the host (item, nonzero), %ld copies "
                 "to the host, %ld to "
                 "the device, %zu bytes at most\n",
                 all, waits.load(), to_host.load(), to_device.load(), most_in_use);
    for (size_t i = 0; i < by.size() && i < 60; ++i)
      std::fprintf(stderr, "  %8ld %s\n", by[i].first, by[i].second.c_str());
  }
} start;
}  // namespace
