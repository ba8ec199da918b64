// The languages of Multi30k. Moses's rules differ between them.
#pragma once

#include <string_view>

namespace penalmt {

enum class MosesLanguage { kCzech, kGerman, kEnglish, kFrench };

// "cs", "de", "en" or "fr". Throws Error: language: got "nl", expected one of cs, de, en, fr.
MosesLanguage moses_language(std::string_view code);

}  // namespace penalmt
