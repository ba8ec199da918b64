// penalmt serve asked as browsers, programs and those who mean ill ask it.
#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/files.h"
#include "base/text.h"
#include "report/html.h"
#include "tests/program/harness.h"
#include "tests/program/http_client.h"
#include "tests/program/served_model.h"
#include "tests/translation/tiny_run.h"

namespace penalmt {
namespace {

using nlohmann::json;
using Words = std::vector<std::string>;

constexpr const char* kJson = "application/json";

class Serve : public ::testing::Test {
 protected:
  void SetUp() override {
    make_tiny_run(folder_ / "text");
    make_tiny_run(folder_ / "selective", {.fusion = "selective"});
    ppm_ = "P6\n16 16\n255\n";
    for (int i = 0; i < 16 * 16 * 3; ++i) ppm_ += static_cast<char>(i * 7 % 256);
    write_file(folder_ / "wave.ppm", ppm_);
  }

  std::string path(const std::string& name) const { return folder_ / name; }
  // What `penalmt translate --json` prints for one sentence, with these options.
  json printed(const std::string& model, const std::string& sentence, Words options = {}) const {
    options.insert(options.begin(), {"translate", path(model), sentence, "--json"});
    return json::parse(run_penalmt(options).output);
  }
  // Of a refusal: "400 the sentence".
  static std::string refusal(const HttpAnswer& answer) {
    const json body = json::parse(answer.body, nullptr, false);
    if (!body.is_object() || body.size() != 1 || !body.contains("error"))
      return std::to_string(answer.status) + " with the body " + answer.body;
    return std::to_string(answer.status) + " " + body["error"].get<std::string>();
  }
  static std::string refusal_of_json(const ServedModel& server, const std::string& body) {
    return refusal(http_post(server.port(), kJson, body));
  }

