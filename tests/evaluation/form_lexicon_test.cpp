#include "evaluation/form_lexicon.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/files.h"
#include "tests/base/temporary_folder.h"

namespace penalmt::form_lexicon_test {

using Words = std::vector<std::string>;

bool may_be(const FormLexicon& lexicon, const std::string& word, const std::string& form) {
  return lexicon.forms_of(word) != nullptr && lexicon.forms_of(word)->count(form) == 1;
}

TEST(FormLexicon, IsReadFromTabSeparatedLines) {
  const TemporaryFolder folder;
  write_file(folder / "a.tsv", "# dogs\ndog\thund hunde hunden\n\ncat\tkatze\ncat\tkater\n");
  const FormLexicon lexicon = FormLexicon::read(folder / "a.tsv");
  EXPECT_EQ(*lexicon.forms_of("dog"), (std::set<std::string>{"hund", "hunde", "hunden"}));
  EXPECT_EQ(*lexicon.forms_of("cat"), (std::set<std::string>{"katze", "kater"}));
  EXPECT_EQ(lexicon.forms_of("# dogs"), nullptr);
}

TEST(FormLexicon, RefusesOtherFiles) {
  const TemporaryFolder folder;
  const auto message = [&](const std::string& text) {
    write_file(folder / "a.tsv", text);
    return folder.without_path(thrown_message<Error>([&] { FormLexicon::read(folder / "a.tsv"); }));
  };
  EXPECT_EQ(message("dog\thund\ncat katze\n"),
            "a.tsv:2: expected a word, a tab and the forms of its translations");
  EXPECT_EQ(message("dog\t \n"),
            "a.tsv:1: expected a word, a tab and the forms of its translations");
  EXPECT_EQ(message("hot dog\thotdog\n"),
            "a.tsv:1: expected a word, a tab and the forms of its translations");
  EXPECT_EQ(message("a\tb\tc\n"),
            "a.tsv:1: expected a word, a tab and the forms of its translations");
  EXPECT_EQ(message("# nothing\n"), "a.tsv: got no words, expected at least one");
}

TEST(FormLexicon, KnowsColoursAndPeopleInGermanAndFrench) {
  const FormLexicon german = *FormLexicon::shipped("color", "de"),
                    french = *FormLexicon::shipped("color", "fr");
  for (const char* form :
       {"rot", "rote", "roten", "roter", "rotes", "rotem", "hellroten", "rothaariger"})
    EXPECT_TRUE(may_be(german, "red", form)) << form;
  EXPECT_FALSE(may_be(german, "red", "brot"));
  EXPECT_FALSE(may_be(german, "red", "grün"));
  EXPECT_TRUE(may_be(german, "orange", "orangefarbenen"));
  EXPECT_TRUE(may_be(german, "dark", "dunkles"));
  EXPECT_TRUE(may_be(french, "white", "blanches"));
  EXPECT_TRUE(may_be(*FormLexicon::shipped("people", "de"), "men", "männern"));
  EXPECT_TRUE(may_be(*FormLexicon::shipped("people", "fr"), "girl", "fille"));
  // Every word that the published positions name.
  for (const char* word :
       {"orange", "green", "red", "white", "black", "pink", "blue", "purple", "tan", "grey", "gray",
        "yellow", "gold", "golden", "dark", "brown", "silver"})
    for (const FormLexicon* lexicon : {&german, &french})
      EXPECT_NE(lexicon->forms_of(word), nullptr) << word;
  for (const char* word : {"man", "woman", "boy", "girl", "people", "men"})
    for (const char* language : {"de", "fr"})
      EXPECT_NE(FormLexicon::shipped("people", language)->forms_of(word), nullptr) << word;
}

TEST(FormLexicon, ShipsNoOther) {
  EXPECT_FALSE(FormLexicon::shipped("noun", "de"));
  EXPECT_FALSE(FormLexicon::shipped("color", "cs"));
}

TEST(FormLexicon, PartsCompoundsOfItsForms) {
  const FormLexicon lexicon = *FormLexicon::shipped("color", "de");
  EXPECT_EQ(lexicon.parts("ein schwarz-weißer hund"), (Words{"ein", "schwarz", "weißer", "hund"}));
  EXPECT_EQ(lexicon.parts("Ein Schwarzweißer Hund"), (Words{"ein", "schwarz", "weißer", "hund"}));
  EXPECT_EQ(lexicon.parts("dunkelblauen"), (Words{"dunkel", "blauen"}));
  EXPECT_EQ(lexicon.parts("hellblauen brot rotwein"), (Words{"hellblauen", "brot", "rotwein"}));
  EXPECT_EQ(lexicon.parts(" -rot-- - "), (Words{"rot"}));
  EXPECT_EQ(lexicon.parts(""), Words{});
}

}  // namespace penalmt::form_lexicon_test
