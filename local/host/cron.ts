/** Cron holds the allowed values of an NCRONTAB expression's six fields. */
export interface Cron {
  readonly seconds: ReadonlySet<number>;
  readonly minutes: ReadonlySet<number>;
  readonly hours: ReadonlySet<number>;
  readonly days: ReadonlySet<number>;
  readonly months: ReadonlySet<number>;
  readonly weekdays: ReadonlySet<number>;
}

interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
}

const MONTHS = 'january february march april may june july august september october november december'.split(' ');
const WEEKDAYS = 'sunday monday tuesday wednesday thursday friday saturday'.split(' ');

const FIELDS = {
  seconds: { name: 'second', min: 0, max: 59 },
  minutes: { name: 'minute', min: 0, max: 59 },
  hours: { name: 'hour', min: 0, max: 23 },
  days: { name: 'day', min: 1, max: 31 },
  months: { name: 'month', min: 1, max: 12, names: MONTHS },
  weekdays: { name: 'day of the week', min: 0, max: 6, names: WEEKDAYS },
} satisfies Record<keyof Cron, Field>;

/** parseCron reads an NCRONTAB expression: six fields with seconds first, or five without; it throws a TypeError. */
export function parseCron(text: string): Cron {
  const fields = text.trim().split(/\s+/);
  if (fields.length === 5) fields.unshift('0');
  const [seconds, minutes, hours, days, months, weekdays, ...more] = fields;
  if (
    seconds === undefined ||
    minutes === undefined ||
    hours === undefined ||
    days === undefined ||
    months === undefined ||
    weekdays === undefined ||
    more.length > 0
  ) {
    throw new TypeError('a schedule has six fields: second minute hour day month day-of-week');
  }
  return {
    seconds: parseField(seconds, FIELDS.seconds),
    minutes: parseField(minutes, FIELDS.minutes),
    hours: parseField(hours, FIELDS.hours),
    days: parseField(days, FIELDS.days),
    months: parseField(months, FIELDS.months),
    weekdays: parseField(weekdays, FIELDS.weekdays),
  };
}

function parseField(text: string, field: Field): ReadonlySet<number> {
  const values = new Set<number>();
  for (const item of text.split(',')) {
    const [range = '', stepText, ...more] = item.split('/');
    const step = stepText === undefined ? 1 : Number(stepText);
    if (more.length > 0 || (stepText !== undefined && (!/^\d+$/.test(stepText) || step < 1))) throw unreadable();
    const [first, last] = parseRange(range, stepText !== undefined);
    for (let value = first; value <= last; value += step) values.add(value);
  }
  return values;

  function parseRange(range: string, hasStep: boolean): readonly [number, number] {
    if (range === '*') return [field.min, field.max];
    const [from = '', to, ...more] = range.split('-');
    if (more.length > 0) throw unreadable();
    const first = parseValue(from);
    // NCRONTAB reads 5/10 as "from 5 to the end, every 10".
    const last = to === undefined ? (hasStep ? field.max : first) : parseValue(to);
    if (first > last) throw unreadable();
    return [first, last];
  }

  function parseValue(value: string): number {
    const named = field.names?.findIndex((name) => value.length >= 3 && name.startsWith(value.toLowerCase())) ?? -1;
    if (named >= 0) return named + field.min;
    const number = Number(value);
    if (!/^\d{1,2}$/.test(value) || number < field.min || number > field.max) throw unreadable();
    return number;
  }

  function unreadable(): TypeError {
    return new TypeError(`${JSON.stringify(text)} is no ${field.name} field (${field.min} to ${field.max})`);
  }
}

const DAY_MS = 86_400_000;
// Leap day on a given weekday: the longest wait the calendar knows, across a century without a leap year.
const HORIZON_DAYS = 41 * 366;

/**
 * nextOccurrence finds the first occurrence after afterMs, in UTC, or undefined if there is none.
 * Day and day of the week must both match: NCRONTAB differs from Unix cron here.
 */
export function nextOccurrence(cron: Cron, afterMs: number): number | undefined {
  const startMs = (Math.floor(afterMs / 1000) + 1) * 1000;
  let dayMs = Math.floor(startMs / DAY_MS) * DAY_MS;
  for (let i = 0; i < HORIZON_DAYS; i++, dayMs += DAY_MS) {
    const day = new Date(dayMs);
    if (!cron.months.has(day.getUTCMonth() + 1)) continue;
    if (!cron.days.has(day.getUTCDate()) || !cron.weekdays.has(day.getUTCDay())) continue;
    const secondOfDay = nextSecondOfDay(cron, Math.max(0, (startMs - dayMs) / 1000));
    if (secondOfDay !== undefined) return dayMs + secondOfDay * 1000;
  }
  return undefined;
}

/** nextSecondOfDay finds the first matching second at or after from. */
function nextSecondOfDay(cron: Cron, from: number): number | undefined {
  for (let hour = Math.floor(from / 3600); hour < 24; hour++) {
    if (!cron.hours.has(hour)) continue;
    const firstMinute = Math.max(0, Math.floor((from - hour * 3600) / 60));
    for (let minute = firstMinute; minute < 60; minute++) {
      if (!cron.minutes.has(minute)) continue;
      const base = hour * 3600 + minute * 60;
      for (let second = Math.max(0, from - base); second < 60; second++) {
        if (cron.seconds.has(second)) return base + second;
      }
    }
  }
  return undefined;
}
