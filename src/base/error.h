// Errors: the user's mistakes and the machine's faults. Our own mistakes are TORCH_CHECK or assert;
// an expected absence is std::optional.
#pragma once

#include <stdexcept>
#include <string>

namespace penalmt {

// The user's mistake; the program prints the message as its only line and exits with status 2.
// The message reads "where: what; got ..., expected ...; hint".
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The machine's fault (a full disk, no memory, an unreadable device); exit status 1.
class MachineError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Ctrl-C, SIGTERM or SIGHUP was seen and everything worth keeping is saved; exit status 130.
class Interrupted : public std::runtime_error {
 public:
  Interrupted() : std::runtime_error("interrupted") {}
};

}  // namespace penalmt
