import { utf8 } from '../verify/bytes.ts';
import { readTokens } from '../verify/json.ts';
import { element, laidOut } from './dom.ts';
import { part, plural } from './parts.ts';

const MAX_CHARACTERS = 60_000;
const MAX_ROWS = 2_000;
const MAX_INDENT = 24;
const MAX_TOKEN = 8_000;
/** A longer line is saved to a file, and not laid out by the page. */
const MAX_WHOLE = 2_000_000;

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
  let [rows, length, depth, last, missing] = [1, 0, 0, '', 0];
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
      if (token === line.length) return { text: shown.join(''), left: missing === 0 ? undefined : tooLong(missing) };
      return { text: line.slice(0, MAX_CHARACTERS), left: `It is not JSON from character ${token + 1} on.` };
    }
    if (rows >= MAX_ROWS || length >= MAX_CHARACTERS) {
      return { text: shown.join(''), left: tooLong(line.length - token.start + missing) };
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
    missing += Math.max(cut, 0);
    last = kind;
  }
}

const tooLong = (missing: number): string =>
  `Too long to show whole: ${plural(missing, 'character')} of it ${missing === 1 ? 'is' : 'are'} left out.`;

/** LineName says which record a line is, for the file that it is saved as and for where the rest of it is. */
export interface LineName {
  /** of the file that its bytes are saved as */
  readonly file: string;
  /** where the chosen file has it, such as "in its member line" */
  readonly place: string;
}

/** isShownWhole tells whether all of a line is shown before somebody asks for it. */
export const isShownWhole = (line: string): boolean => layOut(line).left === undefined;

/** showLine shows a record's line so that nothing in it can act on the page or be unseen, below what is to be said of that. */
export function showLine(
  line: string,
  attributes: Readonly<Record<string, string>>,
  { file, place }: LineName,
): HTMLElement[] {
  const { text, left } = layOut(line);
  const bytes = utf8(line);
  const shown = element('pre', { ...attributes, tabindex: '0', 'aria-label': "The record's line" });
  for (const [i, row] of text.split('\n').entries()) shown.append(i === 0 ? '' : '\n', laidOut(row));
  const rows = element(
    'p',
    { class: 'soft small' },
    'The line is broken into rows for reading. The proof is about the one line without these breaks, in UTF-8 and without a line feed at its end: ',
    `${plural(bytes.length, 'byte')}.`,
  );
  const rest = element(
    'p',
    { class: 'cut' },
    `${left ?? ''} What is shown and printed here is not all of the line: all of it is ${place}, and \u201cSave the line\u201d on the page writes it to a file.`,
  );
  const escapes = element(
    'p',
    { class: 'soft small' },
    'Each marked escape stands for one or more characters that would not be seen.',
  );
  const tools = element('p', { class: 'tools' }, saveButton(bytes, file));
  const notes = [rows, ...(left === undefined ? [] : [rest])];
  if (left !== undefined && line.length <= MAX_WHOLE) {
    const all = element('button', { type: 'button' }, 'Show and print all of the line');
    all.addEventListener('click', () => {
      shown.replaceChildren(laidOut(line));
      rows.remove();
      rest.replaceChildren('All of the line is shown, as it stands: one line, without breaks of its own.');
      all.remove();
      shown.focus();
    });
    tools.append(' ', all);
  }
  return [...notes, ...(shown.querySelector('i') === null && left === undefined ? [] : [escapes]), tools, shown];
}

/** saveButton writes bytes to a file of the user: those of the line, of which the record's hash is made. */
function saveButton(bytes: Uint8Array<ArrayBuffer>, file: string): HTMLElement {
  const button = element('button', { type: 'button' }, 'Save the line');
  button.addEventListener('click', () => {
    const href = URL.createObjectURL(new Blob([bytes], { type: 'application/octet-stream' }));
    element('a', { href, download: file }).click();
    setTimeout(() => URL.revokeObjectURL(href), 60_000);
  });
  return button;
}

/** lineFile names the file that a record's line is saved as. */
export const lineFile = (partition: string | undefined, record: number | undefined): string =>
  `record-${partition ?? 'unknown'}-${record ?? 'unknown'}.json`;

/** showRecord shows the record of an evidence file. */
export const showRecord = (line: string, isProved: boolean, file: string): HTMLElement =>
  part(
    'line',
    isProved ? 'The record, as it was proved' : 'The record, as the file claims it',
    ...showLine(line, { id: 'record' }, { file, place: 'in the file that was checked, in its member line' }),
  );
