// Processes that train one model together: each has its share of every update's batches, and all
// take the same step.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace penalmt {

// How a process ended.
struct ProcessEnd {
  int rank = 0;
  int status = 1;    // the program's exit status
  std::string text;  // says which process and why: "rank 2 of 4 (process 12 on mill): ..."
};

// Another process has ended, so the work in common cannot go on.
class OtherProcessEnded : public std::runtime_error {
 public:
  explicit OtherProcessEnded(ProcessEnd end) : std::runtime_error(end.text), end_(std::move(end)) {}
  const ProcessEnd& end() const { return end_; }

 private:
  ProcessEnd end_;
};

// What they do in common: all of them call the same members in the same order, and each waits for
// the others. Throws OtherProcessEnded where one is gone.
class ProcessGroup {
 public:
  virtual ~ProcessGroup() = default;
  virtual int rank() const = 0;  // from 0
  virtual int size() const = 0;
  virtual int rank_on_machine() const { return 0; }  // among those of one machine, from 0
  bool leads() const { return rank() == 0; }         // that one alone writes and prints

  // Where this process's model is, which sums are then made for. To be called once.
  virtual void use_device(c10::Device) {}

  // Every element becomes its sum over the processes: the same bits in all of them.
  virtual void sum(const at::Tensor& values) = 0;
  // Every element becomes that of rank 0.
  virtual void share(const at::Tensor& values) = 0;

  std::vector<double> sums(std::vector<double> values);
  bool any(bool value);                         // whether it is true in any of them
  std::string shared(const std::string& text);  // that of rank 0
};

// One process by itself.
ProcessGroup& single_process();

}  // namespace penalmt
