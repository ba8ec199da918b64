// The page in a real browser: a script added to a copy of it clicks, types and measures, in a frame
// as wide as a phone.

#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "base/files.h"
#include "report/evaluation_report.h"
#include "report/probe_report.h"
#include "tests/base/colour_contrast.h"
#include "tests/base/shell.h"
#include "tests/base/temporary_folder.h"
#include "tests/report/sample_probe.h"
#include "tests/report/sample_report.h"

namespace penalmt::browser_test {

// What a shell command prints on standard output; "" where it fails.
std::string output_of(const std::string& command) {
  const ShellOutcome outcome = output_of_shell(command);
  return outcome.status == 0 ? outcome.text : "";
}

// What `script` says of the page: it calls check(what, whether it is so), or expect(what, got,
// expected). Lines of what is not so, of errors, and at last "done".
constexpr const char* kBefore = R"html(<script>
'use strict';
const said = [];
const check = (what, so) => { if (!so) said.push(what); };
const expect = (what, got, expected) => check(`${what}: got '${got}', expected '${expected}'`, got === expected);
addEventListener('error', (event) => said.push(event.message));
addEventListener('securitypolicyviolation', (event) => said.push('blocked: ' + event.blockedURI));
</script>
)html";
constexpr const char* kAfter = R"html(<script>
said.push('done');
parent.postMessage(said.join('\n'), '*');
</script>
)html";

class ReportInABrowser : public testing::Test {
 protected:
  void SetUp() override {
    if (output_of("command -v chromium").empty())
      GTEST_SKIP() << "no chromium on the PATH (Debian's package chromium)";
  }

  // Shows the page in a frame so many pixels wide, and runs the script in it.
  std::string say(std::string page, const std::string& script, int width = 360,
                  const std::string& options = "") {
    page.insert(page.find("<title>"), kBefore);
    page.insert(page.rfind("</body>"),
                "<script>\n'use strict';\n" + script + "</script>\n" + kAfter);
    write_file(folder_ / "page.html", page);
    write_file(
        folder_ / "frame.html",
        "<!DOCTYPE html><meta charset=\"utf-8\"><iframe src=\"page.html\" "
        "style=\"border:0;height:800px;width:" +
            std::to_string(width) +
            "px\"></iframe><pre></pre><script>addEventListener('message', (event) => { "
            "document.querySelector('pre').textContent = '[' + event.data + ']'; })</script>");
    const std::string log = folder_ / "log";
    const std::string dom = output_of(
        "timeout 120 chromium --headless --no-sandbox --disable-gpu --window-size=1400,1000 "
        "--virtual-time-budget=5000 "
        "--enable-logging=stderr --user-data-dir='" +
        (folder_ / "profile").string() + "' " + options + " --dump-dom 'file://" +
        (folder_ / "frame.html").string() + "' 2>'" + log + "'");
    const std::string errors = read_file(log);
    for (std::size_t at = errors.find("CONSOLE"); at != std::string::npos;
         at = errors.find("CONSOLE", at + 1))
      ADD_FAILURE() << errors.substr(at, errors.find('\n', at) - at);
    const std::size_t begin = dom.find("<pre>["), end = dom.find("]</pre>");
    if (begin == std::string::npos || end == std::string::npos) return "no answer: " + dom + errors;
    return dom.substr(begin + 6, end - begin - 6);
  }
  std::string page() const { return evaluation_report(sample_report(folder_.path())); }
  std::string probe_page() const { return probe_report(sample_probe(folder_.path())); }

  TemporaryFolder folder_;
};

TEST_F(ReportInABrowser, SortsTablesByTheirHeadings) {
  EXPECT_EQ(say(page(), R"js(
const table = document.querySelector('table.scores');
const names = () => [...table.tBodies[0].rows].map((row) => row.cells[0].textContent[0] + parseFloat(row.cells[1].textContent)).join(' ');
const [system, bleu] = table.querySelectorAll('thead th');
expect('at first', names(), 'r41 r9.5');
expect('no order is claimed', bleu.getAttribute('aria-sort'), null);
const button = bleu.querySelector('button');
button.focus();
check('the heading has a button for the keyboard', document.activeElement === button);
button.click();
expect('largest first', names(), 'r41 r9.5');
expect('aria-sort', bleu.getAttribute('aria-sort'), 'descending');
button.click();
expect('smallest first', names(), 'r9.5 r41');
expect('aria-sort', bleu.getAttribute('aria-sort'), 'ascending');
system.querySelector('button').click();
expect('by name', names(), 'r41 r9.5');
expect('aria-sort moved', bleu.getAttribute('aria-sort'), null);
const groups = document.querySelector('table.groups');
const labels = () => [...groups.tBodies[0].rows].map((row) => row.cells[0].textContent).join(' ');
const heading = groups.querySelectorAll('thead th');
heading[1].querySelector('button').click();
heading[1].querySelector('button').click();
expect('by sentences', labels(), '3–6 2');
heading[0].querySelector('button').click();
expect('by length', labels(), '2 3–6');
)js"),
            "done");
}

