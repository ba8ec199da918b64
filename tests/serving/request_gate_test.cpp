#include "serving/request_gate.h"

#include <gtest/gtest.h>

namespace penalmt {
namespace {

// The refusal's status and sentence; "let in" where there is none.
std::string words_of(const std::optional<Refusal>& refusal) {
  return refusal ? std::to_string(refusal->status) + " " + refusal->sentence : "let in";
}

TEST(RequestGate, KnowsWhatThisMachineAloneReaches) {
  for (const char* host : {"localhost", "LocalHost", "127.0.0.1", "127.8.0.9", "::1"})
    EXPECT_TRUE(is_loopback(host)) << host;
  for (const char* host : {"", "0.0.0.0", "192.168.0.1", "::", "127.0.0.1.evil.org",
                           "localhost.evil.org", "128.0.0.1", "127.1"})
    EXPECT_FALSE(is_loopback(host)) << host;
}

TEST(RequestGate, ReadsTheNameOfAHostHeader) {
  EXPECT_EQ(name_of_host("localhost:8080"), "localhost");
  EXPECT_EQ(name_of_host("127.0.0.1"), "127.0.0.1");
  EXPECT_EQ(name_of_host("[::1]:8080"), "::1");
  EXPECT_EQ(name_of_host("[::1"), "::1");
  EXPECT_EQ(name_of_host(""), "");
}

TEST(RequestGate, LetsProgramsAndItsOwnPagesIn) {
  const RequestGate gate("127.0.0.1", std::nullopt);
  for (const char* host : {"", "127.0.0.1:8080", "localhost:9000", "[::1]:8080"})
    EXPECT_EQ(words_of(gate.check_origin(host, "")), "let in") << host;
  EXPECT_EQ(words_of(gate.check_origin("localhost:8080", "http://localhost:8080")), "let in");
  EXPECT_EQ(words_of(gate.check_origin("localhost:8080", "https://LOCALHOST:8080")), "let in");
}

TEST(RequestGate, RefusesPagesOfOtherOrigins) {
  const RequestGate gate("127.0.0.1", std::nullopt);
  for (const char* origin : {"http://evil.org", "null", "http://localhost:3000",
                             "http://localhost:8080.evil.org", "file://", "http://"})
    EXPECT_EQ(words_of(gate.check_origin("localhost:8080", origin)),
              std::string("403 Origin: got '") + origin +
                  "', expected this server's own pages, or a program, which sends none");
}

TEST(RequestGate, RefusesNamesThatWereMadeToPointHere) {
  const RequestGate gate("127.0.0.1", std::nullopt);
  EXPECT_EQ(words_of(gate.check_origin("evil.org:8080", "http://evil.org:8080")),
            "403 Host: got 'evil.org', expected localhost, the only name by which this server is "
            "reached");
  // Where other machines reach it, it has names that it does not know, and there is the token.
  const RequestGate open("0.0.0.0", "0123456789abcdef");
  EXPECT_EQ(words_of(open.check_origin("translate.example:8080", "")), "let in");
  EXPECT_NE(words_of(open.check_origin("translate.example", "http://evil.org")), "let in");
}

TEST(RequestGate, DemandsTheTokenThatItWasGiven) {
  EXPECT_EQ(words_of(RequestGate("127.0.0.1", std::nullopt).check_token("")), "let in");
  const RequestGate gate("0.0.0.0", "0123456789abcdef");
  EXPECT_EQ(words_of(gate.check_token("0123456789abcdef")), "let in");
  EXPECT_EQ(
      words_of(gate.check_token("")),
      "401 no token; expected the header 'Authorization: Bearer TOKEN', or the field api_key");
  for (const char* given : {"0", "0123456789abcdeF", "0123456789abcdef0"})
    EXPECT_EQ(words_of(gate.check_token(given)), "403 got another token than this server's");
  EXPECT_EQ(RequestGate::bearer("Bearer x y"), "x y");
  EXPECT_EQ(RequestGate::bearer("bearer x"), "x");
  EXPECT_EQ(RequestGate::bearer("Basic x"), "");
  EXPECT_EQ(RequestGate::bearer("Bearer"), "");
}

}  // namespace
}  // namespace penalmt
