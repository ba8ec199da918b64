#include "report/page_assets.h"

namespace penalmt::html {

// Colours: text at least 4.5 to 1 against what it stands on, marks of charts at least 3 to 1, in
// each of the schemes.
const std::string_view kPageStyle = R"css(
:root {
  color-scheme: light dark;
  --page: #fbfaf8; --card: #ffffff; --text: #1d1c1a; --quiet: #605c55; --line: #dcd8d0; --edge: #8a857c; --link: #1f5a87;
  --bar: #2f6f9f; --chance: #a33d12; --mark: #ffe39c; --mark-line: #a86b00; --heat: #ff1fd0;
  --c0: #1166a8; --c1: #c2410c; --c2: #0b7a5c; --c3: #8e3f87; --c4: #7a5f00; --c5: #55524c;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #161513; --card: #201f1c; --text: #ece9e3; --quiet: #a9a399; --line: #3a3732; --edge: #827c72; --link: #8cc4ee;
    --bar: #6aaede; --chance: #ff9d6e; --mark: #5a4300; --mark-line: #ffc94d;
    --c0: #6bb3ea; --c1: #ff9a66; --c2: #45cfa5; --c3: #e29bd6; --c4: #e3c24a; --c5: #bdb8ae;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0 auto; padding: 2rem 1rem 4rem; max-width: 70rem; background: var(--page); color: var(--text);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif; overflow-wrap: anywhere;
}
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0 0 .25rem; }
h2 { font-size: 1.25rem; line-height: 1.3; margin: 3rem 0 .5rem; }
h3 { font-size: 1rem; margin: 1.5rem 0 .25rem; }
p { margin: .25rem 0 .75rem; max-width: 46rem; }
a { color: var(--link); }
.quiet, .note, caption, figcaption, small { color: var(--quiet); }
.note { font-size: .9rem; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin: .75rem 0 0; padding: 0; list-style: none; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
.key { width: .8em; height: .8em; overflow: visible; fill: currentColor; }
.keyed { position: relative; display: inline-block; padding-left: 1.2em; text-align: left; }
.keyed .key { position: absolute; left: 0; top: .35em; }
.c0 { color: var(--c0); } .c1 { color: var(--c1); } .c2 { color: var(--c2); }
.c3 { color: var(--c3); } .c4 { color: var(--c4); } .c5 { color: var(--c5); }

/* tables */
.wide { position: relative; overflow-x: auto; margin: .5rem 0 1rem; }
table { border-collapse: collapse; min-width: min(100%, 28rem); font-variant-numeric: tabular-nums; }
caption { text-align: left; font-size: .9rem; padding-bottom: .35rem; }
th, td { padding: .4rem .9rem; border-bottom: 1px solid var(--line); text-align: right; vertical-align: top; white-space: nowrap; }
thead th, thead td { font-size: .9rem; font-weight: 600; color: var(--quiet); vertical-align: bottom; border-bottom: 1px solid var(--edge); }
th:first-child { text-align: left; white-space: normal; min-width: 6rem; padding-left: 0; }
tbody th { font-weight: 500; overflow-wrap: break-word; }
thead th button { font: inherit; color: inherit; text-align: inherit; background: none; border: 0; margin: 0; padding: 0; cursor: pointer; }
thead th[aria-sort] { position: relative; }
thead th[aria-sort] button::after { position: absolute; margin-left: .2em; color: var(--text); }
thead th[aria-sort=ascending] button::after { content: "▴"; }
thead th[aria-sort=descending] button::after { content: "▾"; }
thead th button:hover { color: var(--text); text-decoration: underline; }
td.score { font-size: 1.2rem; font-weight: 700; line-height: 1.4; }
td small { display: block; font-size: .8rem; font-weight: 400; line-height: 1.35; }
.star { position: absolute; }
.scores tbody th { padding-top: .55rem; }
.scores th:last-child, .scores td:last-child { padding-right: .75rem; }
.groups { width: 100%; }
.groups caption { color: var(--text); font-weight: 600; padding-bottom: 0; }
.groups th, .groups td { padding: .25rem .45rem; vertical-align: middle; }
.groups thead th { vertical-align: bottom; white-space: normal; overflow-wrap: break-word; }
.groups th:first-child { padding-left: 0; }
.groups tbody th, .groups thead th:nth-child(-n+2) { white-space: nowrap; }
.groups .dots { width: 40%; min-width: 7rem; padding: 0; vertical-align: bottom; }
.groups tbody .dots { position: relative; height: 2rem; }
.groups tbody .strip { position: absolute; inset: 0; height: 100%; }
.strip { display: block; width: 100%; height: 2rem; }
.strip line { stroke: var(--line); }
.strip text { font-size: .75rem; font-weight: 400; fill: var(--quiet); text-anchor: middle; }
.strip .first { text-anchor: start; }
.strip .last { text-anchor: end; }
@media (max-width: 40rem) { .strip .inner { display: none; } }
.strip svg { overflow: visible; fill: currentColor; }
.pairs { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 28rem), 1fr)); gap: 0 2.5rem; align-items: start; }
.single { grid-template-columns: minmax(0, 1fr); }
/* a table that is wider than its place: each row's cells below one another (page_script.cpp) */
.stacked { width: 100%; min-width: 0; }
.stacked thead, .stacked tbody, .stacked tr, .stacked caption { display: block; }
.stacked thead tr { display: flex; flex-wrap: wrap; gap: .1rem 1rem; border-bottom: 1px solid var(--edge); padding-bottom: .3rem; }
.stacked thead th, .stacked thead td { border: 0; padding: 0; min-width: 0; }
.stacked thead td { display: none; }
.stacked tbody tr { border-bottom: 1px solid var(--line); padding: .4rem 0; }
.stacked tbody th, .stacked tbody td { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 1rem; border: 0; padding: .1rem 0; white-space: normal; }
.stacked tbody td { padding-left: 1.2em; }
.stacked tbody td small { flex-basis: 100%; text-align: right; }
.stacked tbody td::before { content: attr(data-label); color: var(--quiet); font-size: .9rem; font-weight: 400; margin-right: auto; }
.stacked tbody td:empty, .stacked tbody td.dots { display: none; }
.stacked tbody td:last-child { padding-right: 0; }
.stacked .star { position: static; margin-left: -.85rem; }
.tight th, .tight td { padding-left: .4rem; padding-right: .4rem; }
.tight th:first-child { padding-left: 0; }
.tight thead th { white-space: normal; overflow-wrap: break-word; hyphens: auto; }
.tight tbody td { white-space: normal; overflow-wrap: break-word; }
/* a table and, where there is room, what is said of it */
.told { display: flex; flex-wrap: wrap; gap: 0 2.5rem; align-items: flex-start; }
.told > .wide { flex: 0 1 auto; min-width: min(100%, 20rem); max-width: 100%; }
.told > div:not(.wide) { flex: 1 1 20rem; min-width: 0; }
.bar { position: relative; height: .5rem; min-width: 5rem; margin-top: .2rem; background: var(--line); border-radius: .25rem; }
.bar i { position: absolute; inset: 0 auto 0 0; background: var(--bar); border-radius: .25rem; print-color-adjust: exact; }
.bar b { position: absolute; top: -.2rem; bottom: -.2rem; width: 2px; background: var(--chance); print-color-adjust: exact; }
code { font: .85rem/1.4 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
.signatures { margin: .25rem 0; font-size: .9rem; }
.signatures dt { margin-top: .5rem; }
.signatures dd { margin: 0; color: var(--quiet); }

/* charts */
.pairs figure { margin: .5rem 0 1rem; }
.pairs figcaption { color: var(--text); font-weight: 600; }
.legend { display: flex; flex-wrap: wrap; gap: 0 1.25rem; align-items: baseline; margin: .1rem 0 .25rem; padding: 0; list-style: none; font-size: .85rem; }
.dash { width: 1.75rem; height: .6rem; margin-right: .4em; }
.chart { display: block; width: 100%; height: auto; max-width: 34rem; }
.chart text { font-size: 10.5px; fill: var(--quiet); text-anchor: end; font-variant-numeric: tabular-nums; }
.axes path { stroke: var(--line); fill: none; }
.line { fill: none; stroke: currentColor; stroke-width: 1.75; stroke-linejoin: round; }
.dashed .line, .dashed.dash .line { stroke-dasharray: 5 3; }
.chart g[class] { fill: currentColor; }
.dashed g { opacity: .75; }
.best { stroke: var(--page); stroke-width: .6; }
.chart .spot { fill: transparent; }
.chart .spot:hover { fill: currentColor; fill-opacity: .25; }

/* sentences */
.controls { display: none; flex-wrap: wrap; gap: .5rem 1.25rem; align-items: end; margin: 1rem 0; font-size: .9rem; }
.js .controls { display: flex; }
.controls label { display: grid; grid-template-columns: minmax(0, 1fr); gap: .15rem; color: var(--quiet); max-width: 18rem; }
.controls select, .controls input {
  font: inherit; color: var(--text); background: var(--card); border: 1px solid var(--edge); border-radius: .3rem;
  height: 2.25rem; padding: 0 .5rem; width: 100%;
}
.controls output { padding-bottom: .45rem; font-variant-numeric: tabular-nums; }
article {
  display: flex; gap: 1.25rem; margin: 0; padding: 1.1rem 0; border-top: 1px solid var(--line); break-inside: avoid;
}
article[hidden] { display: none; }
article:target { background: var(--card); box-shadow: 0 0 0 .6rem var(--card); }
article > figure { flex: 0 0 11rem; margin: 0; font-size: .85rem; }
article img { display: block; width: 100%; height: auto; max-height: 16rem; object-fit: contain; object-position: left top; border-radius: .25rem; }
article figcaption { font-size: .75rem; }
article img.pixels { image-rendering: pixelated; }
.beside { display: flex; gap: .75rem; align-items: flex-start; }
.beside img { flex: 0 0 5.5rem; width: 5.5rem; max-height: 8rem; }
.beside span { min-width: 0; }
.text { flex: 1; min-width: 0; }
article h3 { margin: 0 0 .4rem; font-size: .9rem; display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 1rem; }
article h3 span { font-weight: 400; }
article h3 a { color: inherit; text-decoration: none; }
article h3 a:hover { text-decoration: underline; }
article dl { margin: 0; display: grid; gap: .5rem 2rem; }
article dl:not([class]) { max-width: 46rem; }
.two { grid-template-columns: repeat(2, minmax(0, 1fr)); }
.three { grid-template-columns: repeat(3, minmax(0, 1fr)); }
.given { grid-column: 1 / -1; max-width: 46rem; }
dt { font-size: .8rem; color: var(--quiet); display: flex; justify-content: space-between; gap: 1rem; }
.signatures dt { display: block; color: inherit; }
dd { margin: 0; }
mark { background: var(--mark); color: var(--text); border-bottom: 2px solid var(--mark-line); border-radius: .15rem; padding: 0 .1rem; print-color-adjust: exact; }

/* attention */
.photo { position: relative; max-width: 14rem; }
.photo img { width: 100%; max-width: none; max-height: none; }
.heat { position: absolute; inset: 0; width: 100%; height: 100%; border-radius: .25rem; overflow: hidden; transition: opacity .15s; shape-rendering: crispEdges; }
.heat rect { fill: var(--heat); fill-opacity: var(--strength, .7); }
.outlined .heat rect { fill: none; stroke: var(--heat); stroke-width: 3px; vector-effect: non-scaling-stroke; stroke-opacity: var(--strength, .7); }
.around { fill: #000; fill-opacity: .45; }
@media (hover: hover) { .photo:hover .heat { opacity: 0; } }
.controls input[type=range] { min-width: 9rem; padding: 0; accent-color: var(--bar); }
.looking { font-size: .8rem; color: var(--text); }
.pieces-label { margin: 0; font-size: .8rem; }
.pieces { display: flex; flex-wrap: wrap; gap: .35rem 0; margin: .1rem 0 .6rem; }
.piece {
  position: relative; display: inline-grid; justify-items: center; min-width: 2.4rem; margin: 0 0 0 .35rem; padding: .1rem .3rem .35rem;
  font: inherit; font-size: .95rem; line-height: 1.3; color: var(--text); background: var(--card); border: 1px solid var(--line);
}
.piece.inner { margin-left: 0; border-left-style: dotted; }
.piece small { font-size: .7rem; color: var(--quiet); font-variant-numeric: tabular-nums; }
.piece i { position: absolute; left: 0; bottom: 0; height: .2rem; background: var(--bar); print-color-adjust: exact; }
button.piece { cursor: pointer; }
button.piece:hover, button.piece[aria-pressed=true] { border-color: var(--text); background: var(--page); }
button.piece[aria-pressed=true] { box-shadow: inset 0 0 0 1px var(--text); }

footer { margin-top: 3rem; padding-top: .75rem; border-top: 1px solid var(--line); font-size: .9rem; color: var(--quiet); }
footer pre { margin: .25rem 0; font: .85rem/1.4 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; white-space: pre-wrap; color: var(--text); }
.files { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin: .1rem 0 .75rem; padding: 0; list-style: none; }

@media (max-width: 40rem) {
  body { padding-top: 1.25rem; }
  article { flex-direction: column; gap: .5rem; }
  article dl, article .two, article .three { grid-template-columns: minmax(0, 1fr); }
  article > figure { flex: none; }
  article img { width: auto; max-width: min(14rem, 100%); }
  th, td { padding: .4rem .35rem; }
  th:first-child { min-width: 4.5rem; }
  thead th { white-space: normal; overflow-wrap: break-word; }
  .groups tbody th, .groups thead th:nth-child(-n+2) { white-space: normal; }
  td.score { font-size: 1.05rem; }
  td small { font-size: .75rem; }
  .groups, .groups thead th { font-size: .85rem; }
  .groups th, .groups td { padding: .25rem .3rem; }
  .groups th:first-child { min-width: 4rem; }
  .groups .dots { min-width: 4.5rem; }
  .chart text { font-size: 14px; }
  .controls label { flex: 1 1 45%; min-width: 0; max-width: none; }
}
@media print {
  :root {
    --page: #fff; --card: #fff; --text: #000; --quiet: #444; --line: #bbb; --edge: #666; --link: #000;
    --bar: #2f6f9f; --chance: #a33d12; --mark: #ffe39c; --mark-line: #a86b00;
    --c0: #1166a8; --c1: #c2410c; --c2: #0b7a5c; --c3: #8e3f87; --c4: #7a5f00; --c5: #55524c;
  }
  @page { margin: 15mm; }
  body { max-width: none; padding: 0; font-size: 9.5pt; }
  nav, .js .controls, .files, footer p:first-child { display: none; }
  .wide { overflow: visible; }
  h2, h3, caption, .note { break-after: avoid; }
  h2 { margin-top: 1.5rem; }
  tr, figure, .wide { break-inside: avoid; }
  .pairs:not(.single) { grid-template-columns: 1fr 1fr; gap: 0 1.5rem; }
  .groups thead th:nth-child(-n+2) { white-space: normal; }
  .groups thead th, .groups thead td { font-size: .8rem; }
  .groups th, .groups td { padding: .15rem .35rem; }
  .groups tbody .dots { height: 1.4rem; }
  article { padding: .6rem 0; }
  article > figure { flex-basis: 7rem; }
  article dl { gap: .25rem 1.5rem; }
}
)css";

}  // namespace penalmt::html
