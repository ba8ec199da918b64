#include "models/position_vectors.h"

#include <cmath>

namespace penalmt {

std::vector<double> position_vectors(PositionKind kind, int64_t length, int64_t width) {
  const int64_t half = width / 2, steps = kind == PositionKind::kMarian ? half : half - 1;
  const double step = steps > 0 ? std::log(10000.0) / static_cast<double>(steps) : 0;
  std::vector<double> vectors(length * width);
  for (int64_t c = 0; c < half; ++c) {
    const double wavelength = std::exp(-step * static_cast<double>(c));
    for (int64_t t = 0; t < length; ++t) {
      const double angle = static_cast<double>(t) * wavelength;
      vectors[t * width + c] = std::sin(angle);
      vectors[t * width + half + c] = std::cos(angle);
    }
  }
  return vectors;
}

}  // namespace penalmt
