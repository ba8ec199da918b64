// Who may ask: programs, and the pages that this server itself hands out. A page from elsewhere
// runs in its reader's browser and would reach a server that listens to this machine alone; so what
// a browser says of the page (Origin) and of the name by which it found us (Host) must be ours.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace penalmt {

struct Refusal {
  int status = 400;  // of HTTP
  std::string sentence;
};

// True for "localhost", 127.0.0.0/8 and ::1, which nobody but this machine reaches.
bool is_loopback(const std::string& host);

// "[::1]" → "::1", "127.0.0.1:8080" → "127.0.0.1": what a Host header names, without its port.
std::string name_of_host(std::string_view header);

class RequestGate {
 public:
  // `host`: where the server listens. `token`: what requests must bear, if they must.
  RequestGate(std::string host, std::optional<std::string> token);

  // Of the two headers, "" where there is none. A server on the loopback interface has loopback
  // names alone: another one was made to point here (DNS rebinding).
  std::optional<Refusal> check_origin(std::string_view host, std::string_view origin) const;

  bool demands_token() const { return token_.has_value(); }
  // The token of an Authorization header, "Bearer ..."; "" where there is none.
  static std::string_view bearer(std::string_view authorization);
  // Takes the same time wherever they differ. `given`: "" for none.
  std::optional<Refusal> check_token(std::string_view given) const;

 private:
  const std::string host_;
  const std::optional<std::string> token_;
};

}  // namespace penalmt
