// Runs the built program as a user does: arguments and standard input in; standard output, standard error and exit
// status out.
#pragma once

#include <string>
#include <vector>

namespace penalmt {

struct Outcome {
  int status = -1;  // exit status; 128 + the signal where one ended it
  std::string output, errors;
};

// Runs `penalmt arguments...`. Standard output goes to `output_file` where one is named.
Outcome run_penalmt(const std::vector<std::string>& arguments, const std::string& input = "",
                    const std::string& output_file = "");

// Runs it with a pipe for standard input, sends `line`, and presses Ctrl-C once a line of output came back.
Outcome interrupt_penalmt(const std::vector<std::string>& arguments, const std::string& line);

}  // namespace penalmt
