// The threads of a GPU, one after the other on a CPU: enough of CUDA C++ to compile
// src/tensors/device_kernels.cu with, and to run its kernels exactly, barriers and all. Each thread
// of a block is a coroutine that runs until its next barrier.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace emulated_cuda {

struct Dimensions {
  unsigned x = 0;
};

enum class At { running, warp, block, end };

constexpr int kWarp = 32;
constexpr size_t kStack = 64 << 10;

// Goes on with the stack `to`, until somebody goes on with what is left in `from`: twenty
// instructions, where swapcontext calls the kernel of the system twice.
extern "C" void emulated_cuda_switch(void** from, void* to);
asm(R"(
.text
.globl emulated_cuda_switch
.type emulated_cuda_switch, @function
emulated_cuda_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size emulated_cuda_switch, .-emulated_cuda_switch
)");

// A block of threads and where they stand.
class Block {
 public:
  Block(int threads, const std::function<void()>& kernel) : kernel_(kernel), threads_(threads) {
    stacks_.resize(std::max(stacks_.size(), threads * kStack));
    for (int t = 0; t < threads; ++t) {
      // What emulated_cuda_switch takes from a stack: six registers and where to go on.
      const auto end =
          (reinterpret_cast<uintptr_t>(stacks_.data()) + (t + 1) * kStack) & ~uintptr_t{15};
      auto* top = reinterpret_cast<void**>(end) - 2;
      *top = reinterpret_cast<void*>(&enter);
      top -= 6;
      std::fill_n(top, 6, nullptr);
      threads_[t].stack = top;
    }
  }

  void run() {
    now_ = this;
    do {
      for (size_t t = 0; t < threads_.size(); ++t) {
        if (threads_[t].at != At::running) continue;
        thread_ = static_cast<int>(t);
        emulated_cuda_switch(&scheduler_, threads_[t].stack);
      }
    } while (release());
    now_ = nullptr;
  }

  // A thread waits for those of its warp, or of its block, that have not ended.
  void wait(At barrier) {
    Thread& thread = threads_[thread_];
    thread.at = barrier;
    emulated_cuda_switch(&thread.stack, scheduler_);
  }

  int thread() const { return thread_; }
  float& slot(int lane) { return threads_[thread_ / kWarp * kWarp + lane].slot; }
  static Block& now() { return *now_; }

 private:
  struct Thread {
    void* stack = nullptr;
    At at = At::running;
    float slot = 0;  // what it shows to its warp
  };

  static void enter() {
    Block& block = now();
    block.kernel_();
    block.wait(At::end);  // for ever
  }

  // Every thread stands at a barrier or has ended: those whose barrier is complete go on. False
  // where all have ended.
  bool release() {
    bool released = false, all_ended = true;
    bool whole_block = true;
    for (const Thread& thread : threads_)
      whole_block &= thread.at == At::block || thread.at == At::end;
    for (size_t first = 0; first < threads_.size(); first += kWarp) {
      bool whole_warp = true;
      for (size_t t = first; t < first + kWarp; ++t)
        whole_warp &= threads_[t].at == At::warp || threads_[t].at == At::end;
      for (size_t t = first; t < first + kWarp; ++t) {
        const At at = threads_[t].at;
        all_ended &= at == At::end;
        if ((at == At::warp && whole_warp) || (at == At::block && whole_block)) {
          threads_[t].at = At::running;
          released = true;
        }
      }
    }
    if (released || all_ended) return released;
    std::fprintf(stderr, "emulated cuda: threads of one block wait at different barriers\n");
    std::abort();
  }

  const std::function<void()>& kernel_;
  std::vector<Thread> threads_;
  static inline thread_local std::vector<char> stacks_;  // kept from block to block
  void* scheduler_ = nullptr;
  int thread_ = 0;
  static inline thread_local Block* now_ = nullptr;
};

inline thread_local Dimensions block_index, block_size, grid_size;
inline thread_local std::vector<float> shared_memory;

struct ThreadIndex {
  struct X {
    operator unsigned() const { return static_cast<unsigned>(Block::now().thread()); }
  } x;
};

// What a warp's threads show, put together as a GPU's butterfly of exchanges does.
template <class Join>
float of_warp(float value, const Join& join) {
  Block& block = Block::now();
  block.slot(block.thread() % kWarp) = value;
  block.wait(At::warp);
  float values[kWarp], joined[kWarp];
  for (int lane = 0; lane < kWarp; ++lane) values[lane] = block.slot(lane);
  for (int step = kWarp / 2; step > 0; step /= 2) {
    for (int lane = 0; lane < kWarp; ++lane) joined[lane] = join(values[lane], values[lane ^ step]);
    std::copy_n(joined, kWarp, values);
  }
  block.wait(At::warp);
  return values[block.thread() % kWarp];
}

}  // namespace emulated_cuda

namespace emulated_kernels {

using emulated_cuda::At;
using emulated_cuda::Block;

inline const emulated_cuda::ThreadIndex threadIdx;
#define blockIdx emulated_cuda::block_index
#define blockDim emulated_cuda::block_size
#define gridDim emulated_cuda::grid_size
#define __global__
#define __device__
#define PENALMT_SHARED(name) float* name = emulated_cuda::shared_memory.data()

inline void __syncthreads() { Block::now().wait(At::block); }
inline void __threadfence() {}
inline unsigned atomicAdd(unsigned* where, unsigned more) {
  return std::exchange(*where, *where + more);
}
inline void __syncwarp() { Block::now().wait(At::warp); }
inline float warp_sum(float x) {
  return emulated_cuda::of_warp(x, [](float a, float b) { return a + b; });
}
inline float warp_max(float x) {
  return emulated_cuda::of_warp(x, [](float a, float b) { return b > a ? b : a; });
}
inline float __uint_as_float(unsigned bits) { return std::bit_cast<float>(bits); }
inline unsigned __float_as_uint(float x) { return std::bit_cast<unsigned>(x); }

#define PENALMT_EVERYTHING
#include "tensors/device_kernels.cu"

}  // namespace emulated_kernels
