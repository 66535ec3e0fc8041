import { createHash } from 'node:crypto';
import { cp, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { LEDGER, nameOf, timeOf } from '../support/forge.ts';
import { ingestOf, sealAll } from '../support/hub.ts';
import { indexedLog } from '../support/indexScene.ts';
import { KeptLog } from '../support/keptLog.ts';
import { KEY, keyOf } from '../support/logs.ts';
import { faultsIn } from '../support/ocsfFacts.ts';
import { inProcess } from '../support/program.ts';
import { FolderTileStore } from '../../src/adapters/folderTileStore.ts';
import { MirrorStore } from '../../src/adapters/mirrorStore.ts';
import { command as find } from '../../src/cli/commands/find.ts';
import { command as prove } from '../../src/cli/commands/prove.ts';
import { checkpointName } from '../../src/core/objects/names.ts';
import { formatVerifierKey } from '../../src/core/note/verifierKey.ts';

// find --out in the forms that others read, and the manifest beside each file.

const VKEY = formatVerifierKey(KEY.verifierKey);
const FORMATS = ['csv', 'jsonl', 'ocsf', 'parquet'] as const;

let work: string;
let mirror: string;
beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'auditseal-export-'));
  mirror = join(work, 'mirror');
  const [store, tiles] = [new MirrorStore(mirror), new FolderTileStore(mirror)];
  for (let round = 0; round < 4; round++) {
    for (const partition of ['0', '1']) {
      const events = ['AuditEvent', '<b>\u001b[31m', undefined].map((category, i) => ({
        sequenceNumber: 3 * round + i,
        enqueued: timeOf(3 * round + i),
        body: Buffer.from(
          category === undefined
            ? `no JSON, ${round}`
            : JSON.stringify({
                time: '2025-11-21T23:59:58Z',
                category,
                operationName: 'SecretGet',
                callerIpAddress: '203.0.113.9:443',
                identity: { claim: { upn: round % 2 === 0 ? 'alice@contoso.example' : 'bob@contoso.example' } },
              }),
        ),
      }));
      await sealAll(ingestOf(store), events, partition);
    }
    await indexedLog(store, tiles).run(new KeptLog());
  }
  await indexedLog(store, tiles).run(new KeptLog());
}, 60_000);
afterAll(() => rm(work, { recursive: true }));

interface Manifest {
  readonly ledger: string | null;
  readonly keysGiven: boolean;
  readonly file: { readonly name: string; readonly size: number; readonly sha256: string };
  readonly complete: boolean;
  readonly lacks: readonly { readonly code: string; readonly why: string }[];
  readonly records: {
    readonly exported: number;
    readonly partitions: readonly { readonly partition: number; readonly records: number }[];
    readonly categories: readonly { readonly category: string; readonly records: number }[];
    readonly uncategorized: number;
  };
  readonly searched: Readonly<Record<string, unknown>>;
  readonly said: readonly string[];
}

let made = 0;
interface Made {
  readonly path: string;
  readonly code: number;
  readonly out: string;
  readonly manifest: Manifest;
}
async function exported(format: string, ...args: readonly string[]): Promise<Made> {
  return exportedOf(mirror, format, ...args);
}
async function exportedOf(target: string, format: string, ...args: readonly string[]): Promise<Made> {
  const path = join(work, `export${++made}.${format}`);
  const ended = await inProcess(() => find.run([target, '--format', format, '--out', path, ...args]));
  return { path, ...ended, manifest: JSON.parse(await readFile(`${path}.manifest.json`, 'utf8')) as Manifest };
}

interface PlacedRow {
  readonly partition: number;
  readonly record: number;
  readonly entry: number | null;
  readonly hash: string;
  readonly segment: string;
  readonly category: string | null;
}

