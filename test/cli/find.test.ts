import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nameOf, timeOf } from '../support/forge.ts';
import { ingestOf, sealAll } from '../support/hub.ts';
import { KeptLog } from '../support/keptLog.ts';
import { KEY, integrateOf, keyOf } from '../support/logs.ts';
import { inProcess } from '../support/program.ts';
import { FolderTileStore } from '../../src/adapters/folderTileStore.ts';
import { MirrorStore } from '../../src/adapters/mirrorStore.ts';
import { command as fieldsCommand } from '../../src/cli/commands/fields.ts';
import { command } from '../../src/cli/commands/find.ts';
import { command as showCommand } from '../../src/cli/commands/show.ts';
import { formatVerifierKey } from '../../src/core/note/verifierKey.ts';

const VKEY = formatVerifierKey(KEY.verifierKey);

let folder: string;
let store: MirrorStore;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'auditseal-find-'));
  store = new MirrorStore(folder);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** seal seals records, one a second, and integrates them. */
async function seal(records: readonly (object | string)[], first = 0): Promise<void> {
  const events = records.map((record, n) => ({
    sequenceNumber: first + n,
    enqueued: timeOf(first + n),
    body: Buffer.from(typeof record === 'string' ? record : JSON.stringify(record)),
  }));
  await sealAll(ingestOf(store), events);
  await integrateOf(store, new FolderTileStore(folder)).run(new KeptLog());
}

