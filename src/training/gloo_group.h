// Processes joined by LibTorch's Gloo. Where each has a GPU of its own, what lies there is summed
// by NCCL; where all are on one machine, what lies in memory is summed in memory that they share.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "training/process_group.h"
#include "training/process_place.h"

namespace penalmt {

class NcclCommunicator;
class RankWatch;
class SharedMemory;

class GlooGroup : public ProcessGroup {
 public:
  // Meets the others. A process that gives no sign of life for `silence` is taken for gone; they
  // wait twice as long for each other at the start. Throws Error where the port is in use, two
  // processes have one rank, or their versions or numbers of processes differ; OtherProcessEnded
  // where one does not come; MachineError where they cannot reach each other; Interrupted after
  // Ctrl-C.
  GlooGroup(const ProcessPlace& place, std::chrono::seconds silence);
  ~GlooGroup() override;
  GlooGroup(const GlooGroup&) = delete;
  GlooGroup& operator=(const GlooGroup&) = delete;

  int rank() const override { return place_.rank; }
  int size() const override { return place_.size; }
  int rank_on_machine() const override { return place_.rank_on_machine; }
  // On GPUs that are shared, or without NCCL, sums go through the CPU: rank 0 says so. Throws as
  // NcclCommunicator, and Error for another word than yes or no in PENALMT_SHARED_MEMORY.
  void use_device(c10::Device device) override;
  // Both also throw MachineError where a connection was lost and every process lives, and as
  // NcclCommunicator. Where they
  // throw, `values` are undefined and the group is of no more use.
  void sum(const at::Tensor& values) override;
  void share(const at::Tensor& values) override;

  // How another process ended, where one did; this one is then asked to end, too (ask_for_end,
  // base/interrupt.h).
  std::optional<ProcessEnd> other_end();
  // Tells the others how this process fails, and ends the group.
  void fail(int status, const std::string& text);

 private:
  struct Connections;
  void meet(std::chrono::seconds patience);
  void connect(std::chrono::seconds silence);
  void finish_work();
  void share_memory();
  void glance();
  [[noreturn]] void lose(const std::string& problem);
  [[noreturn]] void refuse(const std::string& text);
  std::string name() const;
  void wait_for_gpus();

  ProcessPlace place_;
  std::unique_ptr<Connections> connections_;
  std::shared_ptr<RankWatch> watch_;
  std::unique_ptr<SharedMemory> memory_;    // null: sums on the CPU go through Gloo
  std::unique_ptr<NcclCommunicator> gpus_;  // null: sums go through the CPU
};

}  // namespace penalmt
