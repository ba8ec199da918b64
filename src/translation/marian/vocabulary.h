// vocab.json of a MarianMT folder: which number each piece has.
//
// Theirs: the end, the unknown piece, the others, padding last, with which decoding starts. Ours:
//
//   0 <pad>   none of theirs     1 <s>    their padding
//   2 </s>    their end          3 <unk>  their unknown piece      4 .. the others, in their order
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace penalmt::marian {

struct Vocabulary {
  std::vector<std::string> pieces;  // by our ids
  std::vector<int64_t> theirs;      // by our ids their own; the first is padding's
};

// Throws Error where the file is no object of pieces and ids 0 .. expected - 1, each once, or its
// padding and end are others; as parse_json (base/json.h) and read_file. `padding`, `end`: their
// ids, as config.json says.
Vocabulary read_vocabulary(const std::filesystem::path& file, int64_t expected, int64_t padding,
                           int64_t end);

}  // namespace penalmt::marian
