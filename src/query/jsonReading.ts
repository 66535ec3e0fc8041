import { MAX_JSON_DEPTH } from '../core/jsonObject.ts';

/** JsonFault is why readers of JSON don't agree on a text. */
export type JsonFault = 'too deep' | 'duplicate keys' | 'lone surrogate' | 'rounded number';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * jsonFaultIn looks through a valid JSON text (RFC 8259, UTF-8) for what readers don't agree on: nesting beyond MAX_JSON_DEPTH, which
 * overflows the stack of some; a key twice in an object, of which some take the first and some the last; the escape of half a
 * character, which some refuse; a number with a fraction or an exponent that is another one as a double. It names the worst of them, in
 * that order.
 */
export function jsonFaultIn(json: Buffer): JsonFault | undefined {
  return mayHaveFault(json) ? worstFaultIn(json) : undefined;
}

/** An object with more keys than this is looked through by the slow way. */
const MOST_KEYS = 64;
/** The hashes of the keys of the objects that are open, one behind the other. */
const hashes = new Int32Array(MOST_KEYS * (MAX_JSON_DEPTH + 1));

/** mayHaveFault looks through a text fast, without making strings of it, and is sure of what it finds nothing wrong with. */
function mayHaveFault(json: Buffer): boolean {
  const { length } = json;
  /** of each open object or list how many keys it has; -1 for a list */
  const counts: number[] = [];
  let isKey = false;
  for (let at = 0; at < length; at++) {
    const byte = json[at] as number;
    if (byte === QUOTE) {
      let hash = 0;
      for (at++; at < length && json[at] !== QUOTE; at++) {
        const character = json[at] as number;
        if (character === BACKSLASH) {
          at++;
          // Of half a character the escape begins with u and a D.
          if (isKey || (json[at] === 0x75 && ((json[at + 1] as number) | 0x20) === 0x64)) return true;
        } else hash = Math.imul(hash ^ character, 0x01000193);
      }
      if (isKey) {
        const level = counts.length - 1;
        const count = counts[level] as number;
        if (count === MOST_KEYS) return true;
        const first = level * MOST_KEYS;
        for (let i = first; i < first + count; i++) if (hashes[i] === hash) return true;
        hashes[first + count] = hash;
        counts[level] = count + 1;
        isKey = false;
      }
    } else if (byte === 0x7b || byte === 0x5b) {
      isKey = byte === 0x7b;
      if (counts.push(isKey ? 0 : -1) > MAX_JSON_DEPTH) return true;
    } else if (byte === 0x7d || byte === 0x5d) {
      counts.pop();
      isKey = false;
    } else if (byte === 0x2c) isKey = (counts.at(-1) ?? -1) >= 0;
    else if (byte === 0x2d || (byte >= 0x30 && byte <= 0x39)) {
      const start = at;
      let hasExponent = false;
      while (isOfNumber(json[at + 1])) if (((json[++at] as number) | 0x20) === 0x65) hasExponent = true;
      if (hasExponent || at - start >= SAFE_LENGTH) return true;
    }
  }
  return false;
}

function worstFaultIn(json: Buffer): JsonFault | undefined {
  /** of each open object its keys so far; undefined for a list */
  const open: (Set<string> | undefined)[] = [];
  let [isKey, isTwice, isLone, isRounded] = [false, false, false, false];
  for (let at = 0; at < json.length; at++) {
    const byte = json[at] as number;
    if (byte === QUOTE) {
      const { last, hasEscape } = stringAt(json, at);
      const keys = isKey ? open.at(-1) : undefined;
      if (keys !== undefined || hasEscape) {
        const text = json.toString('utf8', at + 1, last);
        const value = hasEscape ? (JSON.parse(`"${text}"`) as string) : text;
        isLone ||= hasEscape && !value.isWellFormed();
        isTwice ||= keys?.has(value) === true;
        keys?.add(value);
      }
      isKey = false;
      at = last;
    } else if (byte === 0x7b || byte === 0x5b) {
      isKey = byte === 0x7b;
      open.push(isKey ? new Set() : undefined);
      if (open.length > MAX_JSON_DEPTH) return 'too deep';
    } else if (byte === 0x7d || byte === 0x5d) {
      open.pop();
      isKey = false;
    } else if (byte === 0x2c) isKey = open.at(-1) !== undefined;
    else if (byte === 0x2d || (byte >= 0x30 && byte <= 0x39)) {
      const start = at;
      while (isOfNumber(json[at + 1])) at++;
      isRounded ||= isRoundedNumber(json.toString('latin1', start, at + 1));
    }
  }
  if (isTwice) return 'duplicate keys';
  if (isLone) return 'lone surrogate';
  return isRounded ? 'rounded number' : undefined;
}

/** stringAt gives the place of the quote that ends a string which begins at `at`, and whether it has an escape. */
function stringAt(json: Buffer, at: number): { readonly last: number; readonly hasEscape: boolean } {
  let hasEscape = false;
  for (at++; at < json.length && json[at] !== QUOTE; at++)
    if (json[at] === BACKSLASH) {
      hasEscape = true;
      at++;
    }
  return { last: at, hasEscape };
}

/** isOfNumber tells digits, signs, the point and the E from what ends a number. */
const isOfNumber = (byte: number | undefined): boolean =>
  byte !== undefined &&
  ((byte >= 0x30 && byte <= 0x39) || byte === 0x2e || byte === 0x2d || byte === 0x2b || (byte | 0x20) === 0x65);

/** A number of so few characters, without an exponent, is the same as a double. */
const SAFE_LENGTH = 15;

/** isRoundedNumber tells whether a number of JSON is another one when it is read as a double and printed. Whole ones are kept as they are. */
function isRoundedNumber(text: string): boolean {
  const isWhole = /^-?\d+$/.test(text);
  if (isWhole || (text.length <= SAFE_LENGTH && !/e/i.test(text))) return false;
  const read = Number(text);
  // What no double reaches is kept as text.
  return Number.isFinite(read) && plainDigits(text) !== plainDigits(String(read));
}

/** plainDigits writes a number in one way: its digits from the first to the last that isn't 0, and where the point is. */
function plainDigits(text: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(text) ?? [];
  const digits = (whole + fraction).replace(/^0+/, '');
  if (digits === '') return '0';
  const significant = digits.replace(/0+$/, '');
  return `${sign}${significant}e${Number(exponent) - fraction.length + (digits.length - significant.length)}`;
}
