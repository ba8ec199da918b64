// Options that several commands share.
#pragma once

#include <cstdint>
#include <string>

namespace CLI {
class App;
}

namespace penalmt {

struct MachineOptions {
  std::string device = "auto";  // auto: a GPU where there is one
  int threads = 0;              // 0: all cores
};

// --device auto|cpu|cuda and --threads N.
void add_machine_options(CLI::App& command, MachineOptions& options);

// --seed N.
void add_seed_option(CLI::App& command, uint64_t& seed);

}  // namespace penalmt
