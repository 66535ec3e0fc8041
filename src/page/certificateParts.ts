import { markup, untrusted } from './markup.ts';
import type { Markup } from './markup.ts';
import { factList } from './parts.ts';
import { number, plural } from './reportValues.ts';
import { readRecordFields } from '../core/fields/recordFields.ts';
import type { Extra, Field } from '../core/fields/rule.ts';
import { formatHash, nodeHash } from '../core/hash.ts';
import type { Hash } from '../core/hash.ts';
import { inclusionRanges, isLeafIndex } from '../core/merkle/proof.ts';
import type { InclusionProof } from '../core/merkle/proof.ts';
import { readSeal } from '../core/segment/recordLine.ts';

/** Join is one step from a leaf to a root. */
interface Join {
  readonly sibling: Hash;
  readonly side: 'left' | 'right';
  /** the hash of both */
  readonly parent: Hash;
}

/** Way is all joins from a leaf, and what they give. */
export interface Way {
  readonly joins: readonly Join[];
  readonly root: Hash;
}

/** wayOf follows an inclusion proof from a leaf's hash; undefined if it has not as many hashes as its place needs. RFC 6962, 2.1.1. */
export function wayOf({ index, size, hashes }: InclusionProof, leaf: Hash): Way | undefined {
  const ranges = isLeafIndex(index, size) ? inclusionRanges(index, size) : undefined;
  if (ranges?.length !== hashes.length) return undefined;
  let root = leaf;
  const joins = hashes.map((sibling, i): Join => {
    const side = (ranges[i]?.start ?? 0) > index ? 'right' : 'left';
    root = side === 'right' ? nodeHash(root, sibling) : nodeHash(sibling, root);
    return { sibling, side, parent: root };
  });
  return { joins, root };
}

/** joinList writes how each hash follows from the one before. */
export const joinList = ({ joins }: Way): Markup =>
  joins.length === 0
    ? markup`<p class="small soft">There is nothing to join: the leaf is all of its tree.</p>`
    : markup`<ol class="joins">
${joins.map(({ sibling, side, parent }) => markup`<li>With <code>${formatHash(sibling)}</code> on the ${side}, it gives <code>${formatHash(parent)}</code>.</li>\n`)}</ol>`;

const WORDS: readonly (readonly [string, Field | Extra])[] = [
  ['Who', 'actor'],
  ['What', 'operation'],
  ['Category', 'category'],
  ['To what', 'target'],
  ['Resource', 'resource'],
  ['With what result', 'result'],
  ['From where', 'ip'],
  ['When, as the record says', 'time'],
];
/** So many values of a field are shown. */
const SHOWN = 3;

/** fieldsIn gives the values of a record's fields, those that say most first. */
function fieldsIn(line: Buffer): ReadonlyMap<Field | Extra, readonly string[]> | undefined {
  const taken = new Map<Field | Extra, Map<string, number>>();
  const isJson = readRecordFields(line, readSeal(line, 0, line.length)?.form, (field, value, rank) => {
    const values = taken.get(field) ?? new Map<string, number>();
    values.set(value, Math.min(values.get(value) ?? Infinity, rank));
    taken.set(field, values);
  });
  if (!isJson) return undefined;
  const byRank = (values: ReadonlyMap<string, number>): string[] =>
    [...values].toSorted(([, a], [, b]) => a - b).map(([value]) => value);
  return new Map([...taken].map(([field, values]) => [field, byRank(values)]));
}

/** MAX_VALUE bounds a value that is shown, in characters. */
const MAX_VALUE = 400;

/** cut bounds a value that is shown, and says how much of it is left out. */
export const cut = (text: string): string =>
  text.length <= MAX_VALUE
    ? text
    : `${text.slice(0, MAX_VALUE)} … (${plural(text.length - MAX_VALUE, 'more character')})`;

/** plainWords says who did what, to what and when, as a record says itself, by the rules that `find` goes by. */
export function plainWords(line: Buffer, place: readonly (readonly [string, string])[]): Markup {
  const fields = fieldsIn(line);
  const said = WORDS.flatMap(([name, field]): [string, Markup | string][] => {
    const values = fields?.get(field) ?? [];
    // Nearly every record says who, what and when; of the rest only what is there is named.
    if (values.length === 0)
      return ['actor', 'operation', 'time'].includes(field)
        ? [[name, fields === undefined ? 'not JSON' : 'not said in a member that the rules know']]
        : [];
    const more = values.length - SHOWN;
    const shown = values
      .slice(0, SHOWN)
      .map((value, i) => markup`${i === 0 ? '' : '; '}<code>${untrusted(cut(value))}</code>`);
    return [[name, markup`${shown}${more > 0 ? `; and ${plural(more, 'more value')} in the record` : ''}`]];
  });
  return factList([...said, ...place]);
}

const MAX_CHARACTERS = 100_000;
const MAX_ROWS = 4_000;
const MAX_INDENT = 24;

/** isShownWhole tells whether all of a line is laid out. */
export const isShownWhole = (line: Buffer): boolean => rowsOf(line.toString('utf8'), MAX_CHARACTERS).left === 0;

/** rowsOf breaks a line at the brackets and commas outside of its strings, and says how many characters it leaves out. */
function rowsOf(line: string, most: number): { readonly rows: readonly string[]; readonly left: number } {
  const rows: string[] = [];
  let [row, depth, isString] = ['', 0, false];
  const end = (): void => {
    if (row.trim() !== '') rows.push(row);
    row = '  '.repeat(Math.min(depth, MAX_INDENT));
  };
  const shown = Math.min(line.length, most);
  let at = 0;
  for (; at < shown && rows.length < MAX_ROWS; at++) {
    const character = line[at] as string;
    if (isString) {
      row += character;
      if (character === '\\' && at + 1 < shown) row += line[++at];
      else if (character === '"') isString = false;
      continue;
    }
    const [opens, closes] = ['{['.includes(character), '}]'.includes(character)];
    if (closes) {
      depth = Math.max(depth - 1, 0);
      if (!'{['.includes(line[at - 1] ?? '')) end();
    }
    row += character === ':' ? ': ' : character;
    isString = character === '"';
    if (opens) depth++;
    if (character === ',' || (opens && !'}]'.includes(line[at + 1] ?? ''))) end();
  }
  if (row.trim() !== '') rows.push(row);
  return { rows, left: line.length - at };
}

/** recordLine lays out a record's line, and says what is left out and where it is. */
export function recordLine(line: Buffer, rest: string, most = MAX_CHARACTERS): Markup {
  const text = line.toString('utf8');
  const { rows, left } = rowsOf(text, most);
  return markup`<p class="small soft">The line is broken into rows for reading. The proof is about the one line without these breaks, in UTF-8 and without a line feed at its end: ${plural(line.length, 'byte')}.</p>
${left === 0 ? '' : markup`<p class="note">Too long to print whole: the first ${number(text.length - left)} of ${number(text.length)} characters are here, and ${plural(left, 'character')} ${left === 1 ? 'is' : 'are'} left out. ${untrusted(rest)}</p>`}
<pre class="record" tabindex="0" aria-label="The record’s line">${rows.map((row) => markup`${untrusted(row)}\n`)}</pre>`;
}
