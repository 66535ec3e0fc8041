import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDuckDb } from '../../src/adapters/duckDb.ts';
import type { SqlAnswer, SqlCell, SqlEngine, SqlTable, SqlValue } from '../../src/ports/sqlEngine.ts';

const TABLE: SqlTable = {
  name: 'records',
  columns: [
    { name: 'n', type: 'BIGINT' },
    { name: 'enqueued', type: 'TIMESTAMPTZ' },
    { name: 'text', type: 'VARCHAR' },
    { name: 'json', type: 'JSON' },
    { name: 'bytes', type: 'BLOB' },
  ],
  view: ['n', 'enqueued', 'text', 'json', 'bytes'].map((name) => ({ name, from: `"${name}"` })),
};
const MEMORY = 200_000_000;

let folder: string;
const opened: SqlEngine[] = [];
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'auditseal-duckdb-'))));
afterEach(async () => {
  for (const engine of opened.splice(0)) engine.close();
  await rm(folder, { recursive: true });
});

async function open(rows: readonly (readonly SqlCell[])[] = [], memoryBytes = MEMORY): Promise<SqlEngine> {
  const engine = await openDuckDb(TABLE, { memoryBytes, zone: 'UTC', temporary: folder });
  opened.push(engine);
  for (const row of rows) engine.append(row);
  return engine;
}

async function allOf({ pages }: SqlAnswer): Promise<(readonly SqlValue[])[]> {
  const rows: (readonly SqlValue[])[] = [];
  for await (const page of pages) rows.push(...page);
  return rows;
}
const ask = async (engine: SqlEngine, sql: string): Promise<(readonly SqlValue[])[]> => allOf(await engine.run(sql));
const number = (n: number | string): SqlValue => ({ number: String(n) });

test('rows come back as they went in, over any number of chunks', async () => {
  const rows = Array.from({ length: 5000 }, (_, n): SqlCell[] => [
    n,
    1_700_000_000_000 + n,
    n % 3 === 0 ? null : `a\0b ${n} \u{1f600}`,
    n % 2 === 0 ? null : `{"n": ${n}}`,
    n % 5 === 0 ? Buffer.of(0, 255, n % 256) : null,
  ]);
  const engine = await open(rows);
  const answer = await ask(engine, 'select * from records order by n');
  expect(answer).toEqual(
    rows.map(([n, at, text, json, bytes]) => [
      number(Number(n)),
      { moment: BigInt(Number(at)) * 1000n },
      text,
      json === null ? null : { json },
      bytes === null ? null : { bytes: Buffer.from(bytes as Uint8Array) },
    ]),
  );
  expect(await ask(engine, "select count(*), sum(cast(json->>'n' as bigint)) from records")).toEqual([
    [number(5000), number(6_250_000)],
  ]);
});

test('values of every type have every digit', async () => {
  const engine = await open();
  const one = async (sql: string): Promise<SqlValue | undefined> => (await ask(engine, `select ${sql}`))[0]?.[0];
  expect(await one('170141183460469231731687303715884105727::hugeint')).toEqual(
    number('170141183460469231731687303715884105727'),
  );
  expect(await one('18446744073709551615::ubigint')).toEqual(number('18446744073709551615'));
  expect(await one("'12345678901234567890.1234567890'::decimal(38,10)")).toEqual(
    number('12345678901234567890.1234567890'),
  );
  expect(await one('0.1::float')).toEqual(number('0.1'));
  expect(await one('3.4028234663852886e38::float')).toEqual(number('3.4028235e+38'));
  expect(await one('0.1::double + 0.2::double')).toEqual(number('0.30000000000000004'));
  expect(await one('-0.0::double')).toEqual(number('-0.0'));
  expect(await one("'nan'::double")).toBe('NaN');
  expect(await one('true')).toBe(true);
  expect(await one("interval '1 month 2 days 3 hours'")).toBe('1 month 2 days 03:00:00');
  expect(await one("timestamptz '2026-11-25 10:00:00.000001Z'")).toEqual({ moment: 1_795_600_800_000_001n });
  expect(await one("'-infinity'::timestamptz")).toBe('-infinity');
  expect(await one("{'a': [1, null], 'b': map{'k': [1.5]}}")).toEqual({
    members: [
      ['a', { list: [number(1), null] }],
      ['b', { map: [['k', { list: [number('1.5')] }]] }],
    ],
  });
  expect(await one('union_value(k := \'{"a":1}\'::json)')).toEqual({ json: '{"a":1}' });
  expect(await one('[[1,2]]::integer[2][1]')).toEqual({ list: [{ list: [number(1), number(2)] }] });
  const { columns } = await engine.run('select 1 as a, 2 as a');
  expect(new Set(columns).size).toBe(2);
  // Whatever this client would give of these, it would be wrong.
  await expect(engine.run('select row(1, 2)')).rejects.toThrow('give the members of a struct names of their own');
  await expect(engine.run("select [{'__proto__': 'x'}]")).rejects.toThrow('names of their own');
});

