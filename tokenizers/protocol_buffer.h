// A protocol buffer's bytes: a message is a row of fields, (number and kind, value).
#pragma once

#include <cstdint>
#include <string_view>

namespace penalmt {

struct ProtocolField {
  uint64_t number = 0;
  int kind = 0;  // 0: a whole number; 1, 5: 8 and 4 bytes; 2: a length and that many bytes
  uint64_t whole = 0;
  std::string_view bytes;
};

class ProtocolMessage {
 public:
  explicit ProtocolMessage(std::string_view bytes) : rest_(bytes) {}

  // False at the end, and where the rest is no field.
  bool next(ProtocolField& field) {
    uint64_t key = 0;
    if (rest_.empty() || !varint(key)) return false;
    field = {key >> 3, static_cast<int>(key & 7), 0, {}};
    switch (field.kind) {
      case 0:
        return varint(field.whole);
      case 1:
        return take(8, field.bytes);
      case 2:
        return varint(field.whole) && take(field.whole, field.bytes);
      case 5:
        return take(4, field.bytes);
      default:
        return fail();
    }
  }
  bool is_whole() const { return !failed_; }

 private:
  bool fail() {
    failed_ = true;
    return false;
  }
  bool varint(uint64_t& value) {
    for (int shift = 0; !rest_.empty() && shift < 64; shift += 7) {
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      value |= uint64_t{byte & 0x7FU} << shift;
      if (byte < 0x80) return true;
    }
    return fail();
  }
  bool take(uint64_t size, std::string_view& bytes) {
    if (size > rest_.size()) return fail();
    bytes = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return true;
  }

  std::string_view rest_;
  bool failed_ = false;
};

}  // namespace penalmt
