#include "tokenizers/piece_vocabulary.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "tokenizers/protocol_buffer.h"
#include "tokenizers/sentencepiece.h"

namespace penalmt {
namespace {

void append_varint(std::string& bytes, uint64_t value) {
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>((value & 0x7F) | 0x80);
  bytes += static_cast<char>(value);
}

void append_bytes(std::string& bytes, uint64_t number, std::string_view value) {
  append_varint(bytes, number << 3 | 2);
  append_varint(bytes, value.size());
  bytes += value;
}

}  // namespace

const std::vector<std::string>& special_pieces() {
  static const std::vector<std::string> special = {"<pad>", "<s>", "</s>", "<unk>"};
  return special;
}

PieceVocabulary::PieceVocabulary(std::vector<std::string> pieces, const std::string& place)
    : pieces_(std::move(pieces)) {
  const auto& special = special_pieces();
  if (pieces_.size() <= special.size() ||
      !std::equal(special.begin(), special.end(), pieces_.begin()))
    throw Error(place + ": its vocabulary does not begin with <pad>, <s>, </s> and <unk>");
  for (std::size_t id = special.size(); id < pieces_.size(); ++id)
    if (!ids_.emplace(pieces_[id], static_cast<int>(id)).second)
      throw Error(fmt::format("{}: its vocabulary has the piece '{}' twice", place, pieces_[id]));
}

int PieceVocabulary::id(const std::string& piece) const {
  const auto found = ids_.find(piece);
  return found == ids_.end() ? kUnknown : found->second;
}

std::vector<std::string> vocabulary_of(std::string_view model) {
  std::vector<std::string> pieces;
  ProtocolMessage message(model);
  for (ProtocolField field; message.next(field);)
    if (field.number == kVocabularyField && field.kind == 2) pieces.emplace_back(field.bytes);
  return pieces;
}

std::string with_vocabulary(std::string_view model, const std::vector<std::string>& pieces) {
  std::string bytes;
  ProtocolMessage message(model);
  for (ProtocolField field; message.next(field);)
    if (field.number != kVocabularyField) append_bytes(bytes, field.number, field.bytes);
  for (const std::string& piece : pieces) append_bytes(bytes, kVocabularyField, piece);
  return bytes;
}

bool is_language_code(std::string_view piece) {
  return piece.size() > 4 && piece.starts_with(">>") && piece.ends_with("<<");
}

}  // namespace penalmt
