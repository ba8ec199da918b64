#include "tokenizers/model_check.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#include "base/text.h"
#include "tokenizers/piece_vocabulary.h"
#include "tokenizers/protocol_buffer.h"

namespace penalmt {
namespace {

constexpr std::size_t kLongestPiece = 4096;  // bytes
constexpr int kPieceKinds = 6;               // normal, unknown, control, user-defined, unused, byte

// ---- the character map of a normaliser
//
//   4 bytes      the trie's size
//   trie         a double array of 32-bit units (darts-clone): from the state `base` the byte c
//                leads to the unit base ^ c, if its label is c; the next state is that unit's place
//                ^ its offset. Where the unit has a leaf, the unit at the next state is a value.
//   texts        each ends in a 0 byte; a value is the offset of one

struct Unit {
  uint32_t bits;
  bool has_leaf() const { return (bits >> 8 & 1) == 1; }
  uint32_t value() const { return bits & 0x7FFFFFFF; }
  uint32_t label() const { return bits & 0x800000FF; }
  uint32_t offset() const { return (bits >> 10) << ((bits & 0x200) >> 6); }
};

class CharacterMap {
 public:
  CharacterMap(std::vector<Unit> units, std::string_view texts)
      : units_(std::move(units)), texts_(texts), leaves_(units_.size(), kUnseen) {}

  // Every state and value that an input could reach lies inside.
  bool is_sound() {
    return !units_.empty() && texts_.back() == '\0' && !first_invalid_utf8(texts_) &&
           visit(units_[0].offset(), 0) >= 0;
  }

 private:
  static constexpr int kUnseen = -1, kOpen = -2, kBroken = -3;
  static constexpr int kMostLeaves = 32;  // the library has room for as many on a path
  static constexpr int kDeepest = 1000;

  // The leaves on the path from `base` that has most of them; kBroken where one leads outside.
  int visit(uint32_t base, int depth) {
    if ((base | 0xFF) >= units_.size() || depth > kDeepest) return kBroken;
    int& leaves = leaves_[base];
    if (leaves == kOpen) return kBroken;  // a circle
    if (leaves != kUnseen) return leaves;
    leaves = kOpen;
    int most = 0;
    for (uint32_t byte = 0; byte < 256; ++byte) {
      const uint32_t place = base ^ byte;
      const Unit unit = units_[place];
      if (unit.label() != byte) continue;
      const uint32_t next = place ^ unit.offset();
      const int after = visit(next, depth + 1);
      if (after < 0 || (unit.has_leaf() && !is_text(units_[next].value()))) return kBroken;
      most = std::max(most, after + (unit.has_leaf() ? 1 : 0));
    }
    if (most > kMostLeaves) return kBroken;
    return leaves_[base] = most;
  }
  bool is_text(uint32_t offset) const {
    return offset < texts_.size() && (offset == 0 || texts_[offset - 1] == '\0');
  }

  std::vector<Unit> units_;
  std::string_view texts_;
  std::vector<int> leaves_;  // by state
};

bool is_sound_map(std::string_view map) {
  if (map.empty()) return true;  // none
  uint32_t size = 0;
  if (map.size() <= sizeof size) return false;
  std::memcpy(&size, map.data(), sizeof size);
  map.remove_prefix(sizeof size);
  if (size >= map.size() || size % sizeof(Unit) != 0) return false;
  std::vector<Unit> units(size / sizeof(Unit));
  if (size > 0) std::memcpy(units.data(), map.data(), size);
  return CharacterMap(std::move(units), map.substr(size)).is_sound();
}

// ---- the parts of a model

std::optional<std::string> damage_in_text(std::string_view text) {
  if (text.empty() || text.size() > kLongestPiece) return "a piece is empty or endless";
  if (first_invalid_utf8(text) || text.find('\0') != std::string_view::npos)
    return "a piece is no text";
  return std::nullopt;
}

std::optional<std::string> damage_in_piece(std::string_view bytes) {
  ProtocolMessage message(bytes);
  std::string_view text;
  for (ProtocolField field; message.next(field);) {
    if (field.number == 1 && field.kind == 2) text = field.bytes;
    if (field.number == 2 && field.kind == 5) {
      float score = 0;
      std::memcpy(&score, field.bytes.data(), sizeof score);
      if (!std::isfinite(score)) return "the score of a piece is not finite";
    }
    if (field.number == 3 && field.kind == 0 && (field.whole < 1 || field.whole > kPieceKinds))
      return "a piece is of an unknown kind";
  }
  if (!message.is_whole()) return "";
  return damage_in_text(text);
}

std::optional<std::string> damage_in_normalizer(std::string_view bytes) {
  ProtocolMessage message(bytes);
  for (ProtocolField field; message.next(field);)
    if (field.number == 2 && field.kind == 2 && !is_sound_map(field.bytes))
      return "its character map points outside itself";
  if (!message.is_whole()) return "";
  return std::nullopt;
}

}  // namespace

// Cut between two of its parts, a model still reads as one with fewer pieces: so the settings of
// the trainer and the normaliser, which come last, have to be there.
std::optional<std::string> damage_in_model(std::string_view bytes) {
  enum Part { kPiece = 1, kTrainer = 2, kNormalizer = 3, kDenormalizer = 5 };
  ProtocolMessage message(bytes);
  bool trainer = false, normalizer = false;
  for (ProtocolField field; message.next(field);) {
    if (field.kind != 2) return "";  // all that stands here has a length
    std::optional<std::string> damage;
    if (field.number == kPiece) damage = damage_in_piece(field.bytes);
    if (field.number == kNormalizer || field.number == kDenormalizer)
      damage = damage_in_normalizer(field.bytes);
    if (field.number == kVocabularyField) damage = damage_in_text(field.bytes);
    if (damage) return damage;
    trainer |= field.number == kTrainer;
    normalizer |= field.number == kNormalizer;
  }
  if (!message.is_whole() || !trainer || !normalizer) return "";
  return std::nullopt;
}

}  // namespace penalmt
