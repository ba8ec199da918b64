// The server: HTTP on one side, a TranslationService on the other.
//
//   GET  /            the page (page.h)
//   GET  /health      {"status": "ok", "waiting": 0}
//   GET  /languages   translate_api.h
//   POST /translate   translate_api.h; JSON, application/x-www-form-urlencoded, multipart/form-data
//
// What goes wrong is answered as {"error": "a sentence"}. No path of the disk is ever made of what
// a request says.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/error.h"
#include "serving/page.h"
#include "serving/request_gate.h"
#include "serving/translation_service.h"

namespace penalmt {

struct ServerOptions {
  std::string host = "127.0.0.1";
  int port = 8080;                   // 0: one that is free
  std::optional<std::string> token;  // what requests to translate must bear
  int64_t most_body = 20'000'000;    // bytes
  std::chrono::seconds time{60};     // for a request to come, and for its translation
  std::string name;                  // of the model, for the page
  // What goes wrong in the server, in words.
  std::function<std::string(const std::exception&)> in_words = [](const std::exception& error) {
    return std::string(error.what());
  };
};

// Another server listens there.
class PortInUse : public Error {
 public:
  using Error::Error;
};

class HttpServer {
 public:
  // Listens from now on; requests wait until run(). Throws PortInUse "127.0.0.1:8080: cannot
  // listen: Address already in use", Error for other reasons and "nowhere: no such host".
  HttpServer(const ServerOptions& options, TranslationService& service);
  ~HttpServer();

  int port() const { return port_; }
  std::string address() const;  // "http://127.0.0.1:8080/"

  // Answers until another thread calls end(), and then those whose connection was accepted before.
  void run();
  void end();
  int64_t answered() const { return answered_; }  // requests

 private:
  class Http;

  const ServerOptions options_;
  TranslationService& service_;
  const RequestGate gate_;
  const std::string page_;
  std::atomic<int64_t> answered_ = 0, body_bytes_ = 0;
  std::atomic<bool> is_ending_ = false;
  std::unique_ptr<Http> http_;
  int port_ = 0;
};

}  // namespace penalmt
