#include "report/html.h"
#include "base/progress.h"

#include <gtest/gtest.h>

namespace penalmt::html::html_test {

TEST(Html, EscapesWhatWouldEndTextOrAttribute) {
  EXPECT_EQ(escape("<b> & \"it's\" Größe"), "&lt;b&gt; &amp; &quot;it&#39;s&quot; Größe");
  EXPECT_EQ(escape(std::string_view("a\0b\x1B\tc", 6)), "a\uFFFDb\uFFFD\tc");
}

TEST(Html, Base64IsThatOfTheStandard) {  // RFC 4648, section 10
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64("\xFF\xFE\xFD"), "//79");
}

TEST(Html, ThousandsAreSetApart) {
  EXPECT_EQ(with_commas(0), "0");
  EXPECT_EQ(with_commas(999), "999");
  EXPECT_EQ(with_commas(1000), "1,000");
  EXPECT_EQ(with_commas(-1234567), "-1,234,567");
}

TEST(Html, NounsFollowTheirNumber) {
  EXPECT_EQ(plural(1, "system"), "1 system");
  EXPECT_EQ(plural(1000, "system"), "1,000 systems");
}

TEST(Html, TextMayBreakAfterItsMarksButNotAtItsEnd) {
  EXPECT_EQ(breakable("a/b.de|", "/.|"), "a/<wbr>b.<wbr>de|");
  EXPECT_EQ(breakable("<ab>", "/"), "&lt;ab&gt;");
  EXPECT_EQ(breakable("", "/"), "");
}

}  // namespace penalmt::html::html_test
