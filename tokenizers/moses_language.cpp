#include "tokenizers/moses_language.h"

#include <string>

#include "base/error.h"

namespace penalmt {

MosesLanguage moses_language(std::string_view code) {
  if (code == "cs") return MosesLanguage::kCzech;
  if (code == "de") return MosesLanguage::kGerman;
  if (code == "en") return MosesLanguage::kEnglish;
  if (code == "fr") return MosesLanguage::kFrench;
  throw Error("language: got \"" + std::string(code) + "\", expected one of cs, de, en, fr");
}

}  // namespace penalmt
