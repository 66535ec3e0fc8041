import { markup, untrusted } from './markup.ts';
import type { Markup } from './markup.ts';
import { tableHead } from './reportTables.ts';

/** Fact is a term, and what is to be said of it. */
export type Fact = readonly [term: string, fact: Markup | string];

/** factList is a list of names and what they are. */
export const factList = (facts: readonly Fact[]): Markup =>
  markup`<dl class="facts">
${facts.map(([term, fact]) => markup`<div><dt>${term}</dt><dd>${fact}</dd></div>\n`)}</dl>`;

/** pageSection is a part of a page under its title. */
export const pageSection = (id: string, title: string, ...content: readonly Markup[]): Markup =>
  markup`<section aria-labelledby="${id}">
<h2 id="${id}">${title}</h2>
${content}
</section>`;

/** table is a table of rows under their heads. */
export const table = (caption: string, columns: readonly Markup[], rows: readonly Markup[]): Markup =>
  markup`<table role="table" class="long">
<caption>${caption}</caption>
${tableHead(columns)}
<tbody role="rowgroup">
${rows}</tbody></table>`;

/** sentenceList is a list of what somebody else may have worded. */
export const sentenceList = (sentences: readonly string[]): Markup =>
  markup`<ul>${sentences.map((what) => markup`<li class="break">${untrusted(what)}</li>\n`)}</ul>`;
