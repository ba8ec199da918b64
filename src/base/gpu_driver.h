// What a GPU's driver says, without LibTorch.
#pragma once

namespace penalmt {

// Whether the driver knows a GPU. Quick where there is no driver.
bool machine_has_gpu();

}  // namespace penalmt
