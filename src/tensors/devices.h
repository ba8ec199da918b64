// Where tensors live and how many threads work on them. One binary serves machines with and without
// a GPU: it is linked with LibTorch's CPU libraries, and the CUDA ones are opened here, at run
// time.
#pragma once

#include <string>

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

namespace penalmt {

// "cpu", "cuda", or "auto": a GPU where there is one, of several that of this number modulo theirs,
// which becomes this thread's current one. Call it before anything else asks LibTorch
// about CUDA, which remembers the first answer. Throws Error where "cuda" is asked for and cannot
// be had; "auto" takes the CPU then, with a warning if there is a GPU that LibTorch cannot use.
c10::Device choose_device(const std::string& name, int number = 0);

// What tells a GPU from all others, of other machines, too: its UUID. Throws MachineError where its
// driver does not say.
std::string name_of_gpu(c10::Device device);

// Itself where the device is the CPU; else a copy in pinned memory, from which the device copies
// while the host goes on (Tensor::to with non_blocking).
at::Tensor pinned_for(c10::Device device, const at::Tensor& tensor);

// Threads for tensor operations, at most one a core that this process may use; 0: as many. Where
// the system has fewer to give, half of those that it has.
void set_threads(int threads);

// While it lives, tensor operations of this thread run on it alone: for workers that each do whole
// batches.
class SingleThreadedScope {
 public:
  SingleThreadedScope();
  ~SingleThreadedScope();
  SingleThreadedScope(const SingleThreadedScope&) = delete;
  SingleThreadedScope& operator=(const SingleThreadedScope&) = delete;

 private:
  int before_;
};

// Bounds the memory that oneDNN keeps for code generated a shape. Call it before the first product.
void bound_kernel_cache();

}  // namespace penalmt
