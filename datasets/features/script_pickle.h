// The pickles of a TorchScript archive, looked through before LibTorch reads them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace penalmt {

// What makes a pickle more than the tensors and modules of a network ("names the class os.system"):
// an instruction that TorchScript does not write, a name outside the archive's code and the few
// that tensors need, nesting without end. nullopt where nothing does.
std::optional<std::string> unfit_in_pickle(std::string_view pickle);

}  // namespace penalmt