const find = async (...args: readonly string[]): Promise<{ code: number; out: string; lines: string[] }> => {
  const { code, out } = await inProcess(async () => command.run([folder, ...args]));
  return { code, out, lines: out.split('\n') };
};
/** rows gives what was found, each as JSON. */
const rows = async (...args: readonly string[]): Promise<Record<string, unknown>[]> =>
  (await find('--format', 'jsonl', ...args)).lines
    .filter((line) => line.startsWith('{"partition"'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
const places = async (...args: readonly string[]): Promise<unknown[]> =>
  (await rows(...args)).map(({ partition, record }) => `${String(partition)}/${String(record)}`);

const AT = '2025-11-21T23:59:00Z';
const RECORDS = [
  {
    time: '2025-11-21T23:59:58Z',
    category: 'AuditEvent',
    operationName: 'SecretGet',
    callerIpAddress: '203.0.113.9:443',
    correlationId: 'c-1',
    identity: { claim: { upn: 'Alice@contoso.example' } },
    properties: { tls: 'TLS1_2', list: [{ n: 1 }, { n: 2 }] },
  },
  {
    time: '2025-11-21T23:59:00Z',
    category: 'AuditEvent',
    operationName: 'SecretList',
    correlationId: 'C-1 ',
    identity: { claim: { upn: 'bob@contoso.example' } },
  },
  {
    time: 'yesterday',
    category: 'SignInLogs',
    operationName: 'Sign-in activity',
    properties: { userPrincipalName: 'alice@contoso.example' },
  },
  'alice@contoso.example wrote a line that is no JSON',
];

test('values of one option are alternatives, options come together, and case does not matter', async () => {
  await seal(RECORDS);
  expect(await places()).toEqual(['0/0', '0/1', '0/2', '0/3']);
  expect(await places('--actor', 'ALICE@contoso.example')).toEqual(['0/0', '0/2', '0/3']);
  expect(await places('--actor', 'alice@contoso.example', '--category', 'auditevent')).toEqual(['0/0']);
  expect(await places('--operation', 'secretget', '--operation', 'secretlist')).toEqual(['0/0', '0/1']);
  expect(await places('--ip', '203.0.113.9')).toEqual(['0/0']);
  expect(await places('--where', 'properties.tls=tls1_2')).toEqual(['0/0']);
  expect(await places('--where', 'Properties.list.n=2')).toEqual(['0/0']);
  expect(await places('--where', 'properties.list.n=3')).toEqual([]);
  expect(await places('--text', 'no JSON')).toEqual(['0/3']);
  expect(await places('--related', '0/0')).toEqual(['0/0', '0/1', '0/3'].slice(0, 2));
});

test('every answer says what was searched, by whom the ledger is, and what it does not cover', async () => {
  await seal(RECORDS);
  const { code, lines } = await find(
    '--actor',
    'nobody@contoso.example',
    '--from',
    '2025-11-22',
    '--to',
    '2025-11-23',
    '--key',
    VKEY,
  );
  expect(code).toBe(0);
  expect(lines.slice(2, -1)).toEqual([
    'of what the hub got from 2025-11-22T00:00:00.000Z to 2025-11-23T00:00:00.000Z',
    'found 0 of 4 records in 1 segment',
    '1 record searched as text: 1 not JSON, and no rule takes anything of 0',
    'no index was used, and every segment of that time was read: the log states no index',
    expect.stringMatching(/^the log has 3 entries, the last of .*; its checkpoint of 3 is signed$/) as string,
    'what was found is what a key which you gave vouches for; that nothing was left out is not proved',
  ]);
  const without = await find('--ip', '203.0.113.9');
  expect(without.out).toContain("2 records have no ip, and can't be found by one");
  expect(without.out).toContain('no --key was given, so anybody may have made this ledger');
  expect(without.out).toContain('its checkpoint of 3 is signed by a key that the log itself names');
  expect(without.out).toContain('no index was used, and every segment of that time was read: no key was given');
});

test('a segment that was changed ends with 1, one that somebody planted with 0, and a key of another ledger with 2', async () => {
  await seal(RECORDS);
  const file = join(folder, nameOf(0));
  const bytes = await readFile(file);
  await writeFile(file, Buffer.concat([bytes.subarray(0, 40), Buffer.from('x'), bytes.subarray(41)]));
  const changed = await find('--text', 'alice');
  expect([changed.code, changed.out]).toEqual([
    1,
    expect.stringContaining(`NOT SEARCHED: 1 segment: ${nameOf(0)}`) as string,
  ]);
  await writeFile(file, bytes);
  // Nobody who may put this behind the log.
  await writeFile(join(folder, nameOf(1)), 'x');
  const planted = await find('--text', 'alice');
  expect([planted.code, planted.out]).toEqual([
    0,
    expect.stringContaining(
      `foreign: 1 object under names of segments that the log doesn't have, signed by nobody who may: ${nameOf(1)} (it does not end with a signature)`,
    ) as string,
  ]);
  expect(planted.out).toContain('found 2 of 4 records');
  // To another ledger's key all is foreign: then nothing was searched.
  const other = await find('--text', 'alice', '--key', formatVerifierKey(keyOf(9).verifierKey));
  expect([other.code, other.out]).toEqual([
    2,
    expect.stringContaining('there is no log that a trusted key began') as string,
  ]);
});

test('times: with an offset, in a zone, as dates, and by what records say', async () => {
  await seal(RECORDS);
  expect(await places('--from', timeOf(1), '--to', timeOf(3))).toEqual(['0/1', '0/2']);
  expect(await places('--from', '2025-11-22T01:00:01', '--to', '2025-11-22T01:00:02', '--tz', 'Europe/Berlin')).toEqual(
    ['0/1'],
  );
  expect(await places('--from', '2025-11-22T01:00:03+01:00', '--to', '2025-11-23')).toEqual(['0/3']);
  expect(await places('--by', 'event', '--from', AT, '--to', '2025-11-21T23:59:30Z')).toEqual(['0/1']);
  const { out } = await find('--by', 'event', '--to', '2025-11-22T01:00Z');
  expect(out).toContain("2 records say none that can be read, so the hub's counts");
  const [row] = await rows('--text', 'SecretGet', '--tz', 'America/New_York');
  expect(row).toMatchObject({ time: '2025-11-21T18:59:58.000-05:00', enqueued: '2025-11-21T19:00:00.000-05:00' });
  expect(await places('--sort', 'time', '--category', 'AuditEvent')).toEqual(['0/1', '0/0', '0/3'].slice(0, 2));
});

test.each([
  [['--from', 'soon'], '--from must be a time such as'],
  [['--from', '2025-02-30'], 'there is no such time as 2025-02-30'],
  [['--to', '2025-02-28T24:00+01:00'], 'there is no such time as 2025-02-28T24:00+01:00'],
  [['--from', '2025-02-28T12:00+99:99'], 'there is no such time as 2025-02-28T12:00+99:99'],
  [['--from', '2025-01-02', '--to', '2025-01-02'], '--from must be before --to'],
  [['--tz', 'Mars/Olympus'], '--tz must be a name of the time zone database'],
  [['--actor', ' '], '--actor is empty'],
  [['--where', 'properties'], '--where must be PATH=VALUE'],
  [['--related', '7'], '--related must be PARTITION/RECORD'],
  [['--by', 'luck'], '--by must be hub or event'],
  [['--format', 'xml'], '--format must be table or jsonl or csv or ocsf or parquet'],
  [['--partition', 'x'], '--partition must be a partition id'],
])('%s is refused', async (args, said) => {
  await seal(RECORDS);
  await expect(command.run([folder, ...args])).rejects.toThrow(said);
});

test('a spreadsheet runs nothing of a CSV, and every cell is one', async () => {
  await seal([
    { operationName: "=cmd|' /C calc'!A0", identity: '@SUM(1+1)', resourceId: '-1+1', category: 'a,"b"\nc' },
    { operationName: '+1', identity: '\t=1', resultType: 'fine' },
  ]);
  const { lines } = await find('--format', 'csv');
  const columns = (lines[0] ?? '').slice(1, -2).split('","');
  expect(columns.join()).toBe(
    'time,enqueued,category,operation,actor,target,resource,result,ip,correlation,partition,record,segment,leaf,entry,hash,form,text',
  );
  const [first = '', second = ''] = lines.slice(1);
  expect(first).toContain(
    `"a,""b""\\u000ac","'=cmd|' /C calc'!A0","'@SUM(1+1)","","'-1+1","","","","0","0","${nameOf(0)}","1","1","`,
  );
  expect(first).toMatch(/","[0-9a-f]{64}","object",""\r$/);
  expect(second).toContain(`"","'+1","'\\u0009=1","","","fine","","","0","1","${nameOf(0)}","2","1","`);
});

test.each(['\n=1', '\r=1', '\tx', '\uff1d1', '\uff0b1', '\uff0d1', '\uff20a', ' =1', '\u00a0=1', '"=1', "'=1", ' "@x'])(
  'nor of one with a cell that begins as %j',
  async (operationName) => {
    await seal([{ operationName }]);
    expect((await find('--format', 'csv')).lines[1]).toContain(`,"'`);
  },
);

describe('nothing of a record acts on a terminal, whatever shows it', () => {
  const HOSTILE = 'a\u001b[2J\u009b31m\u202eb\u2066c\u200bd\u{e0041}\u0007\ud800e';
  const ACTING = /[\p{Cf}\p{Cs}\p{Zl}\p{Zp}\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f]/u;
  // As JSON may have them: escaped, and as they are, where they aren't below U+0020. White space between tokens is JSON's own.
  const raw = `{"operationName":"${HOSTILE.replaceAll('\u001b', '\\u001b').replaceAll('\u0007', '\\u0007').replaceAll('\ud800', '')}",\t"n":1}`;
  const records = [
    { operationName: HOSTILE, time: HOSTILE, category: 'x', [HOSTILE]: HOSTILE },
    raw,
    `${HOSTILE} of no JSON`,
  ];

  test.each(['table', 'csv', 'jsonl'])('%s', async (format) => {
    await seal(records);
    const file = join(folder, 'found');
    await find('--format', format, '--out', file);
    for (const out of [(await find('--format', format)).out, await readFile(file, 'utf8')]) {
      expect(out).toContain('a\\u001b[2J\\u009b31m\\u202eb');
      expect(ACTING.exec(out)).toBeNull();
    }
  });

  test('and JSON Lines has the same values', async () => {
    await seal(records);
    const [first, second] = await rows();
    const taken = HOSTILE.replace('\ud800', '\ufffd');
    expect(first).toMatchObject({ operation: taken, time: taken, line: { [HOSTILE]: HOSTILE, category: 'x' } });
    expect(second?.['line']).toMatchObject(JSON.parse(raw) as object);
  });
});

test('a table keeps each record on its line, whatever is in it', async () => {
  await seal([{ operationName: 'a\nb\u001b[2J\u202e', category: 'c\td' }]);
  const { lines } = await find();
  expect(lines[1]).toMatch(/ {2}c d .* a b/);
});

test('JSON Lines has the line as it was sealed, with each digit and each escape', async () => {
  const record = '{"operationName":"a","n":9007199254740993,"n":1.0,"s":"\\ud800"}';
  await seal([record]);
  const { lines } = await find('--format', 'jsonl');
  expect(lines[0]).toContain(`"line":${record.slice(0, -1)},"_seal":{"record":0,`);
});

test('what is found goes into a file that was not there, and the footer is printed; a limit is said', async () => {
  await seal(RECORDS);
  const out = join(folder, 'found.jsonl');
  const said = await find('--format', 'jsonl', '--out', out, '--limit', '2');
  expect((await readFile(out, 'utf8')).split('\n')).toHaveLength(3);
  expect(said.out).toContain('stopped at 2, as --limit says: what comes behind was not searched');
  await expect(command.run([folder, '--out', out])).rejects.toThrow('is there already, and is never overwritten');
});

test('where a limit ends the search, nothing is said of what was not looked at; sorted, all was', async () => {
  for (let i = 0; i < 12; i++) await seal(RECORDS, 4 * i);
  const said = await find('--limit', '1', '--key', VKEY, '--to', '2026-01-01');
  expect(said.lines.slice(2)).toEqual([
    '',
    'stopped at 1, as --limit says: what comes behind was not searched',
    'of what the hub got to 2026-01-01T00:00:00.000Z',
    'found 4 in 1 segment until then',
    'what was found is what a key which you gave vouches for; that nothing was left out is not proved',
    '',
  ]);
  const sorted = await find('--limit', '1', '--sort', 'time', '--key', VKEY, '--to', '2026-01-01');
  expect(sorted.out).toContain(
    'shown are the first 1, as --limit says\nof what the hub got to 2026-01-01T00:00:00.000Z\nfound 48 of 48 records in 12 segments\n',
  );
  expect(sorted.out).toContain('sealed only until then');
});

test('fields counts each value of each record once, with when it came first and last', async () => {
  await seal(RECORDS);
  const { code, out } = await inProcess(async () => fieldsCommand.run([folder, '--json']));
  const { fields } = JSON.parse(out.split('\n')[0] ?? '') as { fields: Record<string, { values: unknown[] }> };
  expect(code).toBe(0);
  expect(fields['actor']?.values).toEqual([
    { value: 'Alice@contoso.example', count: 2, first: timeOf(0), last: timeOf(2) },
    { value: 'bob@contoso.example', count: 1, first: timeOf(1), last: timeOf(1) },
  ]);
  const text = await inProcess(async () => fieldsCommand.run([folder, '--field', 'category', '--limit', '1']));
  expect(text.out).toContain('CATEGORY: 2 values\n');
  expect(text.out).toContain(`           2  ${timeOf(0)}  ${timeOf(1)}  AuditEvent\n`);
  expect(text.out).toContain('           …  1 more: --limit\n');
  await expect(fieldsCommand.run([folder, '--field', 'colour'])).rejects.toThrow('--field must be one of');
});

test('--cache keeps what was read, and says where it could not', async () => {
  await seal(RECORDS);
  const cache = join(folder, '..', `${folder.split('/').at(-1)}-cache`);
  try {
    const args = ['--from', AT, '--key', VKEY];
    const plain = await find(...args);
    expect(await find(...args, '--cache', cache)).toEqual(plain);
    expect(await find(...args, '--cache', cache)).toEqual(plain);
    const file = join(cache, 'file');
    await writeFile(file, 'x');
    const { code, out } = await find(...args, '--cache', file);
    expect([code, out]).toEqual([0, `${plain.out.trimEnd()}\n${file} could not keep what was read (ENOTDIR)\n`]);
  } finally {
    await rm(cache, { recursive: true, force: true });
  }
});

test('a value that looks like a pattern is said to be none', async () => {
  await seal(RECORDS);
  for (const [args, said] of [
    [['--actor', 'ali*'], '--actor: * stands for itself'],
    [['--ip', '203.0.113.0/24'], '--ip: an address is compared whole, and a range finds nothing'],
  ] as const)
    expect((await find(...args)).out).toContain(said);
});

test('show --context shows a record among its neighbours, over the ends of segments', async () => {
  await seal(RECORDS);
  await seal(RECORDS, 4);
  const { code, out } = await inProcess(async () => showCommand.run([folder, '0', '4', '--context', '2']));
  expect(code).toBe(0);
  const shown = out.split('\n').filter((line) => / 0\/\d$/.test(line));
  expect(shown.map((line) => [line.slice(0, 2), / (0\/\d)$/.exec(line)?.[1]])).toEqual([
    ['  ', '0/2'],
    ['  ', '0/3'],
    ['> ', '0/4'],
    ['  ', '0/5'],
    ['  ', '0/6'],
  ]);
  await expect(showCommand.run([folder, '0', '4', '--context', '2', '--raw'])).rejects.toThrow('exclude each other');
});
