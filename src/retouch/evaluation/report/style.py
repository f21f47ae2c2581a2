"""The look of the page: one narrow set of rules for light and dark, wide and narrow, screen and paper.

Tables scroll inside their own boxes, so that the page never scrolls sideways; heads and first columns stay in sight.
"""

STYLE = """
:root {
  color-scheme: light dark;
  --page: #fff; --ink: #1c1e21; --soft: #5b6168; --line: #d9dce0; --shade: #f4f5f7; --link: #0b5cad;
  --warn: #fff4d6; --warn-line: #d99a00; --good: #00704f; --bad: #b3261e;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #15181c; --ink: #e6e8ea; --soft: #a2a9b1; --line: #363b42; --shade: #1f2328; --link: #7fb8f5;
    --warn: #33290d; --warn-line: #c79316; --good: #5fce9f; --bad: #ff9b8f;
  }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 4rem; }
body {
  margin: 0 auto; padding: 1.25rem clamp(0.75rem, 3vw, 2.5rem) 4rem; max-width: 1680px;
  font: 15px/1.5 system-ui, "Segoe UI", Helvetica, Arial, sans-serif; background: var(--page); color: var(--ink);
  overflow-wrap: anywhere;
}
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 0.5rem; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 0.5rem; padding-top: 0.75rem; border-top: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 1.5rem 0 0.4rem; }
h3 small { font-weight: 400; color: var(--soft); margin-left: 0.4rem; }
p { margin: 0.3rem 0 0.6rem; max-width: 75ch; }
p.note, small { color: var(--soft); }
small { font-size: 0.76rem; }
a { color: var(--link); }
code { font: 0.88em/1.5 ui-monospace, Menlo, Consolas, monospace; }
nav { display: flex; flex-wrap: wrap; gap: 0.2rem 1.1rem; margin: 0.25rem 0 1rem; }
.warnings { background: var(--warn); border-left: 4px solid var(--warn-line); padding: 0.6rem 1rem; margin: 0 0 1rem; }
.warnings h2 { border: 0; margin: 0; padding: 0; font-size: 1rem; }
.warnings ul { margin: 0.25rem 0 0; padding-left: 1.2rem; }

.box { overflow: auto; max-height: 85vh; max-width: 100%; border: 1px solid var(--line); border-radius: 6px; }
.box:focus-visible, button:focus-visible, select:focus-visible, a:focus-visible, input:focus-visible {
  outline: 2px solid var(--link); outline-offset: 2px;
}
table { border-collapse: separate; border-spacing: 0; font-variant-numeric: tabular-nums; }
th, td { padding: 0.35rem 0.55rem; text-align: left; vertical-align: top; }
.box tbody tr:not(:last-child) > * { border-bottom: 1px solid var(--line); }
.box thead th {
  position: sticky; top: 0; z-index: 2; background: var(--shade); vertical-align: bottom; font-weight: 600;
  border-bottom: 1px solid var(--line);
}
.numbers { min-width: 100%; }
.numbers th, .numbers td { white-space: nowrap; text-align: right; }
.numbers th:first-child {
  position: sticky; left: 0; z-index: 1; text-align: left; background: var(--page); white-space: normal;
  overflow-wrap: break-word; min-width: 7rem; max-width: 16rem; border-right: 1px solid var(--line);
}
.numbers thead th:first-child { z-index: 3; background: var(--shade); }
.numbers small { display: block; line-height: 1.3; font-weight: 400; }
.numbers thead a, .numbers tbody th { font-weight: 600; }
.numbers thead a { color: inherit; text-decoration-color: var(--soft); text-underline-offset: 0.2em; }
.numbers .published > *, .numbers .published th { background: var(--shade); font-weight: 400; }
.numbers .better small:last-child { color: var(--good); }
.numbers .worse small:last-child { color: var(--bad); }
.numbers .open { color: var(--soft); }
.prose { min-width: 100%; }
.prose td, .prose th { min-width: 6.5rem; }
.prose td:nth-child(2) { min-width: 14rem; }
.prose td.short { white-space: nowrap; }
.prose tbody th { font-weight: 600; overflow-wrap: break-word; }
tr:target > * { background: var(--warn); }
.facts th { color: var(--soft); font-weight: 400; padding: 0.1rem 1.2rem 0.1rem 0; white-space: nowrap; }
.facts td { padding: 0.1rem 0; }
.facts code span { display: inline-block; max-width: 100%; }

.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 460px), 520px)); gap: 0.75rem; }
.charts svg { border: 1px solid var(--line); border-radius: 6px; align-self: start; }

.tools {
  display: flex; flex-wrap: wrap; gap: 0.4rem 1rem; align-items: center; padding: 0.55rem 0; background: var(--page);
  border-bottom: 1px solid var(--line);
}
.tools label { display: inline-flex; gap: 0.35rem; align-items: center; }
.tools [hidden] { display: none; }
select, .viewer button { font: inherit; color: inherit; background: var(--shade); border: 1px solid var(--line); }
select { border-radius: 4px; padding: 0.15rem 0.3rem; max-width: 14rem; }
.case:nth-child(n+41) { content-visibility: auto; contain-intrinsic-size: auto 34rem; }
.case[hidden] { display: none; }
.case .box { container-type: inline-size; max-height: none; }
.pictures { table-layout: fixed; width: min-content; }
.pictures th, .pictures td { padding: 0.3rem 0.35rem; }
.pictures thead th {
  width: clamp(116px, calc(100cqw / var(--columns)), 234px); position: static; background: none; font-size: 0.9rem;
}
.pictures thead small { display: block; font-weight: 400; }
.pictures tbody tr:nth-child(1) > * { border-bottom: 0; }
.pictures td > small { display: block; line-height: 1.6; }
.pictures .score th { text-align: right; font-weight: 400; }
.pictures .score th, .pictures .score td { padding-top: 0.12rem; padding-bottom: 0.12rem; border-bottom: 0; }
.zoom { display: block; width: 100%; padding: 0; border: 0; background: none; cursor: zoom-in; }
.zoom img {
  display: block; width: 100%; height: auto; max-height: 20rem; object-fit: contain; background: var(--shade);
}
.zoom img.tiny { image-rendering: pixelated; }
.failed { color: var(--bad); font-size: 0.85rem; }
.scale span { display: block; height: 0.8rem; margin-top: 0.2rem; print-color-adjust: exact; }
.scale small { display: flex; justify-content: space-between; }
.scale b { font-weight: 400; }
body:has(#marking:checked) .unmarked, body:has(#marking:not(:checked)) .marked { display: none; }
body:not(:has(.unmarked)) .marking { display: none; }

.viewer {
  border: 1px solid var(--line); border-radius: 8px; padding: 0.75rem; max-width: 98vw; max-height: 98vh;
  background: var(--page); color: var(--ink);
}
.viewer::backdrop { background: rgb(0 0 0 / 0.75); }
.viewer figure { margin: 0; }
.viewer img { display: block; margin: 0 auto; image-rendering: pixelated; }
.viewer figcaption { margin: 0.5rem 0; }
.viewer div { display: flex; flex-wrap: wrap; gap: 0.5rem; align-items: center; }
.viewer button { border-radius: 4px; padding: 0.2rem 0.7rem; cursor: pointer; }

@media (min-width: 800px) { .tools { position: sticky; top: 0; z-index: 5; } }
@media screen and (max-width: 799px) {
  .facts, .facts tbody, .facts tr, .facts th, .facts td { display: block; white-space: normal; }
  .facts td { padding-bottom: 0.4rem; }
  .failures thead { display: none; }
  .failures tr, .failures td { display: block; }
  .box .failures tbody tr > td { border: 0; padding-top: 0.1rem; padding-bottom: 0.1rem; }
  .box .failures tr + tr { border-top: 1px solid var(--line); }
  .numbers th:first-child { min-width: 5.5rem; max-width: 9rem; }
  .pictures .score td::before {
    content: attr(data-measure); display: block; color: var(--soft); font-size: 0.76rem; line-height: 1.2;
  }
}
@media print {
  body { font-size: 11px; max-width: none; padding: 0; }
  .numbers th, .numbers td { padding: 0.2rem 0.3rem; }
  nav, .tools { display: none; }
  .box { overflow: visible; max-height: none; border: 0; }
  .box thead th, .numbers th:first-child { position: static; }
  .case:nth-child(n) { content-visibility: visible; }
  .case, tr, .charts svg { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
  .pictures thead th { width: calc(100cqw / var(--columns)); }
}
"""
