#include "commands/common.h"

#include <CLI/CLI.hpp>

namespace penalmt {

void add_machine_options(CLI::App& command, MachineOptions& options) {
  command.add_option("--device", options.device, "auto (a GPU where there is one), cpu or cuda")
      ->check(CLI::IsMember({"auto", "cpu", "cuda"}))
      ->capture_default_str();
  command.add_option("--threads", options.threads, "processor threads; 0: all cores")
      ->check(CLI::Range(0, 4096))
      ->capture_default_str();
}

void add_seed_option(CLI::App& command, uint64_t& seed) {
  command.add_option("--seed", seed, "where random numbers start: the same seed gives the same result")
      ->capture_default_str();
}

}  // namespace penalmt
