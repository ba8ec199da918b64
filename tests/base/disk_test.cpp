#include "base/disk.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.h"
#include "base/files.h"
#include "temporary_folder.h"

namespace penalmt::disk_test {
namespace fs = std::filesystem;

// Ends the fault at the end of a test.
class Disk : public testing::Test {
 protected:
  ~Disk() override { disk::set_fault({}); }
  // Puts `content` as a file of that name into `folder`/best.
  void replace(const std::string& content) const {
    AtomicFolder best(folder_ / "best");
    write_file(best.path() / "a", content);
    best.commit();
  }
  const TemporaryFolder folder_;
};

TEST_F(Disk, CountsTheCallsThatChangeIt) {
  disk::set_fault({});
  write_file(folder_ / "a", "1");
  EXPECT_EQ(disk::calls(), 3);  // the file is flushed and renamed, its folder flushed
  remove_tree(folder_ / "a");
  EXPECT_EQ(disk::calls(), 4);
}

TEST_F(Disk, AFullOneLeavesAFileAsItWas) {
  write_file(folder_ / "a", "old");
  for (const int64_t at : {1, 2}) {
    disk::set_fault({at, ENOSPC});
    EXPECT_EQ(folder_.without_path(
                  thrown_message<MachineError>([&] { write_file(folder_ / "a", "new"); })),
              "a: cannot write: No space left on device");
    EXPECT_EQ(read_file(folder_ / "a"), "old");
    EXPECT_EQ(folder_.entries(), 1);
  }
}

TEST_F(Disk, AFolderIsTheOldOneOrTheNewOneWhateverFails) {
  replace("old");
  disk::set_fault({});
  replace("new");
  const int64_t calls = disk::calls();
  EXPECT_GE(calls, 10);
  for (int64_t at = 1; at <= calls; ++at) {
    disk::set_fault({});
    replace("old");
    disk::set_fault({at, ENOSPC});
    bool failed = false;
    try {
      replace("new");
    } catch (const MachineError&) {
      failed = true;
    }
    EXPECT_EQ(read_file(folder_ / "best/a"), failed ? "old" : "new") << at;
    disk::set_fault({});
    remove_abandoned(folder_.path());
    EXPECT_EQ(folder_.entries(), 1) << at;
  }
}

TEST_F(Disk, AFolderIsTheOldOneOrTheNewOneWhereverItIsKilled) {
  for (int64_t at = 1, status = 137; status == 137; ++at) {
    replace("old");
    const pid_t child = fork();
    if (child == 0) {
      disk::set_fault({at, 0});
      replace("new");
      _exit(0);
    }
    int ended = 0;
    waitpid(child, &ended, 0);
    status = WEXITSTATUS(ended);
    const std::string found = read_file(folder_ / "best/a");
    EXPECT_TRUE(found == "old" || found == "new") << at;
    EXPECT_EQ(status == 0 ? found : "new", "new");
    replace("next");  // and takes away what the dead process left
    EXPECT_EQ(folder_.entries(), 1) << at;
  }
}

TEST_F(Disk, ALivingProcessKeepsWhatItIsWriting) {
  AtomicFolder slow(folder_ / "best");
  write_file(slow.path() / "a", "slow");
  replace("quick");
  EXPECT_EQ(read_file(folder_ / "best/a"), "quick");
  slow.commit();
  EXPECT_EQ(read_file(folder_ / "best/a"), "slow");
  EXPECT_EQ(folder_.entries(), 1);
}

}  // namespace penalmt::disk_test
