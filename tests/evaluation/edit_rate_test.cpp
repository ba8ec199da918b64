#include "evaluation/edit_rate.h"

#include <algorithm>
#include <numeric>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/files.h"

namespace penalmt::edit_rate_test {

using Words = std::vector<int32_t>;

int64_t edits(const Words& hypothesis, const Words& reference) {
  return EditRate().edits(hypothesis, reference);
}

Words count_up(int32_t words) {
  Words all(words);
  std::iota(all.begin(), all.end(), 0);
  return all;
}

TEST(EditRate, IsSacrebleusForEveryShapeOfPair) {
  const auto golden = nlohmann::json::parse(read_file(PENALMT_SOURCE "/tests/golden/ter.json"));
  EditRate edit_rate;  // one for all: nothing is left over from a pair
  for (const auto& pair : golden.at("edits")) {
    const auto hypothesis = pair.at(0).get<Words>(), reference = pair.at(1).get<Words>();
    EXPECT_EQ(edit_rate.edits(hypothesis, reference), pair.at(2).get<int64_t>()) << pair.dump();
  }
  EXPECT_GE(golden.at("edits").size(), 1390u);
}

TEST(EditRate, CountsWordsAndShifts) {
  EXPECT_EQ(edits({1, 2, 3}, {1, 2, 3}), 0);
  EXPECT_EQ(edits({1, 9, 3}, {1, 2, 3}), 1);
  EXPECT_EQ(edits({1, 3}, {1, 2, 3}), 1);
  EXPECT_EQ(edits({1, 2, 2, 3}, {1, 2, 3}), 1);
  EXPECT_EQ(edits({3, 4, 1, 2}, {1, 2, 3, 4}), 1);  // one shift
  EXPECT_EQ(edits({2, 1}, {1, 2}), 1);
}

TEST(EditRate, OfAnEmptySideIsTheOthersLength) {
  EXPECT_EQ(edits({}, {}), 0);
  EXPECT_EQ(edits({}, {1, 2}), 2);
  EXPECT_EQ(edits({1, 2}, {}), 2);
}

TEST(EditRate, NegativeAndLargeWordsMatchNothing) {
  EXPECT_EQ(edits({-1, -7, 1}, {1, 2, 3}), 3);
  EXPECT_EQ(edits({1000000, -1, 2}, {1, 3, 2}), 2);
}

TEST(EditRate, AShiftMovesAtMostTenWords) {
  const Words reference = count_up(24);
  Words hypothesis = reference;
  std::rotate(hypothesis.begin(), hypothesis.begin() + 10, hypothesis.end());
  EXPECT_EQ(edits(hypothesis, reference), 1);
  std::rotate(hypothesis.begin(), hypothesis.begin() + 1, hypothesis.end());
  EXPECT_EQ(edits(hypothesis, reference), 2);
}

TEST(EditRate, NumbersOfWordsDoNotMatter) {
  const Words hypothesis = {0, 1, 2, 0, 3, 4, 1, 5, 0}, reference = {5, 0, 3, 4, 4, 0, 1, 6};
  const auto renamed = [](Words words) {
    for (int32_t& word : words) word = 100 - 7 * word;
    return words;
  };
  EXPECT_EQ(edits(renamed(hypothesis), renamed(reference)), edits(hypothesis, reference));
}

// The distances straight from their definition.
std::vector<Words> plain_table(const Words& hypothesis, const Words& reference) {
  std::vector<Words> table(hypothesis.size() + 1, Words(reference.size() + 1));
  for (std::size_t i = 0; i <= hypothesis.size(); ++i)
    for (std::size_t j = 0; j <= reference.size(); ++j)
      table[i][j] = static_cast<int32_t>(
          i == 0 ? j
          : j == 0
              ? i
              : std::min({table[i - 1][j] + 1, table[i][j - 1] + 1,
                          table[i - 1][j - 1] + (hypothesis[i - 1] == reference[j - 1] ? 0 : 1)}));
  return table;
}

// Words by a formula, `letters` of them.
Words formula_words(int32_t words, int32_t letters, int32_t salt) {
  Words all;
  for (int32_t i = 0; i < words; ++i) all.push_back((i * i * 7 + i * salt + i / 3) % letters);
  return all;
}

TEST(EditTable, BitsHoldTheDistancesOfTheDefinition) {
  for (const auto& [rows, columns] :
       {std::pair{9, 7}, {1, 64}, {40, 63}, {30, 65}, {70, 200}, {0, 5}, {128, 128}}) {
    const Words hypothesis = formula_words(rows, 5, 3), reference = formula_words(columns, 4, 1);
    const auto expected = plain_table(hypothesis, reference);
    ExactEditTable table;
    table.start(reference, 5, rows);
    table.fill(hypothesis.data(), 0);
    for (int32_t i = 0; i <= rows; ++i)
      for (int32_t j = 0; j <= columns; ++j)
        ASSERT_EQ(table.at(i, j), expected[i][j]) << i << " " << j;
    Words other = hypothesis;
    std::reverse(other.begin() + rows / 2, other.end());
    EXPECT_EQ(table.distance_of(other.data(), rows / 2),
              plain_table(other, reference).back().back());
    EXPECT_EQ(table.distance(), expected.back().back());
  }
}

TEST(EditTable, TheBeamIsExactWhereItPromises) {
  int32_t promised = 0, larger = 0;
  for (int32_t rows = 1; rows <= 90; rows += 4) {
    for (int32_t columns = 10; columns <= 150; columns += 7) {
      for (int32_t turn : {0, 10, 30}) {
        const Words reference = formula_words(columns, 60, 1);
        Words hypothesis = formula_words(rows, 60, 1);
        std::rotate(hypothesis.begin(), hypothesis.begin() + std::min(turn, rows),
                    hypothesis.end());
        ExactEditTable exact;
        exact.start(reference, 60, rows);
        exact.fill(hypothesis.data(), 0);
        BeamEditTable beam;
        beam.start(reference, rows);
        beam.fill(hypothesis.data(), 0);
        EXPECT_GE(beam.distance(), exact.distance());
        if (exact.distance() < beam.least_cost_outside()) {
          EXPECT_EQ(beam.distance(), exact.distance());
          ++promised;
        }
        if (beam.distance() > exact.distance()) ++larger;
      }
    }
  }
  EXPECT_GT(promised, 100);
  EXPECT_GT(larger, 10);
}

}  // namespace penalmt::edit_rate_test
