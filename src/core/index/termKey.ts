import { hash } from 'node:crypto';
import { RULES_VERSION } from '../fields/rules.ts';

/** TermKey is what a term stands under in a unit: 8 bytes, as a string with one character a byte. */
export type TermKey = string & { readonly __termKey: unique symbol };

/** KEY_BYTES is how long a key is. Terms that have one key are one: who finds too many records by it looks at each. */
export const KEY_BYTES = 8;

/** RESERVED are what stands beside the fields: of which segments a unit is, and which records no field finds. */
export const RESERVED = {
  /** rows of segments, a block of them each: `_segments`, and the block's number */
  segments: '_segments',
  /** the earliest and the latest time of each block of rows: `_times`, and nothing */
  times: '_times',
  /** records that aren't JSON */
  notJson: '_notJson',
  /** records of which no rule takes anything */
  noFields: '_noFields',
  /** records that have fields, and none of that name: `_without`, and the field */
  without: '_without',
  /** all records of segments that have too many terms */
  unindexed: '_unindexed',
} as const;

/**
 * keyOf is what a term stands under: the first bytes of SHA-256(rules || 0 || field || 0 || value), of their UTF-8. The highest bit says
 * whether the field is one of RESERVED: so no value that somebody logs can stand in the place of one.
 */
export function keyOf(field: string, value: string, rules: number = RULES_VERSION): TermKey {
  const digest = hash('sha256', Buffer.from(`${rules}\0${field}\0${value}`), 'binary');
  const first = (digest.charCodeAt(0) & 0x7f) | (field.startsWith('_') ? 0x80 : 0);
  return (String.fromCharCode(first) + digest.slice(1, KEY_BYTES)) as TermKey;
}

/** formatKey gives the 16 lowercase hex digits of a key. */
export const formatKey = (key: TermKey): string => Buffer.from(key, 'latin1').toString('hex');

/** parseKey is the inverse of formatKey, and gives undefined for anything else. */
export const parseKey = (text: unknown): TermKey | undefined =>
  typeof text === 'string' && /^[0-9a-f]{16}$/.test(text)
    ? (Buffer.from(text, 'hex').toString('latin1') as TermKey)
    : undefined;
