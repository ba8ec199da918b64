// A SentencePiece model of whatever ids, checked before the library sees it (model_check.h).
#pragma once

#include <memory>
#include <string>

namespace sentencepiece {
class SentencePieceProcessor;
}

namespace penalmt {

// Of a .model file's bytes; `place` names them in errors. The model may be used from several
// threads. Throws Error "place: not a SentencePiece model, or a damaged one".
std::shared_ptr<const sentencepiece::SentencePieceProcessor> load_piece_model(
    const std::string& bytes, const std::string& place);

}  // namespace penalmt
