import { ZERO_HASH, formatHash, parseHash, sha256 } from '../../../src/core/hash.ts';
import type { Hash } from '../../../src/core/hash.ts';
import { NO_CHAIN, headOf, sealedAt } from '../../../src/core/segment/chain.ts';
import { segmentFault } from '../../../src/core/segment/summary.ts';
import { sealWithoutEvents } from '../../../src/core/segment/eventless.ts';
import { statementOf } from '../../../src/core/segment/statement.ts';
import { readSegment } from '../../../src/core/segment/reader.ts';
import { summarizeSegment } from '../../../src/core/segment/summary.ts';
import type { SealableEvent } from '../../../src/core/segment/seal.ts';
import { sealSegment } from '../../../src/core/segment/writer.ts';
import { LEDGER, TRUST, forge, nameOf } from '../../support/forge.ts';
import type { Spec } from '../../support/forge.ts';
import { readReferenceFrames } from '../../support/referenceLedger.ts';
import { CREATED } from '../../support/sign.ts';
import { TIME, eventsOf, segmentStart } from '../../support/segments.ts';

const { header, root, frames, latest } = sealSegment(segmentStart(), eventsOf(['{"a":1}', '[]']), 1e6);
const statement = statementOf(header, root, sha256(frames), { latest, created: CREATED });
const HUB = { created: CREATED, asked: TIME, first: 0, last: 8, enqueued: TIME };

describe('statementOf and headOf', () => {
  test('say where a chain goes on behind a segment', () => {
    expect(statement).toEqual({
      frames: sha256(frames),
      root,
      prev: ZERO_HASH,
      record: 101,
      incarnation: 0,
      created: CREATED,
      event: 8,
      enqueued: TIME,
      sealed: TIME,
    });
    expect(headOf(statement, 41, 43)).toEqual({
      index: 43,
      root,
      record: 101,
      incarnation: 0,
      created: CREATED,
      lastEvent: 8,
      latest: TIME,
      previous: 41,
      sealed: TIME,
    });
  });

  test('say so of a segment before any event', () => {
    const hub = { created: CREATED, asked: TIME, first: 0, last: -1 };
    const idle = sealWithoutEvents(NO_CHAIN, {
      ledger: LEDGER,
      partition: '0',
      kind: 'heartbeat',
      sealed: TIME,
      gaps: [],
      hub,
    });
    const said = statementOf(idle.header, idle.root, sha256(idle.frames), { latest: '', created: CREATED });
    expect(said).toMatchObject({ record: 0, incarnation: 0, event: -1 });
    expect(said).not.toHaveProperty('enqueued');
    expect(headOf(said, 0, 1)).toEqual({
      ...NO_CHAIN,
      index: 1,
      root: idle.root,
      created: CREATED,
      previous: 0,
      sealed: TIME,
    });
  });
});

test('a repair without events covers the gaps that it declares', () => {
  const gaps = [{ first: 9, last: 12, reason: 'recreated' } as const];
  const start = { ledger: LEDGER, partition: '7', kind: 'repair', sealed: TIME, gaps } as const;
  const { frames, header } = sealWithoutEvents(headOf(statement, 41, 43), start);
  const reference = readReferenceFrames(frames);
  expect(reference.header).toMatchObject({ kind: 'repair', gaps, events: { first: 12, last: 12, count: 0 } });
  expect(reference.header).not.toHaveProperty('hub');
  expect(readSegment(frames)).toMatchObject({ header, latest: '', endDiffers: false });
});

test('a heartbeat repeats where the chain is and what the hub said, and has no times of events', () => {
  const head = headOf(statement, 41, 43);
  const start = { ledger: LEDGER, partition: '7', kind: 'heartbeat', sealed: TIME, gaps: [], hub: HUB } as const;
  const idle = sealWithoutEvents(head, start);
  const reference = readReferenceFrames(idle.frames);
  expect(reference.header).toMatchObject({
    partition: '7',
    index: 43,
    kind: 'heartbeat',
    previous: 41,
    prev: formatHash(root),
    records: { first: 101, count: 0 },
    hub: HUB,
  });
  expect(reference.header.events).toEqual({ first: 8, last: 8, count: 0 });
  expect(readSegment(idle.frames)).toMatchObject({ header: idle.header, latest: '', endDiffers: false });
  expect([idle.latest, idle.taken]).toEqual(['', 0]);
});

test.each([
  ['', '2026-11-22T10:00:00.000Z', '2026-11-22T10:00:00.000Z'],
  ['2026-11-22T09:59:59.999Z', '2026-11-22T10:00:00.000Z', '2026-11-22T10:00:00.000Z'],
  ['2026-11-22T10:00:00.000Z', '2026-11-22T10:00:00.000Z', '2026-11-22T10:00:00.000Z'],
  ['2026-11-22T10:00:00.001Z', '2026-11-22T10:00:00.000Z', '2026-11-22T10:00:00.001Z'],
])('behind one that was sealed at %j, by a clock that says %s, a segment is sealed at %s', (sealed, now, expected) => {
  expect(sealedAt({ sealed }, Date.parse(now))).toBe(expected);
});

