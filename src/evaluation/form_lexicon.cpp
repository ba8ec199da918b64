#include "evaluation/form_lexicon.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/line_reader.h"
#include "base/text.h"
#include "evaluation/unicode.h"

namespace penalmt {

FormLexicon FormLexicon::read(const std::filesystem::path& path) {
  FormLexicon lexicon;
  LineReader lines(path);
  for (std::string line; lines.next(line);) {
    if (split_whitespace(line).empty() || line.front() == '#') continue;
    const auto columns = split(line, '\t');
    const bool right = columns.size() == 2 && split_whitespace(columns[0]).size() == 1 &&
                       !split_whitespace(columns[1]).empty();
    if (!right)
      throw Error(fmt::format("{}:{}: expected a word, a tab and the forms of its translations",
                              lines.name(), lines.line_number()));
    for (const std::string_view form : split_whitespace(columns[1]))
      lexicon.add(std::string(split_whitespace(columns[0]).front()), std::string(form));
  }
  if (lexicon.forms_.empty()) throw Error(path.string() + ": got no words, expected at least one");
  return lexicon;
}

void FormLexicon::add(const std::string& word, const std::string& form) {
  forms_[word].insert(form);
  all_forms_.insert(form);
}

const std::set<std::string>* FormLexicon::forms_of(const std::string& word) const {
  const auto found = forms_.find(word);
  return found == forms_.end() ? nullptr : &found->second;
}

std::vector<std::string> FormLexicon::parts(std::string_view translation) const {
  std::vector<std::string> parts;
  const std::string lower = lowercase(translation);
  for (const std::string_view word : split_whitespace(lower))
    for (const std::string_view view : split(word, '-')) {
      const std::string part(view);
      std::size_t seam = is_form(part) ? part.size() : 1;
      while (seam < part.size() && !(is_form(part.substr(0, seam)) && is_form(part.substr(seam))))
        ++seam;
      parts.push_back(part.substr(0, seam));
      if (seam < part.size()) parts.push_back(part.substr(seam));
    }
  std::erase(parts, "");
  return parts;
}

}  // namespace penalmt
