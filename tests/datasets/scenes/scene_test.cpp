#include "datasets/scenes/scene.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <tuple>

namespace penalmt::scene_test {

std::vector<Scene> scenes_of(Split split, int64_t count, uint64_t seed = 1) {
  std::vector<Scene> scenes;
  for (int64_t line = 0; line < count; ++line) scenes.push_back(make_scene(seed, split, line));
  return scenes;
}

TEST(HeldOut, TakesOneColourOfEveryShapeInEveryPlural) {
  std::map<Colour, int> of_colour;
  for (int s = 0; s < kShapes; ++s)
    for (int n = 1; n <= kMostOfAKind; ++n) {
      int colours = 0;
      for (int c = 0; c < kColours; ++c) {
        const bool held_out = is_held_out(static_cast<Shape>(s), static_cast<Colour>(c), n);
        colours += held_out;
        of_colour[static_cast<Colour>(c)] += held_out;
      }
      EXPECT_EQ(colours, n == 1 ? 0 : 1);
    }
  for (const auto& [colour, times] : of_colour) EXPECT_EQ(times, 4);
}

TEST(MakeScene, NeverShowsAHeldOutCombinationBeforeTheTest) {
  std::set<std::pair<Shape, Colour>> coloured;
  std::set<std::pair<Shape, int>> counted;
  for (const Split split : {Split::kTrain, Split::kValid})
    for (const Scene& scene : scenes_of(split, 4000))
      for (const Group& group : scene.groups) {
        EXPECT_FALSE(is_held_out(group.shape, group.colour, group.count));
        coloured.emplace(group.shape, group.colour);
        counted.emplace(group.shape, group.count);
      }
  EXPECT_EQ(coloured.size(), 36u);  // every two of the three are shown
  EXPECT_EQ(counted.size(), 30u);
}

TEST(MakeScene, LeavesAWordOfAHeldOutCombinationOutInEveryTestScene) {
  std::set<std::tuple<Shape, Colour, int>> combinations;
  for (const Scene& scene : scenes_of(Split::kTest, 2000)) {
    const Group& group = scene.groups[scene.unsaid];
    EXPECT_TRUE(is_held_out(group.shape, group.colour, group.count));
    combinations.emplace(group.shape, group.colour, group.count);
  }
  EXPECT_EQ(combinations.size(), 24u);  // all of them
}

TEST(MakeScene, ShowsEachShapeAtMostOnceAndOneToFiveOfAKind) {
  for (const Split split : {Split::kTrain, Split::kTest})
    for (const Scene& scene : scenes_of(split, 2000)) {
      std::set<Shape> shapes;
      for (const Group& group : scene.groups) {
        shapes.insert(group.shape);
        EXPECT_GE(group.count, 1);
        EXPECT_LE(group.count, 5);
      }
      EXPECT_EQ(shapes.size(), scene.groups.size());
      EXPECT_GE(scene.groups.size(), 1u);
      EXPECT_LE(scene.groups.size(), 3u);
      ASSERT_GE(scene.unsaid, 0);
      ASSERT_LT(scene.unsaid, static_cast<int>(scene.groups.size()));
      EXPECT_TRUE(scene.left_out == LeftOut::kColour || scene.groups[scene.unsaid].count >= 2);
      EXPECT_TRUE(scene.groups.size() > 1 || scene.relation == Relation::kAnywhere);
      EXPECT_TRUE(scene.groups.size() == 3 || scene.relation != Relation::kBetween);
    }
}

TEST(MakeScene, DependsOnSeedSplitAndLineAlone) {
  const auto facts = [](const Scene& scene) {
    std::vector<std::tuple<int, Colour, Shape>> groups;
    for (const Group& group : scene.groups)
      groups.emplace_back(group.count, group.colour, group.shape);
    return std::tuple(groups, scene.relation, scene.left_out, scene.unsaid, scene.wording,
                      scene.drawing_seed);
  };
  EXPECT_EQ(facts(make_scene(1, Split::kTrain, 77)), facts(make_scene(1, Split::kTrain, 77)));
  EXPECT_NE(facts(make_scene(1, Split::kTrain, 77)), facts(make_scene(1, Split::kTrain, 78)));
  EXPECT_NE(facts(make_scene(1, Split::kTrain, 77)), facts(make_scene(1, Split::kValid, 77)));
  EXPECT_NE(facts(make_scene(1, Split::kTrain, 77)), facts(make_scene(2, Split::kTrain, 77)));
}

TEST(MakeScene, UsesEverythingItHas) {
  std::map<Relation, int> relations;
  std::map<int, int> wordings, groups, unsaid;
  std::map<LeftOut, int> left_out;
  for (const Scene& scene : scenes_of(Split::kTrain, 12000)) {
    ++relations[scene.relation];
    ++wordings[scene.wording];
    ++groups[static_cast<int>(scene.groups.size())];
    ++left_out[scene.left_out];
    if (scene.groups.size() == 3) ++unsaid[scene.unsaid];
  }
  EXPECT_EQ(relations.size(), 6u);
  EXPECT_EQ(wordings.size(), 12u);
  for (const auto& [number, share] : {std::pair(1, 0.6), std::pair(2, 0.3), std::pair(3, 0.1)})
    EXPECT_NEAR(groups[number] / 12000.0, share, 0.03);
  EXPECT_NEAR(left_out[LeftOut::kColour] / 12000.0, 0.6, 0.03);
  for (const auto& [index, count] : unsaid) EXPECT_NEAR(count / 1200.0, 1 / 3.0, 0.06) << index;
}

// What a model could know without the image is little: of each shape two colours are shown in every
// count (19 %), four in all counts but one (15 %).
TEST(MakeScene, SpreadsLeftOutValuesEvenly) {
  std::map<std::pair<Shape, Colour>, int> colours;
  std::map<Shape, int> total;
  for (const Scene& scene : scenes_of(Split::kTrain, 20000))
    if (scene.left_out == LeftOut::kColour) {
      const Group& group = scene.groups[scene.unsaid];
      ++colours[{group.shape, group.colour}];
      ++total[group.shape];
    }
  ASSERT_EQ(colours.size(), 36u);
  for (const auto& [combination, count] : colours)
    EXPECT_NEAR(count / double(total[combination.first]), 1 / 6.0, 0.05);
}

}  // namespace penalmt::scene_test
