// Finds where JSON values end (RFC 8259), as src/core/segment/jsonScanner.ts does, in bytes that are valid UTF-8.
//
// Behind the bytes stands a zero, which no JSON text holds: whoever comes to it stops there, so that no step asks for the end.
// A position of 0 means that there is no JSON, or that it nests too deep for here. Why, the reference says.

/** How deep a value nests at most: whether an open container is an object is a bit of a number. */
const MOST_DEPTH: i32 = 64;

export const QUOTE: u32 = 0x22;
export const COMMA: u32 = 0x2c;
export const COLON: u32 = 0x3a;
export const OPEN_BRACKET: u32 = 0x5b;
export const BACKSLASH: u32 = 0x5c;
export const CLOSE_BRACKET: u32 = 0x5d;
export const OPEN_BRACE: u32 = 0x7b;
export const CLOSE_BRACE: u32 = 0x7d;

/** isSpace tells space, tab, CR and LF. */
function isSpace(byte: u32): bool {
  return byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09;
}

/** skipSpace gives where the white space at `at` ends. It can't fail. */
export function skipSpace(at: usize): usize {
  while (isSpace(load<u8>(at))) at++;
  return at;
}

/** stopsIn says which of the 16 bytes at `at` are a quote, a backslash or a control character: a bit each. */
function stopsIn(at: usize): i32 {
  const bytes = v128.load(at);
  return i8x16.bitmask(
    v128.or(
      v128.or(i8x16.eq(bytes, i8x16.splat(0x22)), i8x16.eq(bytes, i8x16.splat(0x5c))),
      i8x16.lt_u(bytes, i8x16.splat(0x20)),
    ),
  );
}

/** skipString gives the position behind the string whose first byte, behind the quote, is at `at`. */
export function skipString(at: usize): usize {
  while (true) {
    const hits = stopsIn(at);
    if (hits == 0) {
      at += 16;
      continue;
    }
    at += <usize>ctz(hits);
    const byte: u32 = load<u8>(at);
    if (byte == QUOTE) return at + 1;
    if (byte != BACKSLASH) return 0;
    at = skipEscape(at);
    if (at == 0) return 0;
  }
}

/** skipEscape gives the position behind the escape whose backslash is at `at`. */
function skipEscape(at: usize): usize {
  switch (<u32>load<u8>(at, 1)) {
    case 0x22: // "
    case 0x5c: // \
    case 0x2f: // /
    case 0x62: // b
    case 0x66: // f
    case 0x6e: // n
    case 0x72: // r
    case 0x74: // t
      return at + 2;
    case 0x75: // u
      for (let i: usize = 2; i < 6; i++) {
        const byte: u32 = load<u8>(at + i);
        const letter = byte | 0x20;
        if (!isDigit(byte) && (letter < 0x61 || letter > 0x66)) return 0;
      }
      return at + 6;
    default:
      return 0;
  }
}

/** skipKey gives the position of the value behind the key at `at`, the colon and white space. */
export function skipKey(at: usize): usize {
  if (<u32>load<u8>(at) != QUOTE) return 0;
  at = skipString(at + 1);
  if (at == 0) return 0;
  at = skipSpace(at);
  return <u32>load<u8>(at) == COLON ? skipSpace(at + 1) : 0;
}

/** skipValue gives the position behind the value at `at`. */
export function skipValue(at: usize): usize {
  let isObject = false;
  let isKey = false;
  let depth: i32 = 0;
  // For each open container but the innermost one, whether it stands in an object.
  let containers: u64 = 0;
  while (true) {
    // A key or a value begins here.
    let byte: u32 = load<u8>(at);
    if (byte == QUOTE) {
      // As skipString, without a call: there are very many strings, and most are short.
      at++;
      while (true) {
        const hits = stopsIn(at);
        if (hits == 0) {
          at += 16;
          continue;
        }
        at += <usize>ctz(hits);
        byte = load<u8>(at);
        if (byte == QUOTE) break;
        if (byte != BACKSLASH) return 0;
        // JSON within JSON, and paths: most escapes are these.
        const escaped: u32 = load<u8>(at, 1);
        if (escaped == QUOTE || escaped == BACKSLASH || escaped == 0x2f) {
          at += 2;
          continue;
        }
        at = skipEscape(at);
        if (at == 0) return 0;
      }
      at++;
      if (isKey) {
        if (<u32>load<u8>(at) != COLON) {
          at = skipSpace(at);
          if (<u32>load<u8>(at) != COLON) return 0;
        }
        at++;
        if (<u32>load<u8>(at) <= 0x20) at = skipSpace(at);
        isKey = false;
        continue;
      }
    } else if (isKey) {
      return 0;
    } else if (byte == OPEN_BRACE || byte == OPEN_BRACKET) {
      at++;
      if (<u32>load<u8>(at) <= 0x20) at = skipSpace(at);
      if (<u32>load<u8>(at) == byte + 2) at++;
      else {
        if (depth == MOST_DEPTH) return 0;
        depth++;
        containers = (containers << 1) | (<u64>isObject);
        isObject = isKey = byte == OPEN_BRACE;
        continue;
      }
    } else {
      at = skipScalar(at, byte);
      if (at == 0) return 0;
    }
    // A value ended here: close what it ends, or go on behind a comma.
    while (true) {
      if (depth == 0) return at;
      byte = load<u8>(at);
      if (byte <= 0x20) {
        at = skipSpace(at);
        byte = load<u8>(at);
      }
      if (byte == COMMA) {
        at++;
        if (<u32>load<u8>(at) <= 0x20) at = skipSpace(at);
        isKey = isObject;
        break;
      }
      if (byte != (isObject ? CLOSE_BRACE : CLOSE_BRACKET)) return 0;
      at++;
      depth--;
      isObject = (containers & 1) == 1;
      containers >>= 1;
    }
  }
}

/** skipScalar gives the position behind the number or the word that begins with `byte` at `at`. */
function skipScalar(at: usize, byte: u32): usize {
  if (byte == 0x2d || isDigit(byte)) return skipNumber(at, byte);
  if (byte == 0x74) return load<u32>(at) == 0x65757274 ? at + 4 : 0; // true
  if (byte == 0x6e) return load<u32>(at) == 0x6c6c756e ? at + 4 : 0; // null
  if (byte == 0x66) return load<u32>(at, 1) == 0x65736c61 ? at + 5 : 0; // false
  return 0;
}

function skipNumber(at: usize, byte: u32): usize {
  if (byte == 0x2d) {
    at++;
    byte = load<u8>(at);
  }
  const whole = at;
  at = skipDigits(at);
  if (at == whole || (byte == 0x30 && at > whole + 1)) return 0;
  if (<u32>load<u8>(at) == 0x2e) {
    const fraction = at + 1;
    at = skipDigits(fraction);
    if (at == fraction) return 0;
  }
  if (((<u32>load<u8>(at)) | 0x20) == 0x65) {
    const sign: u32 = load<u8>(at, 1);
    const exponent = at + (sign == 0x2b || sign == 0x2d ? 2 : 1);
    at = skipDigits(exponent);
    if (at == exponent) return 0;
  }
  return at;
}

function skipDigits(at: usize): usize {
  while (isDigit(load<u8>(at))) at++;
  return at;
}

function isDigit(byte: u32): bool {
  return byte - 0x30 <= 9;
}
