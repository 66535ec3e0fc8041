import { markup } from './markup.ts';
import type { Markup } from './markup.ts';
import { sha256 } from '../core/hash.ts';
import type { Status } from '../core/objects/report.ts';

/** PageDocument is what differs from page to page. */
export interface PageDocument {
  readonly title: string;
  /** what the page is, behind the name of this program */
  readonly subject: string;
  /** of when it is */
  readonly dated: Markup;
  /** the style sheet: the page names its hash, so it goes in byte for byte */
  readonly style: string;
  readonly main: Markup;
}

/** renderDocument makes a page of one file: an HTML text without scripts or outside resources. */
export function renderDocument({ title, subject, dated, style, main }: PageDocument): string {
  // What the browser may use, in base64 as CSP level 3 asks.
  const styleHash = Buffer.from(sha256(Buffer.from(style)), 'latin1').toString('base64');
  const policy = `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'`;
  const head = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
`;
  const body = markup`</head>
<body>
${SIGNS}
<div class="page">
<header class="masthead"><p><strong>Auditseal</strong> ${subject}</p><p>${dated}</p></header>
<main>
${main}
</main>
</div>
</body>
</html>
`;
  return `${head.text}<style>${style}</style>\n${body.text}`;
}

const LINE = markup` fill="none" stroke="currentColor" stroke-width="3.5" stroke-linecap="round" stroke-linejoin="round"`;

/** SIGNS differ in outline and in what is inside, not in colour alone. */
const SIGNS = markup`<svg class="signs" aria-hidden="true">
<symbol id="sign-verified" viewBox="0 0 48 48"${LINE}><circle cx="24" cy="24" r="21"/><path d="M14.5 24.5l6.5 6.5 12.5-14"/></symbol>
<symbol id="sign-violated" viewBox="0 0 48 48"${LINE}><path d="M15.5 3.5h17l12 12v17l-12 12h-17l-12-12v-17z"/><path d="M17 17l14 14M31 17L17 31"/></symbol>
<symbol id="sign-unverified" viewBox="0 0 48 48"${LINE}><path d="M24 2.5L45.5 24 24 45.5 2.5 24z"/><path d="M18.5 19c.5-7 11-7 11 0 0 4-5.5 4-5.5 8M24 33.5v.1"/></symbol>
</svg>`;

/** sign is a status as a picture; beside it the word must stand. */
export const sign = (status: Status, className = ''): Markup =>
  markup`<svg class="${className}" viewBox="0 0 48 48" width="20" height="20" aria-hidden="true"><use href="#sign-${status}"/></svg>`;
