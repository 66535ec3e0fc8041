import { sha256 } from '../../../src/core/hash.ts';
import { parseEntry } from '../../../src/core/objects/entry.ts';
import { NO_POSITION } from '../../../src/core/objects/heads.ts';
import type { Position } from '../../../src/core/objects/heads.ts';
import { judgeObject } from '../../../src/core/objects/judge.ts';
import type { Judgement } from '../../../src/core/objects/judge.ts';
import { summarizeSegment } from '../../../src/core/segment/summary.ts';
import { TRUST, forge, nameOf, timeOf } from '../../support/forge.ts';
import type { Forged, Spec } from '../../support/forge.ts';

const question = (index: number) => ({ name: nameOf(index), trust: TRUST, countsCategories: true });

const judge = ({ stored }: Pick<Forged, 'stored'>, index: number, before: Position): Judgement =>
  judgeObject(
    { partition: '0', index, size: stored.length, summary: summarizeSegment(Buffer.from(stored), question(index)) },
    before,
  );

const first = forge({ events: [7, 8] });
const behindFirst = judge(first, 0, NO_POSITION).position;

test('a segment that goes on from the last one gets an entry that says just what it is', () => {
  const { line, position, foreign } = judge(first, 0, NO_POSITION);
  expect(foreign).toBeUndefined();
  expect(JSON.parse(line.toString())).toEqual({
    type: 'segment',
    name: nameOf(0),
    size: first.stored.length,
    sha256: Buffer.from(sha256(first.stored), 'latin1').toString('hex'),
    root: first.root,
    prev: '0'.repeat(64),
    partition: '0',
    index: 0,
    incarnation: 0,
    records: { first: 0, count: 2 },
    events: { first: 7, last: 8, count: 2 },
    time: { first: timeOf(7), last: timeOf(8) },
    categories: {},
  });
  expect(position).toEqual({ next: 1, index: 0, root: expect.any(String) as string, sealed: timeOf(1_000_000) });
});

test('the times of an entry are in order, also where the hub’s clock went back; of a heartbeat it is when that was sealed', () => {
  const back = forge({
    events: [7, 8],
    header: { events: { first: 7, last: 8, count: 2, enqueuedFirst: timeOf(9), enqueuedLast: timeOf(3) } },
    edit: (lines) => [
      lines[0] as string,
      (lines[1] as string).replace(timeOf(7), timeOf(9)),
      (lines[2] as string).replace(timeOf(8), timeOf(3)),
    ],
    latest: timeOf(9),
  });
  expect(parseEntry(judge(back, 0, NO_POSITION).line)).toMatchObject({ time: { first: timeOf(3), last: timeOf(9) } });
  const idle = forge({ kind: 'heartbeat', events: [-1] });
  const sealed = timeOf(1_000_000);
  expect(parseEntry(judge(idle, 0, NO_POSITION).line)).toMatchObject({ time: { first: sealed, last: sealed } });
});

test('a segment goes on behind foreign objects, if it names the one that it follows', () => {
  const passed = { ...behindFirst, next: 3 };
  const next: Spec = { index: 3, previous: 0, prev: first.root, record: 2, events: [9] };
  expect(judge(forge(next), 3, passed)).toMatchObject({ position: { next: 4, index: 3 } });
  expect(judge(forge({ ...next, previous: 2 }), 3, passed).foreign).toBe(
    'it does not go on from the last segment of the chain',
  );
});

test.each<[string, Spec, RegExp]>([
  ['that nobody signed', { isUnsigned: true }, /does not end with a signature/],
  ['that a stranger certified', { session: { keys: [{ name: 'x/y', seed: 1 }] } }, /no trusted key/],
  ['of another predecessor', { previous: -1 }, /does not go on/],
  ['with another prev', { prev: '1'.repeat(64) }, /does not go on/],
  ['sealed before the one that it follows', { header: { sealed: timeOf(999_999) } }, /does not go on/],
  ['whose lines say otherwise than was signed', { statement: { record: 9 } }, /differ in record/],
  ['of another place', { partition: '1', name: nameOf(1) }, /partition 1/],
])('what is there becomes foreign by its name alone: a segment %s', (_name, spec, why) => {
  const object = forge({ index: 1, previous: 0, prev: first.root, record: 2, events: [9], ...spec });
  const { line, position, foreign } = judge(object, 1, behindFirst);
  expect(line.toString()).toBe(`{"type":"foreign","name":"${nameOf(1)}"}`);
  expect(position).toEqual({ ...behindFirst, next: 2 });
  expect(foreign).toMatch(why);
});
