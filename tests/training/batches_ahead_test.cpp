#include "training/batches_ahead.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <thread>

namespace penalmt {
namespace {

struct Made {
  BatchPlace place;
  std::thread::id by;
};

Made make(const BatchPlace& place) {
  if (place.batch == 9) throw std::runtime_error("batch 9 is damaged");
  return {place, std::this_thread::get_id()};
}

TEST(BatchesAhead, ABatchThatWasBegunIsMadeByAThread) {
  BatchesAhead<Made> ahead(make);
  ahead.begin({3, 1});
  const Made made = ahead.take({3, 1});
  EXPECT_EQ(made.place, (BatchPlace{3, 1}));
  EXPECT_NE(made.by, std::this_thread::get_id());
}

TEST(BatchesAhead, AnotherThanThatBegunIsMadeNow) {
  BatchesAhead<Made> ahead(make);
  EXPECT_EQ(ahead.take({0, 0}).by, std::this_thread::get_id());
  for (const BatchPlace& other : {BatchPlace{4, 1}, BatchPlace{3, 2}}) {
    ahead.begin({3, 1});
    const Made made = ahead.take(other);
    EXPECT_EQ(made.place, other);
    EXPECT_EQ(made.by, std::this_thread::get_id());
  }
  ahead.begin({3, 1});
  ahead.drop();
  EXPECT_EQ(ahead.take({3, 1}).by, std::this_thread::get_id());
}

TEST(BatchesAhead, WhatFailsIsThrownWhereItIsTaken) {
  BatchesAhead<Made> ahead(make);
  ahead.begin({9, 0});
  ahead.begin({1, 0});  // nobody took batch 9: nobody hears of it
  EXPECT_EQ(ahead.take({1, 0}).place.batch, 1);
  ahead.begin({9, 0});
  EXPECT_THROW(ahead.take({9, 0}), std::runtime_error);
  EXPECT_EQ(ahead.take({2, 0}).place.batch, 2);
}

TEST(BatchesAhead, WhatComesAfterABatch) {
  // Two processes, four batches an update: the second process has every other one.
  EXPECT_EQ(after({5, 7}, 0, 1, 4), (BatchPlace{7, 1}));
  EXPECT_EQ(after({5, 7}, 1, 1, 4), (BatchPlace{9, 2}));
  EXPECT_EQ(after({0}, 0, 0, 1), (BatchPlace{1, 1}));
}

}  // namespace
}  // namespace penalmt
