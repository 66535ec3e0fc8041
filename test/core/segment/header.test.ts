import { ZERO_HASH, formatHash, sha256 } from '../../../src/core/hash.ts';
import { formatHeader, parseHeader } from '../../../src/core/segment/header.ts';
import type { SegmentHeader } from '../../../src/core/segment/header.ts';
import { isTime } from '../../../src/core/text.ts';
import { TIME } from '../../support/segments.ts';
import { CREATED } from '../../support/sign.ts';

const HEADER: SegmentHeader = {
  ledger: 'logs.example.com/audit',
  partition: '0',
  index: 41,
  kind: 'ingest',
  incarnation: 0,
  sealed: TIME,
  previous: 39,
  prev: sha256(Buffer.from('before')),
  records: { first: 10241, count: 512 },
  events: { first: 7000, last: 7051, count: 52, enqueuedFirst: TIME, enqueuedLast: TIME },
  duplicates: 3,
  gaps: [{ first: 6990, last: 6999, reason: 'expired' }],
  hub: { created: CREATED, asked: TIME, first: 7000, last: 7051, enqueued: TIME },
};
const TEXT =
  `{"_segment":{"version":1,"ledger":"logs.example.com/audit","partition":"0","index":41,"kind":"ingest",` +
  `"incarnation":0,"sealed":"${TIME}","previous":39,"prev":"${formatHash(HEADER.prev)}","records":{"first":10241,"count":512},` +
  `"events":{"first":7000,"last":7051,"count":52,"enqueuedFirst":"${TIME}","enqueuedLast":"${TIME}"},` +
  `"duplicates":3,"gaps":[{"first":6990,"last":6999,"reason":"expired"}],` +
  `"hub":{"created":"${CREATED}","asked":"${TIME}","first":7000,"last":7051,"enqueued":"${TIME}"}}}`;

const { hub: _, ...WITHOUT_HUB } = HEADER;

const parse = (text: string): SegmentHeader => parseHeader(Buffer.from(text));
/** The header with the member at a path (such as events.first) set to `value`, or removed. */
function changed(path: string, value: unknown): string {
  const header = JSON.parse(TEXT) as Record<string, unknown>;
  const keys = ['_segment', ...path.split('.')];
  const last = keys.pop() as string;
  let at: Record<string, unknown> = header;
  for (const key of keys) at = at[key] as Record<string, unknown>;
  at[last] = value;
  return JSON.stringify(header);
}

