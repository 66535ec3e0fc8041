import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nameOf, timeOf } from '../support/forge.ts';
import { sealIntoMirror } from '../support/indexedMirror.ts';
import { KEY, keyOf } from '../support/logs.ts';
import { inProcess } from '../support/program.ts';
import { command } from '../../src/cli/commands/query.ts';
import { command as showCommand } from '../../src/cli/commands/show.ts';
import { command as verifyCommand } from '../../src/cli/commands/verify.ts';
import { formatVerifierKey } from '../../src/core/note/verifierKey.ts';

const VKEY = formatVerifierKey(KEY.verifierKey);

let folder: string;
let ledger: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'auditseal-query-test-'));
  ledger = join(folder, 'ledger');
  await mkdir(ledger);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const seal = async (
  ...args: Parameters<typeof sealIntoMirror> extends [string, ...infer R] ? R : never
): Promise<void> => sealIntoMirror(ledger, ...args);

const query = async (...args: readonly string[]): Promise<{ code: number; out: string; lines: string[] }> => {
  const { code, out } = await inProcess(async () => command.run([ledger, ...args]));
  return { code, out, lines: out.split('\n') };
};
/** rows gives the rows of an answer, each as JSON. */
const rows = async (...args: readonly string[]): Promise<Record<string, unknown>[]> =>
  (await query(...args, '--format', 'jsonl')).lines
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);

const RECORDS = [
  {
    time: '2025-11-21T23:59:58.1234567Z',
    category: 'AuditEvent',
    operationName: 'SecretGet',
    resultType: 'Success',
    callerIpAddress: '203.0.113.9:443',
    correlationId: 'c-1',
    identity: { claim: { upn: 'Alice@contoso.example', oid: '00000000-0000-4000-8000-000000000001' } },
    properties: { tls: 'TLS1_2', list: [{ n: 1 }, { n: 2 }] },
  },
  {
    time: 'yesterday',
    category: 'AuditEvent',
    operationName: 'SecretList',
    identity: { claim: { upn: 'bob@contoso.example' } },
  },
  'a line that is no JSON',
];

test('each record is a row, with its place, its hash, its fields and its own bytes', async () => {
  await seal(RECORDS);
  const [first, second, third] = await rows('from records order by record');
  const raw = JSON.stringify(RECORDS[0]);
  expect(first).toEqual({
    partition: 0,
    record: 0,
    segment: nameOf(0),
    leaf: 1,
    entry: expect.any(Number) as number,
    hash: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    enqueued: timeOf(0),
    form: 'object',
    time: '2025-11-21T23:59:58.123Z',
    category: 'AuditEvent',
    operation: 'SecretGet',
    actor: 'Alice@contoso.example',
    target: null,
    resource: null,
    result: 'Success',
    ip: '203.0.113.9:443',
    correlation: 'c-1',
    times: ['2025-11-21T23:59:58.1234567Z'],
    correlations: ['c-1'],
    categories: ['AuditEvent'],
    operations: ['SecretGet'],
    actors: ['Alice@contoso.example', '00000000-0000-4000-8000-000000000001'],
    targets: [],
    resources: [],
    results: ['Success'],
    ips: ['203.0.113.9:443'],
    json: RECORDS[0],
    why: null,
    raw,
    raw_bytes: null,
  });
  expect(second).toMatchObject({ time: null, times: ['yesterday'], actors: ['bob@contoso.example'] });
  expect(third).toMatchObject({ form: 'text', json: null, why: 'not JSON', raw: RECORDS[2], category: null });
  // The hash is the one that whoever proves the record shows.
  const shown = await inProcess(async () => showCommand.run([ledger, '0', '0', '--json']));
  expect(shown.out).toContain(`"recordHash":"${String(first?.['hash'])}"`);
});

test('counts, paths of JSON, windows and joins', async () => {
  await seal(RECORDS);
  await seal(RECORDS, 0, '3');
  expect(
    await rows(
      "select operation, count(*) as n from records where list_contains(actors, 'Alice@contoso.example') group by 1",
    ),
  ).toEqual([{ operation: 'SecretGet', n: 2 }]);
  expect(
    await rows("select distinct json->>'$.properties.list[1].n' as n from records where operation = 'SecretGet'"),
  ).toEqual([{ n: '2' }]);
  expect(
    await rows(
      'select partition, record, lead(operation) over (partition by partition order by record) as next from records qualify record = 0 order by partition',
    ),
  ).toEqual([
    { partition: 0, record: 0, next: 'SecretList' },
    { partition: 3, record: 0, next: 'SecretList' },
  ]);
  expect(
    await rows('select count(*) as n from records a join records b using (record) where a.hash <> b.hash'),
  ).toEqual([{ n: 0 }]);
  const days = "select date_trunc('day', enqueued) as day, count(*) as n from records group by 1";
  expect(await rows(days)).toEqual([{ day: '2025-11-22T00:00:00.000Z', n: 6 }]);
  // A day begins where that zone says.
  expect(await rows(days, '--tz', 'America/New_York')).toEqual([{ day: '2025-11-21T00:00:00.000-05:00', n: 6 }]);
});