  const TemporaryFolder folder_;
  std::string ppm_;
};

TEST_F(Serve, AnswersAsTranslatePrints) {
  ServedModel server(path("text"));
  const json expected = printed("text", "a red circle .", {"--n-best", "3"});
  const HttpAnswer answer =
      http_post(server.port(), kJson, R"({"q": "a red circle .", "source": "en", "target": "de",
                                          "format": "text", "n_best": 3, "alternatives": 2})");
  EXPECT_EQ(answer.status, 200) << answer.body;
  json body = json::parse(answer.body);
  EXPECT_EQ(body["translatedText"], expected["translation"]);
  EXPECT_EQ(body["alternatives"],
            json({expected["n_best"][1]["translation"], expected["n_best"][2]["translation"]}));
  body.erase("translatedText");
  body.erase("alternatives");
  EXPECT_EQ(body, expected);
  // LibreTranslate's fields alone, as it takes them, and as a form.
  const HttpAnswer plain = http_post(server.port(), kJson, R"({"q": "a red circle ."})");
  EXPECT_EQ(json::parse(plain.body)["translatedText"], expected["translation"]);
  EXPECT_FALSE(json::parse(plain.body).contains("n_best"));
  const HttpAnswer form = http_post(server.port(), "application/x-www-form-urlencoded",
                                    "q=a+red+circle+.&source=auto&target=de");
  EXPECT_EQ(form.body, plain.body);
  EXPECT_EQ(http_post_parts(server.port(), {{"q", "a red circle ."}}).body, plain.body);
}

TEST_F(Serve, TranslatesListsAndLines) {
  ServedModel server(path("text"));
  const std::string circle = printed("text", "a red circle .")["translation"],
                    dog = printed("text", "a dog runs fast .")["translation"];
  const json list = json::parse(
      http_post(server.port(), kJson, R"({"q": ["a red circle .", "", "a dog runs fast ."]})")
          .body);
  EXPECT_EQ(list["translatedText"], json({circle, "", dog}));
  EXPECT_EQ(list["translations"][2]["source"], "a dog runs fast .");
  EXPECT_EQ(list["translations"][2]["translation"], dog);
  const json lines = json::parse(
      http_post(server.port(), kJson,
                R"({"q": "a red circle .\r\n\na dog runs fast .\n", "alternatives": 1})")
          .body);
  EXPECT_EQ(lines["translatedText"], circle + "\n\n" + dog + "\n");
  EXPECT_EQ(lines["translations"].size(), 4u);
  EXPECT_EQ(lines["alternatives"].size(), 1u);
  EXPECT_EQ(split(lines["alternatives"][0].get<std::string>(), '\n').size(), 4u);
}

TEST_F(Serve, SaysItsLanguagesAndItsHealth) {
  ServedModel server(path("text"));
  EXPECT_EQ(json::parse(http_get(server.port(), "/languages").body),
            json::parse(R"([{"code": "en", "name": "English", "targets": ["de"]},
                            {"code": "de", "name": "German", "targets": []}])"));
  EXPECT_EQ(http_get(server.port(), "/health").body, "{\"status\":\"ok\",\"waiting\":0}\n");
}

TEST_F(Serve, TakesAnImageInEveryForm) {
  ServedModel server(path("selective"));
  json expected = printed("selective", "a red circle .", {"--image", path("wave.ppm")});
  expected.erase("image");
  ASSERT_TRUE(expected.contains("image_use"));
  const std::string base64 = html::base64(ppm_);
  const std::string escaped = [&] {
    std::string text;
    for (const char c : base64)
      text += c == '+' ? "%2B" : c == '/' ? "%2F" : c == '=' ? "%3D" : std::string(1, c);
    return text;
  }();
  for (const HttpAnswer& answer :
       {http_post(server.port(), kJson, json({{"q", "a red circle ."}, {"image", base64}}).dump()),
        http_post(
            server.port(), kJson,
            json({{"q", "a red circle ."}, {"image", "data:image/x-pnm;base64," + base64}}).dump()),
        http_post(server.port(), "application/x-www-form-urlencoded",
                  "q=a+red+circle+.&image=" + escaped),
        http_post_parts(server.port(), {{"q", "a red circle ."}, {"image", ppm_, "a.ppm"}})}) {
    ASSERT_EQ(answer.status, 200) << answer.body;
    json body = json::parse(answer.body);
    EXPECT_EQ(body["translatedText"], expected["translation"]);
    body.erase("translatedText");
    EXPECT_EQ(body, expected);
  }
  // A form whose image was left out.
  const HttpAnswer without =
      http_post_parts(server.port(), {{"q", "a red circle ."}, {"image", ""}});
  EXPECT_EQ(json::parse(without.body)["translation"],
            printed("selective", "a red circle .")["translation"]);
}

// Where a model takes features, an exported encoder makes them; here it sees the middle alone.
TEST_F(Serve, SeesAnImageWithAnExportedEncoder) {
  const std::string vision = PENALMT_SOURCE "/tests/golden/vision";
  make_tiny_run(folder_ / "features", {.fusion = "selective", .features = true});
  const std::string file = path("features/best/model.json");
  json model = json::parse(read_file(file));
  model["model"]["features"] = {{"regions", 9}, {"width", 6}, {"encoder", ""}};
  write_file(file, model.dump());
  const Outcome without = run_penalmt({"serve", path("features"), "--port", "0", "--raw"});
  EXPECT_EQ(without.status, 2);
  EXPECT_EQ(folder_.without_path(without.errors),
            "penalmt: features: the model takes features, and carries no encoder; expected an "
            "encoder (--encoder)\n");

  const std::string encoder = path("encoder");
  std::filesystem::copy(vision + "/encoder-patches", encoder);
  json description = json::parse(read_file(encoder + "/encoder.json"));
  description["preprocessing"]["resize_mode"] = "shorter";  // 37 x 20 becomes 22 x 12, then 12 x 12
  write_file(encoder + "/encoder.json", description.dump());
  ServedModel server(path("features"), {"--encoder", encoder});
  const json expected = printed("features", "a red circle .",
                                {"--image", vision + "/wide.png", "--encoder", encoder});
  const HttpAnswer answer = http_post_parts(
      server.port(),
      {{"q", "a red circle ."}, {"image", read_file(vision + "/wide.png"), "wide.png"}});
  const json body = json::parse(answer.body);
  EXPECT_EQ(body["translation"], expected["translation"]);
  EXPECT_EQ(body["image_use"], expected["image_use"]);
  ASSERT_TRUE(body.contains("image_seen")) << answer.body;
  EXPECT_NEAR(body["image_seen"]["left"].get<double>(), 5.0 / 22, 1e-9);
  EXPECT_NEAR(body["image_seen"]["width"].get<double>(), 12.0 / 22, 1e-9);
  EXPECT_EQ(body["image_seen"]["top"], 0.0);
  EXPECT_EQ(body["image_seen"]["height"], 1.0);
}

// 100 clients, ten requests each, with images and without: each gets its own answer.
TEST_F(Serve, LosesNothingOfAThousandRequestsAtOnce) {
  ServedModel server(path("selective"));
  std::vector<std::pair<std::string, std::string>> asked;  // body, translation
  for (const std::string sentence :
       {"a red circle .", "two blue squares .", "the man rides a bike .", "a dog runs fast ."})
    for (const bool has_image : {false, true}) {
      json body = {{"q", sentence}};
      if (has_image) body["image"] = html::base64(ppm_);
      const json expected =
          printed("selective", sentence, has_image ? Words{"--image", path("wave.ppm")} : Words{});
      asked.emplace_back(body.dump(), expected["translation"]);
    }
  std::atomic<int> right = 0, wrong = 0;
  std::vector<std::thread> clients;
  for (size_t client = 0; client < 100; ++client)
    clients.emplace_back([&, client] {
      for (size_t i = 0; i < 10; ++i) {
        const auto& [body, translation] = asked[(client * 3 + i) % asked.size()];
        const HttpAnswer answer = http_post(server.port(), kJson, body);
        const json object = json::parse(answer.body, nullptr, false);
        const bool is_right = answer.status == 200 && object["translatedText"] == translation;
        ++(is_right ? right : wrong);
      }
    });
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(right, 1000);
  EXPECT_EQ(wrong, 0);
  EXPECT_TRUE(server.end().errors.ends_with("penalmt: 1,000 requests answered\n"));
}

TEST_F(Serve, RefusesBadRequestsWithASentence) {
  ServedModel server(path("selective"));
  const auto refused = [&](const std::string& body) { return refusal_of_json(server, body); };
  EXPECT_EQ(refused("q=a"), "400 the request:1:1: not JSON: got 'q', expected a value");
  EXPECT_EQ(refused("{\"q\": " + std::string(300000, '[')),
            "400 the request:1:106: nested deeper than 100 levels");
  EXPECT_EQ(refused("{\"q\": \"\xff\"}"), "400 the request:1:8: invalid UTF-8");
  EXPECT_EQ(refused("{}"), "400 no q in the request, expected a text to translate");
  EXPECT_EQ(refused(R"({"q": "a", "target": "fr"})"),
            "400 target: got 'fr', expected 'de', the language that this model translates into");
  EXPECT_EQ(refused(R"({"q": "a", "source": "fr"})"),
            "400 source: got 'fr', expected 'en', the language that this model translates from");
  EXPECT_EQ(refused(R"({"q": "a", "n_best": 5})"),
            "400 n_best: got 5, expected at most the beam, 4");
  EXPECT_EQ(refused(R"({"q": "a", "image": "bm8gaW1hZ2U="})"),
            "400 the image: not an image that can be decoded");
  EXPECT_EQ(refused(R"({"q": "a", "image": ")" + html::base64(ppm_.substr(0, 300)) + "\"}"),
            "400 the image: cut off; got 300 bytes, expected 781");
  EXPECT_EQ(refused(R"({"q": "a", "image": ")" + html::base64("P6\n9000 9000\n255\n") + "\"}"),
            "400 the image: 9,000 x 9,000 pixels; expected at most 50,000,000");
  EXPECT_EQ(refused(json({{"q", std::string(600, 'a')}}).dump()),
            "413 q: got a sentence of 601 pieces, expected at most 512; split it");
  EXPECT_EQ(refused(json({{"q", "a\n" + std::string(40000, 'a')}}).dump()),
            "413 q: line 2: got a word of 40000 characters, expected at most 30000; split it");
  EXPECT_EQ(refused(json({{"q", std::string(1000, '\n')}}).dump()), "413 q: more than 1000 lines");

  const auto parts = [&](const std::vector<HttpPart>& all) {
    return refusal(http_post_parts(server.port(), all));
  };
  EXPECT_EQ(parts({{"q", "a"}, {"image", "", "empty.png"}}), "400 image: an empty file");
  EXPECT_EQ(parts({{"image", ppm_, "../../etc/passwd"}}),
            "400 no q in the request, expected a text to translate");
  EXPECT_EQ(parts({{"q", "\xff"}}), "400 q: invalid UTF-8 at byte 1");
  EXPECT_EQ(parts(std::vector<HttpPart>(1001, {"q", "a"})),
            "400 the request: more than 1000 parts");
  EXPECT_EQ(refusal(http_post(server.port(), "multipart/form-data; boundary=x", "--x\r\n")),
            "400 the request: a multipart body that is cut off or damaged");
  EXPECT_EQ(refusal(http_post(server.port(), "text/plain", "a")),
            "415 Content-Type: got 'text/plain', expected application/json, multipart/form-data or "
            "application/x-www-form-urlencoded");
  EXPECT_EQ(refusal(http_post(server.port(), kJson, "{}", {{"Content-Encoding", "gzip"}})),
            "415 Content-Encoding: got 'gzip', expected none");
  EXPECT_EQ(refusal(http_post(server.port(), kJson, "", {{"Content-Length", "30000000"}})),
            "413 the request: 30,000,000 bytes, expected at most 20,000,000");
  EXPECT_EQ(refusal(http_post(server.port(), kJson, "", {{"Content-Length", "-1"}})),
            "400 Content-Length: expected one whole number");
  EXPECT_EQ(
      refusal(http_post(server.port(), kJson, "0\r\n\r\n", {{"Transfer-Encoding", "chunked"}})),
      "411 no Content-Length; expected a body of known length");
  EXPECT_EQ(server.end().status, 0);
}

