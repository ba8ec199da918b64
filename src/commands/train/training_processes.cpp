#include "commands/train/training_processes.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <thread>

#include "base/interrupt.h"
#include "base/mistakes.h"
#include "base/progress.h"
#include "base/text.h"
#include "commands/cli/foreign_errors.h"
#include "commands/train/local_processes.h"
#include "training/gloo_group.h"
#include "training/process_place.h"

namespace penalmt {
namespace {

enum EndStatus { kMachine = 1, kMistake = 2, kStopped = 130 };

// This process ends as that one did.
[[noreturn]] void end_alike(const ProcessEnd& end) {
  if (end.status == kStopped) throw Interrupted();
  if (end.status == kMachine) throw MachineError(end.text);
  std::vector<std::string> lines;
  for (const std::string_view line : split(end.text, '\n')) lines.emplace_back(line);
  throw Mistakes(std::move(lines));
}

// Rank 0 speaks for all. Where it is gone itself, rank 1 does.
[[noreturn]] void end_alike(const ProcessEnd& end, const ProcessGroup& group) {
  if (end.rank == 0 && end.status == kMachine && group.rank() == 1) print_messages();
  end_alike(end);
}

// What the others hear where this process fails.
void tell_others(GlooGroup& group) {
  try {
    throw;
  } catch (const Error& error) {
    group.fail(kMistake, error.what());
  } catch (const Interrupted&) {
    group.fail(kStopped, "interrupted");
  } catch (const std::exception& error) {
    const ForeignError foreign = in_words(error);
    group.fail(foreign.machine_fault ? kMachine : kMistake, foreign.text);
  }
}

void train_in(GlooGroup& group, const TrainingArguments& arguments,
              void (*train)(const TrainingArguments&, ProcessGroup&)) {
  try {
    train(arguments, group);
  } catch (const OtherProcessEnded& other) {
    end_alike(other.end(), group);
  } catch (const Interrupted&) {
    // Asked for by a person, or because another process failed?
    const auto other = group.other_end();
    if (other && other->status != kStopped) end_alike(*other, group);
    tell_others(group);
    throw;
  } catch (const std::exception&) {
    tell_others(group);
    throw;
  }
}

// The place of this process among several; nullopt where it is alone. `others`: those it began.
std::optional<ProcessPlace> find_place(const TrainingArguments& arguments,
                                       std::optional<LocalProcesses>& others) {
  const std::optional<ProcessPlace> place = place_from_environment();
  const auto asked = static_cast<int>(arguments.processes);
  if (place && asked > 1 && asked != place->size)
    throw Error(fmt::format(
        "--processes: got {} where WORLD_SIZE is {}: a launcher has begun the processes", asked,
        place->size));
  if (place || asked == 1) return place;
  others.emplace(asked);
  return others->place();
}

}  // namespace

void train_together(const TrainingArguments& arguments,
                    void (*train)(const TrainingArguments&, ProcessGroup&)) {
  std::optional<LocalProcesses> others;
  const std::optional<ProcessPlace> place = find_place(arguments, others);
  if (!place) return train(arguments, single_process());
  TrainingArguments own = arguments;
  if (own.machine.threads == 0)
    own.machine.threads =
        std::max(1, static_cast<int>(std::thread::hardware_concurrency()) / place->on_this_machine);
  std::optional<GlooGroup> group;
  try {
    group.emplace(*place, std::chrono::seconds(arguments.silence));
  } catch (const OtherProcessEnded& other) {
    if (other.end().status == kMistake) print_messages(false);  // rank 0 says it
    end_alike(other.end());
  }
  print_messages(group->leads());
  train_in(*group, own, train);
}

void expect_one_process(const char* words) {
  if (const auto place = place_from_environment())
    throw Error(fmt::format("{}: works in one process, got WORLD_SIZE {}", words, place->size));
}

}  // namespace penalmt
