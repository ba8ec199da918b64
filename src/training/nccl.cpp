#include "training/nccl.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <c10/core/DeviceGuard.h>
#include <c10/core/Stream.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include "base/error.h"

namespace penalmt {
namespace {

struct Id {  // ncclUniqueId
  char bytes[128];
};

// nccl.h of NCCL 2. Results are 0 or an error, streams are CUDA's.
struct Nccl {
  int (*get_id)(Id*);
  int (*init_rank)(void**, int, Id, int);
  int (*abort)(void*);
  int (*async_error)(void*, int*);
  int (*all_reduce)(const void*, void*, size_t, int, int, void*, void*);
  int (*broadcast)(const void*, void*, size_t, int, int, void*, void*);
  const char* (*error_string)(int);
  bool found = true;
};

const Nccl& nccl() {
  static const Nccl functions = [] {
    Nccl all;
    const auto find = [&](auto& function, const char* name) {
      function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(
          dlsym(RTLD_DEFAULT, name));  // libtorch_cuda.so was opened for all to see
      all.found = all.found && function != nullptr;
    };
    find(all.get_id, "ncclGetUniqueId");
    find(all.init_rank, "ncclCommInitRank");
    find(all.abort, "ncclCommAbort");
    find(all.async_error, "ncclCommGetAsyncError");
    find(all.all_reduce, "ncclAllReduce");
    find(all.broadcast, "ncclBroadcast");
    find(all.error_string, "ncclGetErrorString");
    return all;
  }();
  return functions;
}

void check(int result, const char* what) {
  constexpr int kInProgress = 7;
  if (result == 0 || result == kInProgress) return;
  throw MachineError(fmt::format("NCCL: {}: {}; NCCL_DEBUG=WARN in the environment says more", what,
                                 nccl().error_string(result)));
}

int number_of(at::ScalarType type) {
  switch (type) {
    case at::kByte:
      return 1;
    case at::kInt:
      return 2;
    case at::kLong:
      return 4;
    case at::kFloat:
      return 7;
    case at::kDouble:
      return 8;
    case at::kBFloat16:
      return 9;
    default:
      TORCH_CHECK(false, "no sum of ", type, " by NCCL");
  }
}

c10::Stream stream_of(c10::Device device) {
  return c10::impl::VirtualGuardImpl(device.type()).getStream(device);
}

}  // namespace

bool NcclCommunicator::available() { return nccl().found; }

std::string NcclCommunicator::make_id() {
  Id id = {};
  check(nccl().get_id(&id), "ncclGetUniqueId");
  return {id.bytes, sizeof id.bytes};
}

NcclCommunicator::NcclCommunicator(const std::string& text, int rank, int size, c10::Device device)
    : device_(device) {
  const c10::DeviceGuard here(device);
  Id id = {};
  text.copy(id.bytes, sizeof id.bytes);
  check(nccl().init_rank(&communicator_, size, id, rank), "ncclCommInitRank");
}

NcclCommunicator::~NcclCommunicator() {
  if (communicator_ != nullptr) nccl().abort(communicator_);
}

void NcclCommunicator::sum(const at::Tensor& values) {
  const c10::DeviceGuard here(device_);
  constexpr int kSum = 0;
  void* numbers = values.mutable_data_ptr();
  check(nccl().all_reduce(numbers, numbers, static_cast<size_t>(values.numel()),
                          number_of(values.scalar_type()), kSum, communicator_,
                          stream_of(device_).native_handle()),
        "ncclAllReduce");
}

void NcclCommunicator::share(const at::Tensor& values) {
  const c10::DeviceGuard here(device_);
  void* numbers = values.mutable_data_ptr();
  check(nccl().broadcast(numbers, numbers, static_cast<size_t>(values.numel()),
                         number_of(values.scalar_type()), /*root=*/0, communicator_,
                         stream_of(device_).native_handle()),
        "ncclBroadcast");
}

bool NcclCommunicator::done() const {
  int error = 0;
  check(nccl().async_error(communicator_, &error), "ncclCommGetAsyncError");
  check(error, "a connection between GPUs");
  return stream_of(device_).query();
}

}  // namespace penalmt
