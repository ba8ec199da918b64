// The page of penalmt serve in Chromium, by keyboard alone, at a desktop's width and a phone's.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/files.h"
#include "tests/base/colour_contrast.h"
#include "tests/program/browser.h"
#include "tests/program/http_client.h"
#include "tests/program/served_model.h"
#include "tests/translation/tiny_run.h"

namespace penalmt {
namespace {

using nlohmann::json;

class ServePage : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!Browser::is_there()) GTEST_SKIP() << "no chromium on the PATH (Debian's package chromium)";
    for (const std::string fusion : {"none", "gated", "selective"})
      make_tiny_run(folder_ / fusion, {.fusion = fusion});
    ASSERT_EQ(run_penalmt(
                  {"shapes", "--out", path("shapes"), "--train", "1", "--val", "1", "--test", "2"})
                  .status,
              0);
    image_ = path("shapes/images/test-000001.png");
    other_image_ = path("shapes/images/test-000002.png");
  }
  std::string path(const std::string& name) const { return folder_ / name; }

  const TemporaryFolder folder_;
  std::string image_, other_image_;
};

// What has the focus: its id, else its text, else its kind.
constexpr const char* kFocus =
    "(() => { const one = document.activeElement; return one.id || (one.type === 'file' ? "
    "`${one.closest('fieldset').id} file` : one.textContent.trim()) || one.tagName; })()";
constexpr const char* kTitles =
    "[...document.querySelectorAll('#answers h3')].map((one) => one.textContent)";
constexpr const char* kStrong =
    "[...document.querySelectorAll('.heat rect')].slice(0, 4).map((one) => "
    "Number(one.getAttribute('opacity')).toFixed(2)).join(' ')";
constexpr const char* kDone = "document.getElementById('state').value.startsWith('Done')";

TEST_F(ServePage, IsUsedByKeyboardAlone) {
  ServedModel server(path("selective"));
  for (const int width : {1280, 390}) {
    Browser browser;
    browser.open(server.address(), width);
    EXPECT_EQ(browser.value("document.title"), "Translate with an image, English to German");
    EXPECT_EQ(browser.value(kFocus), "sentence");
    browser.type("a red circle .");
    browser.press("Enter");
    EXPECT_TRUE(browser.becomes_true(kDone));
    EXPECT_EQ(browser.value(kTitles), json({"Without an image"}));
    const json printed = json::parse(
        http_post(server.port(), "application/json", R"({"q": "a red circle .", "n_best": 4})")
            .body);
    EXPECT_EQ(browser.value("document.querySelector('.translation').textContent"),
              printed["translatedText"]);

    browser.press("Tab");
    EXPECT_EQ(browser.value(kFocus), "first file");
    ASSERT_TRUE(browser.press_and_choose("Enter", image_));
    EXPECT_TRUE(browser.becomes_true(std::string(kFocus) + " === 'Remove'"));
    EXPECT_EQ(browser.value("document.querySelector('#first .name').textContent"),
              "test-000001.png");
    browser.press("Tab");
    EXPECT_EQ(browser.value(kFocus), "second file");
    ASSERT_TRUE(browser.press_and_choose("Space", other_image_));
    EXPECT_TRUE(browser.becomes_true("!document.querySelector('#second .chosen').hidden"));
    browser.press("Tab");
    EXPECT_EQ(browser.value(kFocus), "Translate");
    browser.press("Enter");
    EXPECT_TRUE(browser.becomes_true("document.querySelectorAll('#answers h3').length === 3"));
    EXPECT_EQ(browser.value(kTitles),
              json({"With the image", "Without an image", "With the other image"}));

    // The overlay's form and strength, then the pieces, each with its own map.
    browser.press("Tab");
    EXPECT_EQ(browser.value(kFocus), "shape");
    browser.press("Tab");
    EXPECT_EQ(browser.value(kFocus), "strength");
    browser.press("ArrowLeft");
    EXPECT_EQ(browser.value("getComputedStyle(document.querySelector('.heat rect')).fillOpacity"),
              "0.65");
    const json mean = browser.value(kStrong);
    browser.press("Tab");
    const json use = json::parse(
        http_post_parts(server.port(), {{"q", "a red circle ."}, {"image", read_file(image_), "a"}})
            .body)["image_use"];
    const std::vector<double> weights = use["attention"][0];
    std::string expected;
    for (const double weight : weights) {
      char number[16];
      std::snprintf(number, sizeof number, "%.2f",
                    weight / *std::max_element(weights.begin(), weights.end()));
      expected += (expected.empty() ? "" : " ") + std::string(number);
    }
    EXPECT_EQ(browser.value(kStrong), expected);
    EXPECT_NE(browser.value(kStrong), mean);
    EXPECT_EQ(browser.value("document.querySelector('.looking').textContent"), "where “a” looked");
    browser.press("Space");
    EXPECT_EQ(browser.value("document.activeElement.getAttribute('aria-pressed')"), "true");
    browser.press("Tab", /*shift=*/true);
    EXPECT_EQ(browser.value(kStrong), expected) << "the chosen one stays";

    // The other translations.
    EXPECT_EQ(browser.value("document.querySelector('details').open"), false);
    browser.value("document.querySelector('summary').focus()");
    browser.press("Enter");
    EXPECT_EQ(browser.value("document.querySelector('details').open"), true);
    EXPECT_EQ(browser.value("document.querySelectorAll('#answers article:nth-of-type(2) li "
                            "span')[0].textContent"),
              printed["n_best"][1]["translation"]);
    EXPECT_EQ(browser.complaints(), std::vector<std::string>());
  }
}

