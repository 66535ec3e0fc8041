import { nextOccurrence, parseCron } from '../../../local/host/cron.ts';
import { isFrequent, parseSchedule } from '../../../local/host/schedule.ts';

const next = (expression: string, after: string): string | undefined => {
  const ms = nextOccurrence(parseCron(expression), Date.parse(after));
  return ms === undefined ? undefined : new Date(ms).toISOString().replace('.000Z', 'Z');
};

describe('nextOccurrence', () => {
  test.each([
    ['* * * * * *', '2026-01-01T00:00:00Z', '2026-01-01T00:00:01Z'],
    ['* * * * * *', '2026-01-01T00:00:00.999Z', '2026-01-01T00:00:01Z'],
    ['*/15 * * * * *', '2026-01-01T00:00:50Z', '2026-01-01T00:01:00Z'],
    ['0 */5 * * * *', '2026-01-01T00:00:00Z', '2026-01-01T00:05:00Z'],
    ['0 */5 * * * *', '2026-01-01T23:58:00Z', '2026-01-02T00:00:00Z'],
    ['30 0 * * * *', '2026-01-01T10:00:30Z', '2026-01-01T11:00:30Z'],
    ['0 0 9-17 * * *', '2026-01-01T17:00:00Z', '2026-01-02T09:00:00Z'],
    ['0 0 0-23/6 * * *', '2026-01-01T06:00:00Z', '2026-01-01T12:00:00Z'],
    ['0 10/20 * * * *', '2026-01-01T00:30:00Z', '2026-01-01T00:50:00Z'],
    ['0 10/20 * * * *', '2026-01-01T00:50:00Z', '2026-01-01T01:10:00Z'],
    ['0 0,30 8,20 * * *', '2026-01-01T08:30:00Z', '2026-01-01T20:00:00Z'],
    ['0 30 9 * * 1-5', '2026-11-20T09:30:00Z', '2026-11-23T09:30:00Z'],
    ['0 30 9 * * Mon-Fri', '2026-11-21T00:00:00Z', '2026-11-23T09:30:00Z'],
    ['0 0 0 1 * *', '2026-12-01T00:00:00Z', '2027-01-01T00:00:00Z'],
    ['0 0 0 31 * *', '2026-03-31T00:00:00Z', '2026-05-31T00:00:00Z'],
    ['0 0 0 29 2 *', '2026-01-01T00:00:00Z', '2028-02-29T00:00:00Z'],
    ['0 0 0 29 february *', '2096-03-01T00:00:00Z', '2104-02-29T00:00:00Z'],
    ['0 0 0 29 2 1', '2026-01-01T00:00:00Z', '2044-02-29T00:00:00Z'],
    ['0 0 0 29/1 2 *', '2026-01-01T00:00:00Z', '2028-02-29T00:00:00Z'],
    ['0 0 0 1-7 * Tue', '2026-11-04T00:00:00Z', '2026-12-01T00:00:00Z'],
    ['0 0 8 * * sat/1,sunday', '2026-11-27T00:00:00Z', '2026-11-28T08:00:00Z'],
    ['0 0 0 13 * fri', '2026-03-14T00:00:00Z', '2026-11-13T00:00:00Z'],
    ['59 59 23 31 DEC *', '2026-12-31T23:59:59Z', '2027-12-31T23:59:59Z'],
    ['*/5 * * * *', '2026-01-01T00:01:00Z', '2026-01-01T00:05:00Z'],
    ['0 0 0 30 2 *', '2026-01-01T00:00:00Z', undefined],
  ])('%s after %s is %s', (expression, after, expected) => {
    expect(next(expression, after)).toBe(expected);
  });

  test('finds what a search second by second finds', () => {
    const every: readonly [string, (date: Date) => boolean][] = [
      ['7-50/13 */7 * * * *', (at) => [7, 20, 33, 46].includes(at.getUTCSeconds()) && at.getUTCMinutes() % 7 === 0],
      ['0 59 */11 * * *', (at) => at.getUTCSeconds() === 0 && at.getUTCMinutes() === 59 && at.getUTCHours() % 11 === 0],
      ['58 1 0 * * 0,6', (at) => at.toISOString().slice(11, 19) === '00:01:58' && [0, 6].includes(at.getUTCDay())],
    ];
    for (const [expression, isDue] of every) {
      const cron = parseCron(expression);
      const start = Date.parse('2026-02-28T22:00:00Z');
      const expected: number[] = [];
      for (let ms = start + 1000; expected.length < 20 && ms < start + 20 * 86_400_000; ms += 1000) {
        if (isDue(new Date(ms))) expected.push(ms);
      }
      const found: number[] = [];
      for (let ms = start; found.length < expected.length;) {
        ms = nextOccurrence(cron, ms) ?? Number.NaN;
        found.push(ms);
      }
      expect(found).toEqual(expected);
    }
  });
});

describe('parseCron', () => {
  test.each([
    '',
    '* * * *',
    '* * * * * * *',
    '60 * * * * *',
    '* 60 * * * *',
    '* * 24 * * *',
    '* * * 0 * *',
    '* * * 32 * *',
    '* * * * 13 *',
    '* * * * * 7',
    '* * * * * xyz',
    '* * * * ja *',
    '*/0 * * * * *',
    '1//2 * * * * *',
    '5-1 * * * * *',
    '1-2-3 * * * * *',
    '-1 * * * * *',
    '1, * * * * *',
    '@hourly',
    '60/5 * * * * *',
    '5,60/5 * * * * *',
    '/5 * * * * *',
    '* * * * * sun-7',
    '* * * * * 1#2',
    '* * * L * *',
    '* * * 15W * *',
    '* * * ? * *',
    '* * * * * +1',
    'jan * * * * *',
    '* * * * fri *',
    '1.5 * * * * *',
  ])('refuses %s', (expression) => {
    expect(() => parseCron(expression)).toThrow(TypeError);
  });
});

describe('parseSchedule', () => {
  test('reads a TimeSpan as an interval', () => {
    expect(parseSchedule('00:00:30').next(1_000_000)).toBe(1_030_000);
    expect(parseSchedule('1.02:03:04').next(0)).toBe(93_784_000);
  });

  test.each(['00:00:00', '24:00:00', '0 0 0 31 2 *', 'soon'])('refuses %s', (text) => {
    expect(() => parseSchedule(text)).toThrow(TypeError);
  });

  test('tells schedules that are too frequent to be monitored', () => {
    expect(isFrequent(parseSchedule('*/30 * * * * *'), 0)).toBe(true);
    expect(isFrequent(parseSchedule('00:00:59'), 0)).toBe(true);
    expect(isFrequent(parseSchedule('0 * * * * *'), 0)).toBe(false);
  });
});
