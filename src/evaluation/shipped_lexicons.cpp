// The word lists that come with the program: the words that Multi30k's `color` and `people`
// positions name, and a few more of their kind.
#include <array>

#include "base/text.h"
#include "evaluation/form_lexicon.h"

namespace penalmt {
namespace {

// A word and what it may be in the translation, with spaces between.
struct Entry {
  const char *word, *translations;
};
using Entries = std::vector<Entry>;

// Stems: declined below. "dunkel" stands for itself in "dunkelblau" (FormLexicon::parts).
const Entries kGermanColours = {
    {"black", "schwarz"},
    {"white", "weiß weiss"},
    {"red", "rot"},
    {"green", "grün"},
    {"blue", "blau"},
    {"yellow", "gelb"},
    {"brown", "braun"},
    {"orange", "orange orang orangen"},
    {"pink", "rosa rosan pink"},
    {"purple", "lila lilan violett purpur purpurn"},
    {"violet", "violett lila lilan"},
    {"gray", "grau"},
    {"grey", "grau"},
    {"tan", "beige beig braun bräunlich sandfarben lohfarben"},
    {"beige", "beige beig"},
    {"gold", "gold golden goldn"},
    {"golden", "gold golden goldn"},
    {"silver", "silber silbern silbrig"},
    {"dark", "dunkel dunkl dunkler finster düster"},
};

const Entries kFrenchColours = {
    {"black", "noir noire noirs noires"},
    {"white", "blanc blanche blancs blanches"},
    {"red", "rouge rouges"},
    {"green", "vert verte verts vertes"},
    {"blue", "bleu bleue bleus bleues"},
    {"yellow", "jaune jaunes"},
    {"brown", "marron marrons brun brune bruns brunes"},
    {"orange", "orange oranges orangé orangée orangés orangées"},
    {"pink", "rose roses"},
    {"purple", "violet violette violets violettes pourpre pourpres mauve mauves"},
    {"violet", "violet violette violets violettes mauve mauves"},
    {"gray", "gris grise grises"},
    {"grey", "gris grise grises"},
    {"tan", "beige beiges brun brune bruns brunes marron marrons fauve fauves"},
    {"beige", "beige beiges"},
    {"gold", "or doré dorée dorés dorées"},
    {"golden", "or doré dorée dorés dorées golden"},
    {"silver", "argent argenté argentée argentés argentées"},
    {"dark", "foncé foncée foncés foncées sombre sombres obscur obscure obscurs obscures"},
};

const Entries kGermanPeople = {
    {"man", "mann mannes manns männer männern herr herrn herren kerl typ"},
    {"men", "mann mannes manns männer männern herr herrn herren kerle kerlen typen"},
    {"woman", "frau frauen dame damen"},
    {"women", "frau frauen dame damen"},
    {"boy", "junge jungen jungs bub buben"},
    {"boys", "junge jungen jungs bub buben"},
    {"girl", "mädchen mädchens mädel mädels"},
    {"girls", "mädchen mädchens mädel mädels"},
    {"people", "mensch menschen person personen leute leuten"},
    {"person", "mensch menschen person personen"},
    {"child", "kind kinds kindes kinder kindern"},
    {"children", "kind kinds kindes kinder kindern"},
};

const Entries kFrenchPeople = {
    {"man", "homme hommes monsieur messieurs type types"},
    {"men", "homme hommes monsieur messieurs type types"},
    {"woman", "femme femmes dame dames"},
    {"women", "femme femmes dame dames"},
    {"boy", "garçon garçons garçonnet garçonnets"},
    {"boys", "garçon garçons garçonnet garçonnets"},
    {"girl", "fille filles fillette fillettes"},
    {"girls", "fille filles fillette fillettes"},
    {"people", "personne personnes gens"},
    {"person", "personne personnes"},
    {"child", "enfant enfants"},
    {"children", "enfant enfants"},
};

FormLexicon listed(const Entries& entries) {
  FormLexicon lexicon;
  for (const Entry& entry : entries)
    for (const std::string_view form : split_whitespace(entry.translations))
      lexicon.add(entry.word, std::string(form));
  return lexicon;
}

// "rot" → rot, rote, rotes, ..., hellrot, knallroter, ..., rotfarben, rothaarige, ...
FormLexicon german_colours() {
  constexpr std::array kShades = {"",     "hell",    "neon",   "knall",  "leucht",
                                  "tief", "pastell", "creme",  "mittel", "schnee",
                                  "oliv", "marine",  "königs", "himmel", "quietsch"};
  constexpr std::array kTails = {"", "farben", "farbig", "haarig"};
  constexpr std::array kEndings = {"", "e", "en", "er", "es", "em"};
  FormLexicon lexicon;
  for (const Entry& entry : kGermanColours)
    for (const std::string_view stem : split_whitespace(entry.translations))
      for (const char* shade : kShades)
        for (const char* tail : kTails)
          for (const char* ending : kEndings)
            lexicon.add(entry.word, shade + std::string(stem) + tail + ending);
  return lexicon;
}

}  // namespace

std::optional<FormLexicon> FormLexicon::shipped(std::string_view kind,
                                                std::string_view target_language) {
  if (kind == "color" && target_language == "de") return german_colours();
  if (kind == "color" && target_language == "fr") return listed(kFrenchColours);
  if (kind == "people" && target_language == "de") return listed(kGermanPeople);
  if (kind == "people" && target_language == "fr") return listed(kFrenchPeople);
  return std::nullopt;
}

}  // namespace penalmt
