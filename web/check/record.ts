import { readTokens } from '../verify/json.ts';
import { element, laidOut } from './dom.ts';
import { part } from './parts.ts';

const MAX_CHARACTERS = 60_000;
const MAX_ROWS = 2_000;
const MAX_INDENT = 24;
const MAX_TOKEN = 8_000;

/** Layout is a record's line laid out for people, as far as it goes. */
interface Layout {
  readonly text: string;
  /** what was left out or can't be shown, for people */
  readonly left: string | undefined;
}

/**
 * layOut breaks a record's line into rows at its brackets and commas. Nothing else of it changes: digits, escapes and
 * duplicate members stand as in the line. It ends after a bounded number of rows and characters.
 */
function layOut(line: string): Layout {
  const shown: string[] = [];
  let [rows, length, depth, last] = [1, 0, 0, ''];
  const add = (text: string): void => {
    shown.push(text);
    length += text.length;
  };
  const newRow = (): void => {
    rows++;
    add(`\n${'  '.repeat(Math.min(depth, MAX_INDENT))}`);
  };
  const tokens = readTokens(line);
  for (;;) {
    const { done, value: token } = tokens.next();
    if (done) {
      if (token === line.length) return { text: shown.join(''), left: undefined };
      return { text: line.slice(0, MAX_CHARACTERS), left: `It is not JSON from character ${token + 1} on.` };
    }
    if (rows >= MAX_ROWS || length >= MAX_CHARACTERS) {
      const more = (line.length - token.start).toLocaleString('en');
      return { text: shown.join(''), left: `Too long to show whole: ${more} more characters follow.` };
    }
    const { kind, start, end } = token;
    const closes = kind === '}' || kind === ']';
    if (closes) depth--;
    const opened = last === '{' || last === '[';
    if (closes ? !opened : opened || last === ',') newRow();
    if (kind === '{' || kind === '[') depth++;
    const cut = end - start - MAX_TOKEN;
    add(kind === ':' ? ': ' : line.slice(start, Math.min(end, start + MAX_TOKEN)));
    if (cut > 0) add(` (${cut.toLocaleString('en')} more characters)`);
    last = kind;
  }
}

/** showLine shows a record's line so that nothing in it can act on the page or be unseen, below what is to be said of that. */
export function showLine(line: string, attributes: Readonly<Record<string, string>>): HTMLElement[] {
  const { text, left } = layOut(line);
  const shown = element('pre', { ...attributes, tabindex: '0', 'aria-label': "The record's line" });
  for (const [i, row] of text.split('\n').entries()) shown.append(i === 0 ? '' : '\n', laidOut(row));
  const notes = [
    'The line is broken into rows for reading. The proof is about the one line without these breaks, in UTF-8 and without a line feed at its end.',
    ...(left === undefined ? [] : [left]),
    ...(shown.querySelector('i') === null
      ? []
      : ['Each marked escape stands for one or more characters that would not be seen.']),
  ];
  return [...notes.map((note) => element('p', { class: 'soft small' }, note)), shown];
}

/** showRecord shows the record of an evidence file. */
export const showRecord = (line: string, isProved: boolean): HTMLElement =>
  part(
    'line',
    isProved ? 'The record, as it was proved' : 'The record, as the file claims it',
    ...showLine(line, { id: 'record' }),
  );
