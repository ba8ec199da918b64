// The command line: names the commands, runs one of them, turns what went wrong into one line and
// an exit status. It computes nothing.
#include <cstdio>
#include <iostream>
#include <string>

#include "base/error.h"
#include "base/files.h"
#include "base/interrupt.h"
#include "base/mapped_file.h"
#include "base/mistakes.h"
#include "base/progress.h"
#include "base/standard_streams.h"
#include "commands/cli/command_line.h"
#include "commands/cli/foreign_errors.h"
#include "commands/registry.h"

namespace {

enum ExitStatus { kDone = 0, kMachineFault = 1, kUserMistake = 2, kInterrupted = 130 };

// Runs the command; what it throws is sorted into exit statuses.
int run(int argc, char** argv) {
  try {
    penalmt::hand_over(argc, argv);
    penalmt::run_command_line(penalmt::whole_program(), argc, argv);
    if (!std::cout.flush() || std::fflush(stdout) != 0)
      penalmt::throw_file_error("standard output", "write", errno);
    return kDone;
  } catch (const penalmt::Mistakes& mistakes) {
    for (const std::string& line : mistakes.lines()) penalmt::message(line);
    return kUserMistake;
  } catch (const penalmt::Error& error) {
    penalmt::message(error.what());
    return kUserMistake;
  } catch (const penalmt::Interrupted& error) {
    penalmt::message(error.what());
    return kInterrupted;
  } catch (const std::exception& error) {
    const penalmt::ForeignError foreign = penalmt::in_words(error);
    penalmt::message(foreign.text);
    return foreign.machine_fault ? kMachineFault : kUserMistake;
  }
}

}  // namespace

int main(int argc, char** argv) {
  penalmt::occupy_standard_streams();
  penalmt::print_messages();
  penalmt::watch_for_interrupts();
  penalmt::watch_mapped_files();
  return run(argc, argv);
}
