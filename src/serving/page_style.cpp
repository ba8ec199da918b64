#include "serving/page.h"

namespace penalmt {

// After html::kPageStyle, whose colours and pieces it has.
const std::string_view kServingStyle = R"css(
.serving h2 { margin-top: 2rem; }
#ask label[for] { display: block; font-weight: 600; margin-bottom: .25rem; }
#ask textarea, #ask input[type=password] {
  display: block; width: 100%; font: inherit; font-size: 1.1rem; color: var(--text); background: var(--card);
  border: 1px solid var(--edge); border-radius: .4rem; padding: .55rem .7rem; resize: vertical;
}
.hint { color: var(--quiet); font-size: .9rem; margin: .25rem 0 .5rem; }
.drops { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 1rem; margin: .5rem 0 1rem; }
.drop { min-width: 0; margin: 0; padding: .6rem .9rem .8rem; border: 1px dashed var(--edge); border-radius: .4rem; background: var(--card); }
.drop.over { border-style: solid; border-color: var(--link); box-shadow: inset 0 0 0 1px var(--link); }
.drop legend { font-weight: 600; padding: 0 .35rem; margin-left: -.35rem; }
.drop label { display: block; font-size: .9rem; color: var(--quiet); margin-top: .4rem; }
.drop input { display: block; width: 100%; font: inherit; font-size: .95rem; color: var(--text); margin-top: .15rem; }
.drop .camera { display: none; }
@media (pointer: coarse) { .drop .camera { display: block; } }
.chosen:not([hidden]) { display: flex; gap: .9rem; align-items: center; }
.chosen img { width: 6rem; height: 6rem; object-fit: contain; border-radius: .25rem; background: var(--page); flex: none; }
.chosen p { margin: 0; min-width: 0; font-size: .9rem; }
.chosen .name { display: block; margin-bottom: .4rem; }
.token { display: block; max-width: 24rem; margin: 0 0 1rem; font-size: .9rem; color: var(--quiet); }
.serving button:not(.piece) {
  font: inherit; color: var(--text); background: var(--card); border: 1px solid var(--edge); border-radius: .4rem; padding: .35rem .8rem; cursor: pointer;
}
.serving button:not(.piece):hover { border-color: var(--text); }
.serving .go button { font-size: 1.05rem; font-weight: 600; color: var(--page); background: var(--link); border-color: var(--link); padding: .5rem 1.4rem; }
.go { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center; margin: 0; max-width: none; }
.go output { color: var(--quiet); font-size: .9rem; }
#error:not([hidden]) { margin: 1rem 0 0; padding: .6rem .9rem; border: 1px solid var(--chance); border-left-width: .35rem; border-radius: .4rem; background: var(--card); max-width: none; }
.serving section:focus { outline: none; }
.answers { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 19rem), 1fr)); gap: 0 2rem; }
.serving article { display: block; min-width: 0; padding: .9rem 0 1.2rem; }
.serving article h3 { color: var(--quiet); font-weight: 600; }
.translation { font-size: 1.35rem; line-height: 1.35; margin: 0 0 .25rem; }
.translation b { background: var(--mark); border-bottom: 2px solid var(--mark-line); border-radius: .15rem; padding: 0 .1rem; font-weight: inherit; }
.worth { font-size: .85rem; margin: 0 0 .75rem; }
.serving article figure { margin: 0 0 .75rem; max-width: 22rem; }
.serving article .photo { max-width: none; }
.serving article .photo img { width: 100%; max-width: 100%; border-radius: .25rem; }
.serving article .small { width: auto; max-width: 14rem; max-height: 14rem; }
.serving .looking { margin-top: .25rem; min-height: 1.5em; }
.serving details { margin-top: .75rem; }
.serving summary { cursor: pointer; }
.serving ol { margin: .4rem 0 0; padding-left: 1.6rem; }
.serving li { margin-bottom: .2rem; }
.serving li small { display: inline-block; margin-left: .4rem; font-variant-numeric: tabular-nums; }
@media (max-width: 40rem) {
  .drops { grid-template-columns: minmax(0, 1fr); gap: .75rem; }
  .serving .go button { width: 100%; }
  .serving article figure { max-width: none; }
}
)css";

}  // namespace penalmt
