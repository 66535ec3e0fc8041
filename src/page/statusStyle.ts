/** STATUS_STYLE is what the status page has beside the style of reports. */
export const STATUS_STYLE = `
.tiles { margin: 0; display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 17rem), 1fr)); gap: 1px; background: var(--rule); border: 1px solid var(--rule); border-radius: 4px; overflow: hidden; }
.tiles div { background: var(--raised); padding: .875rem 1.125rem 1rem; }
.tiles .figure { font: 500 1.5rem/1.25 var(--serif); font-variant-numeric: tabular-nums lining-nums; margin-bottom: .25rem; }
.status h3.title { font: 600 clamp(2rem, 5vw, 3rem)/1 var(--serif); color: var(--tone); margin-bottom: .75rem; }
.inner { margin-top: 2.5rem; }
.inner h3 { font: 600 1.25rem/1.25 var(--serif); margin: 0 0 1rem; }
.ledger h2 { overflow-wrap: anywhere; }
.status .lead { overflow-wrap: anywhere; }
.ledger { border-top: 1px solid var(--strong); padding-top: 2.5rem; }
.mark { color: var(--tone); font-weight: 600; }
.mark svg { vertical-align: -.2em; }
.chart { display: block; width: 100%; max-width: 9rem; height: auto; }
.chart rect { fill: var(--ink); }
.chart .axis { stroke: var(--strong); fill: none; }
.w-affected { width: 14rem; }
.w-gaps { width: 6.5rem; }
.w-chart { width: 10rem; }
.partitions .w-count, .sources .w-count { width: 7.5rem; }
td .small { margin: .25rem 0 0; }
@media print {
  .tiles div { break-inside: avoid; }
  .chart rect { fill: #000; }
}
`;
