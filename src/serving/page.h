// The page that the server hands out: drop an image, type a sentence, see the translation, others,
// and where each word looked; beside it the translation without the image, and with another one. It
// loads nothing, and asks its own server alone.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace penalmt {

struct ServingPage {
  std::string name;                              // of the model
  std::string source_language, target_language;  // codes; "" where they are not known
  bool uses_images = false, demands_token = false;
  int64_t most_body = 0;  // bytes of a request
  int64_t beam = 1;
};

std::string serving_page(const ServingPage& page);

// The Content-Security-Policy that the page is sent with: its own style sheet and script alone, by
// their digests.
std::string page_policy();

// What it carries beside the style sheet of reports (report/page_assets.h).
extern const std::string_view kServingStyle;
extern const std::string_view kServingScript;

}  // namespace penalmt
