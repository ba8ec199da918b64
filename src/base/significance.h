// What counts as significant, wherever a p-value is printed.
#pragma once

namespace penalmt {

constexpr bool is_significant(double p_value) { return p_value <= 0.05; }

}  // namespace penalmt
