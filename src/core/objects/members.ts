import { AuditsealError } from '../errors.ts';
import { isJsonObject } from '../jsonObject.ts';
import type { JsonObject } from '../jsonObject.ts';

// Members of JSON that somebody gave: what isn't of the type that it has to be throws EVIDENCE_MALFORMED, and names the member.

const malformed = (name: string, type: string): AuditsealError =>
  new AuditsealError('EVIDENCE_MALFORMED', `${name} is missing, or is no ${type}`);

export function objectIn(value: unknown, name: string): JsonObject {
  if (!isJsonObject(value)) throw malformed(name, 'object');
  return value;
}

/** listIn gives what `read` makes of each item; it is told the name of the list. */
export function listIn<T>(value: unknown, name: string, read: (item: unknown, name: string) => T): T[] {
  if (!Array.isArray(value)) throw malformed(name, 'list');
  return value.map((item) => read(item, name));
}

export function textIn(value: unknown, name: string): string {
  if (typeof value !== 'string') throw malformed(name, 'text');
  return value;
}

export function countIn(value: unknown, name: string): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw malformed(name, 'number from 0 on');
  return value as number;
}