describe('every record is a row once, whatever is in it', () => {
  const HOSTILE: readonly (readonly [string, string | Buffer, string | null])[] = [
    [
      'a seal of its own',
      '{"_seal":{"record":999,"event":1,"index":0,"enqueued":"2020-01-01T00:00:00.000Z"},"operationName":"a"}',
      null,
    ],
    ['two of them', '{"_seal":1,"_seal":{"record":7}}', 'duplicate keys'],
    ['a key twice', '{"operationName":"SecretGet","operationName":"SecretList"}', 'duplicate keys'],
    ['a key twice, once escaped, deep inside', '{"a":[{"b":{"c":1,"\\u0063":2}}]}', 'duplicate keys'],
    ['half a character', '{"operationName":"\\ud800"}', 'lone surrogate'],
    ['half a character as a key', '{"\\udc00":1}', 'lone surrogate'],
    ['a number that no double is', '{"n":0.1000000000000000055511151231257827}', 'rounded number'],
    ['large whole numbers', '{"n":18446744073709551615,"m":123456789012345678901234567890}', null],
    ['a number beyond all', '{"n":1e400}', null],
    ['a nest', `{"a":${'['.repeat(3000)}${']'.repeat(3000)}}`, 'too deep'],
    ['a bottomless nest', `{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}`, 'too deep'],
    ['U+0000', '{"operationName":"a\\u0000b"}', null],
    ['no JSON', '{"operationName":', 'not JSON'],
    ['no text', Buffer.of(0xff, 0xfe, 0x00, 0x41), 'not UTF-8'],
    ['white space', ' { "operationName" : "x" } ', null],
    ['a string', '"just a string"', null],
    ['null', '[null]', null],
    ['a member called _value', '{"_value":{"a":1},"_reason":"x"}', null],
    ['one called _text', '{"_text":"x","_reason":"y"}', null],
    ['NULL as a text', '{"operationName":"NULL"}', null],
    ['HTML and SQL', `{"operationName":"<script>alert(1)</script>'); DROP TABLE records; --"}`, null],
    ['a megabyte', `{"operationName":"${'x'.repeat(1_000_000)}"}`, null],
  ];

  test('and its bytes come back; what readers disagree on is named', async () => {
    await seal(HOSTILE.map(([, body]) => body));
    const verified = await inProcess(async () => verifyCommand.run([ledger, '--key', VKEY, '--json']));
    const { records } = (JSON.parse(verified.out.split('\n')[0] ?? '') as { checked: { records: number } }).checked;
    for (const args of [[], ['--key', VKEY]])
      expect(
        await rows(
          'select count(*) as n, count(distinct record) as d, min(record) as a, max(record) as z, count(json) as j from records',
          ...args,
        ),
      ).toEqual([
        {
          n: records,
          d: records,
          a: 0,
          z: records - 1,
          j: HOSTILE.filter(([, , why]) => why === null || why === 'rounded number').length,
        },
      ]);
    expect(records).toBe(HOSTILE.length);
    const all = await rows('select record, raw, raw_bytes, why, typeof(json) as type from records order by record');
    for (const [n, [what, body, why]] of HOSTILE.entries()) {
      const { raw, raw_bytes: bytes } = (all[n] ?? {}) as { raw: string | null; raw_bytes: string | null };
      // White space around a record is none of it.
      const own = body === '[null]' ? 'null' : typeof body === 'string' ? body.trim() : body;
      expect([what, why]).toEqual([what, all[n]?.['why']]);
      expect(raw === null ? Buffer.from(bytes ?? '', 'base64') : Buffer.from(raw)).toEqual(Buffer.from(own));
    }
    const { out } = await query('select 1');
    expect(out).toContain(
      '9 records have no json, so a condition on it passes them over (duplicate keys: 3, lone surrogate: 2, not JSON: 1, not UTF-8: 1, too deep: 2): see WHERE why IS NOT NULL\n',
    );
    expect(out).toContain('1 record has a number in json that is read rounded: raw has its digits\n');
    // No function of JSON fails on one of them, or takes the process with it.
    expect(
      await rows(
        'select count(json_structure(json)) as n, count(json_keys(json)) as k, sum(json_valid(json)::int) as v, count(json_pretty(json)) as p from records',
      ),
    ).toEqual([{ n: 13, k: 13, v: 13, p: 13 }]);
    expect(await rows("select record from records where operation = 'NULL'")).toEqual([{ record: 19 }]);
  });

  const ACTING = /[\p{Cf}\p{Cs}\p{Zl}\p{Zp}\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f]/u;
  const STEERING = 'a\u001b[2J\u009b31m\u202eb\u2066c\u200bd\u{e0041}\u0007';

  test.each(['table', 'csv', 'jsonl'])('nothing of it acts on a terminal or in a spreadsheet: %s', async (format) => {
    await seal([
      { operationName: STEERING, category: "=cmd|' /C calc'!A0", [STEERING]: [STEERING] },
      `${STEERING} no JSON`,
    ]);
    const file = join(folder, 'answer');
    const sql = `select *, map{coalesce(operation, raw): [category]} as "m\u001b\u202e", {'x': -1} as s, -5 as n from records`;
    const printed = await query(sql, '--format', format);
    await query(sql, '--format', format, '--out', file);
    for (const out of [printed.out, await readFile(file, 'utf8')]) {
      expect(out).toContain('a\\u001b[2J\\u009b31m\\u202eb');
      expect(ACTING.exec(out)).toBeNull();
      if (format === 'csv') expect(out).toContain(`"'=cmd|' /C calc'!A0"`);
      if (format === 'csv') expect(out).toMatch(/,"-5"\r$/m);
    }
  });
});

