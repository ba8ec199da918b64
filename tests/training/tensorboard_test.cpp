#include "training/tensorboard.h"

#include <gtest/gtest.h>

#include "base/files.h"
#include "tests/base/temporary_folder.h"

namespace penalmt::tensorboard_test {

TEST(TensorBoard, ChecksumIsCastagnolis) {
  EXPECT_EQ(crc32c("123456789"), 0xE3069283u);
}  // the polynomial's check value

// The payloads of a file's records.
std::vector<std::string> events_of(const std::filesystem::path& file) {
  const std::string bytes = read_file(file);
  std::vector<std::string> events;
  for (size_t at = 0; at < bytes.size();) {
    const auto length = *reinterpret_cast<const uint64_t*>(bytes.data() + at);
    EXPECT_LE(at + 16 + length, bytes.size());
    events.push_back(bytes.substr(at + 12, length));
    at += 16 + length;
  }
  return events;
}

// The records by hand: the length, then an event that holds the version or the tag and the value.
TEST(TensorBoard, WritesOneRecordAnEvent) {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / "penalmt_tensorboard";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  {
    EventWriter writer(folder, 1);
    writer.write(300, {{"loss", 1.5}});
  }
  const std::vector<std::string> events =
      events_of(std::filesystem::directory_iterator(folder)->path());
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].substr(9), std::string("\x1a\x0d") + "brain.Event:2");
  // step 300 = varint AC 02; summary { value { tag "loss", simple_value 1.5 } }
  EXPECT_EQ(events[1].substr(9),
            std::string("\x10\xac\x02\x2a\x0d\x0a\x0b\x0a\x04loss\x15\x00\x00\xc0\x3f", 18));
  std::filesystem::remove_all(folder);
}

// By hand, with lengths: a summary whose metadata names the plug-in "hparams" and holds the values.
TEST(TensorBoard, WritesARecipeForItsTableOfRuns) {
  const TemporaryFolder folder;
  {
    EventWriter writer(folder.path(), 1);
    writer.write_recipe({{"a", {{"b", true}, {"c", 0.5}}}, {"d", "e"}, {"f", {"g"}}});
  }
  const std::vector<std::string> events =
      events_of(std::filesystem::directory_iterator(folder.path())->path());
  ASSERT_EQ(events.size(), 2u);
  const auto of = [](char key, const std::string& content) {
    return std::string(1, key) + static_cast<char>(content.size()) + content;
  };
  const auto entry = [&](const std::string& name, const std::string& value) {
    return of('\x0a', of('\x0a', name) + of('\x12', value));
  };
  const std::string half("\0\0\0\0\0\0\xe0\x3f", 8);  // 0.5
  const std::string values = entry("a.b", "\x20\x01") + entry("a.c", "\x11" + half) +
                             entry("d", of('\x1a', "e")) + entry("f", of('\x1a', "[\"g\"]"));
  const std::string& event = events[1];
  const std::size_t at = event.find("_hparams_/session_start_info");
  ASSERT_NE(at, std::string::npos);
  const std::string info = values + "\x29";  // and the time when the run began
  EXPECT_NE(event.find(of('\x0a', "hparams") + '\x12' + static_cast<char>(info.size() + 10) +
                           '\x1a' + static_cast<char>(info.size() + 8) + info,
                       at),
            std::string::npos);
}

TEST(TensorBoard, StartsWithinOneSecondHaveAFileEach) {
  const TemporaryFolder folder;
  {
    EventWriter first(folder.path(), 1);
    first.write(1, {{"loss", 1.5}});
    EventWriter second(folder.path(), 1);
    EventWriter third(folder.path(), 1);
  }
  EXPECT_EQ(folder.entries(), 3);
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
    files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  EXPECT_EQ(events_of(files.front()).size(), 2u);
  // Steps of a run that was killed before its first checkpoint are taken again.
  EXPECT_EQ(events_of(files.back())[1].substr(9), std::string("\x10\x01\x3a\x02\x08\x01"));
}

TEST(TensorBoard, AContinuationForgetsTheStepsItTakesAgain) {
  const TemporaryFolder folder;
  { EventWriter writer(folder.path(), 301); }
  const std::vector<std::string> events =
      events_of(std::filesystem::directory_iterator(folder.path())->path());
  ASSERT_EQ(events.size(), 2u);
  // step 301 = varint AD 02; session_log { status: START }
  EXPECT_EQ(events[1].substr(9), std::string("\x10\xad\x02\x3a\x02\x08\x01"));
}

}  // namespace penalmt::tensorboard_test
