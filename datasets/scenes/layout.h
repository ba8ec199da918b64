// The generated corpus, part 3 of 5: where a scene's objects lie. Free of torch and OpenCV.
#pragma once

#include <vector>

#include "datasets/scenes/scene.h"

namespace penalmt {

// In parts of the image's side: x to the right, y downwards, both from 0 to 1.
struct Object {
  int group = 0;
  double x = 0, y = 0;
  double radius = 0;  // the whole object is within kReach of it
  double tilt = 0;    // radians, small
};

constexpr double kReach = 1.17;  // a square's corner, the farthest point of any shape, in radii

// All objects of the scene, group by group. None touches another or the border, and where the scene
// has a relation, every object of the one group is wholly on the said side of every object of the
// other. Sizes differ slightly; a crowded scene has smaller objects. Depends on the scene alone
// (its drawing_seed).
std::vector<Object> lay_out(const Scene& scene);

}  // namespace penalmt
