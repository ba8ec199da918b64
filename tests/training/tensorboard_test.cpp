#include "training/tensorboard.h"

#include <gtest/gtest.h>

#include "base/files.h"

namespace penalmt {
namespace {

TEST(TensorBoard, ChecksumIsCastagnolis) {
  EXPECT_EQ(crc32c("123456789"), 0xE3069283u);
}  // the polynomial's check value

// The records by hand: the length, then an event that holds the version or the tag and the value.
TEST(TensorBoard, WritesOneRecordAnEvent) {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / "penalmt_tensorboard";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  {
    EventWriter writer(folder);
    writer.write(300, {{"loss", 1.5}});
  }
  const std::string bytes = read_file(std::filesystem::directory_iterator(folder)->path());
  std::vector<std::string> events;
  for (size_t at = 0; at < bytes.size();) {
    const auto length = *reinterpret_cast<const uint64_t*>(bytes.data() + at);
    ASSERT_LE(at + 16 + length, bytes.size());
    events.push_back(bytes.substr(at + 12, length));
    at += 16 + length;
  }
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].substr(9), std::string("\x1a\x0d") + "brain.Event:2");
  // step 300 = varint AC 02; summary { value { tag "loss", simple_value 1.5 } }
  EXPECT_EQ(events[1].substr(9),
            std::string("\x10\xac\x02\x2a\x0d\x0a\x0b\x0a\x04loss\x15\x00\x00\xc0\x3f", 18));
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace penalmt