/** rowsIn gives what each format says of where its records stand. */
async function rowsIn(format: (typeof FORMATS)[number], path: string): Promise<PlacedRow[]> {
  if (format === 'ocsf') {
    const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
    return lines.map((line) => {
      const event = JSON.parse(line) as { unmapped: { auditseal: PlacedRow; category?: string } };
      expect(faultsIn(event as unknown as Record<string, unknown>)).toEqual([]);
      const { partition, record, entry, hash, segment } = event.unmapped.auditseal;
      return { partition, record, entry, hash, segment, category: event.unmapped.category ?? null };
    });
  }
  const reader = { csv: 'read_csv', jsonl: 'read_json', parquet: 'read_parquet' }[format];
  const duck = await (await DuckDBInstance.create(':memory:')).connect();
  try {
    const found = await duck.runAndReadAll(
      `select partition, record, entry, hash, segment, category from ${reader}('${path}')`,
    );
    return found.getRowObjectsJS().map((row) => ({
      partition: Number(row['partition']),
      record: Number(row['record']),
      entry: row['entry'] === null ? null : Number(row['entry']),
      hash: row['hash'] as string,
      segment: row['segment'] as string,
      category: row['category'] === '' ? null : (row['category'] as string | null),
    }));
  } finally {
    duck.closeSync();
  }
}

const countBy = <K>(items: readonly PlacedRow[], keyOf: (row: PlacedRow) => K): ReadonlyMap<K, number> => {
  const counts = new Map<K, number>();
  for (const item of items) counts.set(keyOf(item), (counts.get(keyOf(item)) ?? 0) + 1);
  return counts;
};

const WITHIN = ['--from', timeOf(0), '--to', timeOf(11), '--key', VKEY];

test.each(FORMATS)('%s: the manifest says what is in the file, and that nothing is missing', async (format) => {
  const { path, code, out, manifest } = await exported(format, ...WITHIN);
  expect(code).toBe(0);
  expect(out).toContain(`${path}.manifest.json says what ${path} has, and what not`);
  const bytes = await readFile(path);
  const rows = await rowsIn(format, path);
  const categories = countBy(rows, ({ category }) => category);
  expect(rows).toHaveLength(22);
  expect(manifest).toMatchObject({
    version: 1,
    kind: 'auditseal-export',
    tool: expect.stringMatching(/^auditseal \d/) as string,
    ledger: LEDGER,
    keysGiven: true,
    format,
    file: {
      name: path.slice(work.length + 1),
      size: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
    },
    question: `records that the hub got from ${timeOf(0)}, that the hub got before ${timeOf(11)}`,
    query: {
      by: 'hub',
      from: timeOf(0),
      to: timeOf(11),
      partitions: null,
      terms: [],
      where: [],
      texts: [],
      limit: null,
    },
    complete: true,
    lacks: [],
    records: {
      exported: rows.length,
      partitions: [...countBy(rows, ({ partition }) => partition)]
        .toSorted(([a], [b]) => a - b)
        .map(([partition, records]) => ({ partition, records })),
      uncategorized: categories.get(null),
      otherCategories: 0,
    },
    searched: {
      toTheEnd: true,
      found: rows.length,
      notJson: 6,
      notSearched: { count: 0, first: [] },
      index: { used: true },
    },
    proof: null,
  });
  const counted = manifest.records.categories.reduce((sum, { records }) => sum + records, 0);
  expect(counted + manifest.records.uncategorized).toBe(rows.length);
  expect(manifest.records.categories[0]).toEqual({ category: 'AuditEvent', records: categories.get('AuditEvent') });
  expect(out).toContain(manifest.said.join('\n'));
  // Nothing of a record acts on the terminal of who looks at the manifest.
  expect(await readFile(`${path}.manifest.json`, 'utf8')).not.toContain('\u001b');
});

test('every row of every format leads back to the same proof', async () => {
  const all: PlacedRow[][] = [];
  for (const format of FORMATS) all.push(await rowsIn(format, (await exported(format, '--key', VKEY)).path));
  const places = all.map((rows) => rows.map(({ category: _category, ...place }) => place));
  expect(places[0]).toHaveLength(24);
  for (const each of places) expect(each).toEqual(places[0]);
  const list = join(work, 'all.txt');
  await writeFile(list, places[0]?.map(({ partition, record }) => `${partition} ${record}`).join('\n') ?? '');
  const folder = join(work, 'evidence');
  const { code } = await inProcess(() => prove.run([mirror, '--records', list, '--out', folder, '--key', VKEY]));
  expect(code).toBe(0);
  for (const { partition, record, hash, entry } of places[0] ?? []) {
    const evidence = JSON.parse(await readFile(join(folder, `${partition}-${record}.json`), 'utf8')) as {
      readonly line: string;
      readonly proof: string;
    };
    const leaf = createHash('sha256').update('\0').update(evidence.line).digest('hex');
    expect([hash, evidence.proof]).toEqual([leaf, expect.stringContaining(`\nindex ${entry}\n`) as string]);
  }
});

