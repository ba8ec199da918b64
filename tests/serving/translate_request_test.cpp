#include "serving/translate_request.h"

#include <gtest/gtest.h>

#include <functional>

#include "report/html.h"

namespace penalmt {
namespace {

using Texts = std::vector<std::string>;

// The status and the sentence of the refusal; "" where there is none.
std::string refusal_of(const std::function<TranslateRequest()>& read) {
  try {
    read();
    return "";
  } catch (const RequestError& error) {
    return std::to_string(error.status()) + " " + error.what();
  }
}
std::string refusal_of_json(const std::string& body) {
  return refusal_of([&] { return request_of_json(body); });
}
std::string refusal_of_form(const std::string& body) {
  return refusal_of([&] { return request_of_form(body); });
}

TEST(TranslateRequest, TakesLibreTranslatesFieldsAsJson) {
  const TranslateRequest request = request_of_json(
      R"({"q": "a dog", "source": "auto", "target": "de", "format": "text", "alternatives": 3,
          "api_key": "key", "n_best": "2", "image": null})");
  EXPECT_EQ(request.texts, Texts{"a dog"});
  EXPECT_FALSE(request.is_list);
  EXPECT_EQ(request.source, "auto");
  EXPECT_EQ(request.target, "de");
  EXPECT_EQ(request.alternatives, 3);
  EXPECT_EQ(request.n_best, 2);
  EXPECT_EQ(request.token, "key");
  EXPECT_EQ(request.image, "");
  const TranslateRequest list = request_of_json(R"({"q": ["ein \u00fc", "b"]})");
  EXPECT_EQ(list.texts, (Texts{"ein \u00fc", "b"}));
  EXPECT_TRUE(list.is_list);
  EXPECT_TRUE(request_of_json(R"({"q": ["a"]})").is_list);
}

TEST(TranslateRequest, TakesThemAsAForm) {
  const TranslateRequest request = request_of_form(
      "q=a+dog%21+%c3%BC&target=de&alternatives=1&secret=&image=data%3Aimage%2Fpng%3B"
      "base64%2CAAEC%2F%2F8%3D");
  EXPECT_EQ(request.texts, Texts{"a dog! \u00fc"});
  EXPECT_EQ(request.target, "de");
  EXPECT_EQ(request.alternatives, 1);
  EXPECT_EQ(request.image, std::string("\x00\x01\x02\xff\xff", 5));
  EXPECT_FALSE(request.is_list);
  EXPECT_EQ(request_of_form("q=a&q=b").texts, (Texts{"a", "b"}));
  EXPECT_EQ(request_of_form("q=100%&&q=%zz").texts, (Texts{"100%", "%zz"}));
}

TEST(TranslateRequest, TakesAnImageAsItsFileOrInBase64) {
  const std::string bytes("\x89PNG\r\n\0\xff\xfe", 9);
  EXPECT_EQ(request_of_parts({{"q", "a"}, {"image", bytes}}).image, bytes);
  const std::string text = html::base64(bytes);
  EXPECT_EQ(request_of_json("{\"q\": \"a\", \"image\": \"" + text + "\"}").image, bytes);
  EXPECT_EQ(
      request_of_json("{\"q\": \"a\", \"image\": \"data:image/png;base64," + text + "\"}").image,
      bytes);
}

TEST(TranslateRequest, ReadsBase64OfEveryLength) {
  std::string bytes;
  for (int size = 0; size < 70; ++size) {
    EXPECT_EQ(from_base64(html::base64(bytes)), bytes);
    std::string bare = html::base64(bytes);
    while (bare.ends_with('=')) bare.pop_back();
    EXPECT_EQ(from_base64(bare), bytes);
    bytes += static_cast<char>(size * 37 + 201);
  }
  EXPECT_EQ(from_base64("QU\r\nJD "), "ABC");
  for (const char* text :
       {"A", "AB=", "AB==C", "ABC==", "AB===", "A-B_", "image.png", "../a", "\xff"})
    EXPECT_EQ(from_base64(text), std::nullopt) << text;
}

TEST(TranslateRequest, RefusesWhatIsNoRequest) {
  EXPECT_EQ(refusal_of_json("q=a"), "400 the request:1:1: not JSON: got 'q', expected a value");
  EXPECT_EQ(refusal_of_json(""),
            "400 the request:1:1: not JSON: it ends too early; expected a value");
  EXPECT_EQ(refusal_of_json("[\"a\"]"),
            "400 the request: got no JSON object, expected one as {\"q\": \"a dog\", \"target\": "
            "\"de\"}");
  EXPECT_EQ(refusal_of_json("{\"q\": " + std::string(100000, '[')),
            "400 the request:1:106: nested deeper than 100 levels");
  EXPECT_EQ(refusal_of_json("{\"q\": \"\xff\"}"), "400 the request:1:8: invalid UTF-8");
  EXPECT_EQ(refusal_of_json("{}"), "400 no q in the request, expected a text to translate");
  EXPECT_EQ(refusal_of_json(R"({"q": []})"),
            "400 no q in the request, expected a text to translate");
  EXPECT_EQ(refusal_of_json(R"({"q": 7})"), "400 q: got 7, expected a text or a list of texts");
  EXPECT_EQ(refusal_of_json(R"({"q": ["a", null]})"),
            "400 q: got null in the list, expected texts");
  EXPECT_EQ(refusal_of_json(R"({"q": "a\u0000b"})"),
            "400 q: a NUL byte at byte 2; no text has one");
  EXPECT_EQ(refusal_of_json(R"({"q": "a", "target": ["de"]})"),
            "400 target: got [\"de\"], expected a text");
  EXPECT_EQ(refusal_of_json(R"({"q": "a", "imgae": ""})"),
            "400 got the field 'imgae', expected q, source, target, format, alternatives, n_best, "
            "image or api_key; did you mean 'image'?");
  EXPECT_EQ(refusal_of_json(R"({"q": "a", "n_best": 1.5})"),
            "400 n_best: got '1.5', expected a whole number from 0 to 999");
  EXPECT_EQ(refusal_of_json(R"({"q": "a", "alternatives": -1})"),
            "400 alternatives: got '-1', expected a whole number from 0 to 999");
  EXPECT_EQ(refusal_of_json(R"({"q": "a", "n_best": true})"),
            "400 n_best: got true, expected a whole number from 0 to 999");
  EXPECT_EQ(refusal_of_json(R"({"q": "a", "format": "html"})"),
            "400 format: got 'html', expected 'text'; markup is not translated");
  EXPECT_EQ(refusal_of_json(R"({"q": "a", "image": "/etc/passwd."})"),
            "400 image: expected the bytes of an image's file, in base64");
  EXPECT_EQ(refusal_of_json(R"({"q": "a", "image": ""})"),
            "400 image: expected the bytes of an image's file, in base64");
  EXPECT_EQ(refusal_of_form(""), "400 no q in the request, expected a text to translate");
  EXPECT_EQ(refusal_of_form("q=%ff"), "400 q: invalid UTF-8 at byte 1");
  EXPECT_EQ(refusal_of_form("q=a&targte=de"),
            "400 got the field 'targte', expected q, source, target, format, alternatives, n_best, "
            "image or api_key; did you mean 'target'?");
  EXPECT_EQ(refusal_of_form("q=a&n_best=ten"),
            "400 n_best: got 'ten', expected a whole number from 0 to 999");
}

}  // namespace
}  // namespace penalmt