// The client hears why, although it is still sending.
TEST_F(Serve, AnswersAClientWhoseBodyItDoesNotRead) {
  ServedModel server(path("text"), {"--max-body", "1"});
  EXPECT_EQ(refusal(http_post(server.port(), kJson, std::string(5'000'000, ' '))),
            "413 the request: 5,000,000 bytes, expected at most 1,000,000");
}

TEST_F(Serve, LooksAtNoImageForATextOnlyModel) {
  ServedModel server(path("text"));
  EXPECT_EQ(refusal(http_post_parts(server.port(), {{"q", "a"}, {"image", ppm_, "a.ppm"}})),
            "400 image: got one for a text-only model, which would not look at it; expected none");
  const std::string page = http_get(server.port(), "/").body;
  EXPECT_NE(page.find("<textarea id=\"sentence\""), std::string::npos);
  EXPECT_EQ(page.find("type=\"file\""), std::string::npos);
}

TEST_F(Serve, ReadsNoFileThatARequestNames) {
  ServedModel server(path("selective"));
  const auto missing = [](const std::string& name) {
    return "404 no page '" + name + "'; there are /, /translate, /languages and /health";
  };
  for (const auto& [asked, name] : {std::pair("/tokenizer.model", "/tokenizer.model"),
                                    {"/../../etc/passwd", "/../../etc/passwd"},
                                    {"/%2e%2e/etc/passwd", "/../etc/passwd"},
                                    {"//etc/passwd", "//etc/passwd"},
                                    {"/a%0d%0ab", "/a\\r\\nb"}})
    EXPECT_EQ(refusal(http_get(server.port(), asked)), missing(name));
  EXPECT_EQ(refusal_of_json(server, json({{"q", "a"}, {"image", path("wave.ppm")}}).dump()),
            "400 image: expected the bytes of an image's file, in base64");
}