test.each(['jsonl', 'ocsf'])('prove --records takes what find wrote as %s', async (format) => {
  const { path } = await exported(format, '--key', VKEY, '--partition', '1', '--actor', 'bob@contoso.example');
  const folder = join(work, `evidence-${format}`);
  const { code, out } = await inProcess(() => prove.run([mirror, '--records', path, '--out', folder, '--key', VKEY]));
  expect([code, out]).toEqual([0, expect.stringContaining('4 of 4 records proved') as string]);
  expect((await readdir(folder)).toSorted()[0]).toBe('1-10.json');
});

test('what the documentation says to do with DuckDB works', async () => {
  const duck = await (await DuckDBInstance.create(':memory:')).connect();
  try {
    const list = join(work, 'rows.txt');
    const { path } = await exported('parquet', '--key', VKEY);
    await duck.run(
      `COPY (SELECT partition, record FROM '${path}' WHERE actor = 'alice@contoso.example') TO '${list}' (HEADER false, DELIMITER ' ')`,
    );
    const folder = join(work, 'evidence-duckdb');
    const { code, out } = await inProcess(() => prove.run([mirror, '--records', list, '--out', folder, '--key', VKEY]));
    expect([code, out]).toEqual([0, expect.stringContaining('8 of 8 records proved') as string]);
    const events = join(work, 'alice.ocsf.jsonl');
    await inProcess(() => find.run([mirror, '--format', 'ocsf', '--out', events, '--actor', 'alice@contoso.example']));
    await duck.run(`COPY (FROM '${events}') TO '${join(work, 'alice.parquet')}'`);
    const read = await duck.runAndReadAll(
      `SELECT class_name, count(*) FROM '${join(work, 'alice.parquet')}' GROUP BY ALL ORDER BY 1`,
    );
    expect(read.getRowsJS()).toEqual([
      ['API Activity', 4n],
      ['Base Event', 4n],
    ]);
  } finally {
    duck.closeSync();
  }
});

/** What else than the whole ledger, and why that is not complete. */
test.each([
  ['no key', WITHIN.slice(0, 4), ['no-key']],
  ['a limit', [...WITHIN, '--limit', '3'], ['limit']],
  ['a limit that is not reached', [...WITHIN, '--limit', '100'], []],
  ['a limit of what is sorted', [...WITHIN, '--limit', '3', '--sort', 'time'], ['limit']],
  ['a limit that is just what was sorted', [...WITHIN, '--limit', '22', '--sort', 'time'], []],
  ['an end that is not sealed yet', ['--key', VKEY, '--from', timeOf(0), '--to', timeOf(9_000_000)], ['sealed-until']],
  ['a beginning before the ledger', ['--key', VKEY, '--from', '2020-01-01', '--to', timeOf(5)], ['begins-later']],
  ['no interval', ['--key', VKEY], []],
  ['the time of records', ['--key', VKEY, '--by', 'event', '--from', '2025-11-21'], ['begins-later', 'late-events']],
  ['a partition that is not there', [...WITHIN, '--partition', '9'], ['no-partition', 'sealed-until']],
  ['one that is there and one that is not', [...WITHIN, '--partition', '0', '--partition', '9'], ['no-partition']],
])('with %s the manifest says what that leaves out', async (_what, args, lacks) => {
  const { manifest } = await exported('jsonl', ...args);
  expect(manifest.lacks.map(({ code }) => code)).toEqual(lacks);
  expect(manifest.complete).toBe(lacks.length === 0);
});

