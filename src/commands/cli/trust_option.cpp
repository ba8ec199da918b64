#include "commands/cli/trust_option.h"

#include <CLI/CLI.hpp>

#include "datasets/features/script_trust.h"

namespace penalmt {

void add_trust_option(CLI::App& command) {
  command.add_flag_callback(
      "--trust-encoder", [] { trust_all_scripts(); },
      "run an exported encoder whatever it calls: it may read and write any file of yours; "
      "without it, the operators of image networks alone");
}

}  // namespace penalmt
