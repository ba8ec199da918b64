#include "base/printable.h"

#include <gtest/gtest.h>

namespace penalmt::printable_test {

TEST(Printable, SpellsControlCharactersAndWhatIsNoUtf8) {
  EXPECT_EQ(printable("a b/ünï.png ▁"), "a b/ünï.png ▁");
  EXPECT_EQ(printable("two\nlines\tand\r"), "two\\nlines\\tand\\r");
  EXPECT_EQ(printable("\x1b[31mred\x7f"), "\\x1b[31mred\\x7f");
  EXPECT_EQ(printable("caf\xe9.jpg\xc3"), "caf\\xe9.jpg\\xc3");
  EXPECT_EQ(printable("\xc2\x9b"
                      "2J\xc2\xa0"),
            "\\xc2\\x9b2J\xc2\xa0");
  EXPECT_EQ(printable(std::string("a\0b", 3)), "a\\x00b");
  EXPECT_EQ(printable(""), "");
}

TEST(Printable, TheFirstLineIsTheFirstThatHoldsSomething) {
  EXPECT_EQ(first_line("what went wrong\nbacktrace"), "what went wrong");
  EXPECT_EQ(first_line("\n \nUnknown builtin op: a::b.\nbacktrace"), "Unknown builtin op: a::b.");
  for (const char* text : {"", "\n", " \n\n"}) EXPECT_EQ(first_line(text), "");
}

}  // namespace penalmt::printable_test
