const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** The bytes that may follow a backslash, but for `u`. */
const ESCAPED = new Uint8Array(256);
for (const byte of Buffer.from('"\\/bfnrt')) ESCAPED[byte] = 1;

const LITERALS = new Map([
  [0x74, Buffer.from('true')],
  [0x66, Buffer.from('false')],
  [0x6e, Buffer.from('null')],
]);

/** For each open container of the scan under way, whether it stands in an object; kept, so that it is allocated once. */
let containers: Uint8Array = new Uint8Array(1024);

function grow(open: Uint8Array): Uint8Array {
  containers = new Uint8Array(open.length * 2);
  containers.set(open);
  return containers;
}

const fail = (at: number): number => -1 - at;
const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x30 && byte <= 0x39;

/**
 * JsonScanner finds where JSON values end (RFC 8259) in bytes that are valid UTF-8. It validates, and never builds a
 * value, so nothing is lost to a parser: not digits, not duplicate keys, not escapes.
 *
 * Its methods take a position and return the one behind what they read, or a negative number if it is not JSON:
 * -1 - (position of the offending byte). Nothing recurses; depth costs a byte a level.
 */
export class JsonScanner {
  readonly bytes: Uint8Array;
  readonly end: number;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.end = bytes.length;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** skipSpace skips space, tab, CR and LF. It can't fail. */
  skipSpace(at: number): number {
    const { bytes, end } = this;
    while (at < end) {
      const byte = bytes[at];
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break;
      at++;
    }
    return at;
  }

  /** skipKey skips a member's key, the colon and the space around it; `at` is where the key must begin. */
  skipKey(at: number): number {
    if (at >= this.end || this.bytes[at] !== QUOTE) return fail(Math.min(at, this.end));
    at = this.skipValue(at);
    if (at < 0) return at;
    at = this.skipSpace(at);
    return at < this.end && this.bytes[at] === COLON ? this.skipSpace(at + 1) : fail(Math.min(at, this.end));
  }

  /** skipValue skips one JSON value of any kind, size and depth; `at` is its first byte. */
  skipValue(at: number): number {
    const { bytes, end } = this;
    const view = this.#view;
    let open = containers;
    let depth = 0;
    let isObject = false;
    let isKey = false;
    for (;;) {
      // A key or a value begins here.
      let byte = at < end ? bytes[at] : 0;
      if (byte === QUOTE) {
        at++;
        for (;;) {
          // Most of a log is in strings, so four bytes at a time: a byte of `hits` has its high bit set where the text has
          // a quote, a backslash or a control character (exact up to the first one, and that is all that is asked).
          while (at + 4 <= end) {
            const word = view.getInt32(at, true);
            const quote = word ^ 0x22222222;
            const slash = word ^ 0x5c5c5c5c;
            const hits =
              (((quote - 0x01010101) & ~quote) | ((slash - 0x01010101) & ~slash) | ((word - 0x20202020) & ~word)) &
              0x80808080;
            if (hits !== 0) {
              at += (31 - Math.clz32(hits & -hits)) >> 3;
              break;
            }
            at += 4;
          }
          while (at < end && isPlain(bytes[at] as number)) at++;
          if (at >= end) return fail(end);
          byte = bytes[at];
          if (byte === QUOTE) break;
          at = byte === BACKSLASH ? this.#skipEscape(at) : fail(at);
          if (at < 0) return at;
        }
        at++;
        if (isKey) {
          if (at < end && bytes[at] !== COLON) at = this.skipSpace(at);
          if (at >= end || bytes[at] !== COLON) return fail(Math.min(at, end));
          at++;
          if (at < end && (bytes[at] as number) <= 0x20) at = this.skipSpace(at);
          isKey = false;
          continue;
        }
      } else if (isKey) {
        return fail(Math.min(at, end));
      } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        at++;
        if (at < end && (bytes[at] as number) <= 0x20) at = this.skipSpace(at);
        if (at < end && bytes[at] === byte + 2) at++;
        else {
          if (depth === open.length) open = grow(open);
          open[depth++] = isObject ? 1 : 0;
          isObject = isKey = byte === OPEN_BRACE;
          continue;
        }
      } else {
        at = this.#skipScalar(at);
        if (at < 0) return at;
      }
      // A value ended here: close what it ends, or go on behind a comma.
      for (;;) {
        if (depth === 0) return at;
        if (at < end && (bytes[at] as number) <= 0x20) at = this.skipSpace(at);
        byte = at < end ? bytes[at] : 0;
        if (byte === COMMA) {
          at++;
          if (at < end && (bytes[at] as number) <= 0x20) at = this.skipSpace(at);
          isKey = isObject;
          break;
        }
        if (byte !== (isObject ? CLOSE_BRACE : CLOSE_BRACKET)) return fail(Math.min(at, end));
        at++;
        isObject = open[--depth] === 1;
      }
    }
  }

  #skipEscape(at: number): number {
    const { bytes, end } = this;
    const escaped = at + 1 < end ? (bytes[at + 1] as number) : 0;
    if (ESCAPED[escaped] === 1) return at + 2;
    if (escaped !== 0x75) return fail(Math.min(at + 1, end));
    for (let i = at + 2; i < at + 6; i++) {
      const letter = i < end ? (bytes[i] as number) | 0x20 : 0;
      if (i >= end || !(isDigit(bytes[i]) || (letter >= 0x61 && letter <= 0x66))) return fail(Math.min(i, end));
    }
    return at + 6;
  }

  /** A number, true, false or null. */
  #skipScalar(at: number): number {
    const { bytes, end } = this;
    if (at >= end) return fail(end);
    const byte = bytes[at] as number;
    if (byte === 0x2d || isDigit(byte)) return this.#skipNumber(at);
    const literal = LITERALS.get(byte);
    if (literal === undefined) return fail(at);
    for (let i = 1; i < literal.length; i++) {
      if (at + i >= end || bytes[at + i] !== literal[i]) return fail(Math.min(at + i, end));
    }
    return at + literal.length;
  }

  #skipNumber(at: number): number {
    const { bytes, end } = this;
    if (bytes[at] === 0x2d) at++;
    const whole = at;
    at = this.#skipDigits(at);
    if (at === whole) return fail(at);
    if (bytes[whole] === 0x30 && at > whole + 1) return fail(whole + 1);
    if (at < end && bytes[at] === 0x2e) {
      const fraction = at + 1;
      at = this.#skipDigits(fraction);
      if (at === fraction) return fail(at);
    }
    if (at < end && ((bytes[at] as number) | 0x20) === 0x65) {
      const isSigned = at + 1 < end && (bytes[at + 1] === 0x2b || bytes[at + 1] === 0x2d);
      const exponent = at + (isSigned ? 2 : 1);
      at = this.#skipDigits(exponent);
      if (at === exponent) return fail(at);
    }
    return at;
  }

  #skipDigits(at: number): number {
    const { bytes, end } = this;
    while (at < end && isDigit(bytes[at])) at++;
    return at;
  }
}

const isPlain = (byte: number): boolean => byte >= 0x20 && byte !== QUOTE && byte !== BACKSLASH;

/** minify copies a valid JSON text without the white space between its tokens. */
export function minify(text: Uint8Array): Buffer {
  const scanner = new JsonScanner(text);
  const out = Buffer.allocUnsafe(text.length);
  let length = 0;
  for (let at = 0; at < text.length;) {
    const byte = text[at] as number;
    const to = byte === QUOTE ? scanner.skipValue(at) : at + 1;
    if (byte > 0x20) for (; at < to; at++) out[length++] = text[at] as number;
    at = to;
  }
  return out.subarray(0, length);
}
