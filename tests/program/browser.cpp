#include "tests/program/browser.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <map>

namespace penalmt {
namespace {

constexpr int kHalfAMinute = 30000;

struct Key {
  std::string key, code, text;
  int number;
};

Key key_of(const std::string& name) {
  static const std::map<std::string, Key> keys = {
      {"Tab", {"Tab", "Tab", "", 9}},
      {"Enter", {"Enter", "Enter", "\r", 13}},
      {"Space", {" ", "Space", " ", 32}},
      {"ArrowLeft", {"ArrowLeft", "ArrowLeft", "", 37}}};
  return keys.at(name);
}

}  // namespace

bool Browser::is_there() { return std::system("command -v chromium >/dev/null 2>&1") == 0; }

// Chromium reads descriptor 3 and writes to 4, a zero byte after each message.
Browser::Browser() {
  int to[2], from[2];
  if (pipe2(to, O_CLOEXEC) != 0 || pipe2(from, O_CLOEXEC) != 0) ADD_FAILURE() << "no pipes";
  const std::string profile = "--user-data-dir=" + (folder_ / "profile").string();
  child_ = fork();
  if (child_ == 0) {
    setpgid(0, 0);
    const int in = fcntl(to[0], F_DUPFD, 10), out = fcntl(from[1], F_DUPFD, 10);
    const int nowhere = ::open("/dev/null", O_RDWR);
    for (const int stream : {0, 1, 2}) dup2(nowhere, stream);
    dup2(in, 3);
    dup2(out, 4);
    execlp("chromium", "chromium", "--headless", "--no-sandbox", "--disable-gpu",
           "--remote-debugging-pipe", profile.c_str(), "about:blank", nullptr);
    _exit(127);
  }
  close(to[0]);
  close(from[1]);
  to_ = to[1];
  from_ = from[0];
  const Json target = call("Target.createTarget", {{"url", "about:blank"}});
  const Json attached = call("Target.attachToTarget",
                             {{"targetId", target.value("targetId", "")}, {"flatten", true}});
  session_ = attached.value("sessionId", "");
  for (const char* domain : {"Page.enable", "Runtime.enable", "Log.enable", "DOM.enable"})
    call(domain, Json::object());
}

Browser::~Browser() {
  close(to_);
  close(from_);
  kill(-child_, SIGKILL);
  waitpid(child_, nullptr, 0);
}

Browser::Json Browser::receive() {
  size_t end;
  while ((end = received_.find('\0')) == std::string::npos) {
    pollfd watched = {from_, POLLIN, 0};
    char bytes[65536];
    const ssize_t got = poll(&watched, 1, kHalfAMinute) > 0 ? read(from_, bytes, sizeof bytes) : 0;
    if (got <= 0) return nullptr;
    received_.append(bytes, static_cast<size_t>(got));
  }
  Json message = Json::parse(received_.substr(0, end));
  received_.erase(0, end + 1);
  const std::string method = message.value("method", "");
  if (method == "Runtime.exceptionThrown")
    complaints_.push_back(message["params"]["exceptionDetails"]["exception"]["description"]);
  if (method == "Log.entryAdded" && message["params"]["entry"]["level"] == "error")
    complaints_.push_back(message["params"]["entry"]["text"]);
  return message;
}

Browser::Json Browser::wait_for(const std::function<bool(const Json&)>& is_it) {
  for (auto event = events_.begin(); event != events_.end(); ++event) {
    if (!is_it(*event)) continue;
    const Json found = *event;
    events_.erase(event);
    return found;
  }
  for (Json message; !(message = receive()).is_null(); events_.push_back(message))
    if (is_it(message)) return message;
  return nullptr;
}

Browser::Json Browser::call(const std::string& method, const Json& parameters) {
  Json message = {{"id", ++calls_}, {"method", method}, {"params", parameters}};
  if (!session_.empty()) message["sessionId"] = session_;
  const std::string bytes = message.dump() + '\0';
  EXPECT_EQ(write(to_, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  const Json answer = wait_for([&](const Json& one) { return one.value("id", 0) == calls_; });
  EXPECT_TRUE(answer.is_object() && answer.contains("result")) << method << ": " << answer.dump();
  return answer.is_object() ? answer.value("result", Json::object()) : Json::object();
}

void Browser::open(const std::string& address, int width, bool is_dark) {
  call("Emulation.setDeviceMetricsOverride",
       {{"width", width}, {"height", 900}, {"deviceScaleFactor", 1}, {"mobile", false}});
  call(
      "Emulation.setEmulatedMedia",
      {{"features",
        Json::array({{{"name", "prefers-color-scheme"}, {"value", is_dark ? "dark" : "light"}}})}});
  events_.clear();
  call("Page.navigate", {{"url", address}});
  wait_for([](const Json& one) { return one.value("method", "") == "Page.loadEventFired"; });
  // The page gives its first field the focus a little later: a key before that would be lost.
  EXPECT_TRUE(becomes_true("document.activeElement !== document.body"));
}

nlohmann::json Browser::value(const std::string& expression) {
  const Json answer =
      call("Runtime.evaluate",
           {{"expression", expression}, {"awaitPromise", true}, {"returnByValue", true}});
  if (answer.contains("exceptionDetails"))
    return "threw " + answer["exceptionDetails"]["exception"].value("description", "something");
  return answer["result"].value("value", Json());
}

bool Browser::becomes_true(const std::string& expression) {
  for (int wait = 0; wait < kHalfAMinute / 50; ++wait) {
    if (value(expression) == true) return true;
    usleep(50'000);
  }
  return false;
}

void Browser::type(const std::string& text) { call("Input.insertText", {{"text", text}}); }

void Browser::press(const std::string& name, bool shift) {
  const Key key = key_of(name);
  for (const char* kind : {"keyDown", "keyUp"}) {
    Json event = {{"type", kind},
                  {"key", key.key},
                  {"code", key.code},
                  {"windowsVirtualKeyCode", key.number},
                  {"modifiers", shift ? 8 : 0}};
    if (kind == std::string("keyDown") && !key.text.empty()) event["text"] = key.text;
    call("Input.dispatchKeyEvent", event);
  }
}

bool Browser::press_and_choose(const std::string& key, const std::string& file) {
  call("Page.setInterceptFileChooserDialog", {{"enabled", true}});
  press(key);
  const Json opened =
      wait_for([](const Json& one) { return one.value("method", "") == "Page.fileChooserOpened"; });
  if (opened.is_null()) return false;
  call("DOM.setFileInputFiles",
       {{"files", Json::array({file})}, {"backendNodeId", opened["params"]["backendNodeId"]}});
  return true;
}

}  // namespace penalmt
