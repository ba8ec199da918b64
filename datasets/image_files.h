// Whether an image file is whole. The decoders are lenient: a cut JPEG gets a grey bottom without a word.
#pragma once

#include <filesystem>
#include <string_view>

namespace penalmt {

bool is_jpeg(std::string_view bytes);

// JPEG and PNG are walked from segment to segment; other kinds pass. Throws Error "path: cut off; got 1000 bytes
// without a JPEG's end marker" and "path: damaged; the checksum of a PNG's part at byte 41 is wrong".
void check_whole(std::string_view bytes, const std::filesystem::path& path);

}  // namespace penalmt
