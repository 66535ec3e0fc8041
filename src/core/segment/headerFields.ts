import { AuditsealError } from '../errors.ts';
import { isJsonObject } from '../jsonObject.ts';
import type { JsonObject } from '../jsonObject.ts';

// What the members of an untrusted header are read with: each throws SEGMENT_MALFORMED that names the member.

/** wrong is the fault of a header that isn't one. */
export const wrong = (what: string): AuditsealError => new AuditsealError('SEGMENT_MALFORMED', `the header ${what}`);

/** string reads a member that has to be a text of a kind. */
export function string(value: unknown, name: string, isGood: (text: string) => boolean): string {
  if (typeof value !== 'string' || !isGood(value)) throw wrong(`has ${name} ${short(value)}`);
  return value;
}

/** integer reads a member that has to be a whole number. */
export function integer(value: unknown, name: string, least = 0): number {
  if (!Number.isSafeInteger(value) || (value as number) < least) throw wrong(`has ${name} ${short(value)}`);
  return value as number;
}

/** object reads a member that has to be an object. */
export function object(value: unknown, name: string): JsonObject {
  if (!isJsonObject(value)) throw wrong(`has ${name} ${short(value)}`);
  return value;
}

/** list reads a member that has to be a list. */
export function list(value: unknown, name: string): unknown[] {
  if (!Array.isArray(value)) throw wrong(`has ${name} ${short(value)}`);
  return value;
}

/**
 * short says what a value of an untrusted header is, and quotes no text of it: what it stands in goes into logs, where nothing
 * may get that somebody else wrote.
 */
export function short(value: unknown): string {
  if (typeof value === 'string') return `a text of ${value.length} characters`;
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return isJsonObject(value) ? 'an object' : 'nothing';
}
