#include "datasets/scenes/captions.h"

#include <array>
#include <cassert>
#include <string_view>

#include <fmt/format.h>

#include "base/ascii.h"
#include "base/text.h"

namespace penalmt {
namespace {

// ---- words
// -----------------------------------------------------------------------------------------------------------
// Nouns are in their written case ("Kreis"); everything else is lower case until a sentence begins
// with it.

enum class Case { kNominative, kAccusative, kDative };
enum class Gender { kMasculine, kFeminine, kNeuter };

struct Noun {
  const char *one, *many, *many_dative;
  Gender gender;
};
constexpr Noun kEnglishNouns[kShapes] = {
    {"circle", "circles", "", {}}, {"square", "squares", "", {}}, {"triangle", "triangles", "", {}},
    {"star", "stars", "", {}},     {"cross", "crosses", "", {}},  {"diamond", "diamonds", "", {}},
};
constexpr Noun kGermanNouns[kShapes] = {
    {"Kreis", "Kreise", "Kreisen", Gender::kMasculine},
    {"Quadrat", "Quadrate", "Quadraten", Gender::kNeuter},
    {"Dreieck", "Dreiecke", "Dreiecken", Gender::kNeuter},
    {"Stern", "Sterne", "Sternen", Gender::kMasculine},
    {"Kreuz", "Kreuze", "Kreuzen", Gender::kNeuter},
    {"Raute", "Rauten", "Rauten", Gender::kFeminine},
};
constexpr Noun kFrenchNouns[kShapes] = {
    {"cercle", "cercles", "", Gender::kMasculine},
    {"carré", "carrés", "", Gender::kMasculine},
    {"triangle", "triangles", "", Gender::kMasculine},
    {"étoile", "étoiles", "", Gender::kFeminine},
    {"croix", "croix", "", Gender::kFeminine},
    {"losange", "losanges", "", Gender::kMasculine},
};

constexpr const char* kEnglishColours[kColours] = {"red",    "blue",   "green",
                                                   "yellow", "purple", "black"};
constexpr const char* kGermanColours[kColours] = {"rot",  "blau",    "grün",
                                                  "gelb", "violett", "schwarz"};
// Masculine and feminine; the plural adds "s" to either.
constexpr const char* kFrenchColours[kColours][2] = {{"rouge", "rouge"},     {"bleu", "bleue"},
                                                     {"vert", "verte"},      {"jaune", "jaune"},
                                                     {"violet", "violette"}, {"noir", "noire"}};

constexpr const char* kEnglishNumbers[] = {"", "a", "two", "three", "four", "five"};
constexpr const char* kGermanNumbers[] = {"", "ein", "zwei", "drei", "vier", "fünf"};
constexpr const char* kFrenchNumbers[] = {"", "un", "deux", "trois", "quatre", "cinq"};

int number(Colour colour) { return static_cast<int>(colour); }
int number(Shape shape) { return static_cast<int>(shape); }

// ---- noun phrases
// ----------------------------------------------------------------------------------------------------

// "a circle", "three red circles", "a few red circles"
std::string english_phrase(const Scene& scene, int index) {
  const Group& group = scene.groups[index];
  const bool unsaid = index == scene.unsaid;
  const Noun& noun = kEnglishNouns[number(group.shape)];
  std::string phrase = kEnglishNumbers[group.count];
  if (unsaid && scene.left_out == LeftOut::kCount) phrase = scene.a_few ? "a few" : "some";
  if (!unsaid || scene.left_out != LeftOut::kColour)
    phrase += fmt::format(" {}", kEnglishColours[number(group.colour)]);
  return fmt::format("{} {}", phrase, group.count == 1 ? noun.one : noun.many);
}

// The endings after "ein" (mixed declension) and after a number (strong): [case][gender].
constexpr const char* kGermanArticle[3][3] = {
    {"ein", "eine", "ein"}, {"einen", "eine", "ein"}, {"einem", "einer", "einem"}};
constexpr const char* kGermanOneEnding[3][3] = {
    {"er", "e", "es"}, {"en", "e", "es"}, {"en", "en", "en"}};
constexpr const char* kGermanManyEnding[3] = {"e", "e", "en"};

// "ein roter Kreis", "einen roten Kreis", "drei roten Kreisen"
struct GermanPhrase {
  std::string number, colour, noun;
};
GermanPhrase german_phrase(const Group& group, Case grammatical_case) {
  const auto c = static_cast<int>(grammatical_case);
  const Noun& noun = kGermanNouns[number(group.shape)];
  const auto gender = static_cast<int>(noun.gender);
  const std::string colour = kGermanColours[number(group.colour)];
  if (group.count == 1)
    return {kGermanArticle[c][gender], colour + kGermanOneEnding[c][gender], noun.one};
  return {kGermanNumbers[group.count], colour + kGermanManyEnding[c],
          grammatical_case == Case::kDative ? noun.many_dative : noun.many};
}

// "un cercle rouge", "trois étoiles noires"
struct FrenchPhrase {
  std::string number, noun, colour;
};
FrenchPhrase french_phrase(const Group& group) {
  const Noun& noun = kFrenchNouns[number(group.shape)];
  const bool feminine = noun.gender == Gender::kFeminine;
  const std::string colour = kFrenchColours[number(group.colour)][feminine];
  if (group.count == 1) return {feminine ? "une" : "un", noun.one, colour};
  return {kFrenchNumbers[group.count], noun.many, colour + "s"};
}

std::string noun_phrase(const Scene& scene, int index, Case grammatical_case, Language language) {
  if (language == Language::kEnglish) return english_phrase(scene, index);
  if (language == Language::kGerman) {
    const GermanPhrase german = german_phrase(scene.groups[index], grammatical_case);
    return fmt::format("{} {} {}", german.number, german.colour, german.noun);
  }
  const FrenchPhrase french = french_phrase(scene.groups[index]);
  return fmt::format("{} {} {}", french.number, french.noun, french.colour);
}

// ---- sentences
// -------------------------------------------------------------------------------------------------------
// A template's words, but for these: S the subject and O the object (kBetween: the last two groups
// joined), with the German case after a colon (n, a, d; English and French ignore it); R the
// relation; "is|are" agrees with S.

using Template = std::array<const char*, 3>;  // English, German, French

// S: all groups.
constexpr Template kAloneTemplates[] = {
    {"there is|are S .", "es gibt S:a .", "il y a S ."},
    {"one can see S .", "man sieht S:a .", "on voit S ."},
    {"a picture with S .", "ein Bild mit S:d .", "une image avec S ."},
    {"S on a grey background .", "S:n auf grauem Hintergrund .", "S sur fond gris ."},
};
// "There are a circle and two stars" is not English, so several groups leave the first one out.
constexpr Template kTogetherTemplates[] = {kAloneTemplates[1], kAloneTemplates[2],
                                           kAloneTemplates[3]};
// S: all groups but the last; O: the last. kBetween: S is the first and O the others.
constexpr Template kRelationTemplates[] = {
    {"S is|are R O .", "S:n befindet|befinden sich R O:d .", "S se trouve|trouvent R O ."},
    {"S R O .", "S:n R O:d .", "S R O ."},
    {"R O , one can see S .", "R O:d sieht man S:a .", "R O , on voit S ."},
    {"one can see S R O .", "man sieht S:a R O:d .", "on voit S R O ."},
};
constexpr Template kRelations[] = {
    {"", "", ""},
    {"to the left of", "links von", "à gauche de"},
    {"to the right of", "rechts von", "à droite de"},
    {"above", "über", "au-dessus de"},
    {"below", "unter", "en dessous de"},
    {"between", "zwischen", "entre"},
};

template <std::size_t N>
const Template& choose(const Template (&templates)[N], int wording) {
  static_assert(12 % N == 0, "wording is drawn evenly from 0 to 11");
  return templates[wording % N];
}

// "A", "A and B", "A , B and C": groups begin ... end - 1.
std::string joined(const Scene& scene, int begin, int end, Case grammatical_case,
                   Language language) {
  constexpr const char* kAnd[] = {"and", "und", "et"};
  std::string text;
  for (int g = begin; g < end; ++g) {
    if (g > begin)
      text += g + 1 == end ? fmt::format(" {} ", kAnd[static_cast<int>(language)]) : " , ";
    text += noun_phrase(scene, g, grammatical_case, language);
  }
  return text;
}

std::string fill(const Template& choice, const Scene& scene, int subjects, Language language) {
  const bool plural = subjects > 1 || scene.groups[0].count > 1;
  std::string text;
  for (const std::string_view word : split_whitespace(choice[static_cast<int>(language)])) {
    if (!text.empty()) text += ' ';
    const char suffix = word.size() == 3 && word[1] == ':' ? word[2] : 'n';
    const Case grammatical_case = suffix == 'n'   ? Case::kNominative
                                  : suffix == 'a' ? Case::kAccusative
                                                  : Case::kDative;
    const std::size_t bar = word.find('|');
    if (word[0] == 'S' && (word.size() == 1 || word[1] == ':'))
      text += joined(scene, 0, subjects, grammatical_case, language);
    else if (word[0] == 'O')
      text += joined(scene, subjects, static_cast<int>(scene.groups.size()), grammatical_case,
                     language);
    else if (word == "R")
      text += kRelations[static_cast<int>(scene.relation)][static_cast<int>(language)];
    else if (bar != std::string_view::npos)
      text += plural ? word.substr(bar + 1) : word.substr(0, bar);
    else
      text += word;
  }
  return text;
}

// Tokens in written case: "À gauche" begins lower, "d'" stands alone.
std::string sentence(const Scene& scene, Language language) {
  const int groups = static_cast<int>(scene.groups.size());
  if (scene.relation == Relation::kAnywhere)
    return fill(groups == 1 ? choose(kAloneTemplates, scene.wording)
                            : choose(kTogetherTemplates, scene.wording),
                scene, groups, language);
  return fill(choose(kRelationTemplates, scene.wording), scene,
              scene.relation == Relation::kBetween ? 1 : groups - 1, language);
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

std::vector<std::string> all_lower(std::vector<std::string> words) {
  for (std::string& word : words) word = lowercase_ascii(std::move(word));
  return words;
}

void capitalise(std::string& text) {
  constexpr std::string_view kLower[] = {"à", "é", "ü"}, kUpper[] = {"À", "É", "Ü"};
  for (int i = 0; i < 3; ++i)
    if (text.starts_with(kLower[i])) return void(text.replace(0, kLower[i].size(), kUpper[i]));
  if (text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
}

}  // namespace

std::string code(Language language) {
  constexpr const char* kCodes[] = {"en", "de", "fr"};
  return kCodes[static_cast<int>(language)];
}

Caption caption(const Scene& scene, Language language) {
  std::string tokens = sentence(scene, language);
  if (language == Language::kFrench)
    replace_all(tokens, " de un", " d' un");  // un, une; no other word begins so
  if (tokens.starts_with("de un")) tokens.replace(0, 2, "d'");
  Caption result{lowercase_ascii(tokens), tokens};
  replace_all(result.tokenised, "d' ", "d&apos; ");
  replace_all(result.written, "d' ", "d'");
  replace_all(result.written, " ,", ",");
  replace_all(result.written, " .", ".");
  capitalise(result.written);
  return result;
}

LeftOutMark left_out_mark(const Scene& scene, Language language) {
  assert(language != Language::kEnglish);
  const Group& group = scene.groups[scene.unsaid];
  const bool is_colour = scene.left_out == LeftOut::kColour;
  LeftOutMark mark;
  mark.attribute = is_colour ? "colour" : "count";
  mark.value = is_colour ? kEnglishColours[number(group.colour)] : std::to_string(group.count);
  mark.choices = is_colour ? kColourChoices : kCountChoices;
  if (language == Language::kGerman) {
    const Noun& noun = kGermanNouns[number(group.shape)];
    mark.nouns = all_lower({noun.one, noun.many});
    if (std::string_view(noun.many) != noun.many_dative)
      mark.nouns.push_back(lowercase_ascii(noun.many_dative));
    // The phrase in the case that it has in the reference: the one that stands there.
    const std::string reference = " " + caption(scene, language).tokenised;
    for (const Case each : {Case::kNominative, Case::kAccusative, Case::kDative}) {
      const GermanPhrase words = german_phrase(group, each);
      std::string phrase = lowercase_ascii(fmt::format("{} {}", words.colour, words.noun));
      if (!is_colour) phrase = fmt::format("{} {}", words.number, phrase);
      if (reference.find(" " + phrase + " ") != std::string::npos) mark.phrase = phrase;
    }
    if (is_colour)
      for (const char* ending : {"", "e", "em", "en", "er", "es"})
        mark.right.push_back(kGermanColours[number(group.colour)] + std::string(ending));
    else
      mark.right = {kGermanNumbers[group.count]};
    mark.offsets = is_colour ? std::vector<int>{-1}
                             : std::vector<int>{-1, -2};  // "drei Kreise", "drei rote Kreise"
    return mark;
  }
  const Noun& noun = kFrenchNouns[number(group.shape)];
  const FrenchPhrase words = french_phrase(group);
  mark.nouns = {noun.one};
  if (std::string_view(noun.one) != noun.many) mark.nouns.push_back(noun.many);
  mark.phrase = is_colour ? fmt::format("{} {}", words.noun, words.colour)
                          : fmt::format("{} {}", words.number, words.noun);
  if (!is_colour) {
    mark.right = {words.number};
    mark.offsets = {-1};
    return mark;
  }
  const auto& [masculine, feminine] = kFrenchColours[number(group.colour)];
  for (const std::string singular : {masculine, feminine}) {
    if (!mark.right.empty() && mark.right.front() == singular) continue;  // "rouge" is both
    mark.right.push_back(singular);
    mark.right.push_back(singular + "s");
  }
  mark.offsets = {1};
  return mark;
}

}  // namespace penalmt
