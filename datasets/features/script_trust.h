// How far TorchScript archives are trusted.
#pragma once

namespace penalmt {

// From here on an archive may do all that TorchScript can, files included; before, it may call the
// operators of image networks. For the whole program: it is the user who trusts.
void trust_all_scripts();

bool all_scripts_are_trusted();

}  // namespace penalmt
