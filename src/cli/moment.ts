import { usageError } from './usage.ts';

const MOMENT = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,3}))?)?)?(Z|[+-]\d\d:?\d\d)?$/i;

/** Edge is which end of an interval a moment is: one that a zone has twice, or never, is taken so that the interval is the longer one. */
export type Edge = 'from' | 'to';

/**
 * parseMoment reads an option that is a date or a date and a time of day (ISO 8601), into ms since 1970. What has no offset is of
 * `zone`, a name of the IANA time zone database. It throws USAGE for what isn't one, and for a date that doesn't exist.
 */
export function parseMoment(option: string, text: string, zone: string, edge: Edge): number {
  const match = MOMENT.exec(text);
  if (match === null)
    throw usageError(
      `${option} must be a time such as 2026-11-25T14:00Z or 2026-11-25T15:00+01:00, or a date such as 2026-11-25`,
    );
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction = '', offset] = match;
  const local = `${year}-${month}-${day}T${hour}:${minute}:${second}.${fraction.padEnd(3, '0')}`;
  const utc = Date.parse(`${local}Z`);
  const withOffset = Date.parse(`${local}${offset?.toUpperCase().replace(/(\d\d)(\d\d)$/, '$1:$2') ?? 'Z'}`);
  if (Number.isNaN(withOffset) || !new Date(utc).toISOString().startsWith(local.slice(0, 10)))
    throw usageError(`${option}: there is no such time as ${text}`);
  if (offset !== undefined) return withOffset;
  // Local time and UTC are less than a day apart, so one of these two offsets is the one in force, or both are.
  const candidates = [-1, 1].map((days) => utc - offsetOf(zone, utc + days * 86_400_000));
  return edge === 'from' ? Math.min(...candidates) : Math.max(...candidates);
}

/** isZone tells whether a text names a time zone. */
export function isZone(zone: string): boolean {
  try {
    return Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/** offsetOf gives how much a zone is ahead of UTC at a time, in ms. */
function offsetOf(zone: string, time: number): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(time);
  const [year = 0, month = 1, day, hour, minute, second] = ['year', 'month', 'day', 'hour', 'minute', 'second'].map(
    (type) => Number(parts.find((part) => part.type === type)?.value),
  );
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(time / 1000) * 1000;
}

/** formatMoment prints a time (ms since 1970) in a zone, with its offset; UTC as Date prints it. */
export function formatMoment(time: number, zone: string): string {
  if (zone === 'UTC') return new Date(time).toISOString();
  const offset = Math.round(offsetOf(zone, time) / 60_000);
  const [hours, minutes] = [Math.floor(Math.abs(offset) / 60), Math.abs(offset) % 60];
  const sign = offset < 0 ? '-' : '+';
  const local = new Date(time + offset * 60_000).toISOString().slice(0, -1);
  return `${local}${sign}${String(hours).padStart(2, '0')}:${String(minutes).padStart(2, '0')}`;
}
