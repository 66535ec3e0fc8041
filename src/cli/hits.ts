import { formatMoment } from './moment.ts';
import { printable } from './output.ts';
import { parseEventTime } from '../core/fields/eventTime.ts';
import { FIELDS } from '../core/fields/rule.ts';
import type { Field } from '../core/fields/rule.ts';
import type { Exporter } from '../export/exporter.ts';
import { rawOf, recordHashOf } from '../find/hit.ts';
import type { Hit } from '../find/hit.ts';

// How records that were found are printed. Each line is complete, so that none waits for another. Whatever is in a record, of it nothing
// can act on a terminal, be it that the lines go through a pager first, or are in a file that somebody shows.

/** HitFormat prints hits: what comes before them, and each of them with its LF. */
export interface HitFormat {
  readonly head: string;
  line(hit: Hit): string;
}

/** TEXT_FORMATS is the formats that print a line for each hit, and nothing behind them. */
export const TEXT_FORMATS = ['table', 'jsonl', 'csv'] as const;
export type TextFormatName = (typeof TEXT_FORMATS)[number];

/** FormatOptions is how times are shown, and in how many columns a table has to fit; 0 for as many as it takes. */
export interface FormatOptions {
  readonly zone: string;
  readonly width: number;
}

/** exporterOf makes of a format of lines what writes files. */
export const exporterOf = (format: HitFormat): Exporter => ({
  begin: () => format.head,
  add: (hit) => format.line(hit),
  end: () => '',
});

/** hitFormat gives the format of a name. */
export function hitFormat(name: TextFormatName, options: FormatOptions): HitFormat {
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
  const { partition, record, segment, leaf, entry, values, isText, line } = hit;
  const { time: _time, ...fields } = values;
  const head = JSON.stringify({
    partition: Number(partition),
    record,
    segment,
    leaf,
    entry: entry ?? null,
    hash: recordHashOf(hit),
    time: timeOf(hit, zone),
    enqueued: enqueuedOf(hit, zone),
    ...fields,
    asText: isText || undefined,
  });
  // Between the tokens of JSON stands no escape. In its strings tab and CR are escaped already.
  const sealed = line.toString('utf8').replace(/[\t\r]/g, ' ');
  return `${printable(`${head.slice(0, -1)},"line":${sealed}}`)}\n`;
}

/** How much is shown of a record that was found as text: it has no field that could be. */
const EXCERPT_BYTES = 200;

/** excerptOf gives how a record begins that was found as text, and nothing of another. */
function excerptOf(hit: Hit): string {
  if (!hit.isText) return '';
  const { bytes: record } = rawOf(hit);
  return oneLine(record.toString('utf8', 0, EXCERPT_BYTES)) + (record.length > EXCERPT_BYTES ? '…' : '');
}

const PLACE_COLUMNS = ['partition', 'record', 'segment', 'leaf', 'entry', 'hash', 'form'] as const;
const CSV_COLUMNS = ['time', 'enqueued', ...FIELDS, 'correlation', ...PLACE_COLUMNS, 'text'] as const;

function csv(zone: string): HitFormat {
  return {
    head: `${CSV_COLUMNS.map(csvCell).join(',')}\r\n`,
    line: (hit) => {
      const { partition, record, segment, leaf, entry, values } = hit;
      const fields = [...FIELDS, 'correlation' as const].map((field) => values[field] ?? '');
      const numbers = [partition, String(record), segment, String(leaf), String(entry ?? '')];
      const place = [...numbers, recordHashOf(hit), rawOf(hit).form];
      const cells = [timeOf(hit, zone), enqueuedOf(hit, zone), ...fields, ...place, excerptOf(hit)];
      return `${cells.map(csvCell).join(',')}\r\n`;
    },
  };
}

/**
 * A spreadsheet runs what begins so, and some pass over a space or a quote before it, or take the wide characters of East Asia for these.
 * RFC 4180; owasp.org/www-community/attacks/CSV_Injection
 */
const FORMULA = /^(?:[\s"'`]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n])/;

/** csvCell makes a cell of a CSV file: RFC 4180, always in quotes. */
export function csvCell(text: string): string {
  const shown = printable(FORMULA.test(text) ? `'${text}` : text);
  return `"${shown.replaceAll('"', '""')}"`;
}

interface Column {
  readonly title: string;
  /** the column is left out where the terminal is too narrow: the lowest number first; without one it stays */
  readonly rank?: number;
  readonly least: number;
  /** of what is left of the terminal's width, this column's share */
  readonly share: number;
  readonly text: (hit: Hit, zone: string) => string;
}

/** Of a resource the last two parts of its id are shown: what it is, and its name. */
const shortResource = (id: string): string => id.split('/').slice(-2).join('/');

const field = (name: Field, least: number, share: number, rank?: number): Column => ({
  title: name.toUpperCase(),
  ...(rank !== undefined && { rank }),
  least,
  share,
  text: ({ values }) => (name === 'resource' ? shortResource(values.resource ?? '') : (values[name] ?? '')),
});

const COLUMNS: readonly Column[] = [
  { title: 'TIME', rank: 4, least: 24, share: 0, text: timeOf },
  { title: 'ENQUEUED', least: 24, share: 0, text: enqueuedOf },
  field('category', 12, 1, 3),
  field('operation', 16, 3),
  field('actor', 16, 3, 7),
  field('target', 12, 2, 6),
  field('resource', 12, 2, 1),
  field('result', 7, 0, 5),
  field('ip', 15, 0, 2),
  { title: 'PLACE', least: 8, share: 0, text: placeOf },
];

/** How wide the columns are that share what is left, where nobody says how wide the table may be. */
const SHARE_WIDTH = 12;

const leastOf = (columns: readonly Column[]): number => columns.reduce((sum, { least }) => sum + least + 2, -2);

/** columnsIn gives the columns for which a terminal has room; 0 for one of any width. */
function columnsIn(width: number): readonly Column[] {
  const byRank = COLUMNS.filter(({ rank }) => rank !== undefined).sort((a, b) => (a.rank ?? 0) - (b.rank ?? 0));
  let columns = COLUMNS;
  for (const column of width === 0 ? [] : byRank)
    if (leastOf(columns) > width) columns = columns.filter((it) => it !== column);
  return columns;
}

function table({ zone, width }: FormatOptions): HitFormat {
  const columns = columnsIn(width);
  const shares = columns.reduce((sum, { share }) => sum + share, 0);
  const left = width === 0 ? shares * SHARE_WIDTH : Math.max(width - leastOf(columns), 0);
  const widths = columns.map(({ least, share }) => least + Math.floor((left * share) / shares));
  const row = (texts: readonly string[]): string => {
    const cells = texts.map((text, i) => (width === 0 ? text : cut(text, widths[i] ?? 0)).padEnd(widths[i] ?? 0));
    return cells.join('  ').trimEnd();
  };
  return {
    head: `${row(columns.map(({ title }) => title))}\n`,
    // How a record without fields begins stands in the place of its operation.
    line: (hit) =>
      `${row(columns.map(({ title, text }) => (title === 'OPERATION' && hit.isText ? excerptOf(hit) : oneLine(text(hit, zone)))))}\n`,
  };
}

/** oneLine prints a value on one line, whatever is in it. */
export const oneLine = (text: string): string => printable(text.replace(/[\r\n\t]+/g, ' '));

/** cut cuts a text to a width, and marks it. */
export const cut = (text: string, width: number): string =>
  text.length > width ? `${text.slice(0, Math.max(width - 1, 0))}…` : text;
