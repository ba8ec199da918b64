// The generated corpus, part 1 of 5: what a scene holds. Coloured shapes in groups, and the one
// word that its English caption leaves out, so that only the image tells the German or French word.
// Free of torch and OpenCV.
//
//   scene → layout → drawing     the image
//         → captions             three captions and the mark that scoring reads
//   scenes_corpus writes the corpus; left_out_marks finds its left-out words in translations.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace penalmt {

enum class Colour { kRed, kBlue, kGreen, kYellow, kPurple, kBlack };
enum class Shape { kCircle, kSquare, kTriangle, kStar, kCross, kDiamond };
constexpr int kColours = 6, kShapes = 6, kMostOfAKind = 5;

// Equal objects: "three red circles".
struct Group {
  int count = 1;  // 1 to 5
  Colour colour = Colour::kRed;
  Shape shape = Shape::kCircle;
};

// Where the groups are. kLeft to kBelow: all groups but the last are on that side of the last one.
// kBetween: the first is between the others, in a row or in a column. kAnywhere: mixed.
enum class Relation { kAnywhere, kLeft, kRight, kAbove, kBelow, kBetween };

enum class LeftOut { kColour, kCount };
constexpr int kColourChoices = kColours;  // values a left-out colour may have
constexpr int kCountChoices =
    kMostOfAKind - 1;  // a left-out count is 2 to 5: the caption's plural tells that

struct Scene {
  std::vector<Group> groups;  // 1 to 3, each of another shape
  Relation relation = Relation::kAnywhere;
  bool between_rows = false;  // kBetween: one above the other, not side by side
  LeftOut left_out = LeftOut::kColour;
  int unsaid = 0;      // the group whose colour or count the caption leaves out
  int wording = 0;     // which of the caption's templates, 0 to 11 (taken modulo their number)
  bool a_few = false;  // a left-out count is "a few", not "some"
  uint64_t drawing_seed = 0;  // places, sizes and noise
};

enum class Split { kTrain, kValid, kTest };

// Combinations that training and validation never show: of each shape in each count from two on,
// one colour of six. Every two of the three are shown together, so that what the image says of a
// held-out group can be composed from what was seen.
bool is_held_out(Shape shape, Colour colour, int count);

// Scene `line` (from 0) of a split. It depends on the three numbers alone, so a larger corpus
// begins with the smaller one. In training and validation no group is a held-out combination. In a
// test scene the group whose word is left out is one; everything else is free.
Scene make_scene(uint64_t seed, Split split, int64_t line);

}  // namespace penalmt