TEST_F(Serve, RefusesOtherMethodsAndBrokenHttp) {
  ServedModel server(path("text"));
  EXPECT_EQ(refusal(http_get(server.port(), "/translate")),
            "405 /translate: got GET, expected POST");
  const auto said = [&](const std::string& bytes) {
    const HttpConnection connection(server.port());
    connection.send(bytes);
    return connection.answer();
  };
  EXPECT_EQ(refusal(said(http_request("DELETE", "/", {}, ""))), "405 /: got DELETE, expected GET");
  EXPECT_EQ(refusal(said(http_request("PUT", "/health", {{"Transfer-Encoding", "chunked"}}, ""))),
            "405 /health: got PUT, expected GET");
  EXPECT_EQ(refusal(said("hello\r\n\r\n")), "400 not a request of HTTP that can be read");
  EXPECT_EQ(refusal(said("GET /" + std::string(10000, 'a') + " HTTP/1.1\r\n\r\n")),
            "414 the request's address is too long");
  // Headers without an end, and ranges that would multiply the answer.
  std::string many = "GET / HTTP/1.1\r\n";
  for (int i = 0; i < 20000; ++i) many += "X-" + std::to_string(i) + ": a\r\n";
  EXPECT_EQ(refusal(said(many)), "400 not a request of HTTP that can be read");
  std::string ranges = "bytes=0-";
  for (int i = 0; i < 1000; ++i) ranges += ",0-";
  const HttpAnswer page = http_get(server.port(), "/", {{"Range", ranges}});
  EXPECT_TRUE(page.status != 200 || page.body == http_get(server.port(), "/").body);
  EXPECT_NE(http_get(server.port(), "/", {{"Range", "bytes=99999999999999999999-"}}).status, 0);
  EXPECT_EQ(http_get(server.port(), "/health").status, 200);
}

