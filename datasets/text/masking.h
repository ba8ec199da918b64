// Source masking: words of a text are taken away, to see whether the image brings them back
// (Caglayan et al., NAACL 2019; Li et al., ACL 2022). Free of torch.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace penalmt {

inline constexpr const char* kMaskToken = "<mask>";

// A line: which of its words, from 0, in ascending order. Words are what stands between white
// space.
using WordPositions = std::vector<std::vector<int>>;

// `<split>.<kind>.positions`: line i lists the positions of line i of a text with spaces between
// them, "7 13"; an empty line: none. Plain or gzip. Throws Error "path:3: got 'x', expected
// positions of words, from 0 in ascending order"; as LineReader (base/text.h).
WordPositions read_positions(const std::filesystem::path& path);

// Throws Error where the positions of `place` are not those of the text `lines` of `text_place`:
// "a.positions: 3 lines, but a.en has 2; line i of one must belong to line i of the other",
// "a.positions:2: position 7; line 2 of a.en has 6 words".
void check_positions(const WordPositions& positions, const std::string& place,
                     const std::vector<std::string>& lines, const std::string& text_place);

// The line with `token` in the place of the words at these positions, all else as it was:
//
//   mask_words("a man in an orange hat", {4}, "<mask>")   "a man in an <mask> hat"
std::string mask_words(std::string_view line, const std::vector<int>& positions,
                       std::string_view token);

// Line by line; the positions are those of the lines (check_positions).
std::vector<std::string> mask_lines(const std::vector<std::string>& lines,
                                    const WordPositions& positions, std::string_view token);

}  // namespace penalmt
