#include "training/rank_watch.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/interrupt.h"
#include "base/json.h"

namespace penalmt {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kBeat(500), kHurriedSilence(4000), kFarewell(5000);

std::string key_of(const char* what, int rank) { return fmt::format("{}/{}", what, rank); }

std::string as_json(const ProcessEnd& end) {
  return nlohmann::json{{"rank", end.rank}, {"status", end.status}, {"text", end.text}}.dump(
      -1, ' ', false, nlohmann::json::error_handler_t::replace);
}

ProcessEnd from_json(const std::string& text) {
  const auto object = parse_json<nlohmann::json>(text, "the end of a rank");
  return {object.at("rank"), object.at("status"), object.at("text")};
}

ProcessEnd silent(int rank, const std::string& name, milliseconds silence) {
  return {rank, 1,
          fmt::format("{}: no sign of life for {} seconds", name,
                      std::chrono::duration_cast<seconds>(silence).count())};
}

}  // namespace

RankWatch::RankWatch(c10::intrusive_ptr<c10d::Store> store, std::vector<std::string> names,
                     int rank, milliseconds silence)
    : store_(std::move(store)),
      names_(std::move(names)),
      rank_(rank),
      heard_(names_.size()),
      last_round_(Clock::now()),
      silence_(silence),
      contact_(Clock::now()) {
  for (Heard& each : heard_) each.at = contact_;
}

std::shared_ptr<RankWatch> RankWatch::begin(c10::intrusive_ptr<c10d::Store> store,
                                            std::vector<std::string> names, int rank,
                                            milliseconds silence) {
  const std::shared_ptr<RankWatch> watch(
      new RankWatch(std::move(store), std::move(names), rank, silence));
  watch->thread_ = std::thread([watch] { watch->run(); });
  return watch;
}

// The thread may be the last that holds this.
RankWatch::~RankWatch() {
  if (thread_.joinable()) thread_.detach();
}

void RankWatch::tell(c10d::Store& store, const ProcessEnd& end) {
  store.compareSet("end", std::string(), as_json(end));
}

void RankWatch::run() {
  while (true) {
    try {
      speak_and_listen();
    } catch (const std::exception&) {
      // The store is gone, and with it whoever held it.
      const std::lock_guard lock(mutex_);
      lost_ = true;
      changed_.notify_all();
      if (!leaving_) ask_for_end();
      return;
    }
    std::unique_lock lock(mutex_);
    if (left_) return;
    changed_.wait_for(lock, kBeat, [&] { return leaving_; });
  }
}

void RankWatch::speak_and_listen() {
  // 1. What this process has to say.
  std::unique_lock lock(mutex_);
  const std::optional<ProcessEnd> own = own_;
  const bool leaving = leaving_, hurries = hurries_;
  lock.unlock();
  if (hurries) store_->add("hurry", 1);
  if (own) tell(*store_, *own);
  if (leaving) {
    store_->add(key_of("left", rank_), 1);
    if (rank_ == 0) {
      const Clock::time_point until = Clock::now() + kFarewell;
      while (!all_left() && Clock::now() < until) std::this_thread::sleep_for(milliseconds(20));
    }
    lock.lock();
    left_ = true;
    changed_.notify_all();
    return;
  }
  store_->add(key_of("beat", rank_), 1);
  // 2. What others said. Rank 0 may wait for one that has seen the loss and waits itself.
  if (!hurries && store_->check({"hurry"})) hurry();
  if (store_->check({"end"})) set_end(from_json(store_->get_to_str("end")));
  // 3. Whether they live. A process that slept itself has missed what they said meanwhile.
  const Clock::time_point now = Clock::now();
  if (now - last_round_ > 4 * kBeat)
    for (Heard& each : heard_) each.at = now;
  last_round_ = now;
  for (int rank = 0; rank < static_cast<int>(heard_.size()); ++rank)
    if (rank != rank_ && (rank_ == 0 || rank == 0)) listen_to(rank);
  lock.lock();
  contact_ = now;
  suspected_.reset();
}

void RankWatch::listen_to(int rank) {
  Heard& heard = heard_[rank];
  if (heard.left) return;
  const int64_t count = store_->add(key_of("beat", rank), 0);
  const Clock::time_point now = Clock::now();
  if (count != heard.count) {
    heard.count = count;
    heard.at = now;
    return;
  }
  std::unique_lock lock(mutex_);
  const milliseconds silence = silence_;
  lock.unlock();
  if (now - heard.at < silence) return;
  heard.left = store_->add(key_of("left", rank), 0) > 0;
  if (heard.left) return;
  const ProcessEnd end = silent(rank, names_[rank], silence);
  if (rank_ == 0) tell(*store_, end);
  set_end(end);
}

void RankWatch::set_end(const ProcessEnd& end) {
  const std::lock_guard lock(mutex_);
  if (end_ || end.rank == rank_) return;
  end_ = end;
  changed_.notify_all();
  ask_for_end();
}

bool RankWatch::all_left() {
  std::unique_lock lock(mutex_);
  const int gone = end_ ? end_->rank : 0;
  lock.unlock();
  bool all = true;
  for (int rank = 1; rank < static_cast<int>(heard_.size()); ++rank) {
    if (!heard_[rank].left) heard_[rank].left = store_->add(key_of("left", rank), 0) > 0;
    all = all && (heard_[rank].left || rank == gone);
  }
  return all;
}

std::optional<ProcessEnd> RankWatch::other_end() {
  const std::lock_guard lock(mutex_);
  if (end_) return end_;
  if (left_) return std::nullopt;
  if (lost_) return ProcessEnd{0, 1, names_[0] + ": the connection to it was lost"};
  // The thread may hang in a question to a rank 0 that does not answer. That this process itself
  // slept is no such sign: hence two looks.
  const Clock::time_point now = Clock::now();
  if (now - contact_ < silence_) return std::nullopt;
  if (!suspected_) suspected_ = now;
  if (now - *suspected_ < 4 * kBeat) return std::nullopt;
  end_ = silent(0, names_[0], silence_);
  ask_for_end();
  return end_;
}

void RankWatch::hurry() {
  const std::lock_guard lock(mutex_);
  hurries_ = true;
  silence_ = std::min(silence_, kHurriedSilence);
}

void RankWatch::leave(const std::optional<ProcessEnd>& failure) {
  std::unique_lock lock(mutex_);
  if (!thread_.joinable()) return;
  if (!leaving_) own_ = failure;
  leaving_ = true;
  changed_.notify_all();
  const bool ended =
      changed_.wait_for(lock, kFarewell + seconds(1), [&] { return left_ || lost_; });
  lock.unlock();
  // A thread that hangs in a question is left to the end of the process.
  if (ended)
    thread_.join();
  else
    thread_.detach();
}

}  // namespace penalmt
