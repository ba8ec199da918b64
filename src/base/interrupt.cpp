#include "base/interrupt.h"

#include <unistd.h>
#include <csignal>

#include "base/error.h"

namespace penalmt {
namespace {

constexpr int kExitInterrupted = 130;
volatile std::sig_atomic_t signals_seen = 0;

void on_signal(int) {
  if (signals_seen != 0) _exit(kExitInterrupted);
  signals_seen = 1;
}

}  // namespace

void watch_for_interrupts() {
  struct sigaction action = {};
  action.sa_handler = on_signal;  // without SA_RESTART: a blocked read(2) returns EINTR
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

bool interrupted() { return signals_seen != 0; }

void throw_if_interrupted() {
  if (interrupted()) throw Interrupted();
}

}  // namespace penalmt
