/** What the services print: a date and a time of day, with a fraction of any length, and where it says so an offset. RFC 3339, loosely. */
const TIME = /^(\d{4}-\d\d-\d\d)[T ](\d\d): ?(\d\d): ?(\d\d)(?:[.,](\d{1,9})\d*)? ?(Z|[+-]\d\d:?\d\d)?$/i;

/**
 * parseEventTime reads when a record says that it happened (ms since 1970, the rest cut off); a time without an offset is taken for
 * UTC. Of a number it takes seconds or milliseconds since 1970, by its size. It gives undefined for everything else: a date in the
 * order of some country may mean two days, and one that no month has none.
 */
export function parseEventTime(text: string): number | undefined {
  if (/^\d{10}(\.\d+)?$/.test(text)) return Math.floor(Number(text) * 1000);
  if (/^\d{13}$/.test(text)) return Number(text);
  const match = TIME.exec(text.trim());
  if (match === null) return undefined;
  const [, day = '', hour = '', minute = '', second = '', fraction = '', offset = 'Z'] = match;
  // Date takes the 31st of November for the 1st of December.
  if (!new Date(`${day}T00:00:00.000Z`).toJSON()?.startsWith(day)) return undefined;
  const zone = offset.length === 5 ? `${offset.slice(0, 3)}:${offset.slice(3)}` : offset.toUpperCase();
  const time = Date.parse(`${day}T${hour}:${minute}:${second}.${fraction.slice(0, 3).padEnd(3, '0')}${zone}`);
  return Number.isNaN(time) ? undefined : time;
}