describe('no statement gets out', () => {
  const SECRET = 'what nobody may read';
  let file: string;
  beforeEach(async () => {
    file = join(folder, 'secret');
    await writeFile(file, SECRET);
    await writeFile(`${file}.json`, JSON.stringify({ a: SECRET }));
    await writeFile(`${file}.csv`, `a\n${SECRET}\n`);
  });

  const READ = [
    "from 'F.csv'",
    'from "F.csv"',
    "from 'F.json'",
    "from 'F.parquet'",
    "from 'file://F.csv'",
    "from 'https://127.0.0.1:9/a.csv'",
    "from 's3://bucket/a.parquet'",
    "from '/dev/stdin'",
    "from '/proc/self/environ'",
    "from read_csv('F.csv')",
    "from read_csv_auto('F.csv')",
    "from read_json('F.json')",
    "from read_json_auto('F.json')",
    "from read_json_objects('F.json')",
    "from read_ndjson('F.json')",
    "from read_text('F')",
    "from read_blob('F')",
    "from read_duckdb('F')",
    "from sniff_csv('F.csv')",
    "from glob('F*')",
    "from read_parquet('F')",
    "from parquet_scan('F')",
    "from parquet_metadata('F')",
    "from parquet_schema('F')",
    "from parquet_kv_metadata('F')",
    "from query('select 1')",
    "from query_table('F.csv')",
    "from query_table(['F.csv'])",
    "from json_execute_serialized_sql(json_serialize_sql('select 1'))",
    'from duckdb_secrets()',
    'from duckdb_extensions()',
    'from arrow_scan(1::pointer, 2::pointer, 3::pointer)',
    "select getenv('HOME')",
    "select content from (from read_text('F'))",
    "with x as materialized (from read_text('F')) from x",
    "select (select content from read_text('F'))",
    "select 1 where exists (from system.main.read_text('F'))",
    "select * from records, lateral (from read_text('F'))",
    "(select 1) union all (select content from READ_TEXT('F'))",
    "describe from read_csv('F.csv')",
    "summarize from read_csv('F.csv')",
    "pivot (from read_csv('F.csv')) on a in ('x') using count(*)",
  ];
  const CHANGE = [
    "copy records to 'F.out'",
    "copy (select 1) to '/dev/stdout'",
    "copy records from 'F.csv'",
    "export database 'F.dir'",
    "import database 'F.dir'",
    "attach 'F.db' as x",
    "attach ':memory:' as x",
    'detach memory',
    'install httpfs',
    'load httpfs',
    'load json',
    'force install httpfs from community',
    'update extensions',
    "create secret (type s3, key_id 'a', secret 'b')",
    'set threads = 1',
    'set enable_external_access = true',
    'reset enable_external_access',
    'set lock_configuration = false',
    "set home_directory = 'F'",
    'set variable a = 1',
    'pragma enable_profiling',
    "pragma profiling_output = 'F.out'",
    "pragma table_info('records')",
    "pragma import_database('F.dir')",
    'call enable_logging()',
    "from enable_logging('QueryLog', storage := 'file', storage_path := 'F.out')",
    "select (select count(*) from enable_logging(storage = 'stdout'))",
    "from enable_profiling(save_location := 'F.out', format := 'json')",
    'from "enable_profiling"()',
    'from disable_logging()',
    'from truncate_duckdb_logs()',
    'from force_checkpoint()',
    'create table t (a int)',
    'create temp table t as select 1',
    'create macro m() as 1',
    'create view v as select 1',
    'insert into sealed.lines (n) values (1)',
    'update sealed.lines set n = 1',
    'delete from sealed.lines',
    'truncate sealed.lines',
    'merge into sealed.lines using (select 1 as n) s on false when not matched then insert by name',
    'drop view records',
    'alter table sealed.lines add column x int',
    "comment on view records is 'x'",
    'begin transaction',
    'checkpoint',
    'vacuum',
    'prepare p as select 1',
    'execute p',
    'use sealed',
    'explain analyze delete from sealed.lines',
    "explain copy records to 'F.out'",
    'with x as (insert into sealed.lines (n) values (1) returning n) from x',
    'select 1; select 2',
    "select 1; copy records to 'F.out'",
    'pivot records on n using count(*)',
    'select $1',
    'select ?',
    '',
    ' ; ',
    '-- nothing',
    '\0',
    'select 1\0 from enable_logging()',
  ];

  test.each([...READ, ...CHANGE])('%s', async (given) => {
    const sql = given.replaceAll('F', file);
    const engine = await open([[1, 0, 'a', null, null]]);
    const before = (await readdir(folder)).sort();
    await expect(engine.check(sql)).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.not.stringContaining(SECRET) as string,
    });
    await expect(engine.run(sql)).rejects.toMatchObject({ code: 'USAGE' });
    // It changed nothing, neither the files nor what the engine does.
    expect((await readdir(folder)).sort()).toEqual(before);
    expect(await ask(engine, "select n, current_setting('enable_external_access') from records")).toEqual([
      [number(1), false],
    ]);
  });

  test.each([
    'select 1',
    'from records',
    'table records',
    'values (1)',
    'with a as (select 1 as x) select x from a, range(3), unnest([1, 2])',
    'select r.n, e.key from records r, json_each(r.json) e, json_tree(r.json) t, generate_series(1, 2)',
    'describe records',
    'summarize records',
    'show tables',
    'select sum(n) over (order by enqueued), row_number() over () from records qualify true',
    'pivot records on n in (1, 2) using count(*)',
    "select date_trunc('day', enqueued), strftime(enqueued, '%Y') from records; ",
    '/* c */ select -- d\n 1',
  ])('what only reads is taken: %s', async (sql) => {
    const engine = await open([[1, 0, 'a', '{"k":1}', null]]);
    await engine.check(sql);
    expect((await ask(engine, sql)).length).toBeGreaterThan(0);
  });
});

