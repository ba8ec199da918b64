// NCCL, by its C interface: sums among processes that have a GPU each. It is found among the
// libraries that LibTorch's CUDA libraries bring along; none of its headers are needed, and the
// same binary runs without it.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <string>

namespace penalmt {

class NcclCommunicator {
 public:
  static bool available();
  // What rank 0 makes and tells the others. Throws as the constructor.
  static std::string make_id();

  // Waits until all have come. Throws MachineError in NCCL's words.
  NcclCommunicator(const std::string& id, int rank, int size, c10::Device device);
  ~NcclCommunicator();  // ends what is still under way
  NcclCommunicator(const NcclCommunicator&) = delete;
  NcclCommunicator& operator=(const NcclCommunicator&) = delete;

  // Queued behind what runs on LibTorch's current stream of the device: every element of a
  // contiguous tensor there becomes its sum over the processes, or that of rank 0. Throws as the
  // constructor.
  void sum(const at::Tensor& values);
  void share(const at::Tensor& values);
  // Whether the stream has done all that was queued. Throws as the constructor.
  bool done() const;

 private:
  c10::Device device_;
  void* communicator_ = nullptr;
};

}  // namespace penalmt
