#include "serving/request_gate.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include "base/ascii.h"
#include "base/sha256.h"

namespace penalmt {
namespace {

constexpr int kUnauthorized = 401, kForbidden = 403;

bool is_same(std::string_view a, std::string_view b) {
  return lowercase_ascii(std::string(a)) == lowercase_ascii(std::string(b));
}

}  // namespace

bool is_loopback(const std::string& host) {
  if (is_same(host, "localhost")) return true;
  in_addr four = {};
  if (inet_pton(AF_INET, host.c_str(), &four) == 1) return ntohl(four.s_addr) >> 24 == 127;
  in6_addr six = {};
  return inet_pton(AF_INET6, host.c_str(), &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

std::string name_of_host(std::string_view header) {
  if (header.starts_with('[')) return std::string(header.substr(1, header.find(']') - 1));
  return std::string(header.substr(0, header.find(':')));
}

RequestGate::RequestGate(std::string host, std::optional<std::string> token)
    : host_(std::move(host)), token_(std::move(token)) {}

std::optional<Refusal> RequestGate::check_origin(std::string_view host,
                                                 std::string_view origin) const {
  const std::string name = name_of_host(host);
  if (is_loopback(host_) && !host.empty() && !is_loopback(name) && !is_same(name, host_))
    return Refusal{kForbidden,
                   fmt::format("Host: got '{}', expected localhost, the only name by which this "
                               "server is reached",
                               name)};
  const std::string ours(host);
  if (origin.empty() || is_same(origin, "http://" + ours) || is_same(origin, "https://" + ours))
    return std::nullopt;
  return Refusal{kForbidden, fmt::format("Origin: got '{}', expected this server's own pages, or "
                                         "a program, which sends none",
                                         origin)};
}

std::string_view RequestGate::bearer(std::string_view authorization) {
  constexpr std::string_view kScheme = "Bearer ";
  if (!is_same(authorization.substr(0, kScheme.size()), kScheme)) return "";
  return authorization.substr(kScheme.size());
}

std::optional<Refusal> RequestGate::check_token(std::string_view given) const {
  if (!token_) return std::nullopt;
  if (given.empty())
    return Refusal{kUnauthorized,
                   "no token; expected the header 'Authorization: Bearer TOKEN', or the field "
                   "api_key"};
  const std::string a = sha256(given), b = sha256(*token_);
  int differences = 0;
  for (std::size_t i = 0; i < a.size(); ++i) differences |= a[i] ^ b[i];
  if (differences == 0) return std::nullopt;
  return Refusal{kForbidden, "got another token than this server's"};
}

}  // namespace penalmt
