import { REPORT_STYLE } from './reportStyle.ts';

/**
 * certificateStyle is the style sheet of a certificate: a report's, and what is its own. `sheets` stands at the top of each sheet of
 * paper; of it only letters, digits and plain punctuation are taken, because it is a string of CSS.
 */
export const certificateStyle = (sheets: string): string =>
  `${REPORT_STYLE}${OWN}@page { @top-left { content: '${sheets.replace(/[^\w .,:;-]/g, '')}'; font: bold 10px sans-serif; width: 100%; } }\n`;

const OWN = `
.status h1 { font-size: clamp(1.75rem, 5vw, 2.75rem); line-height: 1.15; }
.status ul { margin: .5rem 0 0; padding-left: 1.25rem; grid-column: 1 / -1; }
.status p + p { margin-top: .5rem; }
.banner { display: none; }
.keys, .steps { margin: 0; padding-left: 1.5rem; }
.keys li { margin-bottom: 1.5rem; }
.keys p { max-width: none; margin-bottom: .375rem; }
.steps { list-style: none; padding: 0; }
.steps > li { border-left: 3px solid var(--strong); padding: .25rem 0 .75rem 1.25rem; margin-left: .25rem; }
.steps h3 { margin: 0 0 .25rem; font: 600 1rem/1.35 var(--sans); }
.steps p { margin: 0 0 .375rem; font-size: .9375rem; max-width: 54rem; }
.badge.fits { border-color: var(--strong); color: var(--soft); background: none; }
.joins { margin: .25rem 0 .5rem; padding-left: 1.75rem; font-size: .8125rem; color: var(--soft); }
.joins li { margin-bottom: .25rem; }
.record { margin: 0 0 1.25rem; padding: 1rem 1.125rem; border: 1px solid var(--rule); border-radius: 4px; background: var(--raised); font: .875rem/1.5 var(--mono); white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: plaintext; }
.found > li { margin-bottom: 2rem; }
.found { padding-left: 1.5rem; }
.fill { display: block; min-height: 2rem; padding: .25rem .5rem; border: 1px solid var(--strong); border-radius: 3px; background: var(--raised); }
.signing p { margin-bottom: .25rem; }
.signing .fill { margin-bottom: .75rem; max-width: 46rem; }
@media print {
  .banner { display: block; margin: 0 0 1rem; padding: .5rem 1rem; border: 8px double #000; text-align: center; font: 700 2rem/1.2 var(--sans); color: #000; }
  .status { border-width: 2px; border-top-width: 6px; }
  .status.violated, .status.unverified { border: 6px double #000; }
  .badge { background: none; border-width: 2px; }
  .fill { border: 0; border-bottom: 1px solid #000; border-radius: 0; min-height: 2.25rem; }
  .signing { break-inside: avoid; }
  .record, .found > li { break-inside: auto; }
  h3, .found > li > p:first-child { break-after: avoid; }
  code { word-break: break-all; }
}
`;
