import { createHash } from 'node:crypto';
import { indexBacklog, indexingOf, integrateBacklog } from './backlog.ts';
import { canRun, run } from './child.ts';
import { KEY, NO_LOG, fail, integrateOf, summarize } from './ledger.ts';
import { race, spreadOf } from './measure.ts';
import type { Contender } from './measure.ts';
import { writeMirror } from './mirror.ts';
import { figure } from './subject.ts';
import type { Figure, Measurement, Subject, Surroundings } from './subject.ts';
import type { StoredSegment } from './workload.ts';
import { FolderTileStore } from '../src/adapters/folderTileStore.ts';
import { MirrorStore } from '../src/adapters/mirrorStore.ts';
import { readRecordFields } from '../src/core/fields/recordFields.ts';
import { termsOf } from '../src/core/fields/values.ts';
import { checkAnswer } from '../src/core/index/checkAnswer.ts';
import { formatAnswer, parseAnswer } from '../src/core/objects/answer.ts';
import { unitName } from '../src/core/objects/names.ts';
import { makeAnswer } from '../src/find/answer.ts';
import { openIndexedLog } from '../src/find/indexedLog.ts';
import { Search } from '../src/find/search.ts';
import type { Hit } from '../src/find/hit.ts';
import type { Query } from '../src/find/query.ts';
import type { ObjectStore, SearchableTiles } from '../src/ports/store.ts';

const PLAIN = 'integrate without the index';
const INDEXED = 'integrate with the index';
const TEXT = 'find --text';
const GREP = 'zstd -dc | grep';
/** Of the time that the workload has, one in so many is asked for: as an hour of a month. */
const OF_A_MONTH = 720;
/** EVERYTHING finds every record. */
export const EVERYTHING: Query = { by: 'hub', terms: new Map(), where: [], texts: [] };
export const VERIFIERS = [KEY.verifierKey];

/** ReadBytes counts what a search reads. */
class ReadBytes {
  bytes = 0;

  store(store: ObjectStore): ObjectStore {
    return new Proxy(store, {
      get: (target, name) => {
        const method = Reflect.get(target, name) as unknown;
        if (typeof method !== 'function') return method;
        return name === 'read'
          ? async (...args: Parameters<ObjectStore['read']>) => this.#counted(await target.read(...args))
          : (method.bind(target) as unknown);
      },
    });
  }

  tiles(tiles: SearchableTiles): SearchableTiles {
    return {
      read: async (name) => this.#counted(await tiles.read(name)),
      readPart: async (...args) => this.#counted(await tiles.readPart(...args)),
    };
  }

  #counted<T extends Buffer | string | undefined>(bytes: T): T {
    if (typeof bytes === 'object') this.bytes += bytes.length;
    return bytes;
  }
}

async function hitsOf(store: ObjectStore, tiles: SearchableTiles | undefined, query: Query): Promise<readonly Hit[]> {
  const hits: Hit[] = [];
  const search = new Search({ store, verifiers: VERIFIERS, ...(tiles && { tiles }) }, query);
  for await (const hit of search.hits()) hits.push(hit);
  if (search.tally.index !== undefined && 'why' in search.tally.index) fail(search.tally.index.why);
  return hits;
}

/** frequentActor gives an actor of records, chosen by SHA-256 from those that have at least so many. */
function frequentActor(hits: readonly Hit[], least: number): string {
  const counts = new Map<string, number>();
  for (const { line, form } of hits)
    readRecordFields(line, form, (field, value) => {
      if (field === 'actor') for (const term of termsOf(field, value)) counts.set(term, (counts.get(term) ?? 0) + 1);
    });
  const order = (name: string): string => createHash('sha256').update(name).digest('hex');
  const [actor] = [...counts]
    .filter(([, count]) => count >= least)
    .sort(([a, m], [b, n]) => m - n || (order(a) < order(b) ? -1 : 1));
  return actor?.[0] ?? fail('no actor has so many records');
}

/** Ledger is one that is integrated and indexed, in a folder. */
interface Ledger {
  readonly store: ObjectStore;
  readonly tiles: SearchableTiles;
  readonly records: number;
  readonly indexBytes: number;
  readonly storedBytes: number;
  /** when its first and its last event were enqueued (ms since 1970), and what is in the middle */
  readonly first: number;
  readonly middle: number;
  readonly last: number;
}

/** indexedLedger integrates and indexes the segments of a mirror. */
export async function indexedLedger(mirror: string, segments: readonly StoredSegment[]): Promise<Ledger> {
  const [store, tiles] = [new MirrorStore(mirror), new FolderTileStore(mirror)];
  const log = integrateOf(store, tiles, { summarize, indexing: indexingOf(store, tiles) });
  for (let i = 0; i < 3; i++) await log.run(NO_LOG);
  const opened = await openIndexedLog(tiles, VERIFIERS);
  if (typeof opened === 'string') fail(opened);
  let [records, indexBytes] = [0, 0];
  for (const unit of opened.manifest.units) {
    records += unit.records;
    const file = await tiles.read(unitName(unit.tree.rootHash));
    if (typeof file === 'object') indexBytes += file.length;
  }
  const storedBytes = segments.reduce((sum, { stored }) => sum + stored.length, 0);
  const times = segments.map(({ header }) => Date.parse(header.events.enqueuedFirst ?? '')).sort((a, b) => a - b);
  const [first = NaN, last = NaN] = [times[0], times.at(-1)];
  return { store, tiles, records, indexBytes, storedBytes, first, middle: Math.floor((first + last) / 2), last };
}

