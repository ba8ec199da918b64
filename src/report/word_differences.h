// Which words of a sentence another one lacks, for marking them side by side.
#pragma once

#include <string_view>
#include <vector>

namespace penalmt {

// For each word of `sentence`: true where it is part of the longest common subsequence with
// `other`. Of several longest ones, the one whose words come earliest in `sentence`.
//
//   sentence  zwei rote kreise neben einem stern      other  zwei blaue kreise neben dem stern
//             true false true   true  false true
std::vector<bool> words_in_common(const std::vector<std::string_view>& sentence,
                                  const std::vector<std::string_view>& other);

}  // namespace penalmt