test('a table cuts what is long and says so, and tells NULL from a text; others have all of it', async () => {
  await seal([
    { operationName: 'x'.repeat(5000), category: 'NULL' },
    { operationName: 'y', category: '' },
  ]);
  const sql = 'select record, operation, category, result from records order by record';
  const { lines, out } = await query(sql);
  expect(lines[0]).toMatch(/^record {2}operation {2,}category {2}result$/);
  expect(lines[1]).toBe(`0       ${'x'.repeat(199)}…  'NULL'    NULL`);
  expect(lines[2]).toMatch(/^1 {7}y {2,}NULL {6}NULL$/);
  expect(out).toContain('1 value is cut (…): --format jsonl has them whole\n');
  expect(await rows(sql)).toEqual([
    { record: 0, operation: 'x'.repeat(5000), category: 'NULL', result: null },
    { record: 1, operation: 'y', category: null, result: null },
  ]);
  const csv = await query("select NULL as a, '' as b, 'NULL' as c", '--format', 'csv');
  expect(csv.lines.slice(0, 2)).toEqual(['"a","b","c"\r', ',"","NULL"\r']);
});

test('the options of time and partition limit what is read, by the index and without', async () => {
  for (let i = 0; i < 4; i++) await seal(RECORDS, 3 * i, i < 3 ? '0' : '1');
  const sql = 'select partition, record from records order by all';
  for (const index of [['--key', VKEY], ['--key', VKEY, '--no-index'], []]) {
    const of = async (...args: readonly string[]): Promise<unknown[]> =>
      (await rows(sql, ...args, ...index)).map(({ partition, record }) => `${String(partition)}/${String(record)}`);
    expect(await of('--from', timeOf(4), '--to', timeOf(7))).toEqual(['0/4', '0/5', '0/6']);
    expect(await of('--partition', '1')).toEqual(['1/0', '1/1', '1/2']);
  }
  const { out } = await query('select 1', '--from', timeOf(4), '--to', timeOf(5), '--key', VKEY);
  expect(out).toContain('found 1 of 3 records in 1 segment; not read: 3 are of other times');
  const cache = join(folder, 'cache');
  for (let i = 0; i < 2; i++)
    expect((await query('select count(*) as n from records', '--key', VKEY, '--cache', cache)).lines[1]).toBe('12');
});

test('behind the answer stands how many records have no fields, since a condition on one passes them over', async () => {
  await seal(RECORDS);
  const { out } = await query("select count(*) from records where operation = 'SecretGet'");
  expect(out).toContain(
    '1 record has no fields (not JSON: 1, no rule takes anything: 0), so a condition on one passes',
  );
});

