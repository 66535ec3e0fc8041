import { csvCell, cut, oneLine } from './hits.ts';
import { formatMoment } from './moment.ts';
import { printable } from './output.ts';
import type { SqlValue } from '../ports/sqlEngine.ts';

// How the rows of a statement are printed. As with records that were found, nothing of a value can act on a terminal or run in a
// spreadsheet, and no digit of a number is lost.

/** RowFormat prints rows, each with its LF. What it gives may lag behind: `end` gives the rest. */
export interface RowFormat {
  /** what comes before the rows */
  readonly head: string;
  line(row: readonly SqlValue[]): string;
  end(): string;
  /** how many values were cut */
  readonly cut: number;
}

/** RowOptions is the zone in which moments are shown, and in how many columns a table has to fit; 0 for as many as it takes. */
export interface RowOptions {
  readonly zone: string;
  readonly width: number;
}

/** rowFormat gives the format of a name. */
export function rowFormat(name: 'table' | 'jsonl' | 'csv', columns: readonly string[], options: RowOptions): RowFormat {
  const { zone } = options;
  if (name === 'table') return new Table(columns, options);
  const format = name === 'csv' ? csv(columns, zone) : jsonl(columns, zone);
  return { ...format, end: () => '', cut: 0 };
}

const jsonl = (columns: readonly string[], zone: string): Pick<RowFormat, 'head' | 'line'> => ({
  head: '',
  line: (row) => {
    const members = columns.map((name, i) => `${JSON.stringify(name)}:${jsonOf(row[i] ?? null, zone)}`);
    return `${printable(`{${members.join(',')}}`)}\n`;
  },
});

/** NULL is an empty cell without quotes: an empty text has them. */
const csv = (columns: readonly string[], zone: string): Pick<RowFormat, 'head' | 'line'> => ({
  head: `${columns.map(csvCell).join(',')}\r\n`,
  line: (row) =>
    `${row.map((value) => (value === null ? '' : (csvNumber(value) ?? csvCell(textOf(value, zone))))).join(',')}\r\n`,
});

/** A number that begins with a minus is no formula, and an apostrophe before it would make it a text. */
const csvNumber = (value: SqlValue): string | undefined =>
  typeof value === 'object' && value !== null && 'number' in value ? `"${value.number}"` : undefined;

/** jsonOf prints a value as JSON on one line. A moment and what JSON has no word for are texts, bytes are in base64, a map is a list of pairs. */
function jsonOf(value: SqlValue, zone: string): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return JSON.stringify(value);
  if ('number' in value) return isJsonNumber(value.number) ? value.number : JSON.stringify(value.number);
  if ('json' in value) return isJson(value.json) ? value.json.replace(/[\t\r\n]/g, ' ') : JSON.stringify(value.json);
  if ('list' in value) return `[${value.list.map((item) => jsonOf(item, zone)).join(',')}]`;
  if ('members' in value)
    return `{${value.members.map(([name, member]) => `${JSON.stringify(name)}:${jsonOf(member, zone)}`).join(',')}}`;
  if ('map' in value)
    return `[${value.map.map(([key, item]) => `[${jsonOf(key, zone)},${jsonOf(item, zone)}]`).join(',')}]`;
  return JSON.stringify(textOf(value, zone));
}

const isJsonNumber = (text: string): boolean => /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text);

/** The engine takes more for JSON than JSON is: NaN, say. */
function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** textOf prints a value as text: what is made of several as JSON, bytes in base64. */
function textOf(value: Exclude<SqlValue, null>, zone: string): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return String(value);
  if ('number' in value) return value.number;
  if ('json' in value) return value.json;
  if ('bytes' in value) return Buffer.from(value.bytes).toString('base64');
  return 'moment' in value ? momentText(value.moment, zone) : jsonOf(value, zone);
}

/** What Date takes, in ms since 1970. */
const MOST_MS = 8.64e15;

/** momentText prints microseconds since 1970 as times are printed everywhere, and microseconds only where there are some. */
function momentText(micros: bigint, zone: string): string {
  const rest = ((micros % 1000n) + 1000n) % 1000n;
  const ms = Number((micros - rest) / 1000n);
  // The engine's times reach further than those of this program.
  if (Math.abs(ms) > MOST_MS) return `${micros} µs since 1970`;
  const text = formatMoment(ms, zone);
  return rest === 0n ? text : text.replace(/(\.\d{3})/, `$1${String(rest).padStart(3, '0')}`);
}

/** So many rows are looked at before columns get their widths. */
const LOOKED_AT = 500;
/** A value takes so much of a table at most, and what is longer is cut: one of a record may have a megabyte. */
const WIDEST = 200;
const NARROWEST = 8;

/** Table prints rows in columns that are as wide as the first rows need, and as a terminal has room for. */
class Table implements RowFormat {
  readonly head = '';
  cut = 0;
  readonly #columns: readonly string[];
  readonly #options: RowOptions;
  #waiting: string[][] | undefined = [];
  #widths: readonly number[] = [];

  constructor(columns: readonly string[], options: RowOptions) {
    this.#columns = columns.map(oneLine);
    this.#options = options;
  }

  line(row: readonly SqlValue[]): string {
    const cells = row.map((value) => cellOf(value, this.#options.zone));
    if (this.#waiting === undefined) return this.#print(cells);
    this.#waiting.push(cells);
    return this.#waiting.length < LOOKED_AT ? '' : this.end();
  }

  end(): string {
    const waiting = this.#waiting;
    if (waiting === undefined) return '';
    this.#waiting = undefined;
    this.#widths = this.#widthsFor([this.#columns, ...waiting]);
    const head = this.#columns.map((name, i) => cut(name, this.#widths[i] ?? 0).padEnd(this.#widths[i] ?? 0));
    return [`${head.join('  ').trimEnd()}\n`, ...waiting.map((cells) => this.#print(cells))].join('');
  }

  #widthsFor(rows: readonly (readonly string[])[]): number[] {
    const widths = this.#columns.map((_, i) =>
      rows.reduce((most, cells) => Math.max(most, Math.min(cells[i]?.length ?? 0, WIDEST)), 1),
    );
    const { width } = this.#options;
    // The widest column gives first.
    for (;;) {
      const widest = Math.max(...widths);
      const over = widths.reduce((sum, one) => sum + one + 2, -2) - width;
      if (width === 0 || over <= 0 || widest <= NARROWEST) return widths;
      const next = Math.max(NARROWEST, widest - over, ...widths.filter((one) => one < widest));
      widths[widths.indexOf(widest)] = next < widest ? next : widest - 1;
    }
  }

  #print(cells: readonly string[]): string {
    const shown = cells.map((text, i) => {
      const most = this.#options.width === 0 ? WIDEST : (this.#widths[i] ?? WIDEST);
      if (text.length > most) this.cut += 1;
      return cut(text, most).padEnd(this.#widths[i] ?? 0);
    });
    return `${shown.join('  ').trimEnd()}\n`;
  }
}

/** cellOf prints a value in a table: NULL as a word, and a text that is that word in quotes. */
function cellOf(value: SqlValue, zone: string): string {
  if (value === null) return 'NULL';
  const text = textOf(value, zone);
  // More than that is never shown, and a megabyte takes long to make harmless.
  const shown = oneLine(text.slice(0, WIDEST + 1));
  return typeof value === 'string' && /^'*NULL'*$/i.test(text) ? `'${shown}'` : shown;
}
