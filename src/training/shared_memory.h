// Sums over processes of one machine, through memory that they share.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace penalmt {

// All processes call sum() and share() in the same order, and each waits for the others. What they
// share is gone with the last of them, however they end.
class SharedMemory {
 public:
  // Called twice a second while this process waits for another; what it throws ends the wait, after
  // which the memory is of no more use.
  using Glance = std::function<void()>;

  // Rank 0's, for `size` processes. Throws std::system_error where the system has none to give.
  explicit SharedMemory(int size);
  // Rank 0's by its name(), for another process. Throws std::system_error where it cannot be
  // reached: from another machine, or from another container.
  SharedMemory(const std::string& name, int rank, int size);
  ~SharedMemory();
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;

  std::string name() const;
  // To be called by all of them once all have opened it, before any sum.
  void join(const Glance& glance);

  // Every element becomes its sum over the processes, the same bits in all of them. `values`: on
  // the CPU, contiguous, of the same type and size everywhere.
  void sum(const at::Tensor& values, const Glance& glance);
  // Every element becomes that of rank 0.
  void share(const at::Tensor& values, const Glance& glance);

  // Whether one of the others has ended, as far as the system tells.
  bool one_is_gone() const;

 private:
  struct Place;
  SharedMemory(int rank, int size) : rank_(rank), size_(size) {}
  size_t bytes() const;
  void map();
  Place& place(int rank) const;
  char* slot(int rank) const;
  void meet(const Glance& glance);

  const int rank_, size_;
  int file_ = -1;
  char* memory_ = nullptr;
  uint32_t meetings_ = 0;
  std::vector<int> others_;  // their processes' descriptors (pidfd_open), as far as there are any
};

}  // namespace penalmt
