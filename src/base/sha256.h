// SHA-256 (FIPS 180-4): tells whether two files are the same.
#pragma once

#include <string>
#include <string_view>

namespace penalmt {

// 64 hexadecimal digits, lower case.
std::string sha256(std::string_view bytes);

}  // namespace penalmt
