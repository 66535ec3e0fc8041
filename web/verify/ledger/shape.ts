import { isObject, isTime } from '../entry.ts';
import type { Members } from '../entry.ts';

/** Check tells whether a JSON value is of some kind. */
export type Check = (value: unknown) => boolean;

export const text: Check = (value) => typeof value === 'string';
export const flag: Check = (value) => typeof value === 'boolean';
export const count: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
export const hash: Check = (value) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
export const timeOrNone: Check = (value) => value === '' || isTime(value);

/** like takes strings that fit a pattern. */
export const like =
  (pattern: RegExp): Check =>
  (value) =>
    typeof value === 'string' && pattern.test(value);

export const among =
  (...values: readonly unknown[]): Check =>
  (value) =>
    values.includes(value);

/** all takes arrays of such values. */
export const all =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);

export const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);

export const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);

/** shape takes what has these members, in any order, and maybe others. */
export const shape =
  (members: Readonly<Record<string, Check>>): Check =>
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    Object.entries(members).every(([name, check]) => check((value as Members)[name]));

/** exactly takes objects with these members in this order, and no others. */
export const exactly =
  (members: Readonly<Record<string, Check>>): Check =>
  (value) =>
    isObject(value) &&
    JSON.stringify(Object.keys(value)) === JSON.stringify(Object.keys(members)) &&
    shape(members)(value);
