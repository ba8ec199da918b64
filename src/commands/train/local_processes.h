// The other processes of a training that this one begins on this machine: the program again, with
// the same arguments.
#pragma once

#include <sys/types.h>

#include <vector>

#include "training/process_place.h"

namespace penalmt {

class LocalProcesses {
 public:
  // Starts ranks 1 to size - 1. Call it before there are threads. Throws as throw_file_error
  // (base/files.h) where the system has no process or no port to give.
  explicit LocalProcesses(int size);
  // Waits for them; one that does not end by itself is ended.
  ~LocalProcesses();
  LocalProcesses(const LocalProcesses&) = delete;
  LocalProcesses& operator=(const LocalProcesses&) = delete;

  // That of this process, rank 0.
  const ProcessPlace& place() const { return place_; }

 private:
  ProcessPlace place_;
  std::vector<pid_t> children_;
};

}  // namespace penalmt
