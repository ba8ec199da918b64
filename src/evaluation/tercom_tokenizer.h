// The tokeniser of TER: Tercom's Normalizer.java as sacreBLEU 2.6 has it. Options are named as
// sacreBLEU's.
#pragma once

#include <string>
#include <string_view>

namespace penalmt {

struct TercomOptions {
  bool normalized = false;  // undo XML entities, set punctuation apart
  bool no_punct = false;    // remove . , ? : ; ! " ( )
  bool asian_support =
      false;  // with `normalized`: every Chinese character and Asian sign stands alone; with
              // `no_punct`: Asian and full-width punctuation goes too; else nothing
  bool case_sensitive = false;  // false: lower case

  template <class Visitor>
  void visit(Visitor& v) {
    v("ter_case_sensitive", case_sensitive, "TER: tell capital and small letters apart");
    v("ter_normalized", normalized, "TER: separate punctuation from words first");
    v("ter_no_punct", no_punct, "TER: leave punctuation out");
    v("ter_asian_support", asian_support, "TER: the two before also for Chinese and Japanese");
  }
};

// The line's tokens with one space between them. Never fails; text is valid UTF-8. Safe to call
// from many threads.
std::string tercom_tokenize(std::string_view line, const TercomOptions& options);

}  // namespace penalmt
