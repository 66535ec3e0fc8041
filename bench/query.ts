import { tmpdir } from 'node:os';
import { EVERYTHING, VERIFIERS, indexedLedger } from './find.ts';
import { fail } from './ledger.ts';
import { race } from './measure.ts';
import { writeMirror } from './mirror.ts';
import { figure } from './subject.ts';
import type { Measurement, Subject, Surroundings } from './subject.ts';
import { openDuckDb } from '../src/adapters/duckDb.ts';
import { Search } from '../src/find/search.ts';
import type { SqlEngine } from '../src/ports/sqlEngine.ts';
import { RECORDS, recordRow } from '../src/query/recordTable.ts';

const FIND = 'find, every record';
const QUERY = 'query, count by actor';
const LOADED = 'the same, once the records are there';
const PATH = 'a path of JSON, once they are there';
const BY_ACTOR = 'select actor, count(*) from records group by actor';
const BY_PATH = "select count(*) from records where json->>'$.properties.requestUri' like '%secrets%'";

/** ask runs a statement and gives how many rows it has. */
async function ask(engine: SqlEngine, sql: string): Promise<number> {
  let rows = 0;
  for await (const page of (await engine.run(sql)).pages) rows += [...page].length;
  return rows;
}

async function measure({ workload, rounds, folder }: Surroundings): Promise<Measurement> {
  const { rawBytes } = workload;
  const mirror = await folder();
  const segments = await workload.segments();
  await writeMirror(mirror, segments);
  const { store, records } = await indexedLedger(mirror, segments);
  const open = async (): Promise<SqlEngine> =>
    openDuckDb(RECORDS, { memoryBytes: 4e9, zone: 'UTC', temporary: tmpdir() });
  const fill = async (engine: SqlEngine): Promise<number> => {
    const search = new Search({ store, verifiers: VERIFIERS, keepsTaken: true }, EVERYTHING);
    for await (const hit of search.hits()) engine.append(recordRow(hit).cells);
    return search.tally.found;
  };
  const loaded = await open();
  if ((await fill(loaded)) !== records) fail('a record is missing');
  const run = async (sql: string): Promise<number> => ((await ask(loaded, sql)) > 0 ? rawBytes : fail('no row'));
  try {
    const taken = await race(
      [
        {
          name: FIND,
          run: async () => {
            const search = new Search({ store, verifiers: VERIFIERS }, EVERYTHING);
            let found = 0;
            for await (const _hit of search.hits()) found += 1;
            return found === records ? rawBytes : fail('a record is missing');
          },
        },
        {
          name: QUERY,
          run: async () => {
            const engine = await open();
            try {
              await fill(engine);
              await ask(engine, BY_ACTOR);
            } finally {
              engine.close();
            }
            return rawBytes;
          },
        },
        { name: LOADED, run: async () => run(BY_ACTOR) },
        { name: PATH, run: async () => run(BY_PATH) },
      ],
      rounds,
    );
    return {
      figures: [
        figure('records', '', records),
        figure(FIND, 'MB/s', taken.rate(FIND)),
        figure(QUERY, 'MB/s', taken.rate(QUERY)),
        figure('query / find, every record', 'times', taken.ratio(QUERY, FIND), { is: 'at least', value: 0.4 }),
        figure(LOADED, 'MB/s', taken.rate(LOADED)),
        figure(PATH, 'MB/s', taken.rate(PATH)),
      ],
      notMeasured: [],
    };
  } finally {
    loaded.close();
  }
}

/** query measures what it costs to fill a table with a ledger's records, and to ask it. */
export const query: Subject = { name: 'query', title: 'SQL over all records, against finding all', measure };
