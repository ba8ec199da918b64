#include "serving/translate_request.h"

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>

#include "base/config.h"
#include "base/error.h"
#include "base/json.h"
#include "base/numbers.h"
#include "base/printable.h"
#include "base/text.h"

namespace penalmt {
namespace {

constexpr int kBadRequest = 400;

[[noreturn]] void refuse_request(const std::string& sentence) {
  throw RequestError(kBadRequest, sentence);
}

const std::vector<std::string>& known_fields() {
  static const std::vector<std::string> names = {
      "q", "source", "target", "format", "alternatives", "api_key", "secret", "image", "n_best"};
  return names;
}

// Valid UTF-8 without NUL bytes.
void expect_text(const std::string& name, const std::string& value) {
  if (const auto offset = first_invalid_utf8(value))
    refuse_request(fmt::format("{}: invalid UTF-8 at byte {}", name, *offset + 1));
  if (const std::size_t nul = value.find('\0'); nul != std::string::npos)
    refuse_request(fmt::format("{}: a NUL byte at byte {}; no text has one", name, nul + 1));
}

int64_t count_of(const std::string& name, const std::string& value) {
  const std::optional<int64_t> number = value.size() < 4 ? whole_number(value) : std::nullopt;
  if (!number || *number < 0)
    refuse_request(
        fmt::format("{}: got '{}', expected a whole number from 0 to 999", name, printable(value)));
  return *number;
}

std::string image_of(std::string_view text) {
  if (text.starts_with("data:")) text.remove_prefix(std::min(text.find(',') + 1, text.size()));
  std::optional<std::string> bytes = from_base64(text);
  if (!bytes || bytes->empty())
    refuse_request("image: expected the bytes of an image's file, in base64");
  return std::move(*bytes);
}

void set_field(TranslateRequest& request, const std::string& name, std::string value,
               bool image_is_base64) {
  if (name == "image") {
    request.image = image_is_base64 ? image_of(value) : std::move(value);
    return;
  }
  expect_text(name, value);
  if (name == "q") request.texts.push_back(std::move(value));
  if (name == "source") request.source = std::move(value);
  if (name == "target") request.target = std::move(value);
  if (name == "format") request.format = std::move(value);
  if (name == "api_key") request.token = std::move(value);
  if (name == "alternatives") request.alternatives = count_of(name, value);
  if (name == "n_best") request.n_best = count_of(name, value);
}

void expect_known(const std::string& name) {
  for (const std::string& known : known_fields())
    if (name == known) return;
  refuse_request(
      fmt::format("got the field '{}', expected q, source, target, format, "
                  "alternatives, n_best, image or api_key{}",
                  printable(name), did_you_mean(name, known_fields())));
}

TranslateRequest checked(TranslateRequest request) {
  if (request.texts.empty()) refuse_request("no q in the request, expected a text to translate");
  if (!request.format.empty() && request.format != "text")
    refuse_request(
        fmt::format("format: got '{}', expected 'text'; markup is not translated", request.format));
  return request;
}

TranslateRequest request_of_fields(RequestFields fields, bool image_is_base64) {
  TranslateRequest request;
  for (auto& [name, value] : fields) {
    expect_known(name);
    set_field(request, name, std::move(value), image_is_base64);
  }
  request.is_list = request.texts.size() > 1;
  return checked(std::move(request));
}

std::string unescaped(std::string_view text) {
  const auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    const int letter = (c | 0x20) - 'a';
    return letter >= 0 && letter < 6 ? letter + 10 : -1;
  };
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) >= 0 &&
        digit(text[i + 2]) >= 0) {
      bytes += static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
      i += 2;
    } else {
      bytes += text[i] == '+' ? ' ' : text[i];
    }
  }
  return bytes;
}

}  // namespace

TranslateRequest request_of_json(std::string_view body) {
  nlohmann::json object;
  try {
    object = config::parse(body, "the request");
  } catch (const Error& error) {
    refuse_request(error.what());
  }
  if (!object.is_object())
    refuse_request(
        "the request: got no JSON object, expected one as {\"q\": \"a dog\", \"target\": \"de\"}");
  TranslateRequest request;
  for (auto& [name, value] : object.items()) {
    expect_known(name);
    if (value.is_null()) continue;
    if (name == "q" && value.is_array()) {
      request.is_list = true;
      for (nlohmann::json& text : value) {
        if (!text.is_string())
          refuse_request(
              fmt::format("q: got {} in the list, expected texts", dump_json(text).substr(0, 40)));
        set_field(request, name, std::move(text.get_ref<std::string&>()), true);
      }
      continue;
    }
    const bool is_count = name == "alternatives" || name == "n_best";
    if (!value.is_string() && !(is_count && value.is_number()))
      refuse_request(fmt::format("{}: got {}, expected {}", name, dump_json(value).substr(0, 40),
                                 is_count      ? "a whole number from 0 to 999"
                                 : name == "q" ? "a text or a list of texts"
                                               : "a text"));
    set_field(request, name,
              value.is_string() ? std::move(value.get_ref<std::string&>()) : dump_json(value),
              true);
  }
  return checked(std::move(request));
}

TranslateRequest request_of_form(std::string_view body) {
  RequestFields fields;
  for (const std::string_view field : split(body, '&')) {
    if (field.empty()) continue;
    const std::size_t end = std::min(field.find('='), field.size());
    fields.emplace_back(unescaped(field.substr(0, end)),
                        unescaped(field.substr(std::min(end + 1, field.size()))));
  }
  return request_of_fields(std::move(fields), /*image_is_base64=*/true);
}

TranslateRequest request_of_parts(RequestFields fields) {
  return request_of_fields(std::move(fields), /*image_is_base64=*/false);
}

std::optional<std::string> from_base64(std::string_view text) {
  static const std::array<int, 256> values = [] {
    std::array<int, 256> table;
    table.fill(-1);
    constexpr std::string_view kDigits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (int i = 0; i < 64; ++i) table[static_cast<unsigned char>(kDigits[i])] = i;
    return table;
  }();
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  unsigned bits = 0;
  int digits = 0, padding = 0;
  for (const char c : text) {
    if (c == '\r' || c == '\n' || c == ' ' || c == '\t') continue;
    if (c == '=') {
      ++padding;
      continue;
    }
    const int value = values[static_cast<unsigned char>(c)];
    if (value < 0 || padding > 0) return std::nullopt;
    bits = bits << 6 | static_cast<unsigned>(value);
    if (++digits % 4 == 0)
      for (const int shift : {16, 8, 0}) bytes += static_cast<char>(bits >> shift & 0xFF);
  }
  const int left = digits % 4;
  if (left == 1 || padding > 2 || (padding > 0 && (left + padding) % 4 != 0)) return std::nullopt;
  if (left == 2) bytes += static_cast<char>(bits >> 4 & 0xFF);
  if (left == 3)
    for (const int shift : {10, 2}) bytes += static_cast<char>(bits >> shift & 0xFF);
  return bytes;
}

}  // namespace penalmt
