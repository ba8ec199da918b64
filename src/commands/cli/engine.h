// The other executable, where only that one will do (commands/registry.h).
#pragma once

namespace penalmt {

// In `penalmt` it does not return: the engine does what the command line says, from its beginning.
// Nothing may have been read from standard input before. Throws as hand_over. In the engine it does
// nothing.
void run_in_engine();

}  // namespace penalmt
