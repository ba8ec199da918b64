#include "datasets/features/feature_writer.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <limits>
#include <memory>

#include "base/disk.h"
#include "base/error.h"
#include "base/files.h"
#include "tests/base/temporary_folder.h"

namespace penalmt::feature_writer_test {

StorePlan plan_of(bool half = true) {
  return {{"a.jpg", "b.jpg", "c.jpg", "d.jpg"}, "tiny 0123", {2, 3}, half};
}

at::Tensor features_of(int64_t images, float first) {
  return at::arange(images * 6, at::kFloat).add(first).view({images, 2, 3});
}

void write_first(FeatureWriter& writer) { writer.add(features_of(1, 1), {true, false}); }
void write_rest(FeatureWriter& writer) {
  writer.add(features_of(2, 7), {true, true});
  writer.finish();
}

TEST(FeatureWriter, ResumesToTheSameBytes) {
  const TemporaryFolder folder;
  for (const std::string file : {"a.safetensors", "a.npy"}) {
    {
      FeatureWriter writer(folder / ("whole-" + file), plan_of(), false);
      write_first(writer);
      write_rest(writer);
    }
    {
      FeatureWriter writer(folder / file, plan_of(), true);  // nothing to resume: it begins
      EXPECT_EQ(writer.done(), 0);
      write_first(writer);
    }
    EXPECT_FALSE(std::filesystem::exists(folder / file));
    // What a killed run wrote of a row, without its mark, is written again.
    write_file(folder / (file + ".partial"), read_file(folder / (file + ".partial")) + "half a r");
    {
      FeatureWriter writer(folder / file, plan_of(), true);
      EXPECT_EQ(writer.done(), 2);
      EXPECT_EQ(writer.kept(), 1);
      write_rest(writer);
    }
    EXPECT_TRUE(read_file(folder / file) == read_file(folder / ("whole-" + file)));
    EXPECT_FALSE(std::filesystem::exists(folder / (file + ".partial")));
    EXPECT_FALSE(std::filesystem::exists(folder / (file + ".journal")));
  }
}

// Writes the store, or goes on with what is there of it, in a process that ends in the place of its
// call `fault` to the disk (base/disk.h). Returns its exit status.
int write_and_die(const std::filesystem::path& path, int64_t fault) {
  const pid_t child = fork();
  if (child == 0) {
    disk::set_fault({fault, 0});
    try {
      FeatureWriter writer(path, plan_of(), true);
      if (writer.done() == 0) write_first(writer);
      if (writer.done() == 2) writer.add(features_of(2, 7), {true, true});
      writer.finish();
    } catch (const std::exception&) {
      _exit(1);
    }
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WEXITSTATUS(status);
}

TEST(FeatureWriter, KilledAnywhereAndResumedItWritesTheSameBytes) {
  const TemporaryFolder folder;
  EXPECT_EQ(write_and_die(folder / "whole.npy", 0), 0);
  const std::string whole = read_file(folder / "whole.npy");
  for (int64_t at = 1, status = 137; status == 137; ++at) {
    for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
      if (entry.path().filename().string().find("whole") == std::string::npos)
        std::filesystem::remove(entry.path());
    status = write_and_die(folder / "a.npy", at);
    EXPECT_EQ(write_and_die(folder / "a.npy", 0), 0) << at;
    EXPECT_TRUE(read_file(folder / "a.npy") == whole) << at;
    EXPECT_FALSE(std::filesystem::exists(folder / "a.npy.journal")) << at;
  }
}

TEST(FeatureWriter, AResumeNeverTakesFromTheJournal) {
  const TemporaryFolder folder;
  for (int64_t at = 1, status = 137; status == 137; ++at) {
    std::filesystem::remove(folder / "a.npy");
    {
      FeatureWriter writer(folder / "a.npy", plan_of(), true);
      write_first(writer);
    }
    const std::string journal = read_file(folder / "a.npy.journal");
    status = write_and_die(folder / "a.npy", at);
    if (std::filesystem::exists(folder / "a.npy.partial")) {
      EXPECT_TRUE(read_file(folder / "a.npy.journal").starts_with(journal)) << at;
    }
    EXPECT_EQ(write_and_die(folder / "a.npy", 0), 0) << at;
  }
}

TEST(FeatureWriter, IsAloneWithItsStore) {
  const TemporaryFolder folder;
  const FeatureWriter first(folder / "a.npy", plan_of(), false);
  EXPECT_EQ(folder.without_path(
                thrown_message<Error>([&] { FeatureWriter(folder / "a.npy", plan_of(), true); })),
            "a.npy.partial: another process writes it; wait for it, or stop it");
}

TEST(FeatureWriter, RefusesAJournalNestedWithoutEnd) {
  const TemporaryFolder folder;
  write_file(folder / "a.npy.journal", std::string(200'000, '[') + "\n");
  write_file(folder / "a.npy.partial", "");
  EXPECT_EQ(folder.without_path(
                thrown_message<Error>([&] { FeatureWriter(folder / "a.npy", plan_of(), true); })),
            "a.npy.journal: nested deeper than 100 levels, at byte 101");
}

TEST(FeatureWriter, RefusesToGoOnWithAnotherStore) {
  const TemporaryFolder folder;
  const std::string path = folder / "a.npy";
  {
    FeatureWriter writer(path, plan_of(), false);
    write_first(writer);
  }
  const auto refusal = [&](StorePlan plan, bool resume) {
    return folder.without_path(
        thrown_message<Error>([&] { FeatureWriter(path, std::move(plan), resume); }));
  };
  EXPECT_EQ(refusal(plan_of(), false),
            "a.npy.journal: an interrupted run left it; resume that run, or remove "
            "the file");
  const std::string another = "a.npy.journal: what it began was another store; ";
  EXPECT_EQ(refusal(plan_of(false), true),
            another + R"(type: got "F16", expected "F32"; remove it to begin anew)");
  StorePlan changed = plan_of();
  changed.encoder = "other 45";
  EXPECT_EQ(refusal(changed, true),
            another + R"(encoder: got "tiny 0123", expected "other 45"; remove it to begin anew)");
  changed = plan_of();
  changed.names.pop_back();
  EXPECT_EQ(refusal(changed, true), another + "images: got 4, expected 3; remove it to begin anew");
  const std::string partial = read_file(path + ".partial");
  write_file(path + ".partial", partial.substr(0, partial.size() - 1));
  EXPECT_EQ(refusal(plan_of(), true),
            "a.npy.partial: cut off; got " + std::to_string(partial.size() - 1) +
                " bytes, expected at least " + std::to_string(partial.size()) +
                "; remove it and a.npy.journal to begin anew");
  write_file(path + ".journal", "{}\n+*");
  EXPECT_EQ(refusal(plan_of(), true), "a.npy.journal: no journal of a feature store; remove it");
}

TEST(FeatureWriter, LeavesNothingWhereNothingWasWritten) {
  const TemporaryFolder folder;
  EXPECT_EQ(thrown_message<Error>([&] { FeatureWriter(folder / "a.bin", plan_of(), false); }),
            (folder / "a.bin").string() +
                ": a feature store is a .safetensors or an .npy file; this is neither by its name");
  { FeatureWriter writer(folder / "a.npy", plan_of(), false); }
  EXPECT_EQ(folder.entries(), 0);
  EXPECT_EQ(folder.without_path(thrown_message<Error>(
                [&] { FeatureWriter(folder / "no/a.npy", plan_of(), false); })),
            "no/a.npy.partial: cannot write: No such file or directory");
}

TEST(FeatureWriter, RefusesNumbersThatCannotBeStored) {
  const TemporaryFolder folder;
  FeatureWriter writer(folder / "a.npy", plan_of(), false);
  at::Tensor features = features_of(1, 0);
  features[0][1][2] = -70000;
  EXPECT_EQ(thrown_message<Error>([&] { writer.add(features, {true}); }),
            "tiny 0123: the encoder gives 70000; float16 holds at most 65504; choose fp32");
  features[0][1][2] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(thrown_message<Error>([&] { writer.add(features, {true}); }),
            "tiny 0123: the encoder gives numbers that are not finite, for 'a.jpg' or an image "
            "soon after it");
  writer.add(features.slice(0, 0, 0), {false, false, false, false});
  EXPECT_EQ(folder.without_path(thrown_message<Error>([&] { writer.finish(); })),
            "a.npy: not one of the 4 images can be read; nothing to store");
}

}  // namespace penalmt::feature_writer_test
