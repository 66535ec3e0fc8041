const BACKSLASH = 0x5c;
const LETTER_U = 0x75;
const ESCAPE_BYTES = 6;
const NOT_A_CHARACTER = 0xfffd;

/** By the byte behind a backslash, the one that both stand for; 0 for others. */
const SHORT = new Uint8Array(256);
for (const [letter, byte] of ['""', '\\\\', '//', 'b\b', 'f\f', 'n\n', 'r\r', 't\t'].map((pair) => Buffer.from(pair)))
  SHORT[letter as number] = byte as number;

/** By byte, the hexadecimal digit that it is; -1 for others. */
const DIGITS = new Int8Array(256).fill(-1);
for (let digit = 0; digit < 16; digit++)
  for (const letter of Buffer.from(digit.toString(16) + digit.toString(16).toUpperCase())) DIGITS[letter] = digit;

/**
 * unescaped gives a text without the escapes of JSON, and gives it back if it has none. Outside of its strings JSON has no backslash; a text
 * that isn't JSON may have pieces of it, and what is no escape stays. A lone surrogate becomes U+FFFD, as in values of fields.
 */
export function unescaped(text: Buffer): Buffer {
  if (!text.includes(BACKSLASH)) return text;
  // No escape is shorter than what it stands for.
  const out = Buffer.allocUnsafe(text.length);
  let length = 0;
  for (let at = 0; at < text.length;) {
    const byte = text[at] as number;
    const short = byte === BACKSLASH ? (SHORT[text[at + 1] ?? 0] as number) : byte;
    if (short !== 0 || byte === 0) {
      out[length++] = short;
      at += byte === BACKSLASH ? 2 : 1;
      continue;
    }
    const unit = unitAt(text, at);
    if (unit < 0) {
      out[length++] = byte;
      at += 1;
      continue;
    }
    const low = isBetween(unit, 0xd800, 0xdbff) ? unitAt(text, at + ESCAPE_BYTES) : -1;
    const isPair = isBetween(low, 0xdc00, 0xdfff);
    const point = isPair ? 0x10000 + (unit - 0xd800) * 0x400 + (low - 0xdc00) : unit;
    length += out.write(String.fromCodePoint(isBetween(point, 0xd800, 0xdfff) ? NOT_A_CHARACTER : point), length);
    at += isPair ? 2 * ESCAPE_BYTES : ESCAPE_BYTES;
  }
  return out.subarray(0, length);
}

const isBetween = (value: number, least: number, most: number): boolean => value >= least && value <= most;

/** unitAt gives the UTF-16 code unit whose escape stands at a place, -1 if none does. */
function unitAt(text: Buffer, at: number): number {
  if (text[at] !== BACKSLASH || text[at + 1] !== LETTER_U || at + ESCAPE_BYTES > text.length) return -1;
  let unit = 0;
  for (let i = at + 2; i < at + ESCAPE_BYTES; i++) {
    const digit = DIGITS[text[i] as number] as number;
    if (digit < 0) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}
