// Ctrl-C, SIGTERM and SIGHUP: the first asks the work to stop where it can save what is worth
// keeping, a second one ends the program at once. A terminal that closes sends SIGHUP more than
// once: that is never a second one.
#pragma once

namespace penalmt {

// Installs the handlers. Call it once, before there are threads. A SIGHUP that is ignored (nohup)
// stays so.
void watch_for_interrupts();

// True from the first signal on, and after ask_for_end().
bool interrupted();

// Throws Interrupted from the first signal on.
void throw_if_interrupted();

// Asks the work to stop as a first signal does, where nobody will want its result. A signal after
// it is still the first.
void ask_for_end();

// While one lives, a first signal interrupts nothing but wait(): what a server has begun it ends in
// peace. A second one ends the program at once, as ever. One at a time, made by the thread that
// waits; no signal came before (it throws Interrupted).
class AwaitedSignal {
 public:
  AwaitedSignal();
  ~AwaitedSignal();
  AwaitedSignal(const AwaitedSignal&) = delete;
  AwaitedSignal& operator=(const AwaitedSignal&) = delete;
  // Returns once a signal came, or ask_for_end() was called.
  void wait() const;
};

// Waits until `descriptor` can be read; throws Interrupted where a signal comes first, also where
// it came just before.
void wait_until_readable(int descriptor);

}  // namespace penalmt