describe('formatHeader and parseHeader', () => {
  test('print what the format shows, and read it back', () => {
    expect(formatHeader(HEADER)).toBe(TEXT);
    expect(parse(TEXT)).toEqual(HEADER);
  });

  test.each<[string, SegmentHeader]>([
    ['nothing before it', { ...HEADER, previous: -1, prev: ZERO_HASH }],
    [
      'events without records',
      {
        ...HEADER,
        empty: [
          { event: 7000, enqueued: TIME },
          { event: 7051, enqueued: TIME, partitionKey: 'k"\n', properties: '{"a":{"b":[1]}}' },
        ],
      },
    ],
    ['no gaps', { ...HEADER, gaps: [] }],
    [
      'several gaps',
      {
        ...HEADER,
        gaps: (['expired', 'unreadable', 'recreated'] as const).map((reason) => ({ first: 1, last: 1, reason })),
      },
    ],
    ['nothing of the hub', WITHOUT_HUB],
    ['a hub that never had an event', { ...HEADER, hub: { created: CREATED, asked: TIME, first: 0, last: -1 } }],
    ['a hub that holds no event any more', { ...HEADER, hub: { created: CREATED, asked: TIME, first: 8, last: 7 } }],
    ['repair', { ...HEADER, kind: 'repair', prev: ZERO_HASH }],
    [
      'a heartbeat before any event',
      { ...HEADER, kind: 'heartbeat', events: { first: -1, last: -1, count: 0 }, records: { first: 0, count: 0 } },
    ],
    ['the largest numbers', { ...HEADER, index: Number.MAX_SAFE_INTEGER, duplicates: Number.MAX_SAFE_INTEGER }],
    ['a hostile origin', { ...HEADER, ledger: 'a"\n\\\u2028é' }],
  ])('round-trip %s', (_name, header) => {
    expect(parse(formatHeader(header))).toEqual(header);
    expect(formatHeader(parse(formatHeader(header)))).toBe(formatHeader(header));
    expect(formatHeader(header)).not.toContain('\n');
  });

  test('an empty list of events without records is not printed', () => {
    expect(formatHeader({ ...HEADER, empty: [] })).toBe(TEXT);
  });

  test('ignores members that it does not know', () => {
    expect(parse(changed('later', { a: [1] }))).toEqual(HEADER);
    expect(parse(changed('events.later', 1))).toEqual(HEADER);
    expect(parse(changed('hub.later', 1))).toEqual(HEADER);
  });

  test.each([0, -1, 1.5, 2, 3, 2.5, 2 ** 53, '1', '2', null, undefined, {}])('refuses the version %j', (version) => {
    expect(() => parse(changed('version', version))).toThrow(expect.objectContaining({ code: 'SEGMENT_MALFORMED' }));
  });

  const NOT_COUNTS = [undefined, null, '1', -1, 1.5, 2 ** 53, [], true];
  const NOT_TIMES = [undefined, null, 0, '', '2026-11-22', '2026-11-22T12:34:56Z', '2026-02-30T00:00:00.000Z'];
  test.each<[string, readonly unknown[]]>([
    ['ledger', [undefined, null, 1, '', {}]],
    ['partition', [undefined, null, 0, '', '01', 'a', '../x']],
    ['index', NOT_COUNTS],
    ['kind', [undefined, null, '', 'Ingest', 'report', 0, 'toString']],
    ['incarnation', NOT_COUNTS],
    ['sealed', NOT_TIMES],
    ['prev', [undefined, null, '', '0'.repeat(63), 'A'.repeat(64), 0]],
    ['records', [undefined, null, [], 'x', 512]],
    ['records.first', NOT_COUNTS],
    ['records.count', NOT_COUNTS],
    ['events', [undefined, null, [], 7]],
    ['events.first', NOT_COUNTS],
    ['events.last', NOT_COUNTS],
    ['events.count', NOT_COUNTS],
    ['events.enqueuedFirst', NOT_TIMES],
    ['events.enqueuedLast', NOT_TIMES],
    ['duplicates', NOT_COUNTS],
    ['gaps', [undefined, null, {}, 'x', 0]],
    ['gaps.0', [null, 1, [], 'x']],
    ['gaps.0.first', [...NOT_COUNTS, 7000]],
    ['gaps.0.last', [...NOT_COUNTS, 6989]],
    ['gaps.0.reason', [undefined, null, 'lost', 'unknown', '']],
    ['hub', [null, [], 'x', 0]],
    ['hub.created', NOT_TIMES],
    ['hub.asked', NOT_TIMES],
    ['hub.first', [...NOT_COUNTS, 7053]],
    ['hub.last', [undefined, null, '1', -2, 1.5, 2 ** 53, 6998]],
    ['hub.enqueued', NOT_TIMES.slice(1)],
    ['previous', [undefined, null, '39', -2, 1.5, 41, 42, 2 ** 53, []]],
    ['empty', [null, {}, 40, [1], [null], [{}], [{ event: 7000 }], [{ event: -1, enqueued: TIME }]]],
    [
      'empty.key',
      [[{ event: 7000, enqueued: TIME, partitionKey: 1 }], [{ event: 7000, enqueued: TIME, partitionKey: null }]],
    ],
    [
      'empty.properties',
      [[{ event: 7000, enqueued: TIME, properties: [] }], [{ event: 7000, enqueued: TIME, properties: 'x' }]],
    ],
    ['empty.enqueued', NOT_TIMES.map((enqueued) => [{ event: 7000, enqueued }])],
  ])('refuses a wrong %s', (path, values) => {
    for (const value of values) {
      const text = changed(path.replace(/^empty\..*/, 'empty'), value);
      expect(() => parse(text)).toThrow(expect.objectContaining({ code: 'SEGMENT_MALFORMED' }));
    }
  });

  test.each([
    ['nothing', ''],
    ['no JSON', TEXT.slice(0, -1)],
    ['a byte order mark', `\ufeff${TEXT}`],
    ['an array', `[${TEXT}]`],
    ['null', 'null'],
    ['no _segment', '{}'],
    ['_segment that is an array', '{"_segment":[]}'],
    ['two values', `${TEXT}1`],
  ])('refuses %s', (_name, text) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ code: 'SEGMENT_MALFORMED' }));
  });

  test('refuses what is not UTF-8', () => {
    const line = Buffer.from(TEXT);
    line[TEXT.indexOf('logs')] = 0xe9;
    expect(() => parseHeader(line)).toThrow(expect.objectContaining({ message: 'the header is not UTF-8' }));
  });

  test('quotes no text of a hostile header', () => {
    const text = changed('kind', '\n'.repeat(100));
    expect(() => parse(text)).toThrow(/^the header has kind a text of 100 characters$/);
  });
});

test.each([
  [TIME, true],
  ['2024-02-29T23:59:59.999Z', true],
  ['2023-02-29T23:59:59.999Z', false],
  ['2026-11-22T24:00:00.000Z', false],
  ['2026-11-22T12:34:60.000Z', false],
  ['2026-11-22T12:34:56.789+00:00', false],
  ['2026-11-22 12:34:56.789Z', false],
  ['+002026-11-22T12:34:56.789Z', false],
  ['2026-11-22T12:34:56.789Z\n', false],
])('isTime(%j) is %s', (text, expected) => {
  expect(isTime(text)).toBe(expected);
});
