// `penalmt evaluate` called as sacreBLEU is: `evaluate ref.de -i hyp.de -m bleu chrf -w 2 -b`.
#pragma once

#include <string>
#include <vector>

#include "commands/cli/options.h"

namespace penalmt {

// The words after the command's name with sacreBLEU's options in our names: -i is --hypotheses, and
// references that stand by themselves follow --references. Without -i the hypotheses are standard
// input, where that is no terminal. What we have no use for, as --quiet, is left out. Words in our
// own form stay as they are. Throws Error for what sacreBLEU can do and we cannot: "evaluate: -t: a
// test set of sacreBLEU's; ...".
std::vector<std::string> from_sacrebleu(const std::vector<std::string>& words,
                                        const std::vector<Option>& options);

}  // namespace penalmt
