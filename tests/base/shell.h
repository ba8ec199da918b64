// A shell's command, and what it printed.
#pragma once

#include <sys/wait.h>

#include <cstdio>
#include <string>

namespace penalmt {

struct ShellOutcome {
  std::string text;
  int status = -1;  // as it exited

  // The text, then "exit 2".
  std::string with_status() const { return text + "exit " + std::to_string(status); }
};

// What it prints on standard output; standard error is the test's own.
inline ShellOutcome output_of_shell(const std::string& command) {
  ShellOutcome outcome;
  FILE* pipe = popen(command.c_str(), "r");
  if (!pipe) return outcome;
  for (int c = fgetc(pipe); c != EOF; c = fgetc(pipe)) outcome.text += static_cast<char>(c);
  outcome.status = WEXITSTATUS(pclose(pipe));
  return outcome;
}

// The same with standard error, in the order in which both were written.
inline ShellOutcome run_shell(const std::string& command) {
  return output_of_shell("exec 2>&1; " + command);
}

}  // namespace penalmt
