// HTTP as a client writes it on a socket, right or wrong: one request a connection.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace penalmt {

struct HttpAnswer {
  int status = 0;  // 0: none came
  std::string headers, body;
};

using HttpHeaders = std::map<std::string, std::string>;

class HttpConnection {
 public:
  explicit HttpConnection(int port);
  ~HttpConnection();
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  bool is_open() const { return socket_ >= 0; }
  // False where the server does not take it all.
  bool send(const std::string& bytes) const;
  HttpAnswer answer() const;  // all until the server closes

 private:
  int socket_ = -1;
};

// The request's bytes; Host and Content-Length are added where `headers` has none.
std::string http_request(const std::string& method, const std::string& path, HttpHeaders headers,
                         const std::string& body);

HttpAnswer http_get(int port, const std::string& path, const HttpHeaders& headers = {});
HttpAnswer http_post(int port, const std::string& type, const std::string& body,
                     HttpHeaders headers = {});  // to /translate

// A part of multipart/form-data; a file where `file` names one.
struct HttpPart {
  std::string name, value, file = {};
};
HttpAnswer http_post_parts(int port, const std::vector<HttpPart>& parts);

}  // namespace penalmt
