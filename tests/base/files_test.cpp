#include "base/files.h"

#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "base/error.h"
#include "temporary_folder.h"

namespace penalmt::files_test {
namespace fs = std::filesystem;

TEST(Files, GiveBackTheBytesThatWereWritten) {
  const TemporaryFolder folder;
  const std::string bytes("a\0\n\xff", 4);
  write_file(folder / "a", bytes);
  EXPECT_EQ(read_file(folder / "a"), bytes);
  const std::string large(300000, 'x');
  write_file(folder / "a", large);
  EXPECT_EQ(read_file(folder / "a"), large);
  write_file(folder / "a", "");
  EXPECT_EQ(read_file(folder / "a"), "");
  EXPECT_EQ(folder.entries(), 1);
}

TEST(Files, AreAsOpenAsAnyNewFile) {
  const TemporaryFolder folder;
  write_file(folder / "a", "1");
  std::ofstream(folder / "b") << "1";
  EXPECT_EQ(fs::status(folder / "a").permissions(), fs::status(folder / "b").permissions());
  fs::permissions(folder / "a", fs::perms::owner_all);
  write_file(folder / "a", "2");
  EXPECT_EQ(fs::status(folder / "a").permissions(), fs::perms::owner_all);
}

TEST(Files, ReplaceTheTargetOfALink) {
  const TemporaryFolder folder;
  write_file(folder / "real", "old");
  fs::create_symlink(folder / "real", folder / "link");
  write_file(folder / "link", "new");
  EXPECT_TRUE(fs::is_symlink(folder / "link"));
  EXPECT_EQ(read_file(folder / "real"), "new");
}

TEST(Files, MakeTheTargetOfALinkThatIsNotThereYet) {
  const TemporaryFolder folder;
  fs::create_directory(folder / "far");
  fs::create_symlink("far/real", folder / "second");
  fs::create_symlink(folder / "second", folder / "first");
  write_file(folder / "first", "new");
  EXPECT_TRUE(fs::is_symlink(folder / "first"));
  EXPECT_TRUE(fs::is_symlink(folder / "second"));
  EXPECT_EQ(read_file(folder / "far" / "real"), "new");
  fs::create_symlink("loop", folder / "loop");
  EXPECT_EQ(folder.without_path(thrown_message<Error>([&] { write_file(folder / "loop", "x"); })),
            "loop: cannot write: Too many levels of symbolic links");
}

TEST(Files, StayWhereTheyAreReadOnly) {
  const TemporaryFolder folder;
  write_file(folder / "a", "mine");
  fs::permissions(folder / "a", fs::perms::owner_read | fs::perms::group_read);
  fs::create_symlink("a", folder / "link");
  for (const char* const name : {"a", "link"})
    EXPECT_EQ(folder.without_path(thrown_message<Error>([&] { write_file(folder / name, "x"); })),
              std::string(name) + ": cannot write: Permission denied");
  EXPECT_EQ(read_file(folder / "a"), "mine");
}

TEST(Files, AreKnownToBeOneThroughLinks) {
  const TemporaryFolder folder;
  write_file(folder / "a", "1");
  write_file(folder / "b", "1");
  fs::create_symlink("a", folder / "soft");
  fs::create_hard_link(folder / "a", folder / "hard");
  for (const char* const name : {"a", "soft", "hard"}) {
    EXPECT_TRUE(is_same_file(folder / "a", folder / name));
    EXPECT_TRUE(is_same_file(folder / name, folder / "a"));
    EXPECT_FALSE(is_same_file(folder / "b", folder / name));
  }
  EXPECT_FALSE(is_same_file(folder / "none", folder / "none"));
  EXPECT_FALSE(is_same_file("/dev/null", "/dev/null"));
  EXPECT_FALSE(is_same_file(folder.path(), folder.path()));
}

TEST(Files, AreTriedWithoutATrace) {
  const TemporaryFolder folder;
  write_file(folder / "old", "1");
  expect_writable(folder / "old");
  expect_writable(folder / "new");
  EXPECT_EQ(read_file(folder / "old"), "1");
  EXPECT_EQ(folder.entries(), 1);
  expect_writable("-");
  expect_writable("/dev/null");
  EXPECT_EQ(
      folder.without_path(thrown_message<Error>([&] { expect_writable(folder / "old" / "a"); })),
      "old/a: cannot write: Not a directory");
}

TEST(Files, NeverReplaceADevice) {
  write_file("/dev/null", "gone");
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
}

TEST(Files, SayWhyTheyCannotBeRead) {
  const TemporaryFolder folder;
  const auto reading = [&](const std::string& name) {
    return folder.without_path(thrown_message<Error>([&] { read_file(folder / name); }));
  };
  EXPECT_EQ(reading("none"), "none: cannot read: No such file or directory");
  fs::create_directory(folder / "folder");
  EXPECT_EQ(reading("folder"), "folder: cannot read: Is a directory");
}

TEST(Files, SayWhyTheyCannotBeWritten) {
  const TemporaryFolder folder;
  const auto writing = [&](const std::string& name) {
    return folder.without_path(thrown_message<Error>([&] { write_file(folder / name, "x"); }));
  };
  EXPECT_EQ(writing("none/a"), "none/a: cannot write: No such file or directory");
  fs::create_directory(folder / "folder");
  EXPECT_EQ(writing("folder"), "folder: cannot write: Is a directory");
  EXPECT_EQ(writing(std::string(300, 'a')).substr(300), ": cannot write: File name too long");
}

TEST(Files, CallAFullDeviceTheMachinesFault) {
  if (!fs::is_character_file("/dev/full")) GTEST_SKIP() << "this machine has no /dev/full";
  EXPECT_EQ(thrown_message<MachineError>([] { write_file("/dev/full", "x"); }),
            "/dev/full: cannot write: No space left on device");
}

TEST(Files, KeepTheirOldContentOnAFullDisk) {
  const TemporaryFolder folder;
  if (mount("tmpfs", folder.path().c_str(), "tmpfs", 0, "size=64k") != 0)
    GTEST_SKIP() << "may not mount a small disk";
  write_file(folder / "a", "old");
  const std::string said =
      thrown_message<MachineError>([&] { write_file(folder / "a", std::string(200000, 'x')); });
  EXPECT_EQ(folder.without_path(said), "a: cannot write: No space left on device");
  EXPECT_EQ(read_file(folder / "a"), "old");
  EXPECT_EQ(folder.entries(), 1);
  EXPECT_EQ(umount(folder.path().c_str()), 0);
}

TEST(AtomicFile, AppearsOnlyWhenCommitted) {
  const TemporaryFolder folder;
  {
    AtomicFile file(folder / "a");
    file.write("one\n");
    EXPECT_FALSE(fs::exists(folder / "a"));
  }
  EXPECT_EQ(folder.entries(), 0);
  AtomicFile file(folder / "a");
  file.write("one\n");
  file.write("two\n");
  file.commit();
  EXPECT_EQ(read_file(folder / "a"), "one\ntwo\n");
  EXPECT_EQ(folder.entries(), 1);
}

TEST(AtomicFile, KeepsWhatItHasWhereAsked) {
  const TemporaryFolder folder;
  write_file(folder / "a", "old");
  {
    AtomicFile file(folder / "a");
    file.write("one\n");
    EXPECT_EQ(file.keep_partial(), folder / "a.partial");
  }
  EXPECT_EQ(read_file(folder / "a"), "old");
  EXPECT_EQ(read_file(folder / "a.partial"), "one\n");
  EXPECT_EQ(folder.entries(), 2);
  AtomicFile null("/dev/null");
  EXPECT_EQ(null.keep_partial(), std::nullopt);
}

TEST(AtomicFolder, AppearsOnlyWhenCommitted) {
  const TemporaryFolder folder;
  {
    const AtomicFolder unfinished(folder / "runs" / "1");
    write_file(unfinished.path() / "a", "1");
    EXPECT_FALSE(fs::exists(folder / "runs" / "1"));
  }
  EXPECT_TRUE(fs::is_empty(folder / "runs"));
  AtomicFolder finished(folder / "runs" / "1" / "");
  write_file(finished.path() / "a", "1");
  fs::create_directory(finished.path() / "inner");
  write_file(finished.path() / "inner" / "b", "2");
  finished.commit();
  EXPECT_EQ(read_file(folder / "runs" / "1" / "inner" / "b"), "2");
}

TEST(AtomicFolder, TakesThePlaceOfAnOlderOne) {
  const TemporaryFolder folder;
  fs::create_directory(folder / "best");
  write_file(folder / "best" / "old", "1");
  AtomicFolder best(folder / "best");
  write_file(best.path() / "new", "2");
  EXPECT_TRUE(fs::exists(folder / "best" / "old"));
  best.commit();
  EXPECT_FALSE(fs::exists(folder / "best" / "old"));
  EXPECT_EQ(read_file(folder / "best" / "new"), "2");
  EXPECT_EQ(folder.entries(), 1);
}

TEST(AtomicFolder, NeverReplacesAFile) {
  const TemporaryFolder folder;
  write_file(folder / "a", "mine");
  const auto commit = [&] {
    AtomicFolder over(folder / "a");
    over.commit();
  };
  EXPECT_EQ(folder.without_path(thrown_message<Error>(commit)), "a: cannot write: Not a directory");
  EXPECT_EQ(read_file(folder / "a"), "mine");
  EXPECT_EQ(folder.entries(), 1);
}

TEST(MappedFile, ShowsTheBytesOfTheFile) {
  const TemporaryFolder folder;
  write_file(folder / "a", "hello");
  const MappedFile mapped(folder / "a");
  ASSERT_EQ(mapped.size(), 5U);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(mapped.data()), mapped.size()), "hello");
  write_file(folder / "empty", "");
  EXPECT_EQ(MappedFile(folder / "empty").size(), 0U);
}

TEST(MappedFile, SaysWhyItCannotBeOpened) {
  const TemporaryFolder folder;
  EXPECT_EQ(folder.without_path(thrown_message<Error>([&] { MappedFile(folder / "none"); })),
            "none: cannot read: No such file or directory");
  EXPECT_EQ(thrown_message<Error>([&] { MappedFile{folder.path()}; }),
            folder.path().string() + ": cannot read: Is a directory");
}

}  // namespace penalmt::files_test
