#include "datasets/scenes/layout.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/random.h"

namespace penalmt {
namespace {

constexpr double kMargin = 0.02;     // to the border, and to the line between two regions
constexpr double kRadius = 0.08;     // an object's, before its own variation
constexpr double kVariation = 0.03;  // of one object's radius
constexpr double kGap = 0.012;       // between two objects
constexpr double kMostTilt = 0.14;   // 8 degrees

struct Region {
  double left = 0, top = 0, right = 1, bottom = 1;
};

// The stripes from 0 to `cut` and from `cut` to 1.
std::pair<Region, Region> split(bool in_rows, double cut) {
  if (in_rows) return {{.bottom = cut}, {.top = cut}};
  return {{.right = cut}, {.left = cut}};
}

// A group with more objects gets more room.
double share(int objects, int others) {
  return std::clamp((objects + 2.0) / (objects + others + 4.0), 0.36, 0.64);
}

std::vector<Region> regions_of(const Scene& scene) {
  const std::size_t groups = scene.groups.size();
  std::vector<Region> regions(groups);
  if (scene.relation == Relation::kAnywhere) return regions;
  if (scene.relation == Relation::kBetween) {
    const auto stripe = [&](int i) -> Region {
      const double begin = i / 3.0, end = (i + 1) / 3.0;
      return scene.between_rows ? Region{.top = begin, .bottom = end}
                                : Region{.left = begin, .right = end};
    };
    const int second = scene.drawing_seed % 2 ? 0 : 2;  // the others' sides do not matter
    return {stripe(1), stripe(second), stripe(2 - second)};
  }
  const bool in_rows = scene.relation == Relation::kAbove || scene.relation == Relation::kBelow;
  const bool last_is_first =
      scene.relation == Relation::kRight || scene.relation == Relation::kBelow;
  int subjects = 0;
  for (std::size_t g = 0; g + 1 < groups; ++g) subjects += scene.groups[g].count;
  const double subjects_share = share(subjects, scene.groups.back().count);
  const auto [first, second] = split(in_rows, last_is_first ? 1 - subjects_share : subjects_share);
  regions.assign(groups, last_is_first ? second : first);
  regions.back() = last_is_first ? first : second;
  return regions;
}

bool touches(const Object& a, const Object& b) {
  return std::hypot(a.x - b.x, a.y - b.y) < kReach * (a.radius + b.radius) + kGap;
}

// One group in its region: near each other, or scattered. Nothing where the dice find no room.
bool place_group(const Group& group, int index, const Region& region, double radius,
                 std::vector<Object>& placed, SplitMix64& random) {
  const bool near_each_other = random.below(2) == 1;
  const double reach = radius * 2.4 * std::sqrt(static_cast<double>(group.count));
  std::optional<Object> first;
  for (int i = 0; i < group.count; ++i) {
    bool found = false;
    for (int tries = 0; tries < 60 && !found; ++tries) {
      Object object{.group = index};
      object.radius = radius * random.between(1 - kVariation, 1 + kVariation);
      object.tilt = random.between(-kMostTilt, kMostTilt);
      const double inset = kReach * object.radius + kMargin;
      object.x = random.between(region.left + inset, region.right - inset);
      object.y = random.between(region.top + inset, region.bottom - inset);
      if (near_each_other && first && std::hypot(object.x - first->x, object.y - first->y) > reach)
        continue;
      found = std::none_of(placed.begin(), placed.end(),
                           [&](const Object& other) { return touches(object, other); });
      if (!found) continue;
      placed.push_back(object);
      if (!first) first = object;
    }
    if (!found) return false;
  }
  return true;
}

}  // namespace

std::vector<Object> lay_out(const Scene& scene) {
  SplitMix64 random(scene.drawing_seed, 0);
  const std::vector<Region> regions = regions_of(scene);
  double radius = kRadius;
  for (int attempt = 1;; ++attempt) {
    std::vector<Object> placed;
    bool complete = true;
    for (std::size_t g = 0; g < regions.size() && complete; ++g)
      complete =
          place_group(scene.groups[g], static_cast<int>(g), regions[g], radius, placed, random);
    if (complete) return placed;
    if (attempt % 10 == 0) radius *= 0.97;  // a crowded scene: smaller objects
  }
}

}  // namespace penalmt
