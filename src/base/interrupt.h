// Ctrl-C and SIGTERM: the first asks the work to stop where it can save what is worth keeping, a second one ends the
// program at once.
#pragma once

namespace penalmt {

// Installs the handlers. Blocking reads return early, so that a program that waits for input stops too.
void watch_for_interrupts();

// True from the first signal on.
bool interrupted();

// Throws Interrupted from the first signal on.
void throw_if_interrupted();

}  // namespace penalmt