test('a slip is told with its place, before anything is run', async () => {
  const engine = await open();
  await expect(engine.check('select 1 fromm records')).rejects.toMatchObject({
    code: 'USAGE',
    message: 'the SQL: syntax error at or near "records", at: records',
  });
  await expect(engine.check('select nn from records')).rejects.toThrow(
    /Referenced column "nn" not found[^]*LINE 1: select nn/,
  );
});

test('a statement that fails on what it reads says so, and gives no part of an answer as a whole one', async () => {
  const rows = Array.from({ length: 10_000 }, (_, n): SqlCell[] => [n, 0, n === 9_000 ? 'x' : '1', null, null]);
  const engine = await open(rows);
  await expect(ask(engine, 'select cast(text as integer) from records')).rejects.toMatchObject({
    code: 'TARGET_INVALID',
    message: expect.stringContaining("Could not convert string 'x'") as string,
  });
});

test.each([
  ['while it works', 'select count(*) from range(1000000000000) t(i) where hash(i) % 7 = 3'],
  ['between two pages', 'from range(1000000000000)'],
])('it is interrupted %s: that is no end of an answer', async (_when, sql) => {
  const engine = await open();
  const timer = setTimeout(() => engine.interrupt(), 200);
  const reading = async (): Promise<void> => {
    for await (const page of (await engine.run(sql)).pages) void page;
  };
  await expect(reading()).rejects.toMatchObject({ code: 'STOPPING' });
  clearTimeout(timer);
});

describe('what memory has no room for', () => {
  const text = (n: number): string => `${n}`.repeat(200).slice(0, 1000);
  const ROWS = 150_000;
  const fill = (engine: SqlEngine): void => {
    for (let n = 0; n < ROWS; n++) engine.append([n, 0, `${n % 7} ${text(n)} ${n}`, null, null]);
  };
  const spilled = async (): Promise<string[]> =>
    (await readdir(folder, { recursive: true })).filter((name) => name.includes('duckdb_temp'));

  test('goes to a folder that nobody else can read, and that goes with the engine', async () => {
    const engine = await open([], 100_000_000);
    fill(engine);
    expect(await ask(engine, 'select count(*), min(n), max(n), count(distinct n) from records')).toEqual([
      [number(ROWS), number(0), number(ROWS - 1), number(ROWS)],
    ]);
    expect((await spilled()).length).toBeGreaterThan(0);
    const [spill = ''] = await readdir(folder);
    expect((await stat(join(folder, spill))).mode & 0o077).toBe(0);
    engine.close();
    opened.length = 0;
    expect(await readdir(folder)).toEqual([]);
  });

  test('and what has to be in memory is refused with what to do', async () => {
    const engine = await open([], 100_000_000);
    fill(engine);
    await expect(ask(engine, "select length(string_agg(text, '')) from records")).rejects.toMatchObject({
      code: 'TARGET_INVALID',
      message: expect.stringMatching(/^this takes more memory.*--from, --to, --partition.*--memory/) as string,
    });
    // The engine goes on.
    expect(await ask(engine, 'select 1')).toEqual([[number(1)]]);
  });
});
