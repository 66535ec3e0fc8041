import { formatMoment } from './moment.ts';
import { printable } from './output.ts';
import { parseEventTime } from '../core/fields/eventTime.ts';
import { FIELDS } from '../core/fields/rule.ts';
import type { Field } from '../core/fields/rule.ts';
import type { Hit } from '../find/search.ts';

// How records that were found are printed. Each line is complete, so that none waits for another. Whatever is in a record, of it nothing
// can act on a terminal, be it that the lines go through a pager first, or are in a file that somebody shows.

/** HitFormat prints hits: what comes before them, and each of them with its LF. */
export interface HitFormat {
  readonly head: string;
  line(hit: Hit): string;
}

export const HIT_FORMATS = ['table', 'jsonl', 'csv'] as const;
export type HitFormatName = (typeof HIT_FORMATS)[number];

/** FormatOptions is how times are shown, and in how many columns a table has to fit; 0 for as many as it takes. */
export interface FormatOptions {
  readonly zone: string;
  readonly width: number;
}

/** hitFormat gives the format of a name. */
export function hitFormat(name: HitFormatName, options: FormatOptions): HitFormat {
  if (name === 'jsonl') return { head: '', line: (hit) => jsonLine(hit, options.zone) };
  return name === 'csv' ? csv(options.zone) : table(options);
}

const placeOf = ({ partition, record }: Hit): string => `${partition}/${record}`;

/** timeOf is when a record says that it happened: as it says so, where that can't be read. */
function timeOf({ values }: Hit, zone: string): string {
  const text = values.time ?? '';
  const time = parseEventTime(text);
  return time === undefined ? text : formatMoment(time, zone);
}

const enqueuedOf = ({ enqueued }: Hit, zone: string): string => formatMoment(Date.parse(enqueued), zone);

/** The line is JSON, and stays as it was sealed, but for what can't be seen: as an escape that is the same text to who reads JSON. */
function jsonLine(hit: Hit, zone: string): string {
  const { segment, leaf, values, isText, line } = hit;
  const { time: _time, correlation: _correlation, ...fields } = values;
  const head = JSON.stringify({
    place: placeOf(hit),
    segment,
    leaf,
    time: timeOf(hit, zone),
    enqueued: enqueuedOf(hit, zone),
    ...fields,
    asText: isText || undefined,
  });
  // Between the tokens of JSON stands no escape. In its strings tab and CR are escaped already.
  const sealed = line.toString('utf8').replace(/[\t\r]/g, ' ');
  return `${printable(`${head.slice(0, -1)},"line":${sealed}}`)}\n`;
}

const CSV_COLUMNS = ['time', 'enqueued', ...FIELDS, 'place', 'segment', 'leaf'] as const;

function csv(zone: string): HitFormat {
  return {
    head: `${CSV_COLUMNS.map(csvCell).join(',')}\r\n`,
    line: (hit) => {
      const fields = FIELDS.map((field) => hit.values[field] ?? '');
      const cells = [timeOf(hit, zone), enqueuedOf(hit, zone), ...fields, placeOf(hit), hit.segment, String(hit.leaf)];
      return `${cells.map(csvCell).join(',')}\r\n`;
    },
  };
}

/**
 * A spreadsheet runs what begins so, and some pass over a space or a quote before it, or take the wide characters of East Asia for these.
 * RFC 4180; owasp.org/www-community/attacks/CSV_Injection
 */
const FORMULA = /^(?:[\s"'`]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n])/;

function csvCell(text: string): string {
  const shown = printable(FORMULA.test(text) ? `'${text}` : text);
  return `"${shown.replaceAll('"', '""')}"`;
}

interface Column {
  readonly title: string;
  readonly least: number;
  /** of what is left of the terminal's width, this column's share */
  readonly share: number;
  readonly text: (hit: Hit, zone: string) => string;
}

/** Of a resource the last two parts of its id are shown: what it is, and its name. */
const shortResource = (id: string): string => id.split('/').slice(-2).join('/');

const field = (name: Field, least: number, share: number): Column => ({
  title: name.toUpperCase(),
  least,
  share,
  text: ({ values }) => (name === 'resource' ? shortResource(values.resource ?? '') : (values[name] ?? '')),
});

const COLUMNS: readonly Column[] = [
  { title: 'TIME', least: 24, share: 0, text: timeOf },
  { title: 'ENQUEUED', least: 24, share: 0, text: enqueuedOf },
  field('category', 12, 1),
  field('operation', 16, 3),
  field('actor', 16, 3),
  field('target', 12, 2),
  field('resource', 12, 2),
  field('result', 7, 0),
  field('ip', 15, 0),
  { title: 'PLACE', least: 8, share: 0, text: placeOf },
];

/** How wide the columns are that share what is left, where nobody says how wide the table may be. */
const SHARE_WIDTH = 12;

function table({ zone, width }: FormatOptions): HitFormat {
  const least = COLUMNS.reduce((sum, column) => sum + column.least + 2, -2);
  const shares = COLUMNS.reduce((sum, { share }) => sum + share, 0);
  const left = width === 0 ? shares * SHARE_WIDTH : Math.max(width - least, 0);
  const widths = COLUMNS.map((column) => column.least + Math.floor((left * column.share) / shares));
  const row = (texts: readonly string[]): string => {
    const cells = texts.map((text, i) => (width === 0 ? text : cut(text, widths[i] ?? 0)).padEnd(widths[i] ?? 0));
    return cells.join('  ').trimEnd();
  };
  return {
    head: `${row(COLUMNS.map(({ title }) => title))}\n`,
    line: (hit) => `${row(COLUMNS.map(({ text }) => oneLine(text(hit, zone))))}\n`,
  };
}

/** A value with line breaks stays on its line. */
const oneLine = (text: string): string => printable(text.replace(/[\r\n\t]+/g, ' '));

const cut = (text: string, width: number): string =>
  text.length > width ? `${text.slice(0, Math.max(width - 1, 0))}…` : text;