TEST_F(ReportInABrowser, SortsAndFiltersSentences) {
  EXPECT_EQ(say(page(), R"js(
const form = document.getElementById('controls');
const shown = () => [...document.querySelectorAll('article')].filter((one) => one.offsetHeight > 0).map((one) => one.id.slice(9)).join(' ');
const set = (name, value, event) => {
  form.elements[name].value = value;
  form.elements[name].dispatchEvent(new Event(event, {bubbles: true}));
};
check('the controls are seen', form.offsetHeight > 0);
expect('at first', shown(), '3 1 4 5 2');
set('key', 'position', 'change');
expect('by position', shown(), '1 2 3 4 5');
set('order', 'down', 'change');
expect('backwards', shown(), '5 4 3 2 1');
set('key', 'score-1', 'change');
expect('by the second score', shown(), '3 4 5 1 2');
set('key', 'length', 'change');
expect('by length', shown(), '4 1 2 3 5');
set('words', ' BEACH', 'input');
expect('containing', shown(), '4');
expect('count', form.elements.count.value, '1 of 5 shown');
set('words', 'GRÜNE', 'input');
expect('containing, in capital letters', shown(), '1');
set('words', 'bleu', 'input');
expect('labels are not searched', shown(), '');
set('words', '', 'input');
set('image', 'with', 'change');
expect('with image', shown(), '2');
set('image', 'without', 'change');
expect('without image', shown(), '4 1 3 5');
set('image', '', 'change');
expect('all again', form.elements.count.value, '5 of 5 shown');
)js"),
            "done");
}

// Nothing stands out of the window, and the images are there.
constexpr const char* kFits = R"js(
const wide = document.scrollingElement.scrollWidth;
check(`${wide} of ${innerWidth} pixels`, wide <= innerWidth);
for (const place of document.querySelectorAll('.wide'))
  check(`${place.getAttribute('aria-label')}: ${place.scrollWidth} of ${place.clientWidth}`, place.scrollWidth <= place.clientWidth);
for (const one of document.querySelectorAll('body *:not(.unseen)')) {
  if (one.closest('.wide, .unseen, svg')) continue;
  const {left, right} = one.getBoundingClientRect();
  check(`${one.tagName} ${one.className} from ${left} to ${right}`, left >= 0 && right <= innerWidth + 0.5);
}
const image = document.querySelector('article img');
check('the image is decoded', image.complete && image.naturalWidth === 2);
)js";

TEST_F(ReportInABrowser, FitsAPhoneAndADesktop) {
  for (const int width : {360, 390, 1280}) {
    EXPECT_EQ(say(page(), kFits, width), "done") << width;
    EXPECT_EQ(say(probe_page(), kFits, width), "done") << width;
  }
}

// What is too wide for a phone stands below one another, each number with its heading.
TEST_F(ReportInABrowser, TablesThatDoNotFitAreStacked) {
  const char* script = R"js(
const table = document.querySelector('table.scores');
expect('stacked', table.classList.contains('stacked'), STACKED);
const [name, bleu] = table.tBodies[0].rows[0].cells;
check('below its name', (bleu.getBoundingClientRect().top >= name.getBoundingClientRect().bottom - 1) === STACKED);
expect('its heading', getComputedStyle(bleu, '::before').content, STACKED ? '"BLEU"' : 'none');
table.querySelectorAll('thead button')[1].click();
check('it can be sorted', table.querySelector('thead th[aria-sort]') !== null);
)js";
  for (const bool stacked : {false, true}) {
    std::string text = kColourContrast + std::string(script);
    for (std::size_t at; (at = text.find("STACKED")) != std::string::npos;)
      text.replace(at, 7, stacked ? "true" : "false");
    EvaluationReport report = sample_report(folder_.path());
    for (int i = 0; i < (stacked ? 4 : 0); ++i) {
      report.metrics.push_back({"METRIC" + std::to_string(i), "given", false, 4});
      for (ReportSystem& system : report.systems) system.scores.push_back({"M", 0.1234, ""});
    }
    report.breakdowns.clear();
    EXPECT_EQ(say(evaluation_report(report), text, stacked ? 390 : 1280), "done") << stacked;
  }
}

TEST_F(ReportInABrowser, NumbersCanBeTakenAlong) {
  EXPECT_EQ(say(page(), R"js(
const links = [...document.querySelectorAll('footer a[download]')];
expect('files', links.map((link) => link.download).join(' '), 'scores.tsv groups.tsv sentences.tsv curves.tsv');
const text = new TextDecoder().decode(Uint8Array.from(atob(links[0].href.split(',')[1]), (c) => c.charCodeAt(0)));
expect('heading', text.split('\n')[0], 'system\tmetric\tscore\tmean\thalf_width\tp\tsignature');
expect('first', text.split('\n')[1], 'right\tBLEU\t41\t41.08\t1.25\t\t');
)js"),
            "done");
}

