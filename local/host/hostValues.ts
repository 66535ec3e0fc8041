import { parseTimeSpan } from './timeSpan.ts';

/** Value is one value of the host's configuration. */
export interface Value {
  readonly text: string;
  /** where it stands: a path in host.json, or the name of an app setting */
  readonly from: string;
}

/** ValueOf gives a value of a section by its name. */
export type ValueOf = (key: string) => Value | undefined;

const MOST_COUNT = 2 ** 31 - 1;

/** HostValues reads the values of a section. It adds to `wrong` what is wrong, and goes on with the fallback. */
export class HostValues {
  readonly valueOf: ValueOf;
  readonly #wrong: string[];

  constructor(valueOf: ValueOf, wrong: string[]) {
    this.valueOf = valueOf;
    this.#wrong = wrong;
  }

  count(key: string, fallback: number, least = 1, most = MOST_COUNT): number {
    const value = this.valueOf(key);
    if (value === undefined) return fallback;
    const number = /^\d{1,10}$/.test(value.text) ? Number(value.text) : NaN;
    if (number >= least && number <= most) return number;
    const upTo = most === MOST_COUNT ? `${String(least)} or more` : `${String(least)} to ${String(most)}`;
    this.#wrong.push(`${value.from} must be a whole number, ${upTo}`);
    return fallback;
  }

  span(key: string, fallback: number, leastMs: number): number {
    const value = this.valueOf(key);
    if (value === undefined) return fallback;
    const ms = parseTimeSpan(value.text);
    if (ms !== undefined && ms >= leastMs) return ms;
    this.#wrong.push(`${value.from} must be a time such as "00:01:00"`);
    return fallback;
  }
}
