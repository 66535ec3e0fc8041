import { Cron } from 'croner';

const MONTHS = 'january february march april may june july august september october november december'.split(' ');
const WEEKDAYS = 'sunday monday tuesday wednesday thursday friday saturday'.split(' ');

/** itemsOf is the form of a field: values, ranges and steps, in a list. */
const itemsOf = (value: string): RegExp => {
  const item = String.raw`(\*|${value}(-${value})?)(/\d{1,2})?`;
  return new RegExp(`^${item}(,${item})*$`);
};

const NUMBERS = itemsOf(String.raw`\d{1,2}`);

interface Field {
  readonly name: string;
  readonly last: number;
  readonly form: RegExp;
  /** names of values, from 0 */
  readonly names?: readonly string[];
}

/** The six fields. Croner knows more than NCRONTAB does (7 for Sunday, ?, L, W, #, @hourly), so each has a form of ours. */
const FIELDS: readonly Field[] = [
  { name: 'second', last: 59, form: NUMBERS },
  { name: 'minute', last: 59, form: NUMBERS },
  { name: 'hour', last: 23, form: NUMBERS },
  { name: 'day', last: 31, form: NUMBERS },
  { name: 'month', last: 12, form: NUMBERS, names: ['', ...MONTHS] },
  { name: 'day of the week', last: 6, form: itemsOf('0?[0-6]'), names: WEEKDAYS },
];

/**
 * parseCron reads an NCRONTAB expression, in UTC: six fields with seconds first, or five without. Day and day of the week
 * must both match: NCRONTAB differs from Unix cron here. It throws a TypeError.
 */
export function parseCron(text: string): Cron {
  const fields = text.trim().split(/\s+/);
  if (fields.length === 5) fields.unshift('0');
  if (fields.length !== FIELDS.length) {
    throw new TypeError('a schedule has six fields: second minute hour day month day-of-week');
  }
  const pattern = FIELDS.map(({ name, last, form, names = [] }, i) => {
    const numbers = (fields[i] as string).replaceAll(/[a-z]{3,}/gi, (word) => {
      const value = names.findIndex((known) => known.startsWith(word.toLowerCase()));
      return value < 0 ? word : String(value);
    });
    if (!form.test(numbers)) throw new TypeError(`${JSON.stringify(fields[i])} is no ${name} field`);
    // NCRONTAB reads 5/10 as "from 5 to the end, every 10".
    return numbers.replaceAll(/(?<=^|,)(\d+)(?=\/)/g, `$1-${last}`);
  });
  try {
    return new Cron(pattern.join(' '), { mode: '6-part', domAndDow: true, utcOffset: 0 });
  } catch (cause) {
    throw new TypeError(
      `${JSON.stringify(text)} has a value or a step that is outside its field, or a range that runs backwards`,
      { cause },
    );
  }
}

/** nextOccurrence finds the first occurrence after afterMs, or undefined if there is none. */
export const nextOccurrence = (cron: Cron, afterMs: number): number | undefined =>
  cron.nextRun(new Date(afterMs))?.getTime();
