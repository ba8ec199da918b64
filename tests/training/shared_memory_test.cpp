#include "training/shared_memory.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <torch/torch.h>
#include <unistd.h>

#include <system_error>
#include <thread>

namespace penalmt::shared_memory_test {
namespace {

class Ended : public std::exception {};

// Threads in the place of processes: what they share is the same. Each does work(memory, rank).
template <class Work>
void in_all(int size, const Work& work) {
  SharedMemory first(size);
  std::vector<std::thread> threads;
  for (int rank = 0; rank < size; ++rank)
    threads.emplace_back([&, rank] {
      std::unique_ptr<SharedMemory> opened;
      if (rank > 0) opened = std::make_unique<SharedMemory>(first.name(), rank, size);
      SharedMemory& memory = opened ? *opened : first;
      memory.join([] {});
      work(memory, rank);
    });
  for (std::thread& thread : threads) thread.join();
}

// What rank `rank` brings to sum number `turn`.
at::Tensor brought(int rank, int64_t count, int turn, at::ScalarType type) {
  return at::arange(count, at::kDouble).add(7 * turn).remainder(1001).mul(rank + 1).to(type);
}

TEST(SharedMemory, SumsOfAnyLengthAreThoseOfAll) {
  for (const int size : {2, 3, 5})
    in_all(size, [&](SharedMemory& memory, int rank) {
      int turn = 0;
      for (const int64_t count : {1, 1'000'003, 2, 17, 400'000, 0, 131'072, 3})
        for (const at::ScalarType type : {at::kFloat, at::kDouble, at::kInt}) {
          const at::Tensor values = brought(rank, count, ++turn, type);
          memory.sum(values, [] {});
          const at::Tensor expected =
              brought(0, count, turn, at::kDouble).mul(size * (size + 1) / 2).to(type);
          EXPECT_TRUE(at::equal(values, expected)) << count << " by " << size << ", rank " << rank;
        }
    });
}

TEST(SharedMemory, SumsAreTheSameBitsInAll) {
  constexpr int kSize = 3;
  std::vector<at::Tensor> sums(kSize);
  in_all(kSize, [&](SharedMemory& memory, int rank) {
    sums[rank] = brought(rank, 700'001, 1, at::kFloat).add(0.1).reciprocal();
    memory.sum(sums[rank], [] {});
  });
  for (const at::Tensor& sum : sums) EXPECT_TRUE(at::equal(sum, sums[0]));
}

TEST(SharedMemory, SumsAndWhatIsSharedTakeTurns) {
  in_all(3, [&](SharedMemory& memory, int rank) {
    for (int turn = 0; turn < 200; ++turn) {
      const at::Tensor values = brought(rank, 1 + 1'731 * turn, turn, at::kFloat);
      memory.share(values, [] {});
      EXPECT_TRUE(at::equal(values, brought(0, 1 + 1'731 * turn, turn, at::kFloat))) << turn;
      const at::Tensor one = at::full({1 + turn % 3}, rank, at::kDouble);
      memory.sum(one, [] {});
      EXPECT_TRUE(at::equal(one, at::full({1 + turn % 3}, 3, at::kDouble))) << turn;
    }
  });
}

TEST(SharedMemory, ThatOfOtherPlacesIsNotOpened) {
  const SharedMemory first(2);
  const std::string name = first.name();
  const auto with = [&](int word, const std::string& value) {
    std::istringstream words(name);
    std::string changed, each;
    for (int i = 0; words >> each; ++i) changed += (i == word ? value : each) + " ";
    return changed;
  };
  for (const std::string& other :
       {std::string(), std::string("a b c"), with(0, "another-machine"), with(1, "999999999"),
        with(2, "0"), with(2, "9999"), with(3, "12")})
    EXPECT_THROW(SharedMemory(other, 1, 2), std::system_error) << other;
  EXPECT_THROW(SharedMemory(name, 2, 3), std::system_error);  // of another number of processes
}

// Another process that comes once, waits and ends.
TEST(SharedMemory, TellsOfOneThatIsGone) {
  SharedMemory first(2);
  const std::string name = first.name();
  const pid_t child = fork();
  if (child == 0) {
    SharedMemory second(name, 1, 2);
    second.join([] {});
    usleep(300'000);
    _exit(0);
  }
  first.join([] {});
  EXPECT_FALSE(first.one_is_gone());
  int glances = 0;
  EXPECT_THROW(first.sum(at::ones({3}),
                         [&] {
                           ++glances;
                           if (first.one_is_gone()) throw Ended();
                         }),
               Ended);
  EXPECT_LE(glances, 5);
  waitpid(child, nullptr, 0);
}

}  // namespace
}  // namespace penalmt::shared_memory_test
