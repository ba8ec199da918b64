#include "commands/cli/numbers.h"

#include <fmt/format.h>

#include "base/numbers.h"

namespace penalmt {

CLI::Validator whole_number_in(int64_t minimum, int64_t maximum) {
  return CLI::Validator(
      [=](std::string& text) -> std::string {
        const auto number = whole_number(text);
        if (number && *number >= minimum && *number <= maximum) return "";
        return fmt::format("got '{}', expected a whole number from {} to {}", text, minimum,
                           maximum);
      },
      fmt::format("INT in [{} - {}]", minimum, maximum));
}

CLI::Validator any_unsigned_number() {
  return CLI::Validator(
      [](std::string& text) -> std::string {
        if (unsigned_number(text)) return "";
        return fmt::format("got '{}', expected a whole number from 0 to 2^64 - 1", text);
      },
      "");
}

CLI::Validator number_in(double minimum, double maximum) {
  return CLI::Validator(
      [=](std::string& text) -> std::string {
        const auto number = finite_number(text);
        if (number && *number >= minimum && *number <= maximum) return "";
        return fmt::format("got '{}', expected a number from {} to {}", text, minimum, maximum);
      },
      fmt::format("FLOAT in [{} - {}]", minimum, maximum));
}

}  // namespace penalmt
