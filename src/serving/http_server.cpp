#include "serving/http_server.h"

#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "base/ascii.h"
#include "base/error.h"
#include "base/json.h"
#include "base/numbers.h"
#include "base/printable.h"
#include "base/progress.h"
#include "serving/connection.h"
#include "serving/translate_api.h"
#include "serving/translate_request.h"

namespace penalmt {
namespace {

enum Status {
  kOk = 200,
  kBadRequest = 400,
  kNotFound = 404,
  kNoSuchMethod = 405,
  kLengthRequired = 411,
  kTooLarge = 413,
  kUriTooLong = 414,
  kUnknownType = 415,
  kInternalError = 500,
  kUnavailable = 503,
};

constexpr int kConnections = 128;                // in work at a time; more wait
constexpr int kBacklog = 1024;                   // clients that the system lets wait
constexpr int64_t kMostHeaders = 65536;          // bytes of a request, its body aside
constexpr int64_t kBodiesAtATime = 256'000'000;  // bytes
constexpr std::size_t kMostParts = 1000;

constexpr const char* kJson = "application/json";

void write_json(httplib::Response& response, int status, const nlohmann::ordered_json& object) {
  response.status = status;
  response.set_content(dump_json(object) + "\n", kJson);
}

void write_error(httplib::Response& response, int status, const std::string& sentence) {
  write_json(response, status, {{"error", sentence}});
}

// What the HTTP library refuses by itself.
std::string sentence_of(int status) {
  switch (status) {
    case kNotFound:
      return "no such page";
    case kUriTooLong:
      return "the request's address is too long";
    case kBadRequest:
      return "not a request of HTTP that can be read";
    default:
      return fmt::format("refused with status {}", status);
  }
}

// "multipart/form-data; boundary=x" → "multipart/form-data".
std::string media_type(const httplib::Request& request) {
  const std::string header = request.get_header_value("Content-Type");
  std::string type = lowercase_ascii(header.substr(0, header.find(';')));
  while (!type.empty() && type.back() == ' ') type.pop_back();
  return type;
}

// Bytes of bodies that are in memory, given back at the end.
class BodyShare {
 public:
  BodyShare(std::atomic<int64_t>& all, int64_t bytes) : all_(all), bytes_(bytes) {
    fits_ = (all_ += bytes_) <= kBodiesAtATime || all_ == bytes_;
  }
  ~BodyShare() { all_ -= bytes_; }
  BodyShare(const BodyShare&) = delete;
  BodyShare& operator=(const BodyShare&) = delete;
  bool fits() const { return fits_; }

