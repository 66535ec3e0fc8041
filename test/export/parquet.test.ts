import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import type { DuckDBConnection } from '@duckdb/node-api';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { exampleHits, hitOf } from '../support/hits.ts';
import { Random } from '../support/random.ts';
import { FIELDS } from '../../src/core/fields/rule.ts';
import { parseEventTime } from '../../src/core/fields/eventTime.ts';
import { sha256 } from '../../src/core/hash.ts';
import type { ExportEnd } from '../../src/export/exporter.ts';
import { ParquetExporter } from '../../src/export/parquet.ts';
import { rawOf, recordHashOf } from '../../src/find/hit.ts';
import type { Hit } from '../../src/find/hit.ts';

let folder: string;
let duck: DuckDBConnection;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'auditseal-parquet-'));
  duck = await (await DuckDBInstance.create(':memory:')).connect();
});
afterAll(async () => {
  duck.closeSync();
  await rm(folder, { recursive: true });
});

const END: ExportEnd = {
  ledger: 'logs.example.com/audit',
  checkpoint: { size: 3_000_000_000, rootHash: sha256(Buffer.from('x')) },
};

/** exported gives the file that hits are written to, and in how many pieces. */
function exported(hits: Iterable<Hit>, end = END): { readonly file: Buffer; readonly pieces: number } {
  const exporter = new ParquetExporter({ tool: 'auditseal 1.2.3', query: '{"by":"hub"}' });
  const pieces = [exporter.begin()];
  for (const hit of hits) pieces.push(exporter.add(hit));
  pieces.push(exporter.end(end));
  return { file: Buffer.concat(pieces), pieces: pieces.filter(({ length }) => length > 0).length };
}

type Row = Readonly<Record<string, unknown>>;

/** rowOf gives what a row must hold, with times in ms and numbers as bigint. */
function rowOf(hit: Hit): Row {
  const { bytes, form } = rawOf(hit);
  const time = parseEventTime(hit.values.time ?? '');
  const isText = Buffer.from(bytes.toString('utf8')).equals(bytes);
  return {
    partition: BigInt(hit.partition),
    record: BigInt(hit.record),
    segment: hit.segment,
    leaf: BigInt(hit.leaf),
    entry: hit.entry === undefined ? null : BigInt(hit.entry),
    hash: recordHashOf(hit),
    enqueued: BigInt(Date.parse(hit.enqueued)),
    time: time === undefined ? null : BigInt(time),
    time_text: hit.values.time ?? null,
    ...Object.fromEntries(FIELDS.map((field) => [field, hit.values[field] ?? null])),
    correlation: hit.values.correlation ?? null,
    form,
    raw: isText ? bytes.toString('hex') : null,
    raw_bytes: isText ? null : bytes.toString('hex'),
  };
}

const hexOf = (value: unknown): string | null =>
  value === null || value === undefined ? null : Buffer.from(value as Uint8Array).toString('hex');

async function byDuck(file: Buffer): Promise<Row[]> {
  const path = join(folder, 'read.parquet');
  await writeFile(path, file);
  const found = await duck.runAndReadAll(
    `select * exclude (raw, enqueued, "time"), epoch_ms(enqueued) as enqueued, epoch_ms("time") as "time", encode(raw) as raw from '${path}'`,
  );
  return found.getRowObjectsJS().map((row) => ({
    ...row,
    partition: BigInt(row['partition'] as number),
    leaf: BigInt(row['leaf'] as number),
    raw: hexOf(row['raw']),
    raw_bytes: hexOf(row['raw_bytes']),
  }));
}

async function byHyparquet(file: Buffer): Promise<Row[]> {
  const bytes = file.buffer.slice(file.byteOffset, file.byteOffset + file.length) as ArrayBuffer;
  // What has no logical type is bytes.
  const rows = await parquetReadObjects({ file: bytes, utf8: false });
  const millis = (value: unknown): bigint | null => (value instanceof Date ? BigInt(value.getTime()) : null);
  return rows.map((row) => ({
    ...row,
    partition: BigInt(row['partition'] as number),
    leaf: BigInt(row['leaf'] as number),
    entry: (row['entry'] as bigint | undefined) ?? null,
    enqueued: millis(row['enqueued']),
    time: millis(row['time']),
    raw: row['raw'] === null || row['raw'] === undefined ? null : Buffer.from(row['raw'] as string).toString('hex'),
    raw_bytes: hexOf(row['raw_bytes']),
  }));
}

/** bothRead demands that two readers read the same rows of a file, value for value and byte for byte. */
async function bothRead(hits: readonly Hit[]): Promise<void> {
  const { file } = exported(hits);
  const wanted = hits.map(rowOf);
  expect(await byDuck(file)).toEqual(wanted);
  expect(await byHyparquet(file)).toEqual(wanted);
}

const seal = (form = ''): string =>
  `"_seal":{"record":1,"event":9,"index":0,"enqueued":"2026-11-25T14:03:07.123Z"${form === '' ? '' : `,"form":"${form}"`}}}`;
const sealed = (record: string, changes: Partial<Hit> = {}): Hit =>
  hitOf(Buffer.from(`${record.slice(0, -1)},${seal()}`), changes);

test('two other readers read every record of every example, byte for byte', async () => {
  const hits = exampleHits().flatMap(([, found]) => found);
  expect(hits.length).toBeGreaterThan(150);
  await bothRead(hits);
});

