// Whether an image file is whole. The decoders are lenient: a cut JPEG gets a grey bottom without a
// word.
#pragma once

#include <filesystem>
#include <string_view>

namespace penalmt {

// JPEG and PNG are walked from segment to segment, a WebP says how long it is; other kinds pass.
// Throws Error "path: cut off; got 1000 bytes without a JPEG's end marker" (or a PNG's end), "path:
// cut off; got 1000 bytes, expected 2000" and "path: damaged; the checksum of a PNG's part at byte
// 41 is wrong".
void check_whole(std::string_view bytes, const std::filesystem::path& path);

}  // namespace penalmt
