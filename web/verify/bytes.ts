/** Bytes are bytes that WebCrypto takes. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** utf8 encodes text. */
export const utf8 = (text: string): Bytes => new TextEncoder().encode(text);

/** decodeUtf8 reads UTF-8, a byte order mark as a character, and gives undefined for other bytes. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** isPlainText tells whether text is well formed and holds no control character below U+0020 but LF. */
export const isPlainText = (text: string): boolean => text.isWellFormed() && !/[\0-\t\v-\x1f]/.test(text);

/** concat joins bytes. */
export function concat(...parts: readonly Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** toHex prints bytes as lower-case hex digits. */
export const toHex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** toBase64 prints bytes with the standard alphabet and padding. */
export const toBase64 = (bytes: Uint8Array): string =>
  btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));

/** fromBase64 is the inverse of toBase64, and gives undefined for every other spelling. */
export function fromBase64(text: string): Bytes | undefined {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 !== 0) return undefined;
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  return toBase64(bytes) === text ? bytes : undefined;
}

/** hashFromBase64 reads 32 bytes, and gives them in hex. */
export function hashFromBase64(text: string): string | undefined {
  const bytes = text.length === 44 ? fromBase64(text) : undefined;
  return bytes?.length === 32 ? toHex(bytes) : undefined;
}

/** hexBytes turns hex digits into bytes. */
export const hexBytes = (hex: string): Bytes =>
  Uint8Array.from({ length: hex.length / 2 }, (_, i) => parseInt(hex.slice(2 * i, 2 * i + 2), 16));

/** equalBytes compares. */
export const equalBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, i) => byte === b[i]);

/** parseDecimal reads a whole number below 2^53 without sign or leading zero. */
export function parseDecimal(text: string): number | undefined {
  const number = /^(0|[1-9]\d{0,15})$/.test(text) ? Number(text) : NaN;
  return Number.isSafeInteger(number) ? number : undefined;
}
