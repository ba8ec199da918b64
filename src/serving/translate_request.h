// What a request to translate asks for: LibreTranslate's fields, and an image.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace penalmt {

// A request that cannot be answered, and the status of HTTP that says so.
class RequestError : public std::runtime_error {
 public:
  RequestError(int status, const std::string& sentence)
      : std::runtime_error(sentence), status_(status) {}
  int status() const { return status_; }

 private:
  int status_;
};

struct TranslateRequest {
  std::vector<std::string> texts;             // q, at least one
  bool is_list = false;                       // q was one
  std::string source, target, format, token;  // "" where the field is missing; token: api_key
  std::string image;                          // its file's bytes; "" for none
  int64_t alternatives = 0;                   // further translations
  int64_t n_best = 0;                         // translations with their scores
};

// Names and values in a body's order.
using RequestFields = std::vector<std::pair<std::string, std::string>>;

// Each throws RequestError with status 400: for text that is no UTF-8 or has NUL bytes, a body
// without q, an unknown field, a number that is none, an image that is not base64. In JSON and in a
// form an image is base64, with or without "data:image/png;base64," before it; in multipart fields
// it is its file.
TranslateRequest request_of_json(std::string_view body);
TranslateRequest request_of_form(std::string_view body);  // application/x-www-form-urlencoded
TranslateRequest request_of_parts(RequestFields fields);  // multipart/form-data

// The bytes that base64 stands for; nullopt where it is none. White space is passed over.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace penalmt
