// What an event body must become, written from docs/format.md section 5.3 alone, to hold the real slicer against. It
// shares no code with src/core and works another way: brackets are counted, and JSON.parse decides what is JSON.

/** ExpectedRecord is one record that a body must give. */
export interface ExpectedRecord {
  readonly form: 'object' | 'value' | 'text' | 'base64';
  /** the bytes that must come back: the JSON text, or the whole body of `text` and `base64` */
  readonly original: Buffer;
  /** the text of the other members of its envelope, if it is the envelope's first */
  readonly envelope?: string;
}

/** Member is one member of a JSON object: its key as written, with the quotes, and where its value is. */
export interface Member {
  readonly start: number;
  readonly key: string;
  readonly valueStart: number;
  readonly end: number;
}

// All texts here are "binary" strings, one character a byte.
const SPACE = /[ \t\r\n]*/y;
const STRING = /"[^"\\]*(?:\\[^][^"\\]*)*"/y;
const WORD = /[\w+.-]*/y;
const INSIDE = /[^"[\]{}]*/y;

const skip = (pattern: RegExp, text: string, at: number): number => {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
};
const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

/** valueEnd finds where a value ends if there is one at `at`; whether it is one, only JSON.parse knows. */
function valueEnd(text: string, at: number): number {
  const first = text[at] ?? '';
  if (first === '"') return skip(STRING, text, at);
  if (first !== '{' && first !== '[') return skip(WORD, text, at);
  let depth = 0;
  while (at < text.length) {
    const character = text[at] as string;
    if (character === '"') {
      const end = skip(STRING, text, at);
      if (end === at) break;
      at = end;
      continue;
    }
    if (character === '{' || character === '[') depth++;
    else if (character === '}' || character === ']') depth--;
    at++;
    if (depth === 0) return at;
    at = skip(INSIDE, text, at);
  }
  throw new SyntaxError('cut off');
}

/** depthOf tells how deep the arrays and objects of a JSON text nest. */
export function depthOf(text: string): number {
  let [depth, most] = [0, 0];
  for (const [bracket] of text.replaceAll(new RegExp(STRING, 'g'), '').matchAll(/[[\]{}]/g)) {
    depth += bracket === '[' || bracket === '{' ? 1 : -1;
    most = Math.max(most, depth);
  }
  return most;
}

/** parts splits what stands between the brackets of the valid JSON array or object text[start, end) at its commas. */
function parts(text: string, start: number, end: number): [number, number][] {
  const out: [number, number][] = [];
  let at = skip(SPACE, text, start + 1);
  while (at < end - 1) {
    const partStart = at;
    let partEnd = at;
    while (text[at] !== ',' && at < end - 1) {
      at = partEnd = text[at] === ':' ? at + 1 : valueEnd(text, at);
      at = skip(SPACE, text, at);
    }
    out.push([partStart, partEnd]);
    at = skip(SPACE, text, at + 1);
  }
  return out;
}

/** membersOf lists the members of the valid JSON object text[start, end). */
export const membersOf = (text: string, start = 0, end = text.length): Member[] =>
  parts(text, start, end).map(([memberStart, memberEnd]) => {
    const keyEnd = skip(STRING, text, memberStart);
    const valueStart = skip(SPACE, text, skip(SPACE, text, keyEnd) + 1);
    return { start: memberStart, key: text.slice(memberStart, keyEnd), valueStart, end: memberEnd };
  });

/** onOneLine removes the white space between the tokens of a JSON text if some of it is CR or LF. */
const onOneLine = (text: string): string =>
  /[\r\n]/.test(text)
    ? text.replaceAll(/("[^"\\]*(?:\\[^][^"\\]*)*")|[ \t\r\n]+/g, (_all, string?: string) => string ?? '')
    : text;

function single(text: string, start: number, end: number): ExpectedRecord {
  const original = bytes(onOneLine(text.slice(start, end)));
  return { form: text[start] === '{' ? 'object' : 'value', original };
}

function object(text: string, start: number, end: number): ExpectedRecord[] {
  const members = membersOf(text, start, end);
  const marked = members.filter(({ key }) => key === '"records"');
  const [records] = marked;
  if (records === undefined || marked.length > 1 || text[records.valueStart] !== '[') return [single(text, start, end)];
  const elements = parts(text, records.valueStart, records.end).map(([from, to]) => single(text, from, to));
  if (members.length === 1) return elements;
  const [first, ...rest] = elements;
  if (first === undefined) return [single(text, start, end)];
  const at = members.indexOf(records);
  const runs = [members.slice(0, at), members.slice(at + 1)].filter((run) => run.length > 0);
  const others = runs.map((run) => text.slice(run[0]?.start, run.at(-1)?.end)).join(',');
  return [{ ...first, envelope: onOneLine(`{${others}}`) }, ...rest];
}

function texts(text: string): ExpectedRecord[] {
  const out: ExpectedRecord[] = [];
  let at = skip(SPACE, text, text.startsWith('\xef\xbb\xbf') ? 3 : 0);
  if (at === text.length) throw new SyntaxError('nothing');
  while (at < text.length) {
    const start = at;
    const end = valueEnd(text, start);
    JSON.parse(bytes(text.slice(start, end)).toString());
    if (text[start] === '{') out.push(...object(text, start, end));
    else if (text[start] !== '[') out.push(single(text, start, end));
    else
      for (const [from, to] of parts(text, start, end))
        out.push(...(text[from] === '{' ? object(text, from, to) : [single(text, from, to)]));
    at = skip(SPACE, text, end);
  }
  return out;
}

/** expectedRecords lists the records that an event body must give. */
export function expectedRecords(body: Buffer): ExpectedRecord[] {
  try {
    new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    return [{ form: 'base64', original: body }];
  }
  try {
    return texts(body.toString('latin1'));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return [{ form: 'text', original: body }];
  }
}
