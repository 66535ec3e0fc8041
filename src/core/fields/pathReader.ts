import { asciiLower } from './fold.ts';
import { JsonScanner } from '../segment/jsonScanner.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const LETTER_N = 0x6e;

/** Path is the keys that lead to a value, from the top of a JSON text; as one string, with a dot between them. */
export type Path = string | readonly string[];

/** PathNode is a place that paths lead to or through, and what is told of the values there. */
export interface PathNode<T> {
  readonly tags: T[];
  /** by key, in lower case */
  readonly children: Map<string, PathNode<T>>;
  /** the same for keys as they stand in a text; made when first something is read by it */
  table?: KeyTable<T>;
  /** the place as it is in a string that is JSON itself: that string is no value of it again */
  inString?: PathNode<T>;
  /** what is below a place where a path ends */
  below?: PathNode<T>;
}

export const newNode = <T>(): PathNode<T> => ({ tags: [], children: new Map() });

/** nodeAt gives the place that a path leads to, and makes it if there is none. */
export function nodeAt<T>(root: PathNode<T>, path: Path): PathNode<T> {
  let node = root;
  for (const key of typeof path === 'string' ? path.split('.') : path) {
    const next = node.children.get(asciiLower(key)) ?? newNode<T>();
    node.children.set(asciiLower(key), next);
    node = next;
  }
  return node;
}

/** KeyTable is the children of a place by a sum over their keys' bytes, in lower case. */
type KeyTable<T> = ReadonlyMap<number, readonly { readonly key: Uint8Array; readonly node: PathNode<T> }[]>;

function tableOf<T>({ children }: PathNode<T>): KeyTable<T> {
  const table = new Map<number, { key: Uint8Array; node: PathNode<T> }[]>();
  for (const [name, node] of children) {
    const key = Buffer.from(name);
    const sum = key.reduce(addByte, 0);
    table.set(sum, [...(table.get(sum) ?? []), { key, node }]);
  }
  return table;
}

const addByte = (sum: number, byte: number): number => (Math.imul(sum, 31) + byte) | 0;

/** Each byte, and of an ASCII letter the lower-case one. */
const LOWER = Uint8Array.from({ length: 256 }, (_, byte) => (byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte));

/** Member is a member that was entered: where its value begins, negative where that is no JSON, and the place it leads to. */
interface Member<T> {
  at: number;
  node: PathNode<T> | undefined;
}

/**
 * enterMember reads the key whose quote stands at a place. Keys are compared by their bytes, since most of a log's lead nowhere; only one
 * with an escape is made a string.
 */
function enterMember<T>(scanner: JsonScanner, node: PathNode<T>, text: Buffer, at: number, member: Member<T>): void {
  let sum = 0;
  let end = at + 1;
  let byte = text[at] === QUOTE ? (text[end] as number) : 0;
  for (; byte >= 0x20 && byte !== QUOTE && byte !== BACKSLASH; byte = text[++end] as number)
    sum = addByte(sum, LOWER[byte] as number);
  if (byte !== QUOTE) {
    // What isn't plain the scanner reads, and tells whether it is a key at all.
    member.at = scanner.skipKey(at);
    if (member.at >= 0) member.node = childOf(node, escapedKeyAt(text, at));
    return;
  }
  member.at = end + 1;
  if (text[member.at] !== COLON) member.at = scanner.skipSpace(member.at);
  member.at = text[member.at] === COLON ? scanner.skipSpace(member.at + 1) : -1;
  member.node = undefined;
  const found = (node.table ??= tableOf(node)).get(sum);
  if (found !== undefined)
    for (const { key, node: child } of found) if (isKey(text, at + 1, end, key)) member.node = child;
  member.node ??= belowOf(node);
}

function isKey(text: Buffer, start: number, end: number, key: Uint8Array): boolean {
  if (end - start !== key.length) return false;
  for (let i = 0; i < key.length; i++) if (LOWER[text[start + i] as number] !== key[i]) return false;
  return true;
}

const childOf = <T>(node: PathNode<T>, key: string): PathNode<T> | undefined => node.children.get(key) ?? belowOf(node);

/** belowOf is everything below a path's end that leads no further: it is taken. */
function belowOf<T>(node: PathNode<T>): PathNode<T> | undefined {
  if (node.tags.length === 0 || node.children.size > 0) return undefined;
  const below: PathNode<T> = (node.below ??= { tags: node.tags, children: node.children });
  below.below = below;
  return below;
}

/** Opened is the objects and lists that a reading is in. Each costs a byte, and where a path leads further a little more. */
class Opened<T> {
  #isObject = new Uint8Array(64);
  #depth = 0;
  /** the places that the paths lead through, and at which depth each begins */
  readonly #nodes: { readonly node: PathNode<T>; readonly depth: number }[] = [];