 private:
  std::atomic<int64_t>& all_;
  const int64_t bytes_;
  bool fits_ = false;
};

RequestFields parts_of(const httplib::ContentReader& read) {
  RequestFields fields;
  std::vector<std::string> files;  // their names on the client's disk
  const bool is_whole = read(
      [&](const httplib::MultipartFormData& part) {
        fields.emplace_back(part.name, "");
        files.push_back(part.filename);
        return fields.size() <= kMostParts;
      },
      [&](const char* bytes, size_t size) {
        fields.back().second.append(bytes, size);
        return true;
      });
  if (fields.size() > kMostParts)
    throw RequestError(kBadRequest, fmt::format("the request: more than {} parts", kMostParts));
  if (!is_whole)
    throw RequestError(kBadRequest, "the request: a multipart body that is cut off or damaged");
  for (std::size_t i = fields.size(); i-- > 0;) {
    if (fields[i].first != "image" || !fields[i].second.empty()) continue;
    if (!files[i].empty()) throw RequestError(kBadRequest, "image: an empty file");
    fields.erase(fields.begin() + static_cast<std::ptrdiff_t>(i));  // a form without a file
  }
  return fields;
}

TranslateRequest request_of(const httplib::Request& http, const httplib::ContentReader& read) {
  const std::string type = media_type(http);
  if (type == "multipart/form-data") return request_of_parts(parts_of(read));
  std::string body;
  const bool is_whole = read([&](const char* bytes, size_t size) {
    body.append(bytes, size);
    return true;
  });
  if (!is_whole) throw RequestError(kBadRequest, "the request: its body is cut off");
  return type == "application/x-www-form-urlencoded" ? request_of_form(body)
                                                     : request_of_json(body);
}

}  // namespace

class HttpServer::Http : public httplib::Server {
 public:
  explicit Http(HttpServer& server) : server_(server) {
    new_task_queue = [] { return new httplib::ThreadPool(kConnections); };
    // The library's own would share the port with any other server of this user.
    set_socket_options([this](socket_t socket) {
      const int yes = 1;
      setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
      listening_ = socket;
    });
    set_write_timeout(server_.options_.time);
    set_default_headers({{"Cache-Control", "no-store"},
                         {"X-Content-Type-Options", "nosniff"},
                         {"Referrer-Policy", "no-referrer"},
                         {"Cross-Origin-Resource-Policy", "same-origin"}});
    set_pre_routing_handler([this](const httplib::Request& request, httplib::Response& response) {
      const std::optional<Refusal> refusal = check(request);
      if (!refusal) return HandlerResponse::Unhandled;
      write_error(response, refusal->status, refusal->sentence);
      return HandlerResponse::Handled;
    });
    set_error_handler(Handler([](const httplib::Request&, httplib::Response& response) {
      if (response.body.empty())
        write_error(response, response.status, sentence_of(response.status));
    }));
    Get("/", [this](const httplib::Request&, httplib::Response& response) {
      response.set_header("Content-Security-Policy", page_policy());
      response.set_content(server_.page_, "text/html; charset=utf-8");
    });
    Get("/health", [this](const httplib::Request&, httplib::Response& response) {
      write_json(response, kOk, {{"status", "ok"}, {"waiting", server_.service_.waiting()}});
    });
    Get("/languages", [this](const httplib::Request&, httplib::Response& response) {
      write_json(response, kOk, answer_languages(server_.service_));
    });
    Post("/translate",
         [this](const httplib::Request& request, httplib::Response& response,
                const httplib::ContentReader& read) { translate(request, response, read); });
  }

  int listening() const { return listening_; }

 private:
  // What can be said before the body is read.
  std::optional<Refusal> check(const httplib::Request& request) const {
    if (auto refusal = server_.gate_.check_origin(request.get_header_value("Host"),
                                                  request.get_header_value("Origin")))
      return refusal;
    const bool translates = request.path == "/translate";
    const bool is_there = translates || request.path == "/" || request.path == "/health" ||
                          request.path == "/languages";
    if (!is_there)
      return Refusal{kNotFound, fmt::format("no page '{}'; there are /, /translate, /languages and "
                                            "/health",
                                            printable(request.path))};
    const bool reads = request.method == "GET" || request.method == "HEAD";
    if (translates ? request.method != "POST" : !reads)
      return Refusal{kNoSuchMethod, fmt::format("{}: got {}, expected {}", request.path,
                                                request.method, translates ? "POST" : "GET")};
    return translates ? check_body(request) : std::nullopt;
  }

  std::optional<Refusal> check_body(const httplib::Request& request) const {
    if (request.has_header("Transfer-Encoding") || !request.has_header("Content-Length"))
      return Refusal{kLengthRequired, "no Content-Length; expected a body of known length"};
    const auto length = unsigned_number(request.get_header_value("Content-Length"));
    if (!length || request.get_header_value_count("Content-Length") > 1)
      return Refusal{kBadRequest, "Content-Length: expected one whole number"};
    if (*length > static_cast<uint64_t>(server_.options_.most_body))
      return Refusal{kTooLarge, fmt::format("the request: {} bytes, expected at most {}",
                                            with_commas(static_cast<int64_t>(*length)),
                                            with_commas(server_.options_.most_body))};
    if (request.has_header("Content-Encoding"))
      return Refusal{kUnknownType, fmt::format("Content-Encoding: got '{}', expected none",
                                               request.get_header_value("Content-Encoding"))};
    const std::string type = media_type(request);
    if (type != kJson && type != "multipart/form-data" &&
        type != "application/x-www-form-urlencoded")
      return Refusal{kUnknownType,
                     fmt::format("Content-Type: got '{}', expected application/json, "
                                 "multipart/form-data or application/x-www-form-urlencoded",
                                 printable(type))};
    const std::string header = request.get_header_value("Authorization");
    if (header.empty()) return std::nullopt;  // then the body may bear the token
    return server_.gate_.check_token(RequestGate::bearer(header));
  }