test('a segment gives the latest time of its events, wherever it stands: also of one without records', () => {
  const later = '2026-11-22T12:34:57.000Z';
  for (const at of [0, 1, 2]) {
    for (const body of ['{}', '[]']) {
      const events = eventsOf(['{}', '{}', '{}']).map((event, i) => ({
        ...event,
        ...(i === at && { enqueued: later, body: Buffer.from(body) }),
      })) as [SealableEvent, ...SealableEvent[]];
      const { frames, latest } = sealSegment(segmentStart(), events, 1e6);
      expect([latest, readSegment(frames).latest, readReferenceFrames(frames).latest]).toEqual([later, later, later]);
    }
  }
  expect(sealSegment(segmentStart(), eventsOf(['{}', '{}']), 1).latest).toBe(TIME);
});

/** A line as long as a seal takes at least. */
const UNSEALED = `{"a":"${'x'.repeat(80)}"}`;

describe('segmentFault', () => {
  const faultOf = (spec: Spec, partition = '0', index = 0, name = nameOf(index, partition)): string | undefined =>
    segmentFault(summarizeSegment(forge({ ...spec, name }).stored, { name, trust: TRUST }), partition, index);

  test('finds none in a segment of its place', () => {
    expect(faultOf({})).toBeUndefined();
    expect(faultOf({ partition: '7', index: 3, previous: 1 }, '7', 3)).toBeUndefined();
  });

  // Signed for a name, and by its header of another place: whoever signs may not be believed either.
  test.each<[string, Spec, string, number, string | RegExp]>([
    ['of another index', { index: 1 }, '0', 0, 'it is the segment of partition 0, index 1'],
    ['of another partition', { partition: '1' }, '0', 0, 'it is the segment of partition 1, index 0'],
    ['with another end line', { end: '{"_end":{"records":9}}' }, '0', 0, /^its end line states another root/],
    ['without a seal', { edit: ([header = '']) => [header, UNSEALED] }, '0', 0, 'record line 0 does not end in a seal'],
    ['of another ledger', { header: { ledger: 'x/y' } }, '0', 0, /name different ledgers$/],
    [
      'of later events',
      { statement: { enqueued: '2020-01-01T00:00:00.000Z' } },
      '0',
      0,
      /^it has an event that was enqueued later/,
    ],
    [
      'of another hub',
      { statement: { created: TIME } },
      '0',
      0,
      'its lines and what was signed of it differ in created',
    ],
    ['of other records', { statement: { record: 7 } }, '0', 0, 'its lines and what was signed of it differ in record'],
    [
      'of another sealing',
      { header: { sealed: '2025-12-03T00:00:00.000Z' }, statement: { sealed: '2025-12-03T00:00:00.001Z' } },
      '0',
      0,
      /differ in sealed$/,
    ],
    ['that nobody signed', { isUnsigned: true }, '0', 0, 'it does not end with a signature'],
  ])('says why one is none: %s', (_name, spec, partition, index, fault) => {
    expect(faultOf(spec, partition, index)).toMatch(fault);
  });
});

test('summarizeSegment counts categories where that is asked for', () => {
  const { stored } = forge({
    events: [0, 1],
    edit: (lines) => lines.map((line) => line.replace('{"n":', '{"category":"A","n":')),
  });
  const question = { name: nameOf(0), trust: TRUST };
  expect(summarizeSegment(Buffer.from(stored), { ...question, countsCategories: true })).toMatchObject({
    categories: new Map([['A', 2]]),
  });
  expect(summarizeSegment(Buffer.from(stored), question)).not.toHaveProperty('categories');
});

test('summarizeSegment says of what a later release signed that it is one, and what its bytes are', () => {
  const { stored } = forge({ statement: { version: 2 } });
  const summary = summarizeSegment(stored, { name: nameOf(0), trust: TRUST });
  expect(summary).toEqual({
    ok: false,
    isForeign: false,
    isOfLater: true,
    why: expect.stringContaining('version 2') as string,
  });
  // Who took a session's key can write any header, and stops nobody by it.
  const header = forge({ header: { version: 2 } }).stored;
  const digest: Hash = sha256(header);
  expect(summarizeSegment(header, { name: nameOf(0), trust: TRUST })).toMatchObject({
    isForeign: false,
    isOfLater: false,
    sha256: digest,
  });
  expect(parseHash(formatHash(digest))).toBe(digest);
});
