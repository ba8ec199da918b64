#include "base/numbers.h"

#include <gtest/gtest.h>

namespace penalmt::numbers_test {

TEST(Numbers, AreDecimalWithNothingAround) {
  EXPECT_EQ(whole_number("10"), 10);
  EXPECT_EQ(whole_number("-7"), -7);
  EXPECT_EQ(whole_number("0"), 0);
  EXPECT_EQ(whole_number("9223372036854775807"), INT64_MAX);
  EXPECT_EQ(unsigned_number("18446744073709551615"), UINT64_MAX);
  EXPECT_EQ(finite_number(".5"), 0.5);
  EXPECT_EQ(finite_number("-1e3"), -1000);
  EXPECT_EQ(finite_number("0.25"), 0.25);
  for (const char* text : {"", " 1", "1 ", "+1", "010", "-01", "00", "0x10", "1e3", "1.0", "1_000",
                           "9223372036854775808", "ten"})
    EXPECT_EQ(whole_number(text), std::nullopt) << text;
  for (const char* text : {"-1", "010", "18446744073709551616", ""})
    EXPECT_EQ(unsigned_number(text), std::nullopt) << text;
  for (const char* text :
       {"nan", "-nan", "inf", "-inf", "infinity", "1e999", "0x1p3", "010", "", "1,5", "1.5x"})
    EXPECT_EQ(finite_number(text), std::nullopt) << text;
}

}  // namespace penalmt::numbers_test
