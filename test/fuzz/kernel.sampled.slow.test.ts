// The kernel and the reference are held to the same bytes, roots, readings and refusals, whatever comes.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { TreeRoot } from '../../src/core/merkle/tree.ts';
import type { Hash } from '../../src/core/hash.ts';
import { sliceBody } from '../../src/core/segment/body.ts';
import type { SealableEvent } from '../../src/core/segment/seal.ts';
import { sealSegment } from '../../src/core/segment/writer.ts';
import { decompress } from '../../src/core/segment/zstd.ts';
import { byReference, isTaken, leavesOf, linesOf, litter, readContent } from '../support/bothPaths.ts';
import { ROOT } from '../support/program.ts';
import { mutatedBody, seedBodies } from '../support/mutations.ts';
import { Random } from '../support/random.ts';
import { depthOf } from '../support/referenceBody.ts';
import { freshSeed, isFast, picked, picks, triedOf } from '../support/sample.ts';
import { TIME, segmentStart } from '../support/segments.ts';
import { bodyVectors, segmentVectors } from '../support/vectors.ts';

const seeds = seedBodies();
const SEEDS = isFast ? [freshSeed()] : picked([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 1, 1);
const eventOf = (body: Buffer, changes: Partial<SealableEvent> = {}): SealableEvent => ({
  body,
  sequenceNumber: 7,
  enqueued: TIME,
  ...changes,
});

/** expectSame seals an event on both paths, and tells whether the kernel took its body. */
function expectSame(event: SealableEvent, record: number): boolean {
  const before = Buffer.from(event.body);
  const made = linesOf(event, record);
  const reference = byReference(() => linesOf(event, record));
  if (made.count !== reference.count || made.lines !== reference.lines || !sameList(made.leaves, reference.leaves))
    throw new Error(`another line of ${event.body.toString('base64')}`);
  expect(event.body.equals(before)).toBe(true);
  return isTaken(event.body);
}

const sameList = (one: readonly Hash[], other: readonly Hash[]): boolean =>
  one.length === other.length && one.every((hash, i) => hash === other[i]);

describe('sealing', () => {
  test('of every vector, every example and each of their truncations', () => {
    const bodies = bodyVectors().map(({ body }) => body);
    for (const body of [...bodies, ...seeds]) {
      expectSame(eventOf(body), 1);
      if (body.length > 4096) continue;
      for (const length of picks(body.length, 20, 100)) expectSame(eventOf(body.subarray(0, length)), 1);
    }
  });

  test.each(SEEDS)('of mutated bodies, whatever the call before left: seed %d', (seed) => {
    const runs = triedOf(10_000, 2000, 5000);
    const random = new Random(seed);
    let taken = 0;
    let shouldBe = 0;
    for (let i = 0; i < runs; i++) {
      const body = mutatedBody(random, seeds);
      if (random.below(20) === 0) litter(random);
      const text = mutatedBody(random, seeds).toString('latin1');
      const members: Partial<SealableEvent>[] = [
        {},
        {},
        { sequenceNumber: random.below(2 ** 31) * 2 ** 20 },
        { partitionKey: text },
        { properties: JSON.stringify({ [text]: text }) },
        { partitionKey: 'ü', properties: `{"p":"${'ä'.repeat(random.below(12_000))}"}` },
      ];
      const event = eventOf(body, members[random.below(members.length)]);
      const isOne = expectSame(event, random.pick([0, 9, 10, 99_999, Number.MAX_SAFE_INTEGER - 10_000]));
      const slices = sliceBody(body);
      const isRecords = slices.length > 0 && slices.every(({ form }) => form === 'object' || form === 'value');
      if (isOne) expect(isRecords).toBe(true);
      if (isOne) taken++;
      // A single value may be 64 deep; with an envelope and an array around it that is 67.
      if (isRecords && depthOf(body.toString('latin1')) <= 64) {
        shouldBe++;
        if (!isOne) throw new Error(`left to the reference: ${body.toString('base64')}`);
      }
    }
    expect(shouldBe).toBeGreaterThan(runs / 4);
    expect(taken).toBeGreaterThanOrEqual(shouldBe);
  });
});

/** The contents of segments, small ones and one of several pieces. */
function contents(): Buffer[] {
  const random = new Random(5);
  const events = Array.from({ length: 60 }, (_, i) => ({
    body: mutatedBody(random, seeds),
    sequenceNumber: 7 + i,
    enqueued: new Date(Date.parse(TIME) + Math.floor(i / 2)).toISOString(),
    ...(i % 7 === 0 && { partitionKey: 'key', properties: '{"a":1}' }),
  })) as unknown as [SealableEvent];
  const long = ['x', 'é', '\\"'].map((text, i) => ({
    body: Buffer.from(`{"records":[{"a":"${text.repeat(100_000)}"},{"b":1},${'{"c":[1,2]},'.repeat(2000)}{}]}`),
    sequenceNumber: 7 + i,
    enqueued: TIME,
  })) as unknown as [SealableEvent];
  return [
    decompress(sealSegment(segmentStart(), events, 1e9).frames),
    decompress(sealSegment(segmentStart(), long, 1e9).frames),
    ...segmentVectors().flatMap(({ expect: what, frames }) => (what === 'valid' ? [decompress(frames)] : [])),
  ];
}

const EDITS: readonly ((content: Buffer, random: Random) => Buffer)[] = [
  (content, random) => {
    const changed = Buffer.from(content);
    changed[random.below(content.length)]! ^= 1 << random.below(8);
    return changed;
  },
  (content, random) => content.subarray(0, random.below(content.length + 1)),
  (content, random) => {
    const at = random.below(content.length);
    return Buffer.concat([content.subarray(0, at), content.subarray(at + 1 + random.below(200))]);
  },
  (content, random) => {
    const at = random.below(content.length);
    return Buffer.concat([
      content.subarray(0, at),
      Buffer.from('\n'.repeat(1 + random.below(3))),
      content.subarray(at),
    ]);
  },
  // What seals are made of, put into one of them.
  (content, random) => {
    const pieces = [
      '"_seal"',
      ',"index":',
      ',"enqueued":"',
      '"}}\n',
      '0',
      '1',
      '9'.repeat(17),
      ',',
      '"',
      '}',
      'Z',
      '{',
    ] as const;
    const seal = content.indexOf('"_seal":', random.below(content.length));
    const at = Math.max(seal, 0) + random.below(110);
    const cut = at + random.below(2) * random.below(20);
    return Buffer.concat([content.subarray(0, at), Buffer.from(random.pick(pieces)), content.subarray(cut)]);
  },
  // And what categories are made of.
  (content, random) => {
    const pieces = [
      '"category":',
      '"category"',
      ': ',
      ' "',
      '"',
      '\\',
      '\n',
      'é',
      '\x1f',
      '~',
      'x'.repeat(63),
      'xx',
    ] as const;
    const key = content.indexOf('"category":', random.below(content.length));
    const at = (key < 0 ? random.below(content.length) : key) + random.below(30);
    const put = Array.from({ length: 1 + random.below(4) }, () => random.pick(pieces)).join('');
    return Buffer.concat([content.subarray(0, at), Buffer.from(put), content.subarray(at + random.below(3))]);
  },
  (content, random) => {
    const from = content.indexOf(0x0a, random.below(content.length)) + 1;
    const to = content.indexOf(0x0a, from + random.below(2000)) + 1;
    return Buffer.concat([content.subarray(0, to), content.subarray(from, to), content.subarray(to)]);
  },
];

function expectSameReading(content: Buffer): void {
  if (readContent(content) !== byReference(() => readContent(content)))
    throw new Error(`another reading of ${content.toString('base64').slice(0, 100_000)}`);
}

describe('reading', () => {
  test('of whole segments', () => {
    for (const content of contents()) expectSameReading(content);
  });

  test.each(SEEDS)('of damaged segments: seed %d', (seed) => {
    const all = contents();
    const random = new Random(seed);
    for (let i = 0; i < (isFast ? 300 : 1500); i++) {
      // The second one is large.
      const content = i % 100 === 0 ? all[1] : random.pick(all.filter((_, at) => at !== 1) as [Buffer]);
      let damaged = content as Buffer;
      for (let edits = 1 + random.below(2); edits > 0 && damaged.length > 0; edits--)
        damaged = random.pick(EDITS as [(typeof EDITS)[0]])(damaged, random);
      if (damaged.length === 0) continue;
      if (random.below(20) === 0) litter(random);
      expectSameReading(damaged);
    }
  });

  test('of every truncation of a segment', () => {
    const [content] = contents() as [Buffer];
    for (const length of picks(content.length - 1, 100, 500)) {
      const cut = content.subarray(0, length + 1);
      expectSameReading(cut);
    }
  });
});

test('trees of every size have the same root', () => {
  const random = new Random(3);
  const leaves = leavesOf(random, 5000);
  const rootOf = (size: number): Hash => {
    const tree = new TreeRoot();
    for (const leaf of leaves.slice(0, size)) tree.add(leaf);
    expect(tree.size).toBe(size);
    return tree.root();
  };
  const sizes = [
    ...Array.from({ length: 70 }, (_, size) => size),
    1023,
    1024,
    1025,
    2047,
    2048,
    2049,
    3072,
    4096,
    4097,
  ];
  for (const size of [...sizes, ...picks(5000, 40, 200)]) {
    if (random.below(4) === 0) litter(random);
    expect(rootOf(size)).toBe(byReference(() => rootOf(size)));
  }
});

// Bodies of real services besides, where a folder of them is named.
const FOLDERS = [join(ROOT, 'local', 'examples'), process.env['AUDITSEAL_SAMPLES']].filter((it) => it !== undefined);

test.each(FOLDERS)('bodies as services send them come out the same, and the kernel takes them: %s', (folder) => {
  const bodies = readdirSync(folder).map((name) => readFileSync(join(folder, name)));
  const left = bodies.filter((body) => !expectSame(eventOf(body), 1));
  // What is no JSON, holds no record or nests very deep the kernel leaves to the reference, and nothing else.
  const isRecord = (body: Buffer): boolean =>
    sliceBody(body).some(({ form }) => form === 'object' || form === 'value') && depthOf(body.toString('latin1')) <= 64;
  expect(left.filter(isRecord)).toEqual([]);
  expect(left.length).toBeLessThan(bodies.length / 2);
});
