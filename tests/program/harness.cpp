#include "harness.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/files.h"
#include "tests/base/temporary_folder.h"

namespace penalmt {

// Streams are files, so that neither side can wait for the other.
Outcome run_penalmt(const std::vector<std::string>& arguments, const std::string& input,
                    const std::string& output_file) {
  const TemporaryFolder folder;
  write_file(folder / "in", input);
  const std::string in = folder / "in", out = output_file.empty() ? (folder / "out").string() : output_file,
                    err = folder / "err";
  std::vector<char*> argv = {const_cast<char*>(PENALMT_PROGRAM)};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);

  const pid_t child = fork();
  if (child == 0) {
    const auto redirect = [](const std::string& file, int flags, int descriptor) {
      const int opened = open(file.c_str(), flags, 0600);
      if (opened < 0 || dup2(opened, descriptor) < 0) _exit(127);
    };
    redirect(in, O_RDONLY, STDIN_FILENO);
    redirect(out, O_WRONLY | O_CREAT | O_TRUNC, STDOUT_FILENO);
    redirect(err, O_WRONLY | O_CREAT | O_TRUNC, STDERR_FILENO);
    execv(PENALMT_PROGRAM, argv.data());
    _exit(127);
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child) ADD_FAILURE() << "cannot run " << PENALMT_PROGRAM;
  return {.status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status),
          .output = output_file.empty() ? read_file(out) : "",
          .errors = read_file(err)};
}

}  // namespace penalmt