TEST_F(Serve, LetsNoOtherOriginIn) {
  ServedModel server(path("text"));
  const std::string body = R"({"q": "a red circle ."})";
  const std::string own = server.address().substr(0, server.address().size() - 1);
  const std::string host = own.substr(7);
  EXPECT_EQ(http_post(server.port(), kJson, body, {{"Host", host}, {"Origin", own}}).status, 200);
  EXPECT_EQ(refusal(http_post(server.port(), kJson, body,
                              {{"Host", host}, {"Origin", "http://evil.org"}})),
            "403 Origin: got 'http://evil.org', expected this server's own pages, or a program, "
            "which sends none");
  EXPECT_EQ(refusal(http_get(server.port(), "/", {{"Host", "evil.org"}})),
            "403 Host: got 'evil.org', expected localhost, the only name by which this server is "
            "reached");
  // Before another page's request is made, the browser asks; the answer allows nothing.
  const HttpConnection connection(server.port());
  connection.send(http_request("OPTIONS", "/translate", {{"Origin", "http://evil.org"}}, ""));
  const HttpAnswer preflight = connection.answer();
  EXPECT_EQ(preflight.status, 403);
  EXPECT_EQ(preflight.headers.find("Access-Control"), std::string::npos);
}

TEST_F(Serve, DemandsATokenOffTheLoopbackInterface) {
  const auto errors = [&](const Words& options) {
    Words words = {"serve", path("text"), "--port", "0"};
    words.insert(words.end(), options.begin(), options.end());
    const Outcome outcome = run_penalmt(words);
    EXPECT_EQ(outcome.status, 2);
    EXPECT_EQ(outcome.output, "");
    return folder_.without_path(outcome.errors);
  };
  EXPECT_EQ(errors({"--host", "0.0.0.0"}),
            "penalmt: --host: got 0.0.0.0, which other machines reach; expected a --token-file "
            "with it\n");
  write_file(folder_ / "short", "secret\n");
  EXPECT_EQ(errors({"--token-file", path("short")}),
            "penalmt: short: expected one token of at least 16 characters without spaces, as "
            "openssl rand -hex 16 prints\n");
  EXPECT_EQ(errors({"--host", "not a host", "--token-file", path("token")}),
            "penalmt: token: cannot read: No such file or directory\n");

  write_file(folder_ / "token", "0123456789abcdef\n");
  EXPECT_TRUE(errors({"--host", "not a host", "--token-file", path("token")})
                  .ends_with("penalmt: not a host: no such host\n"));
  ServedModel server(path("text"), {"--host", "0.0.0.0", "--token-file", path("token")});
  const std::string body = R"({"q": "a red circle ."})";
  EXPECT_EQ(
      refusal(http_post(server.port(), kJson, body)),
      "401 no token; expected the header 'Authorization: Bearer TOKEN', or the field api_key");
  EXPECT_EQ(refusal(http_post(server.port(), kJson, body, {{"Authorization", "Bearer wrong"}})),
            "403 got another token than this server's");
  EXPECT_EQ(refusal_of_json(server, R"({"q": "a", "api_key": "wrong"})"),
            "403 got another token than this server's");
  for (const HttpAnswer& answer :
       {http_post(server.port(), kJson, body, {{"Authorization", "Bearer 0123456789abcdef"}}),
        http_post(server.port(), kJson,
                  R"({"q": "a red circle .", "api_key": "0123456789abcdef"})")})
    EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_NE(http_get(server.port(), "/").body.find("id=\"token\""), std::string::npos);
}

