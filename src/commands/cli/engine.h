// The other executable, where only that one will do (commands/registry.h).
#pragma once

namespace penalmt {

// For `penalmt` alone. Does not return: the engine does what the command line says, from its
// beginning. Nothing may have been read from standard input before. Throws as hand_over, and Error
// where a bundle's machine has no LibTorch.
[[noreturn]] void run_in_engine();

}  // namespace penalmt
