#include "datasets/shapes_scene.h"

#include <utility>

#include "base/random.h"

namespace penalmt {
namespace {

template <class Value, class Allowed>
Value one_of(std::vector<Value> values, Allowed allowed, SplitMix64& random) {
  std::erase_if(values, [&](Value value) { return !allowed(value); });
  return values[random.below(values.size())];
}

// A group of `shape`; `unsaid` names what the caption leaves out of it, or nothing.
Group make_group(Shape shape, const LeftOut* unsaid, Split split, SplitMix64& random) {
  std::vector<Colour> colours;
  for (int c = 0; c < kColours; ++c) colours.push_back(static_cast<Colour>(c));
  std::vector<int> counts;
  for (int n = unsaid && *unsaid == LeftOut::kCount ? 2 : 1; n <= kMostOfAKind; ++n) counts.push_back(n);

  const auto allowed = [&](LeftOut attribute, bool held_out) {
    if (split != Split::kTest) return !held_out;
    return !unsaid || *unsaid != attribute || held_out;
  };
  const auto colour_allowed = [&](Colour colour) { return allowed(LeftOut::kColour, is_held_out(shape, colour)); };
  const auto count_allowed = [&](int count) { return allowed(LeftOut::kCount, is_held_out(shape, count)); };
  Group group{.shape = shape};
  group.colour = one_of(colours, colour_allowed, random);
  group.count = one_of(counts, count_allowed, random);
  return group;
}

Relation make_relation(std::size_t groups, SplitMix64& random) {
  if (groups == 1) return Relation::kAnywhere;
  const uint64_t draw = random.below(groups == 2 ? 5 : 7);  // 0: anywhere; 1 to 4: a side; 5, 6: between
  return static_cast<Relation>(draw > 5 ? 5 : draw);
}

}  // namespace

bool is_held_out(Shape shape, Colour colour) {
  const int step = (static_cast<int>(colour) - static_cast<int>(shape) + kColours) % kColours;
  return step == 0 || step == 3;
}

bool is_held_out(Shape shape, int count) { return count == 2 + static_cast<int>(shape) % kCountChoices; }

Scene make_scene(uint64_t seed, Split split, int64_t line) {
  SplitMix64 random(seed, static_cast<uint64_t>(split) << 48 | static_cast<uint64_t>(line));
  Scene scene;
  const uint64_t draw = random.below(20);
  const std::size_t groups = draw < 5 ? 1 : draw < 14 ? 2 : 3;  // 25, 45 and 30 %
  scene.left_out = random.below(5) < 3 ? LeftOut::kColour : LeftOut::kCount;
  scene.unsaid = static_cast<int>(random.below(groups));

  std::vector<Shape> shapes;
  for (int s = 0; s < kShapes; ++s) shapes.push_back(static_cast<Shape>(s));
  shuffle(shapes, random);
  for (std::size_t g = 0; g < groups; ++g)
    scene.groups.push_back(
        make_group(shapes[g], static_cast<int>(g) == scene.unsaid ? &scene.left_out : nullptr, split, random));

  scene.relation = make_relation(groups, random);
  scene.between_rows = random.below(2) == 1;
  scene.wording = static_cast<int>(random.below(12));  // 12: a multiple of every number of templates
  scene.a_few = random.below(2) == 1;
  scene.drawing_seed = random.next();
  return scene;
}

}  // namespace penalmt
