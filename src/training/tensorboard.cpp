#include "training/tensorboard.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <cerrno>
#include <chrono>

#include "base/files.h"

namespace penalmt {
namespace {

constexpr const char* kPrefix = "events.out.tfevents.";

double wall_time() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

template <class Number>
void append_raw(std::string& bytes, Number number) {
  const auto raw = std::bit_cast<std::array<char, sizeof number>>(number);
  bytes.append(raw.data(), raw.size());
}

void append_varint(std::string& bytes, uint64_t number) {
  for (; number >= 128; number >>= 7) bytes.push_back(static_cast<char>(number | 128));
  bytes.push_back(static_cast<char>(number));
}

// Protocol buffers: a field's key is its number and its wire type (0 varint, 1 eight bytes, 2
// length and bytes, 5 four bytes).
void append_key(std::string& bytes, int field, int wire_type) {
  append_varint(bytes, static_cast<uint64_t>(field << 3 | wire_type));
}

void append_bytes(std::string& bytes, int field, std::string_view content) {
  append_key(bytes, field, 2);
  append_varint(bytes, content.size());
  bytes.append(content);
}

uint32_t masked(std::string_view bytes) { return std::rotr(crc32c(bytes), 15) + 0xA282EAD8u; }

void append_double(std::string& bytes, int field, double number) {
  append_key(bytes, field, 1);
  append_raw(bytes, number);
}

// A google.protobuf.Value.
std::string protobuf_value(const nlohmann::ordered_json& value) {
  std::string bytes;
  if (value.is_boolean()) {
    append_key(bytes, 4, 0);
    append_varint(bytes, value.get<bool>());
  } else if (value.is_number()) {
    append_double(bytes, 2, value.get<double>());
  } else {
    append_bytes(bytes, 3, value.is_string() ? value.get<std::string>() : value.dump());
  }
  return bytes;
}

// Adds an entry of SessionStartInfo.hparams for each value.
void append_hparams(std::string& info, const nlohmann::ordered_json& recipe,
                    const std::string& prefix) {
  for (const auto& [key, value] : recipe.items()) {
    if (value.is_object()) {
      append_hparams(info, value, prefix + key + ".");
      continue;
    }
    std::string entry;
    append_bytes(entry, 1, prefix + key);
    append_bytes(entry, 2, protobuf_value(value));
    append_bytes(info, 1, entry);
  }
}

std::string event_at(double time) {
  std::string event;
  append_double(event, 1, time);  // Event.wall_time
  return event;
}

}  // namespace

uint32_t crc32c(std::string_view bytes) {
  uint32_t crc = ~0u;
  for (const unsigned char byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0x82F63B78u : 0u);
  }
  return ~crc;
}

EventWriter::EventWriter(const std::filesystem::path& folder, int64_t first_step) {
  auto seconds = static_cast<int64_t>(wall_time());
  bool continues = first_step > 1;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    continues |= entry.path().filename().string().starts_with(kPrefix);
  std::filesystem::path path;
  do {
    path = folder / (kPrefix + std::to_string(seconds++) + ".penalmt");
    descriptor_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  } while (descriptor_ < 0 && errno == EEXIST);
  if (descriptor_ < 0) throw_file_error(path, "write", errno);
  std::string event = event_at(wall_time());
  append_bytes(event, 3, "brain.Event:2");  // Event.file_version
  record(event);
  if (!continues) return;
  event = event_at(wall_time());
  append_key(event, 2, 0);  // Event.step
  append_varint(event, static_cast<uint64_t>(first_step));
  append_bytes(event, 7, "\x08\x01");  // Event.session_log { status: START }
  record(event);
}

EventWriter::~EventWriter() { ::close(descriptor_); }

void EventWriter::write(int64_t step, const std::vector<std::pair<std::string, double>>& scalars) {
  std::string event = event_at(wall_time()), summary;
  append_key(event, 2, 0);  // Event.step
  append_varint(event, static_cast<uint64_t>(step));
  for (const auto& [tag, number] : scalars) {
    std::string value;
    append_bytes(value, 1, tag);  // Summary.Value.tag
    append_key(value, 2, 5);      // Summary.Value.simple_value
    append_raw(value, static_cast<float>(number));
    append_bytes(summary, 1, value);
  }
  append_bytes(event, 5, summary);  // Event.summary
  record(event);
}

void EventWriter::write_recipe(const nlohmann::ordered_json& recipe) {
  std::string info;  // SessionStartInfo
  append_hparams(info, recipe, "");
  append_double(info, 5, wall_time());  // start_time_secs
  std::string data;                     // HParamsPluginData, of version 0
  append_bytes(data, 3, info);
  std::string plugin, metadata, tensor, value, summary;
  append_bytes(plugin, 1, "hparams");
  append_bytes(plugin, 2, data);
  append_bytes(metadata, 1, plugin);
  // What every summary has: a TensorProto, here one float, 0.
  append_bytes(tensor, 2, std::string("\x12\x02\x08\x01"));  // tensor_shape { dim { size: 1 } }
  append_bytes(tensor, 4, std::string(4, '\0'));             // tensor_content
  append_key(tensor, 1, 0);                                  // dtype: DT_FLOAT
  append_varint(tensor, 1);
  append_bytes(value, 1, "_hparams_/session_start_info");
  append_bytes(value, 8, tensor);
  append_bytes(value, 9, metadata);
  append_bytes(summary, 1, value);
  std::string event = event_at(wall_time());
  append_bytes(event, 5, summary);
  record(event);
}

void EventWriter::record(std::string_view event) {
  std::string head;
  append_raw(head, static_cast<uint64_t>(event.size()));
  append_raw(head, masked(head));
  std::string tail;
  append_raw(tail, masked(event));
  const std::string whole = head.append(event).append(tail);
  (void)!::write(descriptor_, whole.data(), whole.size());
}

}  // namespace penalmt
