#include "translation/raw_text.h"

#include <fmt/format.h>

#include "base/error.h"
#include "tokenizers/moses.h"

namespace penalmt {
namespace {

const ModelDescription& expect_tokenised(const ModelDescription& model, const std::string& place,
                                         const std::string& asked) {
  if (model.text != "tok")
    throw Error(fmt::format(
        "{}: {} is for models of tokenised text; got a model trained with data.text '{}', "
        "expected 'tok'",
        place, asked, model.text));
  return model;
}

}  // namespace

RawText::RawText(const ModelDescription& model, const std::string& place, const std::string& asked)
    : source_(moses_language(expect_tokenised(model, place, asked).source_language)),
      target_(moses_language(model.target_language)) {}

std::string RawText::for_model(const std::string& line) const { return to_moses(line, source_); }

std::string RawText::for_people(const std::string& translation) const {
  return capitalised(from_moses(translation, target_));
}

}  // namespace penalmt
