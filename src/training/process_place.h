// Where a process stands among those that train one model together.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace penalmt {

struct ProcessPlace {
  int rank = 0, size = 1;
  int on_this_machine = 1;  // how many of them share its processors
  int rank_on_machine = 0;  // among those
  std::string address = "127.0.0.1";
  uint16_t port = 0;            // where they meet
  int listener = -1;            // a socket of rank 0 that listens there already; -1: none
  bool launcher_meets = false;  // the launcher answers there, in place of rank 0
  std::string prefix;           // of what they write there: one start's is not another's
};

// From RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT, as torchrun sets them (and LOCAL_RANK and
// LOCAL_WORLD_SIZE where they are set); nullopt where WORLD_SIZE is not set, or 1. Throws Error
// where one of the others is missing or no such number.
std::optional<ProcessPlace> place_from_environment();

}  // namespace penalmt