  void translate(const httplib::Request& http, httplib::Response& response,
                 const httplib::ContentReader& read) const {
    try {
      const auto length = *whole_number(http.get_header_value("Content-Length"));
      const BodyShare share(server_.body_bytes_, length);
      if (!share.fits())
        throw RequestError(kUnavailable, "too many large requests at a time; try again");
      const TranslateRequest request = request_of(http, read);
      if (!http.has_header("Authorization"))
        if (const auto refusal = server_.gate_.check_token(request.token))
          throw RequestError(refusal->status, refusal->sentence);
      write_json(response, kOk, answer_translate(request, server_.service_, server_.options_.time));
    } catch (const RequestError& error) {
      if (error.status() == kUnavailable) response.set_header("Retry-After", "1");
      write_error(response, error.status(), error.what());
    } catch (const std::exception& error) {
      const std::string words = server_.options_.in_words(error);
      warning("a request failed: " + words);
      write_error(response, kInternalError, words);
    }
  }

  // One request a connection: an idle one would keep a thread from others.
  bool process_and_close_socket(socket_t socket) override {
    Connection connection(socket, kMostHeaders, server_.options_.most_body, server_.options_.time,
                          server_.is_ending_);
    bool is_closed = false;
    const bool is_answered =
        process_request(connection, /*close_connection=*/true, is_closed,
                        [](httplib::Request& request) { request.ranges.clear(); });
    if (is_answered) ++server_.answered_;
    return is_answered;
  }

  HttpServer& server_;
  int listening_ = -1;
};

HttpServer::HttpServer(const ServerOptions& options, TranslationService& service)
    : options_(options),
      service_(service),
      gate_(options.host, options.token),
      page_(serving_page({.name = options.name,
                          .source_language = service.source_language(),
                          .target_language = service.target_language(),
                          .uses_images = service.uses_images(),
                          .demands_token = options.token.has_value(),
                          .most_body = options.most_body,
                          .beam = service.beam()})),
      http_(std::make_unique<Http>(*this)) {
  errno = 0;
  const bool has_port = options.port != 0;
  port_ = has_port ? (http_->bind_to_port(options.host, options.port) ? options.port : -1)
                   : http_->bind_to_any_port(options.host);
  if (port_ < 0) {
    const int reason = errno;
    if (http_->listening() < 0) throw Error(fmt::format("{}: no such host", options.host));
    const std::string words =
        fmt::format("{}:{}: cannot listen: {}", options.host, options.port, std::strerror(reason));
    if (reason == EADDRINUSE) throw PortInUse(words);
    throw Error(words);
  }
  listen(http_->listening(), kBacklog);  // again: the library lets five wait
}

HttpServer::~HttpServer() = default;

std::string HttpServer::address() const {
  const bool is_six = options_.host.find(':') != std::string::npos;
  return fmt::format("http://{}{}{}:{}/", is_six ? "[" : "", options_.host, is_six ? "]" : "",
                     port_);
}

void HttpServer::run() { http_->listen_after_bind(); }

// Not the library's stop(), which drops connections that were accepted and wait for a thread.
void HttpServer::end() {
  is_ending_ = true;
  shutdown(http_->listening(), SHUT_RDWR);
}

}  // namespace penalmt
