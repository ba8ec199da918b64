// Between text as people write it and the text of a model that was trained on Multi30k's tok files.
#pragma once

#include <string>

#include "models/model_description.h"
#include "tokenizers/moses_language.h"

namespace penalmt {

class RawText {
 public:
  // Throws Error where the model, opened at `place`, was trained on other text or languages.
  // `asked`: what asks for raw text, in errors.
  RawText(const ModelDescription& model, const std::string& place,
          const std::string& asked = "raw text");

  std::string for_model(const std::string& line) const;          // normalised and tokenised
  std::string for_people(const std::string& translation) const;  // joined and capitalised

 private:
  MosesLanguage source_, target_;
};

}  // namespace penalmt
