import { parseHash } from '../hash.ts';
import { isPartition, isTime } from '../text.ts';

// What the members of reports may be. Members that a release doesn't know may be any.

/** Check tells whether a parsed JSON value, which may come from anybody, is of a kind. */
export type Check = (value: unknown) => boolean;

export const text: Check = (value) => typeof value === 'string';
export const count: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
export const time: Check = (value) => typeof value === 'string' && isTime(value);
export const hash: Check = (value) => parseHash(value) !== undefined;
export const oneOf =
  (...values: readonly unknown[]): Check =>
  (value) =>
    values.includes(value);
export const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
export const objectOf =
  (members: Readonly<Record<string, Check>>): Check =>
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    Object.entries(members).every(([name, check]) => check((value as Record<string, unknown>)[name]));

export const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);

export const flag: Check = (value) => typeof value === 'boolean';
export const nullOr =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);

const CODE = /^[a-z]+(-[a-z]+)*$/;

export const STATUS = oneOf('verified', 'violated', 'unverified');

/** A code is any word of the kind, because an older release must read a newer one's findings. */
export const FINDINGS = listOf(
  objectOf({
    code: (value) => typeof value === 'string' && CODE.test(value),
    severity: oneOf('error', 'warning'),
    object: text,
    detail: text,
    declared: optional(oneOf(true)),
    acknowledged: optional(objectOf({ action: text, who: text, why: text, time })),
  }),
);
export const UNREADABLE = listOf(objectOf({ object: text, why: text }));

export const textOrNull = nullOr(text);
/** countOrNone is a number that counts from 0, or -1 before there is one. */
export const countOrNone: Check = (value) => value === -1 || count(value);
export const timeOrNone: Check = (value) => value === '' || time(value);
export const partition: Check = (value) => typeof value === 'string' && isPartition(value);