/** measureBacklog integrates a backlog, without the index and with it. */
async function measureBacklog(paths: readonly string[], rawBytes: number, rounds: number): Promise<readonly Figure[]> {
  const extraction = await race(
    [
      { name: PLAIN, run: async () => (await integrateBacklog(paths, summarize), rawBytes) },
      { name: INDEXED, run: async () => (await indexBacklog(paths, summarize), rawBytes) },
    ] satisfies Contender[],
    rounds,
  );
  const ratio = extraction.ratio(PLAIN, INDEXED);
  return [
    figure(`time with the index / without, for integrating a backlog`, 'times', ratio, { is: 'at most', value: 2.2 }),
  ];
}

/** measureSearch looks for one actor in a piece in the middle, as an hour of a month. */
async function measureSearch(ledger: Ledger, rounds: number): Promise<readonly Figure[]> {
  const { store, tiles, first, middle, last } = ledger;
  const piece = { from: middle, to: middle + Math.max(1, Math.ceil((last - first) / OF_A_MONTH)) };
  const actor = frequentActor(await hitsOf(store, undefined, { ...EVERYTHING, ...piece }), 1);
  const query: Query = { ...EVERYTHING, ...piece, terms: new Map([['actor', [actor]]]) };
  const read = new ReadBytes();
  const durations: number[] = [];
  let found: readonly Hit[] = [];
  for (let i = 0; i < rounds; i++) {
    read.bytes = 0;
    const start = performance.now();
    found = await hitsOf(read.store(store), read.tiles(tiles), query);
    durations.push(performance.now() - start);
  }
  if (found.length === 0) fail('nothing was found');
  const share = (100 * read.bytes) / (ledger.storedBytes + ledger.indexBytes);
  return [
    figure(`one actor, 1/${OF_A_MONTH} of the time: records found`, '', found.length),
    figure('  bytes read / stored bytes and index', '%', share, { is: 'at most', value: 1 }),
    figure('  time', 'ms', spreadOf(durations), { is: 'below', value: 1000 }),
  ];
}

/** measureAnswer proves what an actor did, of whom there are twenty records or a few more, and checks it. */
async function measureAnswer({ store, tiles, middle, last }: Ledger, rounds: number): Promise<readonly Figure[]> {
  const everything = await hitsOf(store, tiles, { ...EVERYTHING, from: middle, to: last });
  const actor = frequentActor(everything, 20);
  const query: Query = { ...EVERYTHING, from: middle, terms: new Map([['actor', [actor]]]) };
  const answer = await makeAnswer({ store, tiles, verifiers: VERIFIERS }, query);
  if (typeof answer === 'string') fail(answer);
  const file = formatAnswer(answer);
  const checks: number[] = [];
  for (let i = 0; i < rounds; i++) {
    const start = performance.now();
    checkAnswer(parseAnswer(file), VERIFIERS);
    checks.push(performance.now() - start);
  }
  const bytes = (file.length * 20) / Math.max(20, answer.records.length);
  return [
    figure('answer: records', '', answer.records.length),
    figure('  bytes for 20 records', '', bytes, { is: 'below', value: 200_000 }),
    figure('  check, in this process', 'ms', spreadOf(checks), { is: 'below', value: 200 }),
  ];
}

/** measureScan looks for a text in all segments, as grep does, if that is here. */
async function measureScan(
  { store, tiles }: Ledger,
  paths: readonly string[],
  rawBytes: number,
  rounds: number,
): Promise<Measurement> {
  const text = 'mallory-was-here';
  const search: Contender = {
    name: TEXT,
    run: async () => (await hitsOf(store, tiles, { ...EVERYTHING, texts: [text] }), rawBytes),
  };
  const grep: Contender = {
    name: GREP,
    run: async () => {
      await run(['sh', '-c', `zstd -dcq "$@" | grep -cF ${text} || test $? = 1`, 'sh', ...paths]);
      return rawBytes;
    },
  };
  const isHere = canRun(['sh', '-c', 'zstd --version && grep --version']);
  const scan = await race(isHere ? [search, grep] : [search], rounds);
  const rate = figure(TEXT, 'MB/s', scan.rate(TEXT));
  if (!isHere) return { figures: [rate], notMeasured: [`${GREP}: there is no program zstd or grep here`] };
  const ratio = figure(`${TEXT} / ${GREP}`, 'times', scan.ratio(TEXT, GREP), { is: 'at least', value: 0.6 });
  return { figures: [rate, ratio], notMeasured: [] };
}

async function measure({ workload, rounds, folder }: Surroundings): Promise<Measurement> {
  const { rawBytes } = workload;
  const mirror = await folder();
  const segments = await workload.segments();
  const paths = await writeMirror(mirror, segments);
  const backlog = await measureBacklog(paths, rawBytes, rounds);
  const ledger = await indexedLedger(mirror, segments);
  const { records, indexBytes, storedBytes } = ledger;
  const search = await measureSearch(ledger, rounds);
  const answer = await measureAnswer(ledger, rounds);
  const scan = await measureScan(ledger, paths, rawBytes, rounds);
  return {
    figures: [
      figure('records', '', records),
      ...backlog,
      figure('index / stored bytes', '%', (100 * indexBytes) / storedBytes, { is: 'at most', value: 8 }),
      figure('index bytes a record', '', indexBytes / records),
      ...search,
      ...answer,
      ...scan.figures,
    ],
    notMeasured: scan.notMeasured ?? [],
  };
}

/** find measures what the index costs, and what it saves. */
export const find: Subject = { name: 'find', title: 'the index, searches and answers, one thread', measure };
