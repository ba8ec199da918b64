// Warnings about text that does not look as it should, one a run.
#pragma once

#include <string>

#include "evaluation/answer_signs.h"
#include "tokenizers/source_signs.h"

namespace penalmt {

class TextTranslator;

// Where the sources that a model was given do not look like what it was trained on: counts and what
// to do. `pieces`: those of the sources. `hint`: what to do about raw text; "" where it is
// normalised already.
void warn_of_source(const std::string& model, const TextTranslator& translator,
                    const SourceSigns& signs, const PieceCount& pieces, const std::string& hint);

// Where sources did not say which of several languages they are to be translated into.
void warn_of_languages(const std::string& model, const TextTranslator& translator);

// Where translations went wrong.
void warn_of_answers(const std::string& model, const AnswerSigns& signs);

}  // namespace penalmt
