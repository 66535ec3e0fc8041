import { isUtf8 } from 'node:buffer';
import type { Hash } from './hash.ts';

// The fields that the texts of a transparency log are made of. Each parser is the exact inverse of a formatter, and gives
// undefined for everything that the formatter doesn't print.

/** parseDecimal reads a whole number from 0 to 2^53 - 1 without sign or leading zero: the inverse of String. */
export function parseDecimal(text: string): number | undefined {
  const number = /^(0|[1-9][0-9]{0,15})$/.test(text) ? Number(text) : NaN;
  return Number.isSafeInteger(number) ? number : undefined;
}

/** parseBase64 reads padded base64 of the standard alphabet (RFC 4648 section 4), and no other spelling of the bytes. */
export function parseBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}

/** formatBase64Hash prints a hash as 44 characters of base64. */
export const formatBase64Hash = (value: Hash): string => Buffer.from(value, 'latin1').toString('base64');

/** parseBase64Hash is the inverse of formatBase64Hash. */
export function parseBase64Hash(text: string): Hash | undefined {
  const bytes = text.length === 44 ? parseBase64(text) : undefined;
  return bytes?.length === 32 ? (bytes.toString('latin1') as Hash) : undefined;
}

/** decodeText reads UTF-8 that holds no control character below 0x20 but LF. A byte order mark is a character. */
export function decodeText(bytes: Uint8Array): string | undefined {
  if (!isUtf8(bytes)) return undefined;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
  return hasControl(text) ? undefined : text;
}

/** isText tells whether decodeText can give back this text: it is well formed and holds no control character but LF. */
export const isText = (text: string): boolean => text.isWellFormed() && !hasControl(text);

const hasControl = (text: string): boolean => /[\0-\t\v-\x1f]/.test(text);

/** isPartition tells whether text can be an Event Hubs partition id: a decimal number without leading zeros. */
export const isPartition = (text: string): boolean => /^(0|[1-9][0-9]{0,4})$/.test(text);

const TIME = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/;

/** isTime tells whether text is ISO 8601 in UTC with milliseconds, as Date prints it. */
export function isTime(text: string): boolean {
  if (!TIME.test(text)) return false;
  // Every month has 28 days; Date knows the rest, and takes ten times as long.
  if (Number(text.slice(8, 10)) <= 28) return true;
  const time = Date.parse(text);
  return !Number.isNaN(time) && new Date(time).toISOString() === text;
}

/**
 * UNSEEN matches what shows nothing, looks like a space, or changes the direction of other characters: with it, a text could
 * pretend to be another one. Lone surrogates are among it.
 */
export const UNSEEN = /(?:[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{DI}\u2800\u{1D159}]|(?! )\p{Zs})+/gu;