// Nothing stands out of the window, text stands out from its ground (WCAG 1.4.3), and every control
// has a name.
TEST_F(ServePage, FitsEveryWindowInBothColourSchemes) {
  ServedModel server(path("selective"));
  const std::string checks = "(async () => {" + std::string(kColourContrast) + R"js(
const said = [];
const check = (what, so) => { if (!so) said.push(what); };
const wide = document.scrollingElement.scrollWidth;
check(`${wide} of ${innerWidth} pixels`, wide <= innerWidth);
for (const one of document.querySelectorAll('body *')) {
  if (one.closest('svg, script, noscript') || one.offsetParent === null) continue;
  const {left, right} = one.getBoundingClientRect();
  check(`${one.tagName} ${one.className} from ${left} to ${right}`, left >= 0 && right <= innerWidth + 0.5);
}
let checked = 0;
for (const one of document.querySelectorAll('body *')) {
  if (one.closest('script, noscript') || ![...one.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim())) continue;
  const ratio = contrast(numbers(getComputedStyle(one).color), ground(one));
  check(`${one.tagName} ${one.textContent.slice(0, 20)}: ${ratio.toFixed(2)}`, ratio >= 4.5);
  ++checked;
}
check(`only ${checked} texts`, checked > 40);
for (const one of document.querySelectorAll('input, textarea, select, button, summary'))
  check(`${one.outerHTML} has no name`, one.labels?.length > 0 || one.textContent.trim() || one.getAttribute('aria-label'));
for (const one of document.querySelectorAll('#answers img')) check('an image without words', one.alt);
return said.join('\n');
})())js";
  for (const int width : {1280, 390})
    for (const bool is_dark : {false, true}) {
      Browser browser;
      browser.open(server.address(), width, is_dark);
      EXPECT_EQ(browser.value("matchMedia('(prefers-color-scheme: dark)').matches"), is_dark);
      browser.type("a red circle .");
      browser.press("Tab");
      ASSERT_TRUE(browser.press_and_choose("Enter", image_));
      EXPECT_TRUE(browser.becomes_true(std::string(kFocus) + " === 'Remove'"));
      browser.press("Tab");
      browser.press("Tab");
      browser.press("Enter");
      EXPECT_TRUE(browser.becomes_true(kDone));
      browser.value("document.querySelectorAll('details').forEach((one) => { one.open = true; })");
      EXPECT_EQ(browser.value(checks), "") << width << (is_dark ? " dark" : " light");
    }
}

TEST_F(ServePage, SaysInWordsWhatWentWrong) {
  ServedModel server(path("selective"));
  Browser browser;
  browser.open(server.address(), 390);
  const std::string error =
      "(() => { const one = document.getElementById('error'); return one.hidden ? '' : "
      "one.textContent; })()";
  const auto expect = [&](const std::string& words) {
    EXPECT_TRUE(browser.becomes_true("(" + error + ") !== ''"));
    EXPECT_EQ(browser.value(error), words);
    EXPECT_EQ(browser.value("document.getElementById('error').getAttribute('role')"), "alert");
  };
  browser.press("Enter");
  expect("Type a sentence first.");
  browser.press("Tab");
  write_file(folder_ / "notes.txt", "no image");
  ASSERT_TRUE(browser.press_and_choose("Enter", path("notes.txt")));
  EXPECT_TRUE(browser.becomes_true("(" + error + ") !== 'Type a sentence first.'"));
  expect("“notes.txt” is not an image that this browser can read; choose a JPEG, PNG or WebP.");
  browser.press("Tab", /*shift=*/true);
  browser.type(std::string(600, 'a'));
  browser.press("Enter");
  EXPECT_TRUE(browser.becomes_true("(" + error + ").startsWith('q:')"));
  expect("q: got a sentence of 601 pieces, expected at most 512; split it");
  server.end();
  browser.press("Enter");
  EXPECT_TRUE(browser.becomes_true("(" + error + ").startsWith('The')"));
  expect("The server does not answer. Is it still running?");
}

TEST_F(ServePage, ShowsWhatTheModelCanDo) {
  {
    ServedModel server(path("none"));
    Browser browser;
    browser.open(server.address(), 1280);
    EXPECT_EQ(browser.value("document.title"), "Translate, English to German");
    EXPECT_EQ(browser.value("document.querySelectorAll('input, fieldset').length"), 0);
    browser.type("a red circle .");
    browser.press("Enter");
    EXPECT_TRUE(browser.becomes_true(kDone));
    EXPECT_EQ(browser.value(kTitles), json({"Translation"}));
    EXPECT_EQ(browser.complaints(), std::vector<std::string>());
  }
  // A gate, and no places in the image; the token that the server demands.
  write_file(folder_ / "token", "0123456789abcdef\n");
  ServedModel server(path("gated"), {"--token-file", path("token")});
  Browser browser;
  browser.open(server.address(), 1280);
  browser.type("a red circle .");
  browser.press("Tab");
  ASSERT_TRUE(browser.press_and_choose("Enter", image_));
  EXPECT_TRUE(browser.becomes_true(std::string(kFocus) + " === 'Remove'"));
  browser.value("document.getElementById('token').focus()");
  browser.type("0123456789abcdef");
  browser.press("Enter");
  EXPECT_TRUE(browser.becomes_true(kDone));
  EXPECT_EQ(browser.value(kTitles), json({"With the image", "Without an image"}));
  EXPECT_EQ(browser.value("document.querySelectorAll('.heat').length"), 0);
  EXPECT_GT(browser.value("document.querySelectorAll('span.piece').length"), 3);
  EXPECT_EQ(browser.complaints(), std::vector<std::string>());
}

}  // namespace
}  // namespace penalmt
