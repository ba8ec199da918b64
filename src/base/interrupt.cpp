#include "base/interrupt.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>

#include "base/error.h"

namespace penalmt {
namespace {

constexpr int kExitInterrupted = 130;
volatile std::sig_atomic_t signals_seen = 0, end_asked = 0;

std::atomic<bool> is_awaited = false;  // an AwaitedSignal lives

// An event readable from the first signal on: a flag alone would be missed between looking at it
// and beginning to wait.
int signal_event = -1;

void wake() {
  const int error_number = errno;
  const uint64_t one = 1;
  (void)!write(signal_event, &one, sizeof one);
  errno = error_number;
}

void on_signal(int signal) {
  if (signals_seen != 0 && signal == SIGHUP) return;
  if (signals_seen != 0) _exit(kExitInterrupted);
  signals_seen = 1;
  wake();
}

}  // namespace

void watch_for_interrupts() {
  signal_event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  struct sigaction action = {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  struct sigaction before = {};
  sigaction(SIGHUP, nullptr, &before);
  if (before.sa_handler != SIG_IGN) sigaction(SIGHUP, &action, nullptr);
}

void ask_for_end() {
  end_asked = 1;
  wake();
}

bool interrupted() { return !is_awaited && (signals_seen != 0 || end_asked != 0); }

void throw_if_interrupted() {
  if (interrupted()) throw Interrupted();
}

AwaitedSignal::AwaitedSignal() {
  is_awaited = true;
  if (signals_seen == 0 && end_asked == 0) return;
  is_awaited = false;
  throw Interrupted();
}

AwaitedSignal::~AwaitedSignal() { is_awaited = false; }

void AwaitedSignal::wait() const {
  pollfd watched = {signal_event, POLLIN, 0};
  while (signals_seen == 0 && end_asked == 0) poll(&watched, 1, -1);
}

void wait_until_readable(int descriptor) {
  pollfd watched[2] = {{descriptor, POLLIN, 0},
                       {signal_event, POLLIN, 0}};  // one of -1 is passed over
  while (poll(watched, 2, -1) < 0 && errno == EINTR) throw_if_interrupted();
  throw_if_interrupted();
}

}  // namespace penalmt
