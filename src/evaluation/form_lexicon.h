// Which words of a translation a source word may have become: the bilingual word list of the
// masking probe.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace penalmt {

class FormLexicon {
 public:
  // Lines "english<TAB>forms with spaces between them", in lower case; a word may stand in several
  // lines; empty lines and those that begin with "#" are none. Throws Error "path:3: expected a
  // word, a tab and the forms of its translations", and where there is no word at all; as
  // LineReader (base/text.h).
  static FormLexicon read(const std::filesystem::path& path);
  // Of a kind of Multi30k's masking, "color" or "people", from English into German ("de") or French
  // ("fr"); nullopt for all others.
  static std::optional<FormLexicon> shipped(std::string_view kind,
                                            std::string_view target_language);

  void add(const std::string& word, const std::string& form);

  // In every gender, number, case and synonym that the lexicon knows; null for an unknown word.
  const std::set<std::string>* forms_of(const std::string& word) const;

  // The words of a translation as they are compared: in lower case, parted at "-", and two forms of
  // the lexicon written together parted too, so that each of them can be found: "schwarz-weißer
  // hund" and "schwarzweißer hund" are "schwarz", "weißer", "hund".
  std::vector<std::string> parts(std::string_view translation) const;

 private:
  bool is_form(const std::string& word) const { return all_forms_.count(word) != 0; }

  std::map<std::string, std::set<std::string>> forms_;
  std::set<std::string> all_forms_;
};

}  // namespace penalmt
