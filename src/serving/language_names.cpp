#include "serving/language_names.h"

#include <unicode/locid.h>
#include <unicode/unistr.h>

namespace penalmt {

std::string name_of_language(const std::string& code) {
  icu::UnicodeString name;
  icu::Locale(code.c_str()).getDisplayLanguage(icu::Locale::getEnglish(), name);
  std::string text;
  name.toUTF8String(text);
  return text.empty() ? code : text;
}

}  // namespace penalmt
