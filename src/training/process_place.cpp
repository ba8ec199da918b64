#include "training/process_place.h"

#include <fmt/format.h>

#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "base/numbers.h"

namespace penalmt {
namespace {

constexpr int64_t kMostProcesses = 4096;

std::optional<std::string> variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

std::string needed_variable(const char* name) {
  if (auto value = variable(name)) return *value;
  throw Error(fmt::format(
      "{}: not set where WORLD_SIZE is {}; expected RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT, "
      "as torchrun sets them",
      name, *variable("WORLD_SIZE")));
}

int64_t number_in(const char* name, const std::string& text, int64_t least, int64_t most) {
  const auto number = whole_number(text);
  if (number && *number >= least && *number <= most) return *number;
  throw Error(
      fmt::format("{}: got '{}', expected a whole number from {} to {}", name, text, least, most));
}

}  // namespace

std::optional<ProcessPlace> place_from_environment() {
  const auto size = variable("WORLD_SIZE");
  if (!size) return std::nullopt;
  ProcessPlace place;
  place.size = static_cast<int>(number_in("WORLD_SIZE", *size, 1, kMostProcesses));
  if (place.size == 1) return std::nullopt;
  place.rank = static_cast<int>(number_in("RANK", needed_variable("RANK"), 0, place.size - 1));
  place.address = needed_variable("MASTER_ADDR");
  place.port =
      static_cast<uint16_t>(number_in("MASTER_PORT", needed_variable("MASTER_PORT"), 1, 65535));
  if (const auto local = variable("LOCAL_WORLD_SIZE"))
    place.on_this_machine =
        static_cast<int>(number_in("LOCAL_WORLD_SIZE", *local, 1, kMostProcesses));
  if (const auto local = variable("LOCAL_RANK"))
    place.rank_on_machine = static_cast<int>(number_in("LOCAL_RANK", *local, 0, kMostProcesses));
  place.launcher_meets = variable("TORCHELASTIC_USE_AGENT_STORE") == "True";
  place.prefix = fmt::format("penalmt/{}/", variable("TORCHELASTIC_RESTART_COUNT").value_or("0"));
  return place;
}

}  // namespace penalmt
