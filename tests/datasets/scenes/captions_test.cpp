#include "datasets/scenes/captions.h"

#include <gtest/gtest.h>

#include <set>

#include "base/text.h"

namespace penalmt::captions_test {

Scene alone(int count, Colour colour, Shape shape, int wording,
            LeftOut left_out = LeftOut::kColour) {
  return {.groups = {{count, colour, shape}}, .left_out = left_out, .wording = wording};
}

std::string tokens(const Scene& scene, Language language) {
  return caption(scene, language).tokenised;
}
std::string english(const Scene& scene) { return tokens(scene, Language::kEnglish); }
std::string german(const Scene& scene) { return tokens(scene, Language::kGerman); }
std::string french(const Scene& scene) { return tokens(scene, Language::kFrench); }

// Wording 0: accusative after "es gibt"; 2: dative after "mit"; 3: nominative.
TEST(Captions, DeclineGermanGroups) {
  const auto one = [](Colour colour, Shape shape, int wording) {
    return german(alone(1, colour, shape, wording));
  };
  EXPECT_EQ(one(Colour::kRed, Shape::kCircle, 3), "ein roter kreis auf grauem hintergrund .");
  EXPECT_EQ(one(Colour::kRed, Shape::kCircle, 0), "es gibt einen roten kreis .");
  EXPECT_EQ(one(Colour::kRed, Shape::kCircle, 2), "ein bild mit einem roten kreis .");
  EXPECT_EQ(one(Colour::kGreen, Shape::kSquare, 3), "ein grünes quadrat auf grauem hintergrund .");
  EXPECT_EQ(one(Colour::kGreen, Shape::kSquare, 1), "man sieht ein grünes quadrat .");
  EXPECT_EQ(one(Colour::kGreen, Shape::kSquare, 2), "ein bild mit einem grünen quadrat .");
  EXPECT_EQ(one(Colour::kBlack, Shape::kDiamond, 3),
            "eine schwarze raute auf grauem hintergrund .");
  EXPECT_EQ(one(Colour::kBlack, Shape::kDiamond, 0), "es gibt eine schwarze raute .");
  EXPECT_EQ(one(Colour::kBlack, Shape::kDiamond, 2), "ein bild mit einer schwarzen raute .");

  const auto many = [](int count, Shape shape, int wording) {
    return german(alone(count, Colour::kPurple, shape, wording));
  };
  EXPECT_EQ(many(2, Shape::kStar, 3), "zwei violette sterne auf grauem hintergrund .");
  EXPECT_EQ(many(3, Shape::kCross, 0), "es gibt drei violette kreuze .");
  EXPECT_EQ(many(4, Shape::kTriangle, 2), "ein bild mit vier violetten dreiecken .");
  EXPECT_EQ(many(5, Shape::kDiamond, 2), "ein bild mit fünf violetten rauten .");
  EXPECT_EQ(many(5, Shape::kStar, 2), "ein bild mit fünf violetten sternen .");
}

TEST(Captions, MakeFrenchAdjectivesAgree) {
  const auto of = [](int count, Colour colour, Shape shape) {
    return french(alone(count, colour, shape, 0));
  };
  EXPECT_EQ(of(1, Colour::kGreen, Shape::kCircle), "il y a un cercle vert .");
  EXPECT_EQ(of(1, Colour::kGreen, Shape::kStar), "il y a une étoile verte .");
  EXPECT_EQ(of(2, Colour::kBlue, Shape::kSquare), "il y a deux carrés bleus .");
  EXPECT_EQ(of(3, Colour::kPurple, Shape::kCross), "il y a trois croix violettes .");
  EXPECT_EQ(of(1, Colour::kBlack, Shape::kCross), "il y a une croix noire .");
  EXPECT_EQ(of(4, Colour::kYellow, Shape::kDiamond), "il y a quatre losanges jaunes .");
  EXPECT_EQ(of(5, Colour::kRed, Shape::kTriangle), "il y a cinq triangles rouges .");
}

TEST(Captions, LeaveOneEnglishWordOut) {
  EXPECT_EQ(english(alone(1, Colour::kRed, Shape::kCircle, 0)), "there is a circle .");
  EXPECT_EQ(english(alone(2, Colour::kRed, Shape::kCross, 0)), "there are two crosses .");
  Scene counted = alone(4, Colour::kBlack, Shape::kSquare, 2, LeftOut::kCount);
  EXPECT_EQ(english(counted), "a picture with some black squares .");
  counted.a_few = true;
  EXPECT_EQ(english(counted), "a picture with a few black squares .");
  EXPECT_EQ(german(counted), "ein bild mit vier schwarzen quadraten .");
  EXPECT_EQ(french(counted), "une image avec quatre carrés noirs .");
}

TEST(Captions, SayWhereGroupsAre) {
  Scene scene{.groups = {{1, Colour::kRed, Shape::kStar}, {1, Colour::kBlue, Shape::kSquare}},
              .relation = Relation::kLeft,
              .unsaid = 1,
              .wording = 0};
  EXPECT_EQ(english(scene), "a red star is to the left of a square .");
  EXPECT_EQ(german(scene), "ein roter stern befindet sich links von einem blauen quadrat .");
  EXPECT_EQ(french(scene), "une étoile rouge se trouve à gauche d&apos; un carré bleu .");
  scene.relation = Relation::kRight;
  scene.groups[0].count = 3;
  EXPECT_EQ(english(scene), "three red stars are to the right of a square .");
  EXPECT_EQ(german(scene), "drei rote sterne befinden sich rechts von einem blauen quadrat .");
  EXPECT_EQ(french(scene), "trois étoiles rouges se trouvent à droite d&apos; un carré bleu .");
  scene.relation = Relation::kAbove;
  scene.wording = 2;
  EXPECT_EQ(english(scene), "above a square , one can see three red stars .");
  EXPECT_EQ(german(scene), "über einem blauen quadrat sieht man drei rote sterne .");
  EXPECT_EQ(french(scene), "au-dessus d&apos; un carré bleu , on voit trois étoiles rouges .");
  scene.relation = Relation::kBelow;
  scene.wording = 3;
  scene.groups[1].count = 5;
  EXPECT_EQ(english(scene), "one can see three red stars below five squares .");
  EXPECT_EQ(german(scene), "man sieht drei rote sterne unter fünf blauen quadraten .");
  EXPECT_EQ(french(scene), "on voit trois étoiles rouges en dessous de cinq carrés bleus .");
}

TEST(Captions, JoinThreeGroups) {
  Scene scene{.groups = {{1, Colour::kRed, Shape::kStar},
                         {2, Colour::kBlue, Shape::kSquare},
                         {1, Colour::kGreen, Shape::kDiamond}},
              .relation = Relation::kBetween,
              .unsaid = 0,
              .wording = 0};
  EXPECT_EQ(english(scene), "a star is between two blue squares and a green diamond .");
  EXPECT_EQ(
      german(scene),
      "ein roter stern befindet sich zwischen zwei blauen quadraten und einer grünen raute .");
  EXPECT_EQ(french(scene),
            "une étoile rouge se trouve entre deux carrés bleus et un losange vert .");
  scene.relation = Relation::kAbove;
  EXPECT_EQ(english(scene), "a star and two blue squares are above a green diamond .");
  EXPECT_EQ(german(scene),
            "ein roter stern und zwei blaue quadrate befinden sich über einer grünen raute .");
  EXPECT_EQ(
      french(scene),
      "une étoile rouge et deux carrés bleus se trouvent au-dessus d&apos; un losange vert .");
  scene.relation = Relation::kAnywhere;
  EXPECT_EQ(english(scene), "one can see a star , two blue squares and a green diamond .");
  EXPECT_EQ(german(scene),
            "man sieht einen roten stern , zwei blaue quadrate und eine grüne raute .");
  EXPECT_EQ(french(scene), "on voit une étoile rouge , deux carrés bleus et un losange vert .");
}

TEST(Captions, AreWrittenWithCapitalsAndWithoutSpacesBeforeMarks) {
  const Scene scene{.groups = {{2, Colour::kRed, Shape::kStar}, {1, Colour::kBlue, Shape::kCross}},
                    .relation = Relation::kLeft,
                    .unsaid = 1,
                    .wording = 2};
  EXPECT_EQ(caption(scene, Language::kEnglish).written,
            "To the left of a cross, one can see two red stars.");
  EXPECT_EQ(caption(scene, Language::kGerman).written,
            "Links von einem blauen Kreuz sieht man zwei rote Sterne.");
  EXPECT_EQ(caption(scene, Language::kFrench).written,
            "À gauche d'une croix bleue, on voit deux étoiles rouges.");
}

// The law that makes the corpus: without the image, the left-out word cannot be known.
TEST(Captions, NeedTheImage) {
  for (int64_t line = 0; line < 1000; ++line) {
    const Scene scene = make_scene(3, line % 2 ? Split::kTest : Split::kTrain, line);
    std::set<std::string> german_lines, french_lines;
    const int choices = scene.left_out == LeftOut::kColour ? kColourChoices : kCountChoices;
    for (int value = 0; value < choices; ++value) {
      Scene other = scene;
      Group& group = other.groups[other.unsaid];
      if (scene.left_out == LeftOut::kColour)
        group.colour = static_cast<Colour>(value);
      else
        group.count = 2 + value;
      EXPECT_EQ(english(other), english(scene));
      german_lines.insert(german(other));
      french_lines.insert(french(other));
      // Scoring tells the scenes apart, too.
      const Group& right = scene.groups[scene.unsaid];
      const bool same = group.colour == right.colour && group.count == right.count;
      EXPECT_EQ(is_right(german(other), left_out_mark(scene, Language::kGerman)), same)
          << german(other);
      EXPECT_EQ(is_right(french(other), left_out_mark(scene, Language::kFrench)), same)
          << french(other);
      EXPECT_EQ(is_right(caption(other, Language::kFrench).written,
                         left_out_mark(scene, Language::kFrench)),
                same);
    }
    EXPECT_EQ(static_cast<int>(german_lines.size()), choices);
    EXPECT_EQ(static_cast<int>(french_lines.size()), choices);
  }
}

TEST(Captions, SayEverythingElse) {
  // Any other change of the scene's contents shows in English.
  for (int64_t line = 0; line < 300; ++line) {
    const Scene scene = make_scene(3, Split::kTrain, line);
    for (std::size_t g = 0; g < scene.groups.size(); ++g) {
      const bool unsaid = static_cast<int>(g) == scene.unsaid;
      Scene other = scene;
      if (!unsaid || scene.left_out != LeftOut::kColour) {
        other.groups[g].colour =
            static_cast<Colour>((static_cast<int>(other.groups[g].colour) + 1) % kColours);
        EXPECT_NE(english(other), english(scene));
      }
      other = scene;
      if (!unsaid || scene.left_out != LeftOut::kCount) {
        other.groups[g].count = other.groups[g].count % kMostOfAKind + 1;
        EXPECT_NE(english(other), english(scene));
      }
    }
  }
}

TEST(Captions, MarkThePhraseOfTheReference) {
  for (int64_t line = 0; line < 1000; ++line) {
    const Scene scene = make_scene(5, Split::kTrain, line);
    for (const Language language : {Language::kGerman, Language::kFrench}) {
      const LeftOutMark mark = left_out_mark(scene, language);
      ASSERT_FALSE(mark.phrase.empty());
      EXPECT_NE((" " + tokens(scene, language)).find(" " + mark.phrase + " "), std::string::npos);
      EXPECT_EQ(mark.choices, mark.attribute == "colour" ? 6 : 4);
    }
  }
}

TEST(Captions, UseASmallClosedVocabularyOfWellFormedTokens) {
  std::set<std::string> words[3];
  for (int64_t line = 0; line < 4000; ++line) {
    const Scene scene = make_scene(1, line % 2 ? Split::kTest : Split::kTrain, line);
    for (const Language language : {Language::kEnglish, Language::kGerman, Language::kFrench}) {
      const std::string text = tokens(scene, language);
      EXPECT_EQ(text.find("  "), std::string::npos);
      EXPECT_TRUE(text.ends_with(" ."));
      EXPECT_EQ(text.find_first_of("|:ABCDEFGHIJKLMNOPQRSTUVWXYZ"), std::string::npos) << text;
      for (const std::string_view word : split_whitespace(text))
        words[static_cast<int>(language)].emplace(word);
    }
  }
  EXPECT_LT(words[0].size(), 60u);
  EXPECT_LT(words[1].size(), 80u);
  EXPECT_LT(words[2].size(), 80u);
}

}  // namespace penalmt::captions_test
