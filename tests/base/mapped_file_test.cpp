#include "base/mapped_file.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "base/files.h"
#include "tests/base/temporary_folder.h"

namespace penalmt::mapped_file_test {

TEST(MappedFile, ThatShrinksEndsTheProgramWithAMessage) {
  const TemporaryFolder folder;
  write_file(folder / "store", std::string(100'000, 'x'));
  int errors[2];
  ASSERT_EQ(pipe(errors), 0);
  const pid_t child = fork();
  if (child == 0) {
    dup2(errors[1], STDERR_FILENO);
    watch_mapped_files();
    const MappedFile other(folder / "store"), file(folder / "store");
    std::filesystem::resize_file(folder / "store", 10);
    const auto* bytes = reinterpret_cast<const volatile char*>(file.data());
    _exit(bytes[file.size() - 1] == 'x' ? 3 : 4);
  }
  close(errors[1]);
  std::string said;
  char some[100];
  for (ssize_t got = 0; (got = read(errors[0], some, sizeof some)) > 0;)
    said.append(some, static_cast<std::size_t>(got));
  close(errors[0]);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 1);
  EXPECT_EQ(folder.without_path(said),
            "penalmt: store: cannot read: another program cut it short while it was read, or its "
            "disk failed\n");
}

}  // namespace penalmt::mapped_file_test