TEST_F(Serve, AnswersWhatWasBegunWhenItIsToEnd) {
  for (const int signal : {SIGTERM, SIGINT}) {
    ServedModel server(path("text"));
    const std::string translation = printed("text", "a red circle .")["translation"];
    const std::string request =
        http_request("POST", "/translate", {{"Content-Type", kJson}}, R"({"q": "a red circle ."})");
    const HttpConnection begun(server.port()), silent(server.port());
    begun.send(request.substr(0, request.size() - 5));
    EXPECT_EQ(http_get(server.port(), "/health").status, 200);  // so those before were accepted
    server.signal(signal);
    while (HttpConnection(server.port()).is_open()) continue;  // it takes no more
    begun.send(request.substr(request.size() - 5));
    EXPECT_EQ(json::parse(begun.answer().body)["translatedText"], translation);
    const Outcome end = server.end(0);
    EXPECT_EQ(end.status, 0);
    EXPECT_TRUE(end.errors.ends_with(
        "penalmt: ending: what was begun is answered first; a second Ctrl-C ends it at once\n"
        "penalmt: 2 requests answered\n"))
        << end.errors;
  }
}

TEST_F(Serve, WaitsForNoClientForEver) {
  ServedModel server(path("text"), {"--timeout", "1"});
  const HttpConnection slow(server.port());
  slow.send(
      "POST /translate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
      "Content-Length: 100\r\n\r\n{");
  EXPECT_EQ(refusal(slow.answer()), "400 the request: its body is cut off");
  EXPECT_EQ(http_get(server.port(), "/health").status, 200);
}

TEST_F(Serve, SaysThatItIsBusyInPlaceOfFallingBehind) {
  ServedModel server(path("text"), {"--max-waiting", "2"});
  EXPECT_EQ(refusal_of_json(server, R"({"q": ["a", "b", "c"]})"), "413 q: more than 2 lines");
  std::atomic<int> answered = 0, busy = 0;
  std::vector<std::thread> clients;
  for (int client = 0; client < 40; ++client)
    clients.emplace_back([&] {
      const HttpAnswer answer =
          http_post(server.port(), kJson, R"({"q": ["a red circle .", "two blue squares ."]})");
      answered += answer.status == 200;
      busy += answer.status == 503 && answer.headers.find("Retry-After: 1") != std::string::npos &&
              refusal(answer) == "503 2 lines wait already, of 2 at most; try again";
    });
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(answered + busy, 40);
  EXPECT_GT(answered, 0);
}

TEST_F(Serve, SharesNoPort) {
  ServedModel server(path("text"));
  const std::string port = std::to_string(server.port());
  const Outcome second = run_penalmt({"serve", path("text"), "--port", port, "--raw"});
  EXPECT_EQ(second.status, 2);
  EXPECT_EQ(second.output, "");
  EXPECT_EQ(second.errors, "penalmt: 127.0.0.1:" + port +
                               ": cannot listen: Address already in use; --port 0 takes one that "
                               "is free\n");
}

TEST_F(Serve, TakesTextAsPeopleWriteIt) {
  ServedModel server(path("text"), {"--raw"});
  const json expected = printed("text", "A red circle.", {"--raw"});
  EXPECT_EQ(
      json::parse(
          http_post(server.port(), kJson, R"({"q": "A red circle."})").body)["translatedText"],
      expected["translation"]);
}

}  // namespace
}  // namespace penalmt
