import { markup, plainText, untrusted } from './markup.ts';
import type { Markup } from './markup.ts';

const UNITS = ['kB', 'MB', 'GB', 'TB', 'PB'];

/** number writes an integer with its digits in groups of three. */
export const number = (value: number): string => plainText(value).replace(/\B(?=(\d{3})+$)/g, ',');

/** plural writes a number with the noun it counts. */
export const plural = (count: number, noun: string, nouns = `${noun}s`): string =>
  `${number(count)} ${count === 1 ? noun : nouns}`;

/** bytes writes a size twice: in the unit that people read (of 1000, not 1024), and exactly. */
export function bytes(count: number): { readonly readable: string; readonly exact: string } {
  const exact = plural(count, 'byte');
  let scaled = count;
  let unit = -1;
  // 999.95 of one unit is 1.00 of the next.
  while (scaled >= (unit < 0 ? 1000 : 999.95) && unit < UNITS.length - 1) {
    scaled /= 1000;
    unit++;
  }
  return { readable: unit < 0 ? exact : `${scaled.toPrecision(scaled < 100 ? 3 : 4)} ${UNITS[unit]}`, exact };
}

const TIME = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2}(?:\.\d+)?)Z$/;

/** time writes an ISO 8601 UTC time for people, and keeps the original for programs. */
export function time(value: string): Markup {
  const [, date, clock] = TIME.exec(plainText(value)) ?? [];
  if (date === undefined || clock === undefined) return untrusted(value);
  return markup`<time datetime="${value}">${date} ${clock} UTC</time>`;
}

/** duration writes how long it took from one time to another, or nothing where they are no times in order. */
export function duration(from: string, to: string): string {
  if (!TIME.test(plainText(from)) || !TIME.test(plainText(to))) return '';
  const seconds = (Date.parse(to) - Date.parse(from)) / 1000;
  if (!(seconds >= 0)) return '';
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes} min ${Math.floor(seconds % 60)} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
