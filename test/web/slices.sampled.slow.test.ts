import { formatVerifierKey } from '../../src/core/note/verifierKey.ts';
import type { LedgerInterval } from '../../src/core/objects/slice.ts';
import { flipped } from '../support/bitFlips.ts';
import { forge } from '../support/forge.ts';
import { picked, triedOf } from '../support/sample.ts';
import { LATER_KEY, momentOf, sliceScene } from '../support/sliceScene.ts';
import { MIRROR_KEY } from './mirrors.ts';
import { bothSay, mirrorOfLedger, segmentsIn, sliceOf } from './slices.ts';

// Both checkers find what is done to a slice, segment by segment and bit by bit.

const whole = mirrorOfLedger(await sliceScene());
const between = (from: number, to: number, partitions: readonly string[] | null = null): LedgerInterval => ({
  from: momentOf(from),
  to: momentOf(to),
  partitions,
});

/** A signature that no given key made is nobody's to verify. */
const BOTH_KEYS = [MIRROR_KEY, formatVerifierKey(LATER_KEY.verifierKey)].join('\n');

/** How many of many changes the fast run tries, and the usual one. */
const SAMPLE = 40;
const USUAL = 40;

const INTERVALS: readonly [what: string, interval: LedgerInterval][] = [
  ['in the middle', between(3, 9)],
  ['that a segment is of because its hub’s clock went back', between(2.4, 2.6, ['0'])],
  ['that begins with the first segments', between(0, 1.2)],
  ['that ends with the last ones', between(11.5, 13)],
  ['of everything', between(0, 14)],
  ['of some partitions', between(3, 9, ['1', '10'])],
  ['with a gap at its end', between(3, 3.5, ['0'])],
  ['with a gap at its beginning', between(3.5, 4, ['0'])],
  ['at whose end the hub was created again', between(8, 8.5, ['0'])],
  ['with heartbeats alone', between(2.5, 10, ['2'])],
];

describe.each(picked(INTERVALS, 1, 1))('a slice %s', (_what, interval) => {
  test('is not verified without any one of its segments, wherever it stands', async () => {
    const slice = await sliceOf(whole, interval);
    const segments = segmentsIn(slice);
    expect(segments).not.toEqual([]);
    for (const name of segments) {
      const without = new Map(slice);
      without.delete(name);
      const { status, found } = await bothSay(without, interval);
      expect({ name, status, found }).toMatchObject({
        status: 'violated',
        found: expect.arrayContaining([`segment-missing ${name}`]) as string[],
      });
    }
    const none = new Map([...slice].filter(([name]) => !name.startsWith('segments/')));
    expect((await bothSay(none, interval)).status).toBe('violated');
  });

  test('is not verified where a segment is changed, is another one, or of another ledger', async () => {
    const slice = await sliceOf(whole, interval);
    const segments = segmentsIn(slice);
    for (const [i, name] of segments.entries()) {
      const stored = slice.get(name) as Buffer;
      const flipped = Buffer.from(stored);
      flipped.writeUInt8(flipped.readUInt8((i * 97) % stored.length) ^ 1, (i * 97) % stored.length);
      const [, partition = '', digits] = /^segments\/(\d+)\/(\d+)/.exec(name) ?? [];
      const index = Number(digits);
      const others = [
        flipped,
        whole.get(segmentsIn(whole)[(i + 3) % 31] as string) as Buffer,
        forge({ partition, index, ledger: 'other.example.com' }).stored,
        // A thief of a session signs one for the same place.
        forge({ partition, index, events: [index, index + 1] }).stored,
        Buffer.alloc(0),
      ].filter((bytes) => !bytes.equals(stored));
      for (const other of others) {
        const { status, found } = await bothSay(new Map(slice).set(name, other), interval);
        expect({ status, isNamed: found.includes(`segment-changed ${name}`) }).toEqual({
          status: 'violated',
          isNamed: true,
        });
      }
    }
  });
});

test('every one-bit change of every object of a slice is found, and the object is named', async () => {
  const interval = between(3, 6, ['0', '1']);
  const slice = await sliceOf(whole, interval);
  // Of the checkpoints that two keys signed, a line whose key ID is changed is one of a key that nobody knows, which signed notes ignore.
  const changes = [...slice]
    .filter(([name]) => /^(segments|batches|actions|checkpoints\/0{11}[01]$)/.test(name))
    .flatMap(([name, bytes]) => Array.from({ length: bytes.length * 8 }, (_, bit) => ({ name, bytes, bit })));
  // All of some hundred thousand would take hours.
  const every = changes.filter((_, at) => at % 397 === 0);
  expect(every.length).toBeGreaterThan(500);
  let tried = 0;
  for (const { name, bytes, bit } of picked(every, SAMPLE, USUAL)) {
    const { status, found } = await bothSay(new Map(slice).set(name, flipped(bytes, bit)), interval, BOTH_KEYS);
    const isNamed = found.some((one) => one.includes(name));
    expect({ name, bit, status, isNamed }).toEqual({ name, bit, status: 'violated', isNamed: true });
    tried += 1;
  }
  expect(tried).toBe(triedOf(every.length, SAMPLE, USUAL));
}, 900_000);
