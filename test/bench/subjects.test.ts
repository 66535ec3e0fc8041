import { SUBJECTS } from '../../bench/subjects.ts';
import { withSurroundings } from '../../bench/surroundings.ts';
import type { Measurement, Surroundings } from '../../bench/subject.ts';
import { picked } from '../support/sample.ts';

/** What each subject is there to state: a figure with a bar, by a part of its name. */
const BARS: Readonly<Record<string, readonly string[]>> = {
  seal: ['seal / zstd -1 alone', 'seal, two cores / zstd -1'],
  verify: [],
  kernel: ['hash tree nodes / reference', 'bodies that the kernel takes'],
  workers: ['2 workers / 1, segments of 1 MiB', '2 workers / 1, segments of 12 records'],
  'verify-small': ['auditseal verify, two threads'],
  recheck: ['2 processes / 1'],
  quick: ['verify --quick'],
  incremental: ['requests', 'bytes read', 'processor time'],
  bytes: ['raw / stored'],
  signatures: [
    'sign 12 records',
    'sign 1 MiB',
    'bytes that signing adds to 12 records',
    'signatures / integrate, 1 MiB',
    'find a head',
    'integrate: ',
    'dismiss random bytes',
  ],
  repair: ['repair / ingest', 'the latter / the former'],
  operations: ['creations per segment', 'other operations per segment', 'the most of them'],
  integrate: [],
  writes: ['writes per segment', 'writes per checkpoint'],
  requests: ['mirror: ', 'verify: '],
  growth: [
    'find the head',
    'integrate one more batch',
    'the same after a start',
    'prove a record',
    'verify what is new',
    'evidence',
    'auditseal check',
  ],
  memory: ['peak of verify', 'peak of integrate', 'peak of ingest'],
  export: ['parquet / jsonl', '  bytes a record'],
  query: ['query / find'],
  find: ['time with the index', 'index / stored bytes', '  bytes read', '  time', '  check'],
  'cold-start': ['what the bundle adds'],
  pipeline: ['pipeline / the slower of both'],
};

/** What is counted and not timed is looked at each time, of the others some. */
const COUNTED = ['operations', 'writes', 'signatures', 'incremental'];
const timed = picked(
  SUBJECTS.filter(({ name }) => !COUNTED.includes(name)),
  1,
  1,
);
const tried = SUBJECTS.filter((subject) => COUNTED.includes(subject.name) || timed.includes(subject));

test('each subject is there to state something, whether it is looked at this time or not', () => {
  expect(Object.keys(BARS).toSorted()).toEqual(SUBJECTS.map(({ name }) => name).toSorted());
});

describe('subjects, with little data and one round', () => {
  let surroundings: Surroundings;
  let finish: () => void;
  let finished: Promise<void>;

  beforeAll(async () => {
    const { promise: end, resolve } = Promise.withResolvers<void>();
    finish = resolve;
    await new Promise<void>((ready) => {
      finished = withSurroundings({ bytes: 12e6, rounds: 1, segments: 1000 }, async (given) => {
        surroundings = given;
        ready();
        await end;
      });
    });
  });

  afterAll(async () => {
    finish();
    await finished;
  });

  const measured = new Map<string, Measurement>();

  test.each(tried.map((subject) => [subject.name, subject] as const))('%s', async (name, subject) => {
    const measurement = await subject.measure(surroundings);
    measured.set(name, measurement);
    expect(measurement.figures.length).toBeGreaterThan(0);
    for (const { median, min, max } of measurement.figures) {
      expect(Number.isFinite(median)).toBe(true);
      expect(min).toBeLessThanOrEqual(median);
      expect(max).toBeGreaterThanOrEqual(median);
    }
    for (const part of BARS[name] as readonly string[]) {
      const figures = measurement.figures.filter((figure) => figure.name.startsWith(part) && figure.bar !== undefined);
      expect(figures.map((figure) => typeof figure.isMet)).toContain('boolean');
    }
  });

  test('what is counted, not timed, meets its bars', () => {
    for (const name of ['operations', 'writes']) {
      const missed = measured.get(name)?.figures.filter((figure) => figure.isMet === false);
      expect(missed).toEqual([]);
    }
    const counted = /^(bytes that signing|find a head|integrate: (questions|reads))/;
    const signatures = measured.get('signatures')?.figures.filter(({ name }) => counted.test(name)) ?? [];
    expect(signatures).toHaveLength(10);
    expect(signatures.filter((figure) => figure.isMet === false)).toEqual([]);
    const requests = measured.get('incremental')?.figures.find((figure) => figure.name.startsWith('requests'));
    expect(requests?.median).toBeGreaterThan(0);
  });
});
