import { sha256 } from '../../../src/core/hash.ts';
import {
  NO_HEADS,
  NO_POSITION,
  PARTITIONS_PER_LINE,
  formatHeads,
  headsOf,
  isHeadsLine,
} from '../../../src/core/objects/heads.ts';
import type { LogPosition } from '../../../src/core/objects/heads.ts';
import { MAX_INDEX } from '../../../src/core/objects/names.ts';
import { MAX_ENTRY_BYTES } from '../../../src/core/merkle/tile.ts';
import { LEDGER, TRUST } from '../../support/forge.ts';
import { coded, damaged, expectExact } from '../../support/logVectors.ts';
import { TIME } from '../../support/segments.ts';
import { keyText } from '../../support/sign.ts';

const POSITION = { next: 42, index: 41, root: sha256(Buffer.from('root')), sealed: TIME };
const OPERATOR = keyText({ name: `${LEDGER}/operator`, seed: 3 });
const HEADS: LogPosition = {
  time: TIME,
  keys: [...TRUST.keys, keyText({ name: LEDGER, seed: 2 })],
  operators: [{ key: OPERATOR, from: 2 }],
  documents: { report: 43, action: 4 },
  positions: new Map([
    ['0', POSITION],
    ['7', { ...NO_POSITION, next: 3 }],
  ]),
};
const [LINE] = formatHeads(HEADS).map(String) as [string];
const ENTRY = Buffer.from('{"type":"x"}');
const malformed = coded('BATCH_MALFORMED');
const read = (...lines: readonly (string | Buffer)[]): LogPosition => headsOf(lines.map((line) => Buffer.from(line)));

/** Heads of so many partitions, each with the longest position there is. */
const longest = (count: number): LogPosition => ({
  ...HEADS,
  keys: Array.from({ length: 20 }, (_, seed) => keyText({ name: LEDGER, seed })),
  documents: { report: MAX_INDEX, action: MAX_INDEX },
  positions: new Map(
    Array.from({ length: count }, (_, i) => [
      String(32_767 - i),
      { ...POSITION, next: MAX_INDEX, index: MAX_INDEX - 1 },
    ]),
  ),
});

describe('heads', () => {
  test('are printed as docs/format.md shows, and read back behind other entries', () => {
    expect(Object.keys(JSON.parse(LINE) as object)).toEqual([
      'type',
      'time',
      'keys',
      'operators',
      'reports',
      'actions',
      'partitions',
    ]);
    expect(isHeadsLine(Buffer.from(LINE))).toBe(true);
    expect(isHeadsLine(ENTRY)).toBe(false);
    expect(read(LINE)).toEqual(HEADS);
    expect(read(ENTRY, ENTRY, LINE)).toEqual(HEADS);
    expect(() => read(LINE, ENTRY, LINE)).toThrow(malformed);
    expect(headsOf(formatHeads({ ...NO_HEADS, time: TIME }))).toEqual({ ...NO_HEADS, time: TIME });
  });

  test.each([1, PARTITIONS_PER_LINE, PARTITIONS_PER_LINE + 1, 3 * PARTITIONS_PER_LINE, 1024])(
    'of %d partitions are entries that have room',
    (count) => {
      const lines = formatHeads(longest(count));
      expect(lines).toHaveLength(Math.ceil(count / PARTITIONS_PER_LINE));
      for (const line of lines) expect(line.length).toBeLessThan(MAX_ENTRY_BYTES);
      expect(headsOf(lines)).toEqual(longest(count));
      expect([...headsOf(lines).positions.keys()].map(Number)).toEqual(
        [...longest(count).positions.keys()].map(Number).sort((a, b) => a - b),
      );
    },
  );

  test.each([
    ['there are none', []],
    ['something stands behind them', [LINE, ENTRY]],
    ['there are two', [LINE, LINE]],
    ['they are not filled', formatHeads(HEADS).flatMap((line) => [line, line])],
    ['they are in another order', formatHeads(longest(301)).toReversed()],
  ])('are refused, where %s', (_name, lines) => {
    expect(() => read(...lines)).toThrow(malformed);
  });

  test.each<[string, string | RegExp, string]>([
    ['no time', `"time":"${TIME}",`, ''],
    ['a time that is none', TIME, '2026-02-30T00:00:00.000Z'],
    ['no keys', /"keys":\[[^\]]*\],/, ''],
    ['keys that are no list', /"keys":\[[^\]]*\]/, '"keys":{}'],
    ['a key that is none', /"keys":\["[^"]*"/, '"keys":["x"'],
    ['a key that is no text', /"keys":\["[^"]*"/, '"keys":[1'],
    ['no reports', '"reports":43,', ''],
    ['reports below 0', '"reports":43', '"reports":-1'],
    ['reports as text', '"reports":43', '"reports":"43"'],
    ['no actions', '"actions":4,', ''],
    ['half an action', '"actions":4', '"actions":0.5'],
    ['partitions that are a list', /"partitions":.*$/, '"partitions":[]}'],
    ['a partition that is none', '"7":{', '"07":{'],
    ['a position that is none', /"7":\{[^}]*\}/, '"7":1'],
    ['no next', '"next":42,', ''],
    ['a next that is not behind its index', '"next":42', '"next":41'],
    ['an index below -1', '"index":-1', '"index":-2'],
    ['an index as text', '"index":41', '"index":"41"'],
    ['a root that is none', /"root":"0/, '"root":"'],
    ['a root in capitals', /"root":"[0-9a-f]*"/, `"root":"${'A'.repeat(64)}"`],
    ['no sealed', `,"sealed":"${TIME}"`, ''],
    ['a sealed that is no time', `"sealed":"${TIME}"`, '"sealed":"then"'],
    ['a member that is not known', '"reports":43', '"reports":43,"more":1'],
    ['a member twice', '"reports":43', '"reports":43,"reports":43'],
    ['members in another order', '"reports":43,"actions":4', '"actions":4,"reports":43'],
    ['partitions in another order', /("0":\{[^}]*\}),("7":\{[^}]*\})/, '$2,$1'],
    ['white space', '"reports":43', '"reports": 43'],
    ['no end', /\}$/, ''],
  ])('with %s are refused', (_name, from, to) => {
    const changed = LINE.replace(from, to);
    expect(changed).not.toBe(LINE);
    expect(() => read(changed)).toThrow(malformed);
  });

  test('are read only as they are printed', () => {
    const back = (line: Buffer): Buffer => Buffer.concat(formatHeads(headsOf([line])));
    expectExact(damaged(Buffer.from(LINE), 1, 2000), ['BATCH_MALFORMED'], back);
  });
});