  push(node: PathNode<T>, isObject: boolean): void {
    if (this.#depth === this.#isObject.length) {
      const longer = new Uint8Array(2 * this.#depth);
      longer.set(this.#isObject);
      this.#isObject = longer;
    }
    this.#isObject[this.#depth] = isObject ? 1 : 0;
    if (this.#nodes.at(-1)?.node !== node) this.#nodes.push({ node, depth: this.#depth });
    this.#depth++;
  }

  pop(): void {
    this.#depth--;
    if (this.#nodes.at(-1)?.depth === this.#depth) this.#nodes.pop();
  }

  get isEmpty(): boolean {
    return this.#depth === 0;
  }

  get isObject(): boolean {
    return this.#isObject[this.#depth - 1] === 1;
  }

  /** node is the place of the innermost one; there is one. */
  get node(): PathNode<T> {
    return (this.#nodes.at(-1) as { node: PathNode<T> }).node;
  }
}

/**
 * readPaths gives every value that the paths below `root` lead to in a JSON text that is valid UTF-8: of duplicate keys each, of lists
 * each item, and of a string on a path that is JSON itself what the rest of the path leads to, once. Keys are compared without regard
 * to ASCII case. A string is unescaped, and a lone surrogate in it is U+FFFD; of a number the digits are given as they stand, of true
 * and false the word; null is no value.
 *
 * It gives false if the text isn't JSON (RFC 8259) in whole: then what was given doesn't count. Nothing recurses, whatever the depth.
 */
export function readPaths<T>(text: Buffer, root: PathNode<T>, visit: (tag: T, value: string) => void): boolean {
  return read(text, root, visit, true);
}

function read<T>(
  text: Buffer,
  root: PathNode<T>,
  visit: (tag: T, value: string) => void,
  opensStrings: boolean,
): boolean {
  const scanner = new JsonScanner(text);
  const opened = new Opened<T>();
  let node: PathNode<T> | undefined = root;
  let at = scanner.skipSpace(0);
  const member: Member<T> = { at: 0, node: undefined };
  const enter = (): void => {
    enterMember(scanner, opened.node, text, at, member);
    ({ at, node } = member);
  };
  while (at >= 0) {
    // A value begins here.
    const byte = text[at];
    const isObject = byte === OPEN_BRACE;
    if (node !== undefined && (isObject || byte === OPEN_BRACKET)) {
      at = scanner.skipSpace(at + 1);
      if (text[at] === byte + 2) at++;
      else {
        opened.push(node, isObject);
        if (isObject) enter();
        continue;
      }
    } else {
      const from = at;
      at = scanner.skipValue(at);
      if (at >= 0 && node !== undefined) take(text, from, at, node, visit, opensStrings);
    }
    // A value ended here: close what it ends, or go on behind a comma.
    while (at >= 0) {
      at = scanner.skipSpace(at);
      if (opened.isEmpty) return at === text.length;
      if (text[at] === COMMA) {
        at = scanner.skipSpace(at + 1);
        ({ node } = opened);
        if (opened.isObject) enter();
        break;
      }
      if (text[at] !== (opened.isObject ? CLOSE_BRACE : CLOSE_BRACKET)) return false;
      at++;
      opened.pop();
    }
  }
  return false;
}

/** escapedKeyAt gives the key whose quote stands at a place, unescaped and in lower case. */
function escapedKeyAt(text: Buffer, at: number): string {
  let end = at + 1;
  for (let byte = text[end]; byte !== QUOTE; byte = text[++end]) if (byte === BACKSLASH) end++;
  return asciiLower(unescaped(text, at, end + 1));
}

function take<T>(
  text: Buffer,
  from: number,
  to: number,
  place: PathNode<T>,
  visit: (tag: T, value: string) => void,
  opensStrings: boolean,
): void {
  const { tags, children } = place;
  if (text[from] === QUOTE) {
    const value = unescaped(text, from, to);
    for (const tag of tags) visit(tag, value);
    if (opensStrings && children.size > 0) openString(value, (place.inString ??= { tags: [], children }), visit);
  } else if (text[from] !== LETTER_N && tags.length > 0) {
    const value = text.toString('latin1', from, to);
    for (const tag of tags) visit(tag, value);
  }
}

/** openString reads a string that is an object or a list itself; of one that only begins so nothing counts. */
function openString<T>(value: string, node: PathNode<T>, visit: (tag: T, value: string) => void): void {
  if (!/^[ \t\r\n]*[[{]/.test(value)) return;
  const found: [tag: T, value: string][] = [];
  if (read(Buffer.from(value), node, (...one) => found.push(one), false)) for (const one of found) visit(...one);
}

/** unescaped gives the text of a JSON string, its quotes included; what is no Unicode text becomes U+FFFD. */
function unescaped(text: Buffer, from: number, to: number): string {
  const raw = text.toString('utf8', from, to);
  return raw.includes('\\') ? (JSON.parse(raw) as string).toWellFormed() : raw.slice(1, -1);
}
