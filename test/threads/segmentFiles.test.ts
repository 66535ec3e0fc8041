import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { MirrorStore } from '../../src/adapters/mirrorStore.ts';
import { MAX_OBJECT_BYTES } from '../../src/core/objects/sizes.ts';
import { summarizeSegment } from '../../src/core/segment/summary.ts';
import { USUAL_SEGMENT_BYTES } from '../../src/ledger/objects.ts';
import { SegmentWorkers } from '../../src/threads/workers.ts';
import { verifyLedger } from '../../src/verify/verify.ts';
import type { VerifyDeps } from '../../src/verify/context.ts';
import { forgeChain, nameOf, timeOf } from '../support/forge.ts';

let folder: string;
let store: MirrorStore;
let workers: SegmentWorkers;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'auditseal-test-'));
  store = new MirrorStore(folder);
  workers = new SegmentWorkers(2);
});
afterEach(async () => {
  await workers.close();
  await rm(folder, { recursive: true });
});

const pathOf = (name: string): string => store.pathOf(name);
const questionOf = (index: number) => ({ name: nameOf(index), trust: {}, countsCategories: true });

async function write(objects: ReadonlyMap<string, Buffer>): Promise<void> {
  for (const [name, bytes] of objects) {
    await mkdir(dirname(pathOf(name)), { recursive: true });
    await writeFile(pathOf(name), bytes);
  }
}

/** plant puts into the places of segments what none is. */
async function plant(): Promise<void> {
  await writeFile(pathOf(nameOf(3)), 'junk');
  await writeFile(pathOf(nameOf(4)), '');
  for (const index of [5, 6, 7, 8, 9]) await rm(pathOf(nameOf(index)));
  await mkdir(pathOf(nameOf(6)));
  execFileSync('mkfifo', [pathOf(nameOf(7))]);
  await writeFile(pathOf(nameOf(8)), '');
  await truncate(pathOf(nameOf(8)), USUAL_SEGMENT_BYTES + 1);
  await writeFile(pathOf(nameOf(9)), '');
  await truncate(pathOf(nameOf(9)), MAX_OBJECT_BYTES + 1);
}

test('threads that read files give what this thread gives, and leave what is no usual file to the store', async () => {
  const objects = forgeChain(60);
  await write(objects);
  await plant();
  const read = workers.ofFiles(pathOf);
  const expected = [...objects.values()].map((bytes, index) => {
    if (index >= 5 && index <= 9) return undefined;
    const stored = index === 3 ? Buffer.from('junk') : index === 4 ? Buffer.alloc(0) : bytes;
    return { size: stored.length, summary: summarizeSegment(Buffer.from(stored), questionOf(index)) };
  });
  const sizes = [undefined, 1000, 0, Infinity];
  expect(await Promise.all(expected.map((_, i) => read(questionOf(i), sizes[i % 4])))).toEqual(expected);
});

describe('a check whose threads read the files', () => {
  const reportOf = (deps: Partial<VerifyDeps>) =>
    verifyLedger({
      store,
      now: () => Date.parse(timeOf(3_000_000)),
      summarize: async (stored, question) => summarizeSegment(stored, question),
      concurrency: 6,
      ...deps,
    });

  test.each([
    ['a whole ledger', async () => {}, 'verified'],
    ['what stands in the places of segments', plant, 'violated'],
    [
      'a segment of another ledger among the first',
      async () =>
        writeFile(pathOf(nameOf(1)), forgeChain([{}, { ledger: 'other.example.com/ledger' }]).get(nameOf(1)) as Buffer),
      'violated',
    ],
  ])('says what a check in this thread says: %s', async (_what, change, status) => {
    await write(forgeChain(150));
    await change();
    const expected = await reportOf({});
    expect(expected.status).toBe(status);
    const report = await reportOf({ summarize: workers.summarize, summarizeFile: workers.ofFiles(pathOf) });
    expect(report).toEqual(expected);
  });
});
