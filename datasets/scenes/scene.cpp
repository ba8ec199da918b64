#include "datasets/scenes/scene.h"

#include <utility>

#include "base/random.h"

namespace penalmt {
namespace {

// A group of `shape`; `unsaid` names what the caption leaves out of it, or nothing. What nobody
// names in the singular is a plural, and so is every held-out combination.
Group make_group(Shape shape, const LeftOut* unsaid, Split split, SplitMix64& random) {
  const bool held_out = split == Split::kTest && unsaid;
  const int fewest = held_out || (unsaid && *unsaid == LeftOut::kCount) ? 2 : 1;
  Group group{.shape = shape};
  group.count = fewest + static_cast<int>(random.below(kMostOfAKind + 1 - fewest));
  std::vector<Colour> colours;
  for (int c = 0; c < kColours; ++c)
    if (split == Split::kTest && !unsaid) {
      colours.push_back(static_cast<Colour>(c));
    } else if (is_held_out(shape, static_cast<Colour>(c), group.count) == held_out) {
      colours.push_back(static_cast<Colour>(c));
    }
  group.colour = colours[random.below(colours.size())];
  return group;
}

Relation make_relation(std::size_t groups, SplitMix64& random) {
  if (groups == 1) return Relation::kAnywhere;
  const uint64_t draw =
      random.below(groups == 2 ? 5 : 7);  // 0: anywhere; 1 to 4: a side; 5, 6: between
  return static_cast<Relation>(draw > 5 ? 5 : draw);
}

}  // namespace

bool is_held_out(Shape shape, Colour colour, int count) {
  return count >= 2 && (static_cast<int>(shape) + static_cast<int>(colour) + count) % kColours == 0;
}

Scene make_scene(uint64_t seed, Split split, int64_t line) {
  SplitMix64 random(seed, static_cast<uint64_t>(split) << 48 | static_cast<uint64_t>(line));
  Scene scene;
  const uint64_t draw = random.below(20);
  const std::size_t groups = draw < 12 ? 1
                             : draw < 18
                                 ? 2
                                 : 3;  // 60, 30 and 10 %: counts are learnt where few objects are
  scene.left_out = random.below(5) < 3 ? LeftOut::kColour : LeftOut::kCount;
  scene.unsaid = static_cast<int>(random.below(groups));

  std::vector<Shape> shapes;
  for (int s = 0; s < kShapes; ++s) shapes.push_back(static_cast<Shape>(s));
  shuffle(shapes, random);
  for (std::size_t g = 0; g < groups; ++g)
    scene.groups.push_back(make_group(
        shapes[g], static_cast<int>(g) == scene.unsaid ? &scene.left_out : nullptr, split, random));

  scene.relation = make_relation(groups, random);
  scene.between_rows = random.below(2) == 1;
  scene.wording =
      static_cast<int>(random.below(12));  // 12: a multiple of every number of templates
  scene.a_few = random.below(2) == 1;
  scene.drawing_seed = random.next();
  return scene;
}

}  // namespace penalmt
