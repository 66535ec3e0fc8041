import { forgeChain, timeOf } from './forge.ts';
import { KeptLog } from './keptLog.ts';
import { SECOND, checkLedger } from './loggedLedger.ts';
import { integrateOf } from './logs.ts';
import { MemoryStore } from './memoryStore.ts';
import { MemoryTiles } from './memoryTiles.ts';
import { AUDITORS, filingBehind } from './reports.ts';
import { Summaries } from './summaries.ts';
import { formatAction } from '../../src/core/objects/action.ts';
import { actionName } from '../../src/core/objects/names.ts';
import type { Report } from '../../src/core/objects/report.ts';
import { summarizeSegment } from '../../src/core/segment/summary.ts';
import { runVerifyJob } from '../../src/verify/job.ts';

/** Objects is a mirror in memory, by name; those of the log's tiles begin with `tlog/`. */
export type Objects = Map<string, Buffer>;

const TLOG = 'tlog/';

/**
 * smallMirror makes a ledger that has an object of every kind, and no more of them than it takes: two partitions, three
 * segments, two batches and checkpoints, a report with its page, an action and its outcome, and the tiles.
 */
export async function smallMirror(): Promise<Objects> {
  const [store, tiles] = [new MemoryStore(), new MemoryTiles()];
  const [first, second] = [...forgeChain(2)];
  const add = (...objects: readonly (readonly [string, Buffer] | undefined)[]): void => {
    for (const object of objects) store.objects.set(...(object as [string, Buffer]));
  };
  const integrate = (later: number): Promise<unknown> =>
    integrateOf(store, tiles, { now: () => Date.parse(timeOf(SECOND + later)) }).run(new KeptLog());
  add(first, [...forgeChain(1, '1')][0]);
  await integrate(0);
  await runVerifyJob({
    store,
    tiles,
    auditors: AUDITORS,
    filing: await filingBehind({ store, tiles }),
    log: new KeptLog(),
    concurrency: 2,
    fullVerifyHours: 24,
    now: () => Date.parse(timeOf(SECOND + 10)),
    summarize: async (stored, question) => summarizeSegment(stored, question),
  });
  const acted = {
    version: 1,
    kind: 'lock',
    account: 'account1',
    container: 'ledger',
    days: 1,
    who: 'a',
    why: 'b',
  } as const;
  const guard = { policy: null, tags: [] };
  const attempt = actionName(0);
  add(
    second,
    [attempt, formatAction({ ...acted, outcome: 'attempted', time: timeOf(SECOND + 11), guard })],
    [actionName(1), formatAction({ ...acted, outcome: 'done', time: timeOf(SECOND + 12), attempt, guard })],
  );
  await integrate(20);
  return new Map([...store.objects, ...[...tiles.objects].map(([name, bytes]) => [`${TLOG}${name}`, bytes] as const)]);
}

/** What is the same in every changed mirror is summarized once. */
const summaries = new Summaries();

/** checkMirror checks a mirror; without `isKeyKnown` as somebody who has no key. */
export async function checkMirror(objects: Objects, isKeyKnown: boolean): Promise<Report> {
  const tiles = new MemoryTiles();
  const store = new MemoryStore();
  for (const [name, bytes] of objects) {
    if (name.startsWith(TLOG)) tiles.objects.set(name.slice(TLOG.length), bytes);
    else store.objects.set(name, bytes);
  }
  return checkLedger({ store, tiles }, isKeyKnown ? {} : { verifiers: [] }, undefined, summaries.summarize);
}

/** bitsOf counts the bits of the objects whose name begins so. */
export const bitsOf = (mirror: Objects, start: string): number =>
  [...mirror].reduce((sum, [name, { length }]) => sum + (name.startsWith(start) ? length * 8 : 0), 0);

/** withoutPages leaves the reports' pages out. A mirror need not have them. */
export const withoutPages = (mirror: Objects): Objects =>
  new Map([...mirror].filter(([name]) => !name.endsWith('.html')));

/** withoutOldTiles leaves out the partial tiles of earlier checkpoints, which prove nothing any more. */
export function withoutOldTiles(mirror: Objects): Objects {
  const widest = new Map<string, number>();
  const placeOf = (name: string): [place: string, width: number] => {
    const [place = '', width = '256'] = name.split('.p/');
    return [place, Number(width)];
  };
  const tiles = [...mirror.keys()].filter((name) => name.startsWith(`${TLOG}tile/`));
  for (const [place, width] of tiles.map(placeOf)) widest.set(place, Math.max(width, widest.get(place) ?? 0));
  const isOld = (name: string): boolean => {
    const [place, width] = placeOf(name);
    return name.startsWith(`${TLOG}tile/`) && width < (widest.get(place) ?? 0);
  };
  return new Map([...mirror].filter(([name]) => !isOld(name)));
}
