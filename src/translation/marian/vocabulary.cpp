#include "translation/marian/vocabulary.h"

#include <fmt/format.h>

#include "base/config.h"
#include "tokenizers/piece_vocabulary.h"

namespace penalmt::marian {
namespace {

// By their ids.
std::vector<std::string> their_pieces(const std::filesystem::path& file, int64_t expected) {
  const nlohmann::json object = config::parse_file(file);
  const std::string place = file.string();
  if (!object.is_object()) throw Error(place + ": expected an object of pieces and their numbers");
  if (static_cast<int64_t>(object.size()) != expected)
    throw Error(
        fmt::format("{}: {} pieces; expected {}, as config.json says; is it another "
                    "model's?",
                    place, object.size(), expected));
  std::vector<std::string> pieces(expected);
  for (const auto& [piece, number] : object.items()) {
    if (!number.is_number_integer() || number.get<double>() < 0 ||
        number.get<double>() >= static_cast<double>(expected))
      throw Error(fmt::format("{}: '{}': got {}, expected a number from 0 to {}", place, piece,
                              number.dump(), expected - 1));
    std::string& at = pieces[number.get<int64_t>()];
    if (!at.empty())
      throw Error(fmt::format("{}: '{}' and '{}' both have the number {}", place, at, piece,
                              number.dump()));
    if (piece.empty()) throw Error(place + ": a piece is empty");
    at = piece;
  }
  return pieces;
}

int64_t number_of(const std::vector<std::string>& pieces, const std::string& piece,
                  const std::string& place) {
  for (size_t id = 0; id < pieces.size(); ++id)
    if (pieces[id] == piece) return static_cast<int64_t>(id);
  throw Error(fmt::format("{}: no piece '{}'", place, piece));
}

}  // namespace

Vocabulary read_vocabulary(const std::filesystem::path& file, int64_t expected, int64_t padding,
                           int64_t end) {
  const std::vector<std::string> theirs = their_pieces(file, expected);
  const std::string place = file.string();
  const auto& special = special_pieces();
  Vocabulary found{special, {padding, padding, end, number_of(theirs, special[3], place)}};
  for (const auto& [piece, id, key] :
       {std::tuple(special[0], padding, "pad_token_id"), {special[2], end, "eos_token_id"}})
    if (number_of(theirs, piece, place) != id)
      throw Error(fmt::format("{}: '{}' has the number {}; expected {}, as config.json says ({})",
                              place, piece, number_of(theirs, piece, place), id, key));
  for (int64_t id = 0; id < expected; ++id) {
    if (id == padding || id == end || id == found.theirs[3]) continue;
    found.pieces.push_back(theirs[id]);
    found.theirs.push_back(id);
  }
  return found;
}

}  // namespace penalmt::marian
