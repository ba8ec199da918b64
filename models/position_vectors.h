// The computed position vectors, in one place for tensors and for rows.
#pragma once

#include <cstdint>
#include <vector>

#include "models/kinds.h"

namespace penalmt {

// [length, width]: sines in the first half, cosines in the second. `kind`: not learned.
std::vector<double> position_vectors(PositionKind kind, int64_t length, int64_t width);

}  // namespace penalmt
