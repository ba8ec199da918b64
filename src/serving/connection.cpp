#include "serving/connection.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace penalmt {
namespace {

using namespace std::chrono_literals;

constexpr auto kLook = 100ms;  // how often an idle connection looks whether the server ends
constexpr auto kFinish = 2s;
constexpr std::string_view kHeadersEnd = "\r\n\r\n";
constexpr int64_t kMostPassedOver = 64 << 20;

}  // namespace

Connection::Connection(int descriptor, int64_t most_headers, int64_t most_body,
                       std::chrono::seconds time, const std::atomic<bool>& is_ending)
    : descriptor_(descriptor),
      most_headers_(most_headers),
      most_body_(most_body),
      time_(time),
      is_ending_(is_ending),
      read_deadline_(Clock::now() + time) {}

Connection::~Connection() {
  let_it_finish();
  close(descriptor_);
}

bool Connection::wait_for(short event, Clock::time_point deadline) const {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    if (left <= 0ms) return false;
    pollfd watched = {descriptor_, event, 0};
    const int ready =
        poll(&watched, 1, static_cast<int>(std::min<int64_t>(left.count(), kLook.count())));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
    if (is_ending_ && received_ == 0) return false;
  }
}

bool Connection::takes(std::string_view bytes) {
  for (; matched_ < kHeadersEnd.size() && !bytes.empty(); bytes.remove_prefix(1)) {
    ++headers_;
    matched_ = bytes[0] == kHeadersEnd[matched_] ? matched_ + 1 : bytes[0] == kHeadersEnd[0];
  }
  body_ += static_cast<int64_t>(bytes.size());
  return headers_ <= most_headers_ && body_ <= most_body_;
}

ssize_t Connection::read(char* bytes, size_t size) {
  if (begin_ == end_) {
    if (!wait_for(POLLIN, read_deadline_)) return -1;
    const ssize_t got = recv(descriptor_, buffer_.data(), buffer_.size(), 0);
    if (got <= 0) return got;
    received_ += got;
    if (!takes({buffer_.data(), static_cast<std::size_t>(got)})) return -1;
    begin_ = 0;
    end_ = static_cast<std::size_t>(got);
  }
  const std::size_t taken = std::min(size, end_ - begin_);
  std::memcpy(bytes, buffer_.data() + begin_, taken);
  begin_ += taken;
  return static_cast<ssize_t>(taken);
}

ssize_t Connection::write(const char* bytes, size_t size) {
  if (!wait_for(POLLOUT, Clock::now() + time_)) return -1;
  return send(descriptor_, bytes, size, MSG_NOSIGNAL);
}

void Connection::get_remote_ip_and_port(std::string& ip, int& port) const {
  ip.clear();
  port = 0;
}

void Connection::get_local_ip_and_port(std::string& ip, int& port) const {
  ip.clear();
  port = 0;
}

void Connection::let_it_finish() {
  shutdown(descriptor_, SHUT_WR);
  const auto deadline = Clock::now() + kFinish;
  for (int64_t passed_over = 0; passed_over < kMostPassedOver && received_ > 0;) {
    if (!wait_for(POLLIN, deadline)) return;
    const ssize_t got = recv(descriptor_, buffer_.data(), buffer_.size(), 0);
    if (got <= 0) return;
    passed_over += got;
  }
}

}  // namespace penalmt
