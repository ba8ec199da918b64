#include "tests/program/http_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>

namespace penalmt {

HttpConnection::HttpConnection(int port) {
  socket_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in place = {};
  place.sin_family = AF_INET;
  place.sin_port = htons(static_cast<uint16_t>(port));
  place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(socket_, reinterpret_cast<const sockaddr*>(&place), sizeof place) == 0) return;
  close(socket_);
  socket_ = -1;
}

HttpConnection::~HttpConnection() {
  if (socket_ >= 0) close(socket_);
}

bool HttpConnection::send(const std::string& bytes) const {
  for (size_t sent = 0; sent < bytes.size();) {
    const ssize_t some = ::send(socket_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (some <= 0) return false;
    sent += static_cast<size_t>(some);
  }
  return true;
}

HttpAnswer HttpConnection::answer() const {
  std::string all;
  char bytes[4096];
  for (ssize_t got; (got = recv(socket_, bytes, sizeof bytes, 0)) > 0;)
    all.append(bytes, static_cast<size_t>(got));
  const size_t end = all.find("\r\n\r\n");
  if (end == std::string::npos || !all.starts_with("HTTP/1.1 ")) return {};
  return {std::atoi(all.c_str() + 9), all.substr(0, end), all.substr(end + 4)};
}

std::string http_request(const std::string& method, const std::string& path, HttpHeaders headers,
                         const std::string& body) {
  headers.try_emplace("Host", "localhost");
  if (!body.empty() || method == "POST")
    headers.try_emplace("Content-Length", std::to_string(body.size()));
  std::string request = method + " " + path + " HTTP/1.1\r\n";
  for (const auto& [name, value] : headers) request += name + ": " + value + "\r\n";
  return request + "\r\n" + body;
}

HttpAnswer http_get(int port, const std::string& path, const HttpHeaders& headers) {
  const HttpConnection connection(port);
  connection.send(http_request("GET", path, headers, ""));
  return connection.answer();
}

HttpAnswer http_post(int port, const std::string& type, const std::string& body,
                     HttpHeaders headers) {
  headers.try_emplace("Content-Type", type);
  const HttpConnection connection(port);
  connection.send(http_request("POST", "/translate", headers, body));
  return connection.answer();
}

HttpAnswer http_post_parts(int port, const std::vector<HttpPart>& parts) {
  const std::string boundary = "penalmt-boundary-7d1c";
  std::string body;
  for (const HttpPart& part : parts) {
    body += "--" + boundary + "\r\nContent-Disposition: form-data; name=\"" + part.name + "\"";
    if (!part.file.empty())
      body += "; filename=\"" + part.file + "\"\r\nContent-Type: application/octet-stream";
    body += "\r\n\r\n" + part.value + "\r\n";
  }
  return http_post(port, "multipart/form-data; boundary=" + boundary,
                   body + "--" + boundary + "--\r\n");
}

}  // namespace penalmt
