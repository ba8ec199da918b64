// The API's answers: LibreTranslate's, with what `penalmt translate` prints as JSON beside them.
#pragma once

#include <chrono>
#include <string>

#include <nlohmann/json.hpp>

#include "serving/translate_request.h"
#include "serving/translation_service.h"

namespace penalmt {

// To POST /translate. For a q of one line:
//
//   {"translatedText": "ein hund", "alternatives": ["der hund"], "source": "a dog", ...}
//
// the fields of TranslationService::translate beside LibreTranslate's, `alternatives` where they
// were asked for. A text of several lines is translated line by line; for it and for a list,
// `translations` holds the lines' fields. Throws RequestError: 400 for another language than the
// model's, an image for a text-only model, one that does not decode or is too large, more n_best
// than the beam; 413 for too many lines and too long ones; 503 where too much waits or the time
// runs out; and what translating throws.
nlohmann::ordered_json answer_translate(const TranslateRequest& request,
                                        TranslationService& service, std::chrono::seconds time);

// To GET /languages: [{"code": "en", "name": "English", "targets": ["de"]}, ...]; none where the
// model does not say.
nlohmann::ordered_json answer_languages(const TranslationService& service);

}  // namespace penalmt