test('hostile values, and numbers that are larger than 2^31 and 2^53 are', async () => {
  const long = `${'é'.repeat(4000)}\0\u202e\ufffd`;
  await bothRead([
    sealed('{"a":1,"a":2,"A":3,"s":"\\ud800","n":"\\u0000","big":123456789012345678901234567890}'),
    sealed('{"a":1}', { record: Number.MAX_SAFE_INTEGER, entry: Number.MAX_SAFE_INTEGER, partition: '32767' }),
    sealed('{"a":1}', { record: 2 ** 31, entry: 2 ** 32 + 1 }),
    sealed('{"a":1}', { entry: undefined, values: { actor: long, category: '', target: '\0', ip: ' ' } }),
    sealed('{"a":1}', { values: { time: '0000-01-01T00:00:00Z' } }),
    sealed('{"a":1}', { values: { time: '9999-12-31T23:59:59.999Z' } }),
    sealed('{"a":1}', { values: { time: 'yesterday', actor: '\u{10ffff}' } }),
    hitOf(Buffer.from(`{"_text":"nul\\u0000 \\ufeffhere","_reason":"not JSON",${seal('text')}`), { form: 'text' }),
    hitOf(Buffer.from(`{"_base64":"/wABgA==","_reason":"not UTF-8",${seal('base64')}`), { form: 'base64' }),
    hitOf(Buffer.from(`{"_base64":"","_reason":"empty",${seal('base64')}`), { form: 'base64' }),
    hitOf(Buffer.from(`{"_value":[1,"x"],"_reason":"no object",${seal('value')}`), { form: 'value' }),
    // A line that is not of the form that its seal says.
    hitOf(Buffer.from('{"a":1}'), { form: 'base64' }),
  ]);
});

test('no record at all is a file that both read', async () => {
  await bothRead([]);
});

test('random values of all lengths, alike and different, null and not', async () => {
  const random = new Random(7);
  const text = (): string =>
    String.fromCodePoint(...Array.from({ length: random.below(40) }, () => random.below(0xd800)));
  const texts = Array.from({ length: 20 }, text);
  const hits = Array.from({ length: 3000 }, () =>
    sealed(`{"x":${JSON.stringify(text())}}`, {
      record: random.below(2 ** 31) * 1000,
      ...(random.below(3) === 0 && { entry: undefined }),
      values: {
        ...(random.below(2) === 0 && { actor: texts[random.below(texts.length)] ?? '' }),
        ...(random.below(9) === 0 && { target: text() }),
        category: 'the same',
      },
    }),
  );
  await bothRead(hits);
});

describe('a large export', () => {
  const big = (size: number): Hit => sealed(`{"x":"${'x'.repeat(size)}"}`);

  test('records of 8 MiB are written as they come, two or three at a time', async () => {
    const hits = Array.from({ length: 6 }, () => big(8 * 1024 * 1024));
    const { file, pieces } = exported(hits);
    // The head, three groups of two, and the end.
    expect(pieces).toBe(5);
    const found = await byDuck(file);
    expect(found.map(({ raw }) => (raw as string).length / 2)).toEqual(
      hits.map(({ line }) => line.length - seal().length),
    );
    expect(found[5]?.['raw']).toBe(rawOf(hits[5] as Hit).bytes.toString('hex'));
  });

  test('many small ones come in groups, each with the least and the greatest of its values', async () => {
    const count = 70_000;
    const line = Buffer.from(`{"x":1,${seal()}`);
    function* hits(): Generator<Hit> {
      for (let record = 0; record < count; record++) yield hitOf(line, { record, values: { actor: `a${record % 7}` } });
    }
    const { file } = exported(hits());
    const path = join(folder, 'many.parquet');
    await writeFile(path, file);
    const read = async (question: string): Promise<unknown[][]> =>
      (await duck.runAndReadAll(question.replace('FILE', `'${path}'`))).getRowsJS();
    expect(await read('select count(*), count(distinct record), min(record), max(record) from FILE')).toEqual([
      [70_000n, 70_000n, 0n, 69_999n],
    ]);
    const groups = await read(
      "select row_group_num_rows, stats_min_value, stats_max_value, compression from parquet_metadata(FILE) where path_in_schema = 'record' order by row_group_id",
    );
    expect(groups.length).toBeGreaterThan(3);
    let next = 0;
    for (const [rows, least, greatest, codec] of groups) {
      expect([least, greatest, codec]).toEqual([String(next), String(next + Number(rows) - 1), 'SNAPPY']);
      expect(Number(rows)).toBeLessThan(20_000);
      next += Number(rows);
    }
    expect(next).toBe(count);
    expect(await read("select count(*) from FILE where actor = 'a3'")).toEqual([[10_000n]]);
  });
});

test('the file says what it is of', () => {
  const read = (end: ExportEnd): unknown => {
    const { file } = exported([], end);
    const bytes = file.buffer.slice(file.byteOffset, file.byteOffset + file.length) as ArrayBuffer;
    const { created_by: tool, key_value_metadata: pairs = [] } = parquetMetadata(bytes);
    return [tool, Object.fromEntries(pairs.map(({ key, value }) => [key, value]))];
  };
  const always = { 'auditseal.tool': 'auditseal 1.2.3', 'auditseal.query': '{"by":"hub"}' };
  const root = createHash('sha256').update('x').digest('base64');
  expect(read(END)).toEqual([
    'auditseal 1.2.3',
    {
      ...always,
      'auditseal.ledger': 'logs.example.com/audit',
      'auditseal.checkpoint.size': '3000000000',
      'auditseal.checkpoint.root': root,
    },
  ]);
  expect(read({ ledger: undefined, checkpoint: undefined })).toEqual(['auditseal 1.2.3', always]);
});

test('a file that is cut off is none to any reader', async () => {
  const { file } = exported(exampleHits().flatMap(([, found]) => found));
  for (const length of [4, 1000, file.length - 1]) {
    await expect(byDuck(file.subarray(0, length))).rejects.toThrow(/parquet|too small/i);
    await expect(byHyparquet(file.subarray(0, length))).rejects.toThrow(/parquet|outside the bounds/i);
  }
});
