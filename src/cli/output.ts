import { MOST_NAMED } from '../find/tally.ts';
import { UNSEEN } from '../core/text.ts';

// What the command line prints: results on standard output, everything else on standard error. Whatever is in a line, of it
// nothing can act on a terminal or be unseen.

/** print prints one line of a result. */
export const print = (text: string): void => printPage(`${printable(text)}\n`);

/** tell says one line on standard error. */
export const tell = (text: string): void => void process.stderr.write(`${printable(text)}\n`);

/** warn says something on standard error, and who says it. */
export const warn = (text: string): void =>
  void process.stderr.write(`${fit(printable(`auditseal: ${text}`), process.stderr)}\n`);

/** printJson prints a value as one line of JSON. */
export const printJson = (value: unknown): void => print(JSON.stringify(value));

/** printItem prints one line of a result, over several of a terminal that is too narrow for it. */
export const printItem = (text: string): void => printPage(`${fit(printable(text), process.stdout)}\n`);

/** printPage prints what may not be changed: text of this program's own, and bytes that the user asked for as they are. */
export const printPage = (content: string | Uint8Array): void => void process.stdout.write(content);

/** fit breaks a line that a terminal is too narrow for. Elsewhere it stays one line, which programs can search. */
function fit(line: string, { isTTY, columns }: NodeJS.WriteStream): string {
  return isTTY && columns > 0 ? wrap(line, columns, `${/^ */.exec(line)?.[0] ?? ''}    `) : line;
}

/** printable makes hostile text harmless: what can't be seen becomes \u escapes. In JSON that is the same text. */
export const printable = (text: string): string => text.replace(UNSEEN, (unseen) => unseen.replace(/[^]/g, escapeUnit));

/** JSON knows escapes of UTF-16 code units alone. */
const escapeUnit = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** formatBytes prints a number of bytes in decimal units. */
export function formatBytes(bytes: number): string {
  let unit = 0;
  let value = bytes;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(value < 10 ? 2 : 1)} ${UNITS[unit]}`;
}

/** formatCount prints a whole number in groups of three digits. Loading the locale for it would take longer than a check. */
export const formatCount = (count: number): string => String(count).replace(/\B(?=(?:[0-9]{3})+$)/g, ',');

/** counted prints a number, and the word that goes with one or with many. */
export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${formatCount(count)} ${count === 1 ? one : many}`;

/** some names a few of `count` things, of which the first are given, and how many there are beside. */
export function some(items: readonly string[], count: number = items.length): string {
  const rest = count - MOST_NAMED;
  return `${items.slice(0, MOST_NAMED).join(', ')}${rest > 0 ? ` and ${formatCount(rest)} more` : ''}`;
}

/** wrap breaks a text at spaces into lines of at most `width` columns; all but the first are indented. */
export function wrap(text: string, width: number, indent = ''): string {
  const lines: string[] = [];
  let line = '';
  // Spaces before a word belong to it, so that what stands in columns stays there.
  for (const [word] of text.matchAll(/ *[^ ]+/g)) {
    if (line.length + word.length <= width || line.trim() === '') line += word;
    else {
      lines.push(line);
      line = indent + word.trimStart();
    }
  }
  return [...lines, line].join('\n');
}

/** composeTable puts each row's second text beside its first, wrapped into a column of its own. */
export function composeTable(rows: readonly (readonly [string, string])[], width: number): string {
  const column = Math.max(...rows.map(([head]) => head.length)) + 2;
  const indent = ' '.repeat(column);
  return rows.map(([head, text]) => wrap(head.padEnd(column) + text, width, indent)).join('\n');
}
