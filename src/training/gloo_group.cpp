#include "training/gloo_group.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <exception>
#include <functional>
#include <future>
#include <nlohmann/json.hpp>
#include <set>
#include <system_error>
#include <thread>

#include <c10/util/Logging.h>
#include <torch/torch.h>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#define USE_C10D_GLOO  // LibTorch has it; its header asks
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/json.h"
#include "base/printable.h"
#include "base/progress.h"
#include "tensors/devices.h"
#include "training/nccl.h"
#include "training/rank_watch.h"
#include "training/shared_memory.h"

namespace penalmt {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Clock = std::chrono::steady_clock;
using Store = c10::intrusive_ptr<c10d::Store>;

constexpr milliseconds kGlance(500);  // between two looks at how the others do
// Rank 0 may train tokenizers or write for hours, while the others wait: only who gives no sign of
// life is gone.
constexpr std::chrono::hours kLongestWait(24 * 30);

std::string host() {
  char name[256] = "";
  ::gethostname(name, sizeof name - 1);
  return name;
}

std::string name_of(int rank, int size, int64_t process, const std::string& machine) {
  return fmt::format("rank {} of {} (process {} on {})", rank, size, process, machine);
}

std::string key_of_process(int rank) { return fmt::format("process/{}", rank); }

Store connection(const ProcessPlace& place, bool serves, milliseconds timeout) {
  c10d::TCPStoreOptions options;
  options.port = place.port;
  options.isServer = serves;
  options.waitWorkers = false;
  options.timeout = timeout;
  if (serves && place.listener >= 0) options.masterListenFd = place.listener;
  return c10::make_intrusive<c10d::PrefixStore>(
      place.prefix, c10::make_intrusive<c10d::TCPStore>(place.address, options));
}

// The store where all meet: rank 0 holds it, unless the launcher does.
Store opened_store(const ProcessPlace& place) {
  try {
    return connection(place, /*serves=*/true, seconds(10));
  } catch (const std::exception& error) {
    const std::string text = error.what();
    if (text.find("EADDRINUSE") != std::string::npos)
      throw Error(fmt::format(
          "MASTER_PORT: got {}, where another program listens, expected a free port", place.port));
    if (text.find("client socket") != std::string::npos)
      throw Error(fmt::format(
          "MASTER_ADDR: got {}, where rank 0 does not reach itself (port {}), expected an address "
          "of its machine",
          place.address, place.port));
    throw MachineError(
        fmt::format("MASTER_PORT: cannot listen at {}: {}", place.port, first_line(text)));
  }
}

// The address by which this machine reaches the meeting point, so that others reach it by the same.
std::string own_address(const ProcessPlace& place) {
  addrinfo hints = {};
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* found = nullptr;
  std::string address;
  if (::getaddrinfo(place.address.c_str(), std::to_string(place.port).c_str(), &hints, &found) != 0)
    return address;
  for (const addrinfo* each = found; each && address.empty(); each = each->ai_next) {
    const int probe = ::socket(each->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_storage own = {};
    socklen_t length = sizeof own;
    char text[NI_MAXHOST] = "";
    if (probe >= 0 && ::connect(probe, each->ai_addr, each->ai_addrlen) == 0 &&
        ::getsockname(probe, reinterpret_cast<sockaddr*>(&own), &length) == 0 &&
        ::getnameinfo(reinterpret_cast<sockaddr*>(&own), length, text, sizeof text, nullptr, 0,
                      NI_NUMERICHOST) == 0)
      address = text;
    if (probe >= 0) ::close(probe);
  }
  ::freeaddrinfo(found);
  return address;
}

std::shared_ptr<::gloo::transport::Device> device_of(const ProcessPlace& place) {
  using Gloo = c10d::ProcessGroupGloo;
  if (const char* interface = std::getenv("GLOO_SOCKET_IFNAME"))
    return Gloo::createDeviceForInterface(interface);
  const std::string address = own_address(place);
  return address.empty() ? Gloo::createDefaultDevice() : Gloo::createDeviceForHostname(address);
}

bool shares_memory() {
  const char* word = std::getenv("PENALMT_SHARED_MEMORY");
  const std::string_view said = word ? word : "yes";
  if (said != "yes" && said != "no")
    throw Error(fmt::format("PENALMT_SHARED_MEMORY: got '{}', expected yes or no", said));
  return said == "yes";
}

// Asks `came` again and again; false where it still says no after `patience`.
bool wait_for(const std::function<bool()>& came, seconds patience) {
  const Clock::time_point until = Clock::now() + patience;
  while (!came()) {
    throw_if_interrupted();
    if (Clock::now() >= until) return false;
    std::this_thread::sleep_for(milliseconds(20));
  }
  return true;
}

// What is done where a library ends the process: Gloo does that where the system has no thread to
// give.
std::function<void()> last_words;

// While this lives, the process says `words` before it ends so.
class LastWords {
 public:
  explicit LastWords(std::function<void()> words) {
    last_words = std::move(words);
    before_ = std::set_terminate([] {
      last_words();
      std::_Exit(1);
    });
  }
  ~LastWords() { std::set_terminate(before_); }
  LastWords(const LastWords&) = delete;
  LastWords& operator=(const LastWords&) = delete;

 private:
  std::terminate_handler before_;
};

}  // namespace

struct GlooGroup::Connections {
  Store store;
  std::vector<std::string> names;  // of all processes, or of rank 0
  c10::intrusive_ptr<c10d::ProcessGroupGloo> gloo;
  c10::intrusive_ptr<c10d::Work> work;  // in progress
};

GlooGroup::GlooGroup(const ProcessPlace& place, seconds silence)
    : place_(place), connections_(std::make_unique<Connections>()) {
  FLAGS_caffe2_log_level =
      c10::GLOG_FATAL;  // the store's warnings, with stacks: we say it in words
  meet(2 * silence);
  connect(silence);
}

std::string GlooGroup::name() const {
  return name_of(place_.rank, place_.size, ::getpid(), host());
}

void GlooGroup::meet(seconds patience) {
  Store& store = connections_->store;
  const std::string absent =
      fmt::format("of {} did not come within {} seconds", place_.size, patience.count());
  if (place_.rank == 0 && !place_.launcher_meets) {
    store = opened_store(place_);
  } else if (!wait_for(
                 [&] {
                   try {
                     store = connection(place_, /*serves=*/false, seconds(2));
                     return true;
                   } catch (const std::exception&) {
                     return false;
                   }
                 },
                 patience)) {
    throw OtherProcessEnded(
        {0, 1,
         fmt::format("rank 0 {}: nobody answers at {}:{}", absent, place_.address, place_.port)});
  }
  if (store->add(fmt::format("taken/{}", place_.rank), 1) > 1)
    throw Error(fmt::format("RANK: got {}, which another process has, too", place_.rank));
  store->set(key_of_process(place_.rank), nlohmann::json{{"version", PENALMT_VERSION},
                                                         {"size", place_.size},
                                                         {"process", ::getpid()},
                                                         {"host", host()}}
                                              .dump());
  const auto come = [&](int rank) { return store->check({key_of_process(rank)}); };
  for (int rank = 0; rank < (place_.rank == 0 ? place_.size : 1); ++rank) {
    if (!wait_for([&] { return come(rank); }, patience))
      refuse(fmt::format("rank {} {}", rank, absent));
    const auto card =
        parse_json<nlohmann::json>(store->get_to_str(key_of_process(rank)), key_of_process(rank));
    connections_->names.push_back(
        name_of(rank, place_.size, card.at("process"), card.at("host").get<std::string>()));
    const std::string version = card.at("version");
    if (place_.rank == 0 && version != PENALMT_VERSION)
      refuse(fmt::format("{}: got version {} of penalmt, expected {}, rank 0's",
                         connections_->names.back(), version, PENALMT_VERSION));
    if (place_.rank == 0 && card.at("size") != place_.size)
      refuse(fmt::format("{}: got WORLD_SIZE {}, expected {}, rank 0's", connections_->names.back(),
                         card.at("size").get<int>(), place_.size));
  }
  if (place_.rank == 0) return store->set("all came", "yes");
  if (!wait_for([&] { return store->check({"all came"}) || store->check({"refused"}); },
                patience + seconds(10)))
    throw OtherProcessEnded({0, 1, fmt::format("rank 0 {}", absent)});
  if (store->check({"refused"})) throw OtherProcessEnded({0, 2, store->get_to_str("refused")});
}

// Those who came hear it, too: rank 0 stays a little while, since they ask it.
void GlooGroup::refuse(const std::string& text) {
  connections_->store->set("refused", text);
  if (place_.rank == 0) std::this_thread::sleep_for(seconds(1));
  if (text.find("did not come") != std::string::npos) throw MachineError(text);
  throw Error(text);
}

void GlooGroup::connect(seconds silence) {
  const std::string no_thread = name() + ": the system has no thread to give";
  try {
    watch_ = RankWatch::begin(connection(place_, /*serves=*/false, silence), connections_->names,
                              place_.rank, silence);
  } catch (const std::system_error&) {
    RankWatch::tell(*connections_->store, {place_.rank, 1, no_thread});
    throw MachineError(no_thread);
  }
  const LastWords words([&] {
    watch_->leave(ProcessEnd{place_.rank, 1, no_thread});
    if (place_.rank == 0) message(no_thread);
  });
  try {
    const auto options = c10d::ProcessGroupGloo::Options::create(2 * silence);
    options->devices.push_back(device_of(place_));
    connections_->gloo = c10::make_intrusive<c10d::ProcessGroupGloo>(
        c10::make_intrusive<c10d::PrefixStore>("gloo/", connections_->store), place_.rank,
        place_.size, options);
  } catch (const std::exception& error) {
    if (const auto end = watch_->other_end()) throw OtherProcessEnded(*end);
    const std::string text =
        fmt::format("{}: cannot reach the others: {}; GLOO_SOCKET_IFNAME names the interface",
                    name(), first_line(error.what()));
    watch_->leave(ProcessEnd{place_.rank, 1, text});
    throw MachineError(text);
  }
}

GlooGroup::~GlooGroup() {
  if (watch_) watch_->leave(std::nullopt);
  // What still waits for a process that does not answer would be waited for: it is left to the
  // process's end.
  if (connections_->work) (void)connections_.release();
}

void GlooGroup::finish_work() {
  c10::intrusive_ptr<c10d::Work>& work = connections_->work;
  while (true) {
    if (const auto end = watch_->other_end()) throw OtherProcessEnded(*end);
    try {
      work->wait(kGlance);
      return work.reset();
    } catch (const std::exception& error) {
      if (work->isCompleted()) lose(first_line(error.what()));
    }
  }
}

// Who has ended falls silent now, or said why.
void GlooGroup::lose(const std::string& problem) {
  watch_->hurry();
  const Clock::time_point until = Clock::now() + seconds(10);
  while (Clock::now() < until) {
    if (const auto end = watch_->other_end()) throw OtherProcessEnded(*end);
    std::this_thread::sleep_for(milliseconds(50));
  }
  throw MachineError("the connection between the processes was lost: " + problem);
}

void GlooGroup::share_memory() {
  const bool wanted = shares_memory();
  std::unique_ptr<SharedMemory> memory;
  try {
    if (leads()) memory = std::make_unique<SharedMemory>(size());
  } catch (const std::system_error&) {
  }
  const std::string name = shared(memory ? memory->name() : "");
  try {
    if (!leads() && wanted) memory = std::make_unique<SharedMemory>(name, rank(), size());
  } catch (const std::system_error&) {
  }
  if (sums({memory && wanted ? 1.0 : 0.0})[0] < size()) return;
  memory->join([this] { glance(); });
  memory_ = std::move(memory);
}

// While this process waits for others in the memory that they share.
void GlooGroup::glance() {
  if (const auto end = watch_->other_end()) throw OtherProcessEnded(*end);
  if (memory_ && memory_->one_is_gone()) lose("a process has ended");
}

void GlooGroup::use_device(c10::Device device) {
  share_memory();
  // A row each: the name of its GPU, empty where NCCL cannot serve it.
  constexpr int64_t kLongest = 64;
  const std::string own =
      device.is_cpu() || !NcclCommunicator::available() ? "" : name_of_gpu(device);
  at::Tensor rows = at::zeros({place_.size, kLongest}, at::kInt);
  for (size_t i = 0; i < own.size(); ++i) rows[place_.rank][static_cast<int64_t>(i)] = own[i];
  sum(rows);
  std::set<std::string> names;
  for (int rank = 0; rank < place_.size; ++rank) {
    const int32_t* row = rows.const_data_ptr<int32_t>() + rank * kLongest;
    std::string name;
    for (int64_t i = 0; i < kLongest && row[i] != 0; ++i) name += static_cast<char>(row[i]);
    if (!name.empty()) names.insert(name);
  }
  if (static_cast<int>(names.size()) < place_.size) {
    if (!device.is_cpu() && leads())
      message(fmt::format(
          "{} processes {}: sums over the processes go through the CPU", place_.size,
          names.empty() ? "without NCCL"
                        : fmt::format("on {} GPU{}", names.size(), names.size() == 1 ? "" : "s")));
    return;
  }
  // NCCL would wait for ever for one that is gone: a thread does, which then is left behind.
  const std::string id = shared(leads() ? NcclCommunicator::make_id() : "");
  std::packaged_task<std::unique_ptr<NcclCommunicator>()> join(
      [id, rank = place_.rank, size = place_.size, device] {
        return std::make_unique<NcclCommunicator>(id, rank, size, device);
      });
  auto joined = join.get_future();
  std::thread(std::move(join)).detach();
  while (joined.wait_for(milliseconds(20)) != std::future_status::ready)
    if (const auto end = watch_->other_end()) throw OtherProcessEnded(*end);
  gpus_ = joined.get();
}

// A kernel that waits for a process that is gone would never end.
void GlooGroup::wait_for_gpus() {
  for (const Clock::time_point began = Clock::now(); !gpus_->done();) {
    if (const auto end = watch_->other_end()) throw OtherProcessEnded(*end);
    if (Clock::now() - began < milliseconds(5))
      std::this_thread::yield();
    else
      std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
}

void GlooGroup::sum(const at::Tensor& values) {
  if (gpus_ && !values.is_cpu()) {
    gpus_->sum(values);
    return wait_for_gpus();
  }
  std::vector<at::Tensor> here = {values.cpu()};
  if (memory_) {
    memory_->sum(here[0], [this] { glance(); });
  } else {
    c10d::AllreduceOptions options;
    options.timeout = kLongestWait;
    connections_->work = connections_->gloo->allreduce(here, options);
    finish_work();
  }
  if (!values.is_cpu()) values.copy_(here[0]);
}

void GlooGroup::share(const at::Tensor& values) {
  if (gpus_ && !values.is_cpu()) {
    gpus_->share(values);
    return wait_for_gpus();
  }
  std::vector<at::Tensor> here = {values.cpu()};
  if (memory_) {
    memory_->share(here[0], [this] { glance(); });
  } else {
    c10d::BroadcastOptions options;
    options.timeout = kLongestWait;
    connections_->work = connections_->gloo->broadcast(here, options);
    finish_work();
  }
  if (!values.is_cpu()) values.copy_(here[0]);
}

std::optional<ProcessEnd> GlooGroup::other_end() { return watch_->other_end(); }

void GlooGroup::fail(int status, const std::string& text) {
  watch_->leave(ProcessEnd{place_.rank, status, name() + ": " + text});
}

}  // namespace penalmt