test('behind the answer stands what it covers, and how a row is proved; the exit status is that of a search', async () => {
  await seal(RECORDS);
  const fine = await query('select partition, record from records', '--key', VKEY);
  expect([fine.code, fine.out]).toEqual([0, expect.stringContaining('found 3 of 3 records in 1 segment\n') as string]);
  expect(fine.out).toContain('its checkpoint of');
  expect(fine.out).toContain(
    'what was found is what a key which you gave vouches for; that nothing was left out is not proved\n',
  );
  expect(fine.out).toContain(
    `to prove a record: auditseal prove ${ledger} --partition P --record N, with its partition and record\n`,
  );
  const file = join(ledger, nameOf(0));
  const bytes = await readFile(file);
  await writeFile(file, Buffer.concat([bytes.subarray(0, 40), Buffer.from('x'), bytes.subarray(41)]));
  const changed = await query('select count(*) as n from records', '--key', VKEY);
  expect([changed.code, changed.lines[1], changed.out]).toEqual([
    1,
    '0',
    expect.stringContaining(`NOT SEARCHED: 1 segment: ${nameOf(0)}`) as string,
  ]);
  await rm(file);
  const gone = await query('select count(*) as n from records', '--key', VKEY, '--no-index');
  expect([gone.code, gone.out]).toEqual([1, expect.stringContaining('it is gone') as string]);
  await writeFile(file, bytes);
  // What somebody puts behind the log, and nobody signed who may, is no record.
  await writeFile(join(ledger, nameOf(1)), bytes);
  const planted = await query('select count(*) as n from records', '--key', VKEY);
  expect([planted.code, planted.lines[1], planted.out]).toEqual([
    0,
    '3',
    expect.stringContaining('foreign: 1 object under names of segments') as string,
  ]);
  const other = await query('select count(*) as n from records', '--key', formatVerifierKey(keyOf(9).verifierKey));
  expect([other.code, other.lines[1]]).toEqual([2, '0']);
});

test('an answer goes into a file that was not there; half of one does not stay', async () => {
  await seal(RECORDS);
  const out = join(folder, 'answer.csv');
  const { lines } = await query('select record from records order by 1', '--format', 'csv', '--out', out);
  expect(await readFile(out, 'utf8')).toBe('"record"\r\n"0"\r\n"1"\r\n"2"\r\n');
  expect(lines).toContain('3 rows');
  await expect(command.run([ledger, 'select 1', '--out', out])).rejects.toThrow(
    'is there already, and is never overwritten',
  );
  const failing = join(folder, 'failing.csv');
  await expect(
    inProcess(async () =>
      command.run([ledger, "select cast(if(i = 90000, 'x', '1') as int) from range(100000) t(i)", '--out', failing]),
    ),
  ).rejects.toMatchObject({ code: 'TARGET_INVALID' });
  expect(await readdir(folder)).toEqual(['answer.csv', 'ledger']);
});

test.each([
  [['select 1', '--format', 'xml'], '--format must be table or jsonl or csv'],
  [['select 1', '--from', 'soon'], '--from must be a time such as'],
  [['select 1', '--tz', 'Mars/Olympus'], '--tz must be a name of the time zone database'],
  [['select 1', '--memory', '1'], '--memory must be a whole number from 100'],
  [['selec 1'], 'the SQL: syntax error at or near "selec", at: selec 1'],
  [['select x from records'], 'the SQL: Binder Error: Referenced column "x" not found'],
  [["copy records to 'x'"], 'the SQL must be one statement that reads'],
  [['select 1', 'select 2'], 'expected TARGET SQL, got 3 arguments'],
])('%s is refused before anything is read', async (args, said) => {
  // There is nothing to read, so whoever read would have said so.
  await expect(command.run([ledger, ...args])).rejects.toMatchObject({
    code: 'USAGE',
    message: expect.stringContaining(said) as string,
  });
});

test('somebody may look for a secret that was logged', async () => {
  await seal([{ url: 'https://a.blob.core.windows.net/c?sv=1&sig=abc' }]);
  expect(await rows("select record from records where raw like '%sig=%'")).toEqual([{ record: 0 }]);
});

test.each(['csv', 'jsonl'])('a value that no string holds is no fault of the program: %s', async (format) => {
  await seal(RECORDS);
  const out = join(folder, 'out');
  await expect(
    query("select string_agg(repeat('x', 1000000), '') from range(700)", '--format', format, '--out', out),
  ).rejects.toMatchObject({ code: 'TARGET_INVALID', message: expect.stringContaining('more than 512 MB') as string });
  expect(await readdir(folder)).not.toContain('out');
});