describe('of a ledger that something is wrong with', () => {
  const changed = async (change: (copy: string) => Promise<unknown>): Promise<string> => {
    const copy = join(work, `copy${++made}`);
    await cp(mirror, copy, { recursive: true });
    await change(copy);
    return copy;
  };

  test.each(FORMATS)('a segment that was changed is named, and what else was found is there: %s', async (format) => {
    const copy = await changed(async (folder) => writeFile(join(folder, nameOf(1)), 'x'));
    const { path, code, manifest } = await exportedOf(copy, format, ...WITHIN);
    expect([code, manifest.lacks.map((lack) => lack.code)]).toEqual([1, ['not-searched']]);
    const rows = await rowsIn(format, path);
    expect([rows.length, manifest.records.exported]).toEqual([19, 19]);
    expect(manifest.searched['notSearched']).toEqual({
      count: 1,
      first: [{ segment: nameOf(1), why: expect.any(String) as string, changed: true }],
    });
  });

  test('what somebody planted is counted, and no record of it is there', async () => {
    const copy = await changed(async (folder) => writeFile(join(folder, nameOf(4)), 'x'));
    const { manifest } = await exportedOf(copy, 'jsonl', ...WITHIN);
    expect(manifest.searched['foreign']).toMatchObject({ count: 1, first: [{ segment: nameOf(4) }] });
    expect(manifest.records.exported).toBe(22);
  });

  test('of a log that none of the keys began nothing is complete', async () => {
    const { code, manifest } = await exported('parquet', '--key', formatVerifierKey(keyOf(9).verifierKey));
    expect([code, manifest.complete, manifest.ledger]).toEqual([2, false, null]);
    expect(manifest.lacks.map((lack) => lack.code)).toEqual(['no-log']);
  });

  test('of a log whose checkpoints are gone, too', async () => {
    const copy = await changed(async (folder) => {
      for (let batch = 0; batch < 12; batch++) await rm(join(folder, checkpointName(batch)), { force: true });
    });
    const { manifest } = await exportedOf(copy, 'jsonl', ...WITHIN, '--no-index');
    expect(manifest.lacks.map((lack) => lack.code)).toContain('no-checkpoint');
  });

  test('a segment that the log lacks yet has no entry', async () => {
    const copy = await changed(async (folder) => {
      const store = new MirrorStore(folder);
      const event = { sequenceNumber: 12, enqueued: timeOf(12), body: Buffer.from('{"category":"late"}') };
      await sealAll(ingestOf(store), [event], '0');
    });
    for (const format of FORMATS) {
      const { path, manifest } = await exportedOf(copy, format, '--key', VKEY, '--category', 'late');
      expect((await rowsIn(format, path)).map(({ record, entry }) => [record, entry])).toEqual([[12, null]]);
      expect(manifest.searched['segments']).toMatchObject({ behindLog: 1 });
    }
  });

  test('events that are missing are named', async () => {
    const folder = join(work, `gap${++made}`);
    const [store, tiles] = [new MirrorStore(folder), new FolderTileStore(folder)];
    for (const first of [0, 10]) {
      const event = { sequenceNumber: first, enqueued: timeOf(first), body: Buffer.from('{"category":"x"}') };
      await sealAll(ingestOf(store), [event]);
    }
    await indexedLog(store, tiles).run(new KeptLog());
    const { manifest } = await exportedOf(folder, 'jsonl', '--key', VKEY, '--no-index');
    expect(manifest.lacks.map((lack) => lack.code)).toEqual(['missing-events']);
    expect(manifest.searched['missingEvents']).toMatchObject({
      count: 1,
      first: [{ partition: 0, first: 1, last: 9 }],
    });
  });
});

test('an answer that was asked for is named, and whether it proves something', async () => {
  const folder = join(work, 'answer');
  const { manifest } = await exported('parquet', ...WITHIN, '--actor', 'alice@contoso.example', '--prove', folder);
  expect(manifest).toMatchObject({ proof: { folder, proved: true } });
  expect(await readdir(folder)).toEqual(['answer.json']);
});

test('a file that is there is left as it is, and so is a manifest', async () => {
  const path = join(work, 'there.jsonl');
  await writeFile(path, 'mine');
  const run = (): Promise<unknown> => inProcess(() => find.run([mirror, '--format', 'jsonl', '--out', path]));
  await expect(run()).rejects.toThrow(`--out: ${path} is there already, and is never overwritten`);
  expect((await readdir(work)).filter((name) => name.startsWith('there'))).toEqual(['there.jsonl']);
  await rm(path);
  await writeFile(`${path}.manifest.json`, 'mine');
  await expect(run()).rejects.toThrow(`--out: ${path}.manifest.json is there already`);
  expect((await readdir(work)).filter((name) => name.startsWith('there'))).toEqual(['there.jsonl.manifest.json']);
});

test('a table has no manifest, and Parquet is nothing for a terminal', async () => {
  const path = join(work, 'table.txt');
  await inProcess(() => find.run([mirror, '--out', path]));
  expect((await readdir(work)).filter((name) => name.startsWith('table'))).toEqual(['table.txt']);
  await expect(find.run([mirror, '--format', 'parquet'])).rejects.toThrow(
    '--format parquet is no text, and needs --out',
  );
});
