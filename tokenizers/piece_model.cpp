#include "tokenizers/piece_model.h"

#include <sentencepiece_processor.h>

#include <new>
#include <optional>

#include "base/error.h"
#include "tokenizers/model_check.h"

namespace penalmt {
namespace {

bool loads(sentencepiece::SentencePieceProcessor& processor, const std::string& bytes) {
  try {
    return processor.LoadFromSerializedProto(bytes).ok();
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception&) {  // of the library's double array
    return false;
  }
}

}  // namespace

std::shared_ptr<const sentencepiece::SentencePieceProcessor> load_piece_model(
    const std::string& bytes, const std::string& place) {
  auto processor = std::make_shared<sentencepiece::SentencePieceProcessor>();
  std::optional<std::string> damage = damage_in_model(bytes);
  if (!damage && !loads(*processor, bytes)) damage = "";
  if (damage)
    throw Error(place + ": not a SentencePiece model, or a damaged one" +
                (damage->empty() ? "" : ": " + *damage));
  return processor;
}

}  // namespace penalmt
