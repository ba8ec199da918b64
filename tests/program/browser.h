// Chromium with keys, files and screens as a person has them, through its DevTools protocol.
#pragma once

#include <sys/types.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/base/temporary_folder.h"

namespace penalmt {

class Browser {
 public:
  static bool is_there();  // on the PATH
  Browser();
  ~Browser();
  Browser(const Browser&) = delete;
  Browser& operator=(const Browser&) = delete;

  // The page in a window so many pixels wide, and loaded.
  void open(const std::string& address, int width, bool is_dark = false);
  // A promise's value where it is one; a text that begins with "threw" where it throws.
  nlohmann::json value(const std::string& expression);
  // Waits for at most half a minute until it is true.
  bool becomes_true(const std::string& expression);
  void type(const std::string& text);
  void press(const std::string& key, bool shift = false);  // "Tab", "Enter", "Space", "ArrowLeft"
  // Presses a key that opens the dialog in which a file is chosen, and chooses; false where none
  // opens.
  bool press_and_choose(const std::string& key, const std::string& file);
  // What the page complained of: exceptions, what its policy forbade.
  const std::vector<std::string>& complaints() const { return complaints_; }

 private:
  using Json = nlohmann::json;
  Json call(const std::string& method, const Json& parameters);
  Json receive();  // the next message
  // Until a message with it has come; null where none comes in time.
  Json wait_for(const std::function<bool(const Json&)>& is_it);

  const TemporaryFolder folder_;
  pid_t child_ = -1;
  int to_ = -1, from_ = -1, calls_ = 0;
  std::string session_, received_;
  std::vector<Json> events_;  // that nobody waited for yet
  std::vector<std::string> complaints_;
};

}  // namespace penalmt
