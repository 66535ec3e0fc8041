import { join } from 'node:path';
import { FolderStore } from '../src/adapters/folderStore.ts';
import { FolderTileStore } from '../src/adapters/folderTileStore.ts';
import { formatVerifierKey } from '../src/core/note/verifierKey.ts';
import { summarizeSegment } from '../src/core/segment/summary.ts';
import { integrateInto } from './backlog.ts';
import { NODE, run } from './child.ts';
import { KEY, TRUST, fail, summarize } from './ledger.ts';
import { spreadOf } from './measure.ts';
import { writeMirror } from './mirror.ts';
import { SMALL_RECORDS, smallSegments } from './smallSegments.ts';
import { figure } from './subject.ts';
import type { Figure, Measurement, Subject, Surroundings } from './subject.ts';
import type { StoredSegment } from './workload.ts';

/** So many segments where the largest ledger that is looked at has 10⁶; with fewer, fewer. */
const MOST_SEGMENTS = 20_000;
/** What is done once costs as much as for so few. */
const TINY_SEGMENTS = 20;
const THREADS = [1, 2] as const;

async function measure({ rounds, segments, folder, app }: Surroundings): Promise<Measurement> {
  const cli = join(await app(), 'dist', 'cli', 'auditseal.mjs');
  const sealed = await smallSegments(Math.min(segments, MOST_SEGMENTS) + TINY_SEGMENTS);
  const figures: Figure[] = [];
  const title = `segments of ${SMALL_RECORDS} records`;
  for (const isLogged of [false, true]) {
    const [many, tiny] = [await folder(), await folder()];
    await writeLedger(many, sealed, isLogged);
    await writeLedger(tiny, sealed.slice(0, TINY_SEGMENTS), isLogged);
    const what = isLogged ? `${title}, and their entries in a log` : title;
    const options = isLogged ? ['--key', formatVerifierKey(KEY.verifierKey)] : [];
    const each: number[][] = THREADS.map(() => []);
    for (let round = -1; round < rounds; round++)
      for (const [i, threads] of THREADS.entries()) {
        const command = (mirror: string) => [...NODE, cli, 'verify', mirror, '--threads', String(threads), ...options];
        const ms = (await msOf(command(many))) - (await msOf(command(tiny)));
        if (round >= 0) each[i]?.push((ms * 1000) / (sealed.length - TINY_SEGMENTS));
      }
    const [one = [], two = []] = each;
    const bar = { is: 'at most', value: 60 } as const;
    figures.push(
      figure(`auditseal verify, one thread, of ${what}`, 'µs each', spreadOf(one)),
      figure(`auditseal verify, two threads, of ${what}`, 'µs each', spreadOf(two), isLogged ? undefined : bar),
    );
  }
  const alone = Array.from({ length: rounds }, () => aloneUs(sealed));
  figures.push(figure(`re-computing one of them alone, in memory`, 'µs each', spreadOf(alone)));
  return { figures };
}

async function writeLedger(folder: string, segments: readonly StoredSegment[], isLogged: boolean): Promise<void> {
  await writeMirror(folder, segments);
  if (isLogged) await integrateInto(new FolderStore(folder), new FolderTileStore(folder), segments.length, summarize);
}

/** msOf runs a command to its end, and gives how long that took. */
async function msOf(command: readonly string[]): Promise<number> {
  const started = performance.now();
  await run(command);
  return performance.now() - started;
}

/** aloneUs re-computes segments in this thread. */
function aloneUs(segments: readonly StoredSegment[]): number {
  const some = segments.slice(0, 2000);
  const started = performance.now();
  for (const { name, stored } of some)
    if (!summarizeSegment(stored, { name, trust: TRUST, countsCategories: true }).ok) fail(`${name} is no segment`);
  return ((performance.now() - started) * 1000) / some.length;
}

/** verifySmall measures what a full verify costs for each small segment: the command line, less what it costs for a few. */
export const verifySmall: Subject = {
  name: 'verify-small',
  title: 'auditseal verify of many small segments',
  measure,
};
