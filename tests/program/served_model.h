// penalmt serve, answering at a port that was free.
#pragma once

#include <csignal>
#include <cstdlib>
#include <string>
#include <vector>

#include "tests/program/harness.h"

namespace penalmt {

class ServedModel {
 public:
  explicit ServedModel(const std::string& model, const std::vector<std::string>& options = {})
      : program_(with(model, options)) {
    address_ = program_.answer();
    port_ = std::atoi(address_.c_str() + address_.rfind(':') + 1);
  }
  ~ServedModel() {
    if (!is_ended_) end();
  }
  ServedModel(const ServedModel&) = delete;
  ServedModel& operator=(const ServedModel&) = delete;

  int port() const { return port_; }
  const std::string& address() const { return address_; }
  void signal(int number) const { program_.signal(number); }
  // How it ended; number 0: a signal was sent before.
  Outcome end(int number = SIGTERM) {
    is_ended_ = true;
    if (number != 0) signal(number);
    return program_.finish();
  }

 private:
  static std::vector<std::string> with(const std::string& model,
                                       const std::vector<std::string>& options) {
    std::vector<std::string> words = {"serve", model, "--port", "0", "--threads", "1"};
    words.insert(words.end(), options.begin(), options.end());
    return words;
  }

  Conversation program_;
  std::string address_;
  int port_ = 0;
  bool is_ended_ = false;
};

}  // namespace penalmt
