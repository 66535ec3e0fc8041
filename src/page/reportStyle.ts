/** REPORT_STYLE is the style sheet of a report's page. The page names its hash, so it must go in byte for byte. */
export const REPORT_STYLE = `
:root {
  color-scheme: light dark;
  --paper: #fcfcfa; --raised: #fff; --ink: #1b1d21; --soft: #565b64; --rule: #dcdcd6; --strong: #8b8f96;
  --verified: #1a6640; --violated: #a11d21; --unverified: #7d5200;
  --verified-wash: #edf5ef; --violated-wash: #fbeeed; --unverified-wash: #fbf3e2; --mark: #e9e9e4;
  --sans: system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'Liberation Sans', Arial, sans-serif;
  --serif: Charter, 'Bitstream Charter', 'Sitka Text', Cambria, Georgia, 'Liberation Serif', serif;
  --mono: ui-monospace, 'Cascadia Mono', 'SF Mono', Menlo, Consolas, 'Liberation Mono', monospace;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --paper: #15171b; --raised: #1b1e23; --ink: #e7e8ea; --soft: #a3a8b1; --rule: #33373e; --strong: #727882;
    --verified: #74c69a; --violated: #f2908c; --unverified: #e3b45c;
    --verified-wash: #18261f; --violated-wash: #2c1b1c; --unverified-wash: #2a2317; --mark: #31353c;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.55 var(--sans); overflow-wrap: anywhere; }
.page { max-width: 70rem; margin: 0 auto; padding: 0 clamp(1rem, 4vw, 2.5rem) 4rem; }
p { margin: 0 0 .75rem; max-width: 46rem; }
h1, h2 { margin: 0; line-height: 1.2; font-weight: 600; }
h2 { font: 600 1.5rem/1.25 var(--serif); margin-bottom: 1rem; scroll-margin-top: 1rem; }
a { color: inherit; text-underline-offset: .2em; text-decoration-color: var(--strong); }
a:hover { text-decoration-color: currentColor; }
:focus-visible { outline: 3px solid currentColor; outline-offset: 3px; border-radius: 2px; }
section { margin-top: 3.5rem; }
code { font-family: var(--mono); font-size: .875em; }
code { unicode-bidi: isolate; white-space: break-spaces; }
i { font: normal .9em var(--mono); background: var(--mark); border: 1px solid var(--strong); border-radius: 3px; padding: 0 .15em; box-decoration-break: clone; -webkit-box-decoration-break: clone; }
time { font-variant-numeric: tabular-nums; }
.soft { color: var(--soft); }
.small { font-size: .875rem; }

.verified { --tone: var(--verified); --wash: var(--verified-wash); }
.violated, .error { --tone: var(--violated); --wash: var(--violated-wash); }
.unverified, .warning { --tone: var(--unverified); --wash: var(--unverified-wash); }

.masthead { display: flex; flex-wrap: wrap; gap: .25rem 2rem; justify-content: space-between; padding: 1.5rem 0 1rem; font-size: .875rem; color: var(--soft); }
.masthead p { margin: 0; }
.masthead strong { color: var(--ink); }
.status { margin: 0; background: var(--wash); border: 1px solid var(--tone); border-top-width: 6px; border-radius: 4px; padding: clamp(1.25rem, 3vw, 2rem); display: grid; grid-template-columns: auto 1fr; gap: 0 clamp(1rem, 3vw, 2rem); }
.sign { width: clamp(3.5rem, 9vw, 5.5rem); height: auto; color: var(--tone); }
.status h1 { font: 600 clamp(2.25rem, 6vw, 3.5rem)/1 var(--serif); color: var(--tone); letter-spacing: -.01em; margin-bottom: .75rem; }
.status p { margin: 0 0 .5rem; max-width: 52rem; }
.but { font: 400 1.25rem/1.3 var(--serif); letter-spacing: normal; }
.lead { font-size: 1.125rem; line-height: 1.45; }
.identity { margin: 1.25rem 0 0; display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 15rem), 1fr)); gap: .75rem 2rem; padding-top: 1rem; border-top: 1px solid var(--tone); }
dt { font-size: .8125rem; color: var(--soft); }
dd { margin: 0; }
nav ul { list-style: none; display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; margin: 1.25rem 0 0; padding: 0; font-size: .9375rem; }
nav a { display: inline-block; padding: .25rem 0; }

.scope { margin-top: 2.5rem; display: grid; grid-template-columns: minmax(0, 3fr) minmax(0, 2fr); gap: 3rem; align-items: start; }
.scope section { margin-top: 0; }
.figures { margin: 0; display: grid; grid-template-columns: 1fr 1fr; gap: 1px; background: var(--rule); border: 1px solid var(--rule); border-radius: 4px; overflow: hidden; }
.figures div { background: var(--raised); padding: .875rem 1.125rem; }
.figures dd { font: 500 1.625rem/1.2 var(--serif); font-variant-numeric: tabular-nums lining-nums; }
.figures dd.small { font: .8125rem/1.4 var(--sans); color: var(--soft); }
.log .figures { grid-template-columns: repeat(5, minmax(0, 1fr)); }
.log .figures div { display: flex; flex-direction: column; justify-content: space-between; gap: .25rem; }
.facts { margin: 1rem 0 0; }
.facts div { display: grid; grid-template-columns: 11rem minmax(0, 1fr); gap: 0 1rem; padding: .5rem 0; border-bottom: 1px solid var(--rule); }
.facts dt { font-size: .9375rem; }
.facts dd { font-size: .9375rem; }
.left-out { border: 1px solid var(--strong); border-left-width: 6px; border-radius: 4px; background: var(--raised); padding: 1.25rem 1.5rem; }
.left-out ul { margin: 0 0 1rem; padding-left: 1.125rem; }
.left-out li { margin-bottom: .625rem; }
.left-out li::marker { color: var(--strong); }
.left-out p:last-child { margin: 0; }

table { width: 100%; border-collapse: collapse; table-layout: fixed; font-size: .9375rem; line-height: 1.45; }
caption { text-align: left; color: var(--soft); font-size: .875rem; padding-bottom: .75rem; }
th, td { text-align: left; vertical-align: top; font-weight: 400; padding: .625rem 1rem .625rem 0; border-bottom: 1px solid var(--rule); }
th:last-child, td:last-child { padding-right: 0; }
thead th { font-size: .8125rem; color: var(--soft); border-bottom: 1px solid var(--strong); background: var(--paper); }
.long thead th { position: sticky; top: 0; }
.numeric { text-align: right; font-variant-numeric: tabular-nums; }
.box { max-height: 7.25em; overflow-y: auto; border: 1px solid var(--rule); border-radius: 3px; padding: .125rem .5rem; background: var(--raised); }
.break { white-space: break-spaces; }
.badge { display: inline-block; font-size: .75rem; font-weight: 600; line-height: 1.5; padding: 0 .5rem; border: 1px solid var(--tone); border-radius: 3px; color: var(--tone); background: var(--wash); }
.badge.error { background: var(--tone); color: var(--paper); }
.badge.quiet { background: none; border-color: var(--strong); color: var(--soft); font-weight: 400; }
td p { margin: .25rem 0 0; }
.code { font-weight: 600; white-space: nowrap; }
.signs { position: absolute; width: 0; height: 0; }
.w-code { width: 13rem; }
.w-finding { width: 25%; }
.w-count { width: 5rem; }
.w-count, td.numeric { padding-right: 2rem; }
.w-records { width: 14%; }
.w-object { width: 31%; }
.w-partition { width: 10%; }
.w-time { width: 22%; }
.kinds { margin-bottom: 2.5rem; }
.hash { display: block; max-width: 33ch; line-height: 1.4; font-size: .8125rem; }
.hash + .soft { display: block; margin-top: .375rem; }
.note { border-left: 3px solid var(--strong); padding-left: .875rem; }

.meanings { margin: 0; display: grid; grid-template-columns: repeat(3, 1fr); gap: 1.5rem 2rem; }
.meanings div { border-top: 3px solid var(--rule); padding-top: .75rem; }
.meanings .now { border-top-color: var(--tone); }
.meanings dt { display: flex; align-items: center; gap: .5rem; font: 600 1.0625rem/1.3 var(--serif); color: var(--tone); margin-bottom: .375rem; }
.meanings dd { font-size: .9375rem; }
.meanings svg { width: 1.25rem; height: 1.25rem; flex: none; }
pre { margin: 0 0 .75rem; padding: .875rem 1.125rem; background: var(--raised); border: 1px solid var(--rule); border-radius: 4px; font: .9375rem/1.4 var(--mono); white-space: pre-wrap; }

@media (max-width: 58rem) {
  .scope, .meanings { grid-template-columns: minmax(0, 1fr); }
  .scope { gap: 2.5rem; }
}
@media screen and (max-width: 58rem) {
  section { margin-top: 2.5rem; }
  .facts div { grid-template-columns: minmax(0, 1fr); }
  .facts dt { font-size: .8125rem; }
  .log .figures { grid-template-columns: 1fr 1fr; }
  .log .figures div:last-child:nth-child(odd) { grid-column: 1 / -1; }
  .figures div { padding: .75rem .875rem; }
  .figures dd { font-size: 1.375rem; }
  .lead { font-size: 1rem; }
  .status .body { display: contents; }
  .status h1 { align-self: center; margin: 0; }
  .status p, .status .identity { grid-column: 1 / -1; }
  .status h1 + p { margin-top: 1rem; }
  table, caption, tbody, tr, th, td { display: block; width: auto; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
  tbody { border-top: 1px solid var(--strong); padding: .625rem 0; }
  tbody th, tbody td { border: 0; padding: .1875rem 0; }
  tbody tr + tr { margin-top: .5rem; border-top: 1px solid var(--rule); padding-top: .375rem; }
  tbody th[data-label] { font-weight: 600; }
  .numeric { text-align: left; }
  [data-label]::before { content: attr(data-label) ' '; font: .8125rem var(--sans); color: var(--soft); }
  .hash { max-width: none; }
}
@media print {
  :root { color-scheme: light; --paper: #fff; --raised: #fff; --verified-wash: #fff; --violated-wash: #fff; --unverified-wash: #fff; }
  @page { margin: 16mm; }
  html { font-size: 12px; }
  .page { max-width: none; padding: 0; }
  nav { display: none; }
  section { margin-top: 2rem; }
  .masthead { padding-top: 0; }
  .long thead th { position: static; }
  thead { display: table-header-group; }
  p { max-width: none; }
  h2, .intro, caption, thead { break-after: avoid; }
  p, pre, caption { break-inside: avoid; }
  .kinds, dl.meanings { break-inside: avoid; }
  .meanings { grid-template-columns: repeat(3, 1fr); }
  tr, .status, .left-out, .figures, .meanings div, .facts div { break-inside: avoid; }
  .scope { display: block; }
  .scope .left-out { margin-top: 1.5rem; }
  .box { max-height: none; border: 0; padding: 0; }
  .badge.error { background: none; color: var(--tone); border-width: 2px; }
}
`;