// Its strength and its form, and the pixels of a small image.
TEST_F(ReportInABrowser, AttentionIsAColourOrAnOutlineOfAnyStrength) {
  EXPECT_EQ(say(probe_page(), R"js(
const {form, strength} = document.getElementById('attention').elements;
const article = document.getElementById('sentence-1');
article.querySelectorAll('.piece')[2].click();
const cell = article.querySelectorAll('.heat rect')[3];
const style = getComputedStyle(cell);
expect('at first', Number(style.fillOpacity).toFixed(2), '0.70');
strength.value = '0.3';
strength.dispatchEvent(new Event('input', {bubbles: true}));
expect('weaker', Number(style.fillOpacity).toFixed(2), '0.30');
expect('elsewhere', getComputedStyle(article.querySelector('.heat rect')).opacity, '0');
form.value = 'outline';
form.dispatchEvent(new Event('change', {bubbles: true}));
expect('outline', style.fill + Number(style.strokeOpacity).toFixed(2), 'none0.30');
expect('pixels', getComputedStyle(article.querySelector('img')).imageRendering, 'pixelated');
const beside = document.querySelector('#sentence-4 dd.beside');
check('the other image is beside its text', beside.children[0].getBoundingClientRect().right <= beside.children[1].getBoundingClientRect().left);
)js"),
            "done");
}

// By keyboard, mouse and finger.
TEST_F(ReportInABrowser, APieceShowsWhereItLooked) {
  EXPECT_EQ(say(probe_page(), R"js(
const article = document.getElementById('sentence-1');
const [two, circ, les] = article.querySelectorAll('.piece');
const strong = () => [...article.querySelectorAll('.heat rect')].map((cell) => Number(cell.getAttribute('opacity'))).join(' ');
const caption = () => article.querySelector('.looking').textContent;
const mean = strong();
const photo = article.querySelector('img').getBoundingClientRect(), heat = article.querySelector('.heat').getBoundingClientRect();
for (const side of ['left', 'top', 'right', 'bottom'])
  check(`the grid lies on the image: ${side} ${heat[side]}, ${photo[side]}`, Math.abs(heat[side] - photo[side]) < 1);
check('it has a size', photo.width > 40 && photo.height > 20);
expect('at first', caption(), 'attention, mean over all pieces');
les.focus();
expect('in focus', strong(), '0 0 0 1');
expect('its name', caption(), 'attention of “les”');
les.blur();
expect('the mean again', strong(), mean);
circ.dispatchEvent(new PointerEvent('pointerenter'));
expect('under the mouse', strong(), '1 0 0 0');
circ.dispatchEvent(new PointerEvent('pointerleave'));
expect('the mean again', strong(), mean);
two.click();
expect('chosen', two.getAttribute('aria-pressed'), 'true');
circ.dispatchEvent(new PointerEvent('pointerenter'));
circ.dispatchEvent(new PointerEvent('pointerleave'));
expect('the chosen one comes back', strong(), '1 1 1 1');
les.click();
expect('only one is chosen', two.getAttribute('aria-pressed'), 'false');
les.click();
expect('another click lets go', les.getAttribute('aria-pressed') + caption(), 'falseattention, mean over all pieces');
const other = document.querySelector('#sentence-4 .piece');
other.click();
expect('other sentences stay', strong(), mean);
const form = document.getElementById('controls');
form.elements.key.value = 'position';
form.elements.key.dispatchEvent(new Event('change', {bubbles: true}));
expect('sorted', [...document.querySelectorAll('article')].map((one) => one.id).join(' '), 'sentence-1 sentence-4 sentence-5');
)js"),
            "done");
}

// The Web Content Accessibility Guidelines, 1.4.3: at least 4.5 to 1.
TEST_F(ReportInABrowser, TextStandsOutInBothColourSchemes) {
  const char* script = R"js(
expect('the scheme', matchMedia('(prefers-color-scheme: dark)').matches, DARK);
let checked = 0;
for (const one of document.querySelectorAll('body *')) {
  if (one.closest('script') || ![...one.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim())) continue;
  const style = getComputedStyle(one);
  const ratio = contrast(numbers(one.closest('svg') ? style.fill : style.color), ground(one));
  check(`${one.tagName} ${one.textContent.slice(0, 20)}: ${ratio.toFixed(2)}`, ratio >= 4.5 || /^(title|desc)$/.test(one.tagName));
  ++checked;
}
for (const one of document.querySelectorAll('.key, .chart .line, .chart g.c0')) {
  const ratio = contrast(numbers(getComputedStyle(one).color), ground(one));
  check(`colour of ${one.className.baseVal}: ${ratio.toFixed(2)}`, ratio >= 3);
}
check(`only ${checked} texts checked`, checked > 60);
)js";
  for (const bool dark : {false, true}) {
    std::string text = kColourContrast + std::string(script);
    text.replace(text.find("DARK"), 4, dark ? "true" : "false");
    const std::string options = dark ? "--blink-settings=preferredColorScheme=0" : "";
    EXPECT_EQ(say(page(), text, 1000, options), "done") << dark;
    EXPECT_EQ(say(probe_page(), text, 1000, options), "done") << dark;
  }
}

}  // namespace penalmt::browser_test
