// Runs the built program as a user does: arguments and standard input in; standard output, standard
// error and exit status out.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "tests/base/temporary_folder.h"

namespace penalmt {

struct Outcome {
  int status = -1;  // exit status; 128 + the signal where one ended it
  std::string output, errors;
};

// Runs `penalmt arguments...`. Standard output goes to `output_file` where one is named.
Outcome run_penalmt(const std::vector<std::string>& arguments, const std::string& input = "",
                    const std::string& output_file = "");
// The same of another program.
Outcome run_program(const std::string& program, const std::vector<std::string>& arguments,
                    const std::string& input = "", const std::string& output_file = "");

// Runs it on a terminal of so many columns: what stands there, line by line, progress too.
std::vector<std::string> lines_on_terminal(unsigned short columns,
                                           const std::vector<std::string>& arguments);

// Runs it with a pipe for standard input, sends `line`, and presses Ctrl-C once a line of output
// came back.
Outcome interrupt_penalmt(const std::vector<std::string>& arguments, const std::string& line);

// The program with pipes for its streams, to be talked with line by line.
class Conversation {
 public:
  explicit Conversation(const std::vector<std::string>& arguments);
  ~Conversation();
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;

  void say(const std::string& bytes);
  // The next line of standard output; "nothing" where none comes within a minute.
  std::string answer();
  void signal(int number) const;
  // What it maps into its memory now, a line each.
  std::string maps() const;
  // Ends the input; the rest of the output, the errors and the exit status.
  Outcome finish();

 private:
  const TemporaryFolder folder_;
  int in_ = -1, out_ = -1;
  pid_t child_ = -1;
};

// Runs it, does `meanwhile` once `file` is there and holds something, then sends the signals.
Outcome signal_penalmt(
    const std::vector<std::string>& arguments, const std::string& file,
    const std::vector<int>& signals, const std::function<void()>& meanwhile = [] {});

// How a command ended that was interrupted and run again until it was done.
struct Parts {
  int status = -1;        // the last part's; neither 0 nor 130: the command failed
  int interruptions = 0;  // parts that a Ctrl-C ended
  int saved = 0;          // of them, those that said where to go on
  std::string errors;     // of the last part
};

// Presses Ctrl-C after a while, longer in each part: the first ones are cut short on any machine,
// and on any machine it ends.
Parts run_in_parts(const std::vector<std::string>& arguments);

}  // namespace penalmt
