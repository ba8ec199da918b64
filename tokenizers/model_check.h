// A SentencePiece model's bytes, checked before the library sees them: it trusts what it reads, and
// follows offsets of a damaged file out of its memory.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace penalmt {

// What makes the bytes no sound model, in words ("the character map points outside itself"); ""
// where they are no model at all, or cut short; nullopt where nothing is wrong.
std::optional<std::string> damage_in_model(std::string_view bytes);

}  // namespace penalmt
