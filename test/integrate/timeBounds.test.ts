import { eventAt, ingestOf, sealAll } from '../support/hub.ts';
import { KeptLog } from '../support/keptLog.ts';
import { checkLedger } from '../support/loggedLedger.ts';
import { KEY, integrateOf } from '../support/logs.ts';
import { MemoryStore } from '../support/memoryStore.ts';
import { MemoryTiles } from '../support/memoryTiles.ts';
import { timeOf } from '../support/forge.ts';
import { pageVerdict } from '../web/mirrors.ts';
import { parseBatch } from '../../src/core/objects/batch.ts';
import { parseEntry } from '../../src/core/objects/entry.ts';
import { formatVerifierKey } from '../../src/core/note/verifierKey.ts';
import { batchName } from '../../src/core/objects/names.ts';
import { summarizeSegment } from '../../src/core/segment/summary.ts';
import type { SummarizeSegment } from '../../src/core/segment/summary.ts';
import { openBatch } from '../../src/core/signed/batchSignature.ts';
import { Certificates } from '../../src/core/signed/certificate.ts';

// Whoever looks for a time goes by an entry's: what it leaves out is never looked at.

let store: MemoryStore;
let tiles: MemoryTiles;
beforeEach(() => {
  [store, tiles] = [new MemoryStore(), new MemoryTiles()];
});

/** sealWith seals one segment of events that were enqueued at these seconds, in this order: the hub's clock goes back. */
const sealWith = async (seconds: readonly number[], bodies: readonly string[] = []): Promise<void> =>
  void (await sealAll(
    ingestOf(store),
    seconds.map((second, n) => eventAt(n, second, bodies[n])),
  ));

/** timesInLog gives the times of each segment's entry. */
function timesInLog(): unknown[] {
  const bytes = store.objects.get(batchName(0)) as Buffer;
  const { lines } = openBatch(bytes, batchName(0), new Certificates(undefined, undefined));
  return parseBatch(lines)
    .map(parseEntry)
    .flatMap((entry) => (entry.type === 'segment' ? [entry.time] : []));
}

const verdicts = async (): Promise<unknown> => {
  const { status, findings } = await checkLedger({ store, tiles });
  const page = await pageVerdict(new Map([...store.objects, ...tilesInMirror()]), formatVerifierKey(KEY.verifierKey));
  return [
    [status, findings.map(({ code, object }) => `${code} ${object}`)],
    [page.status, page.found],
  ];
};
const tilesInMirror = (): [string, Buffer][] => [...tiles.objects].map(([name, bytes]) => [`tlog/${name}`, bytes]);

test('an entry states the least and the greatest time of all events, wherever in the segment they are', async () => {
  await sealWith([5, 1, 9, 6]);
  await integrateOf(store, tiles).run(new KeptLog());
  expect(timesInLog()).toEqual([{ first: timeOf(1), last: timeOf(9) }]);
  expect(await verdicts()).toEqual([
    ['verified', []],
    ['verified', []],
  ]);
});

test('events without a record count', async () => {
  await sealWith([5, 2, 9, 6], [undefined as unknown as string, '{"records":[]}', '{"records":[]}']);
  await integrateOf(store, tiles).run(new KeptLog());
  expect(timesInLog()).toEqual([{ first: timeOf(2), last: timeOf(9) }]);
});

test('an entry that leaves a time out is found by both checkers', async () => {
  const lying: SummarizeSegment = async (stored, question) => {
    const summary = summarizeSegment(stored, question);
    return summary.ok ? { ...summary, earliest: timeOf(5), latest: timeOf(6) } : summary;
  };
  await sealWith([5, 1, 9, 6]);
  await integrateOf(store, tiles, { summarize: lying }).run(new KeptLog());
  expect(timesInLog()).toEqual([{ first: timeOf(5), last: timeOf(6) }]);
  const [[status, found], [pageStatus, pageFound]] = (await verdicts()) as [string, string[]][] as [
    [string, string[]],
    [string, string[]],
  ];
  expect([status, pageStatus]).toEqual(['violated', 'violated']);
  expect(found).toEqual(pageFound);
  expect(found.join()).toContain('segments/0/000000000000.jsonl.zst');
});
