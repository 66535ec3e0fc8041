import { createHash } from 'node:crypto';
import { indexBacklog, indexingOf, integrateBacklog } from './backlog.ts';
import { canRun, run } from './child.ts';
import { KEY, NO_LOG, fail, integrateOf, summarize } from './ledger.ts';
import { race, spreadOf } from './measure.ts';
import type { Contender } from './measure.ts';
import { writeMirror } from './mirror.ts';
import { figure } from './subject.ts';
import type { Measurement, Subject, Surroundings } from './subject.ts';
import { FolderTileStore } from '../src/adapters/folderTileStore.ts';
import { MirrorStore } from '../src/adapters/mirrorStore.ts';
import { readRecordFields } from '../src/core/fields/recordFields.ts';
import { termsOf } from '../src/core/fields/values.ts';
import { checkAnswer } from '../src/core/index/checkAnswer.ts';
import { formatAnswer, parseAnswer } from '../src/core/objects/answer.ts';
import { makeAnswer } from '../src/find/answer.ts';
import { openIndexedLog } from '../src/find/indexedLog.ts';
import { Search } from '../src/find/search.ts';
import type { Hit } from '../src/find/search.ts';
import type { Query } from '../src/find/query.ts';
import type { ObjectStore, SearchableTiles } from '../src/ports/store.ts';

const PLAIN = 'integrate without the index';
const INDEXED = 'integrate with the index';
const TEXT = 'find --text';
const GREP = 'zstd -dc | grep';
/** Of the time that the workload has, one in so many is asked for: as an hour of a month. */
const OF_A_MONTH = 720;
const EVERYTHING: Query = { by: 'hub', terms: new Map(), where: [], texts: [] };
const VERIFIERS = [KEY.verifierKey];

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

async function measure({ workload, rounds, folder }: Surroundings): Promise<Measurement> {
  const { rawBytes } = workload;
  const mirror = await folder();
  const segments = await workload.segments();
  const paths = await writeMirror(mirror, segments);
  const extraction = await race(
    [
      { name: PLAIN, run: async () => (await integrateBacklog(paths, summarize), rawBytes) },
      { name: INDEXED, run: async () => (await indexBacklog(paths, summarize), rawBytes) },
    ] satisfies Contender[],
    rounds,
  );

  const [store, tiles] = [new MirrorStore(mirror), new FolderTileStore(mirror)];
  const log = integrateOf(store, tiles, { summarize, indexing: indexingOf(store, tiles) });
  for (let i = 0; i < 3; i++) await log.run(NO_LOG);
  const opened = await openIndexedLog(tiles, VERIFIERS);
  if (typeof opened === 'string') fail(opened);
  let indexBytes = 0;
  let records = 0;
  for (const unit of opened.manifest.units) {
    records += unit.records;
    const file = await tiles.read(`index/units/${Buffer.from(unit.tree.rootHash, 'latin1').toString('hex')}`);
    if (typeof file === 'object') indexBytes += file.length;
  }
  const storedBytes = segments.reduce((sum, { stored }) => sum + stored.length, 0);

  // A piece in the middle, as an hour of a month.
  const times = segments.map(({ header }) => Date.parse(header.events.enqueuedFirst ?? ''));
  const [first, last] = [Math.min(...times), Math.max(...times)];
  const from = Math.floor(first + (last - first) / 2);
  const inPiece = { from, to: from + Math.max(1, Math.ceil((last - first) / OF_A_MONTH)) };
  const around = await hitsOf(store, undefined, { ...EVERYTHING, ...inPiece });
  const actor = frequentActor(around, 1);
  const query: Query = { ...EVERYTHING, ...inPiece, terms: new Map([['actor', [actor]]]) };
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

  const everything = await hitsOf(store, tiles, { ...EVERYTHING, from, to: last });
  const twenty: Query = { ...EVERYTHING, from, terms: new Map([['actor', [frequentActor(everything, 20)]]]) };
  const answer = await makeAnswer({ store, tiles, verifiers: VERIFIERS }, twenty);
  if (typeof answer === 'string') fail(answer);
  const file = formatAnswer(answer);
  const checks: number[] = [];
  for (let i = 0; i < rounds; i++) {
    const start = performance.now();
    checkAnswer(parseAnswer(file), VERIFIERS);
    checks.push(performance.now() - start);
  }

  const notMeasured: string[] = [];
  const text = 'mallory-was-here';
  const searched: Contender[] = [
    { name: TEXT, run: async () => (await hitsOf(store, tiles, { ...EVERYTHING, texts: [text] }), rawBytes) },
  ];
  if (canRun(['sh', '-c', 'zstd --version && grep --version']))
    searched.push({
      name: GREP,
      run: async () => {
        await run(['sh', '-c', `zstd -dcq "$@" | grep -cF ${text} || test $? = 1`, 'sh', ...paths]);
        return rawBytes;
      },
    });
  else notMeasured.push(`${GREP}: there is no program zstd or grep here`);
  const scan = await race(searched, rounds);
  return {
    figures: [
      figure('records', '', records),
      figure(`time with the index / without, for integrating a backlog`, 'times', extraction.ratio(PLAIN, INDEXED), {
        is: 'at most',
        value: 2.2,
      }),
      figure('index / stored bytes', '%', (100 * indexBytes) / storedBytes, { is: 'at most', value: 8 }),
      figure('index bytes a record', '', indexBytes / records),
      figure(`one actor, 1/${OF_A_MONTH} of the time: records found`, '', found.length),
      figure('  bytes read / stored bytes and index', '%', (100 * read.bytes) / (storedBytes + indexBytes), {
        is: 'at most',
        value: 1,
      }),
      figure('  time', 'ms', spreadOf(durations), { is: 'below', value: 1000 }),
      figure('answer: records', '', answer.records.length),
      figure('  bytes for 20 records', '', (file.length * 20) / Math.max(20, answer.records.length), {
        is: 'below',
        value: 200_000,
      }),
      figure('  check, in this process', 'ms', spreadOf(checks), { is: 'below', value: 200 }),
      figure(TEXT, 'MB/s', scan.rate(TEXT)),
      ...(searched.length > 1
        ? [figure(`${TEXT} / ${GREP}`, 'times', scan.ratio(TEXT, GREP), { is: 'at least', value: 0.6 })]
        : []),
    ],
    notMeasured,
  };
}

/** find measures what the index costs, and what it saves. */
export const find: Subject = { name: 'find', title: 'the index, searches and answers, one thread', measure };
