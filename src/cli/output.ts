/** What the command line prints: results on standard output, everything else on standard error. */

export const print = (text: string): void => void process.stdout.write(`${text}\n`);
export const tell = (text: string): void => void process.stderr.write(`${text}\n`);

/**
 * printable makes hostile text harmless on a terminal: control characters (C0, DEL, C1), bidirectional overrides and line
 * separators become \u escapes. In JSON that is the same text.
 */
export const printable = (text: string): string =>
  text.replace(/[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g, escapeCharacter);

const escapeCharacter = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** formatBytes prints a number of bytes in decimal units. */
export function formatBytes(bytes: number): string {
  let unit = 0;
  let value = bytes;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(value < 10 ? 2 : 1)} ${UNITS[unit]}`;
}

/** formatCount prints a whole number in groups of three digits. Loading the locale for it would take longer than a check. */
export const formatCount = (count: number): string => String(count).replace(/\B(?=(?:[0-9]{3})+$)/g, ',');
