// Numbers as people write them: decimal, nothing around them. "010", "0x10", "1e3" are no whole
// numbers, "nan" and "inf" are none at all.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace penalmt {

// nullopt where the text is none, or does not fit the type.
std::optional<int64_t> whole_number(std::string_view text);
std::optional<uint64_t> unsigned_number(std::string_view text);
std::optional<double> finite_number(std::string_view text);

}  // namespace penalmt
