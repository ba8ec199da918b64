// One client's connection as the HTTP library reads and writes it, with bounds that the library
// lacks: on the bytes of a request, headers too, and on the time in which it must have come.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include <httplib.h>

namespace penalmt {

class Connection : public httplib::Stream {
 public:
  // `most_headers`, `most_body`: bytes of the request before and after its first empty line.
  // `is_ending`: a client that has sent nothing yet is left.
  Connection(int descriptor, int64_t most_headers, int64_t most_body, std::chrono::seconds time,
             const std::atomic<bool>& is_ending);
  // Says that the answer is whole, and closes.
  ~Connection() override;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  bool is_readable() const override { return true; }
  bool is_writable() const override { return true; }
  ssize_t read(char* bytes, size_t size) override;
  ssize_t write(const char* bytes, size_t size) override;
  // Nobody asks who it is.
  void get_remote_ip_and_port(std::string& ip, int& port) const override;
  void get_local_ip_and_port(std::string& ip, int& port) const override;
  socket_t socket() const override { return descriptor_; }

 private:
  using Clock = std::chrono::steady_clock;
  // Whether the bytes may still be read; looks for the headers' end.
  bool takes(std::string_view bytes);
  // False where the time is up, or where nothing came and the server ends.
  bool wait_for(short event, Clock::time_point deadline) const;
  // The client may still be sending what was refused. Were the connection closed before it has
  // sent all, it might never see the answer.
  void let_it_finish();

  const int descriptor_;
  const int64_t most_headers_, most_body_;
  const std::chrono::seconds time_;
  const std::atomic<bool>& is_ending_;
  const Clock::time_point read_deadline_;
  int64_t received_ = 0, headers_ = 0, body_ = 0;  // bytes
  std::size_t matched_ = 0;                        // of the headers' end
  std::array<char, 16384> buffer_;
  std::size_t begin_ = 0, end_ = 0;  // of what is not read yet
};

}  // namespace penalmt
