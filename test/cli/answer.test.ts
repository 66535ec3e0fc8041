import { cp, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LEDGER, nameOf, timeOf } from '../support/forge.ts';
import { ingestOf, sealAll } from '../support/hub.ts';
import { fileFullCheck } from '../support/fullCheck.ts';
import { indexedLog } from '../support/indexScene.ts';
import { KeptLog } from '../support/keptLog.ts';
import { AUDITOR, KEY, keyOf } from '../support/logs.ts';
import { witnessKey } from '../support/witnesses.ts';
import { inProcess } from '../support/program.ts';
import { FolderTileStore } from '../../src/adapters/folderTileStore.ts';
import { MirrorStore } from '../../src/adapters/mirrorStore.ts';
import { command as check } from '../../src/cli/commands/check.ts';
import { command as find } from '../../src/cli/commands/find.ts';
import { cosignatureKey, signCosignature } from '../../src/core/note/cosignature.ts';
import { formatSignatureLine } from '../../src/core/note/signatureLine.ts';
import { formatVerifierKey } from '../../src/core/note/verifierKey.ts';

const VKEY = formatVerifierKey(KEY.verifierKey);
const AUDITOR_KEY = formatVerifierKey(AUDITOR.verifierKey);

let work: string;
let mirror: string;
beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'auditseal-answer-'));
  mirror = join(work, 'mirror');
  const store = new MirrorStore(mirror);
  const tiles = new FolderTileStore(mirror);
  for (let round = 0; round < 12; round++) {
    const events = ['alice', 'bob', '<b>\u001b[31m'].map((identity, i) => ({
      sequenceNumber: 3 * round + i,
      enqueued: timeOf(3 * round + i),
      body: Buffer.from(JSON.stringify({ identity, operationName: `op${round % 4}` })),
    }));
    await sealAll(ingestOf(store), events);
    await indexedLog(store, tiles).run(new KeptLog());
  }
  await indexedLog(store, tiles).run(new KeptLog());
  await fileFullCheck(store, tiles);
  await indexedLog(store, tiles).run(new KeptLog());
  await indexedLog(store, tiles).run(new KeptLog());
}, 60_000);
afterAll(() => rm(work, { recursive: true }));

const run = async (command: typeof find, ...args: readonly string[]): Promise<{ code: number; out: string }> =>
  inProcess(async () => command.run([...args]));

let made = 0;
async function prove(...args: readonly string[]): Promise<{ folder: string; code: number; out: string }> {
  const folder = join(work, `answer${++made}`);
  return { folder, ...(await run(find, mirror, '--key', VKEY, '--prove', folder, ...args)) };
}

test('find proves what it finds, and check says so to whoever trusts the log and its auditor', async () => {
  const { folder, code, out } = await prove('--actor', 'Alice', '--operation', 'op1');
  expect([code, out]).toEqual([
    0,
    expect.stringContaining('proved: the fields and the time find 3 and no other') as string,
  ]);
  expect(out).toContain('as the index says that the check of reports/000000000000.json made again');
  const checked = await run(check, folder, '--key', VKEY, '--auditor-key', AUDITOR_KEY);
  expect(checked.code).toBe(0);
  expect(checked.out.match(/"identity":"alice"/g)).toHaveLength(3);
  expect(checked.out).toContain(`proved: these 3 records, and no other, of ${LEDGER}`);
  expect(checked.out).toContain('  with operation "op1"\n  with actor "alice"\n');
  expect(checked.out).toContain("by the index, which the auditor's check of");
  expect(checked.out).toContain('it speaks of what was in the log at');
  const file = await run(check, join(folder, 'answer.json'), '--key', VKEY, '--json');
  expect(JSON.parse(file.out)).toMatchObject({
    status: 'proved',
    kind: 'answer',
    complete: { by: 'signer', why: 'no key of the auditor was given' },
    records: [{ record: 3 }, { record: 15 }, { record: 27 }],
  });
  expect((await stat(join(folder, 'answer.json'))).size).toBeLessThan(200_000);
});

test('that there is nothing is proved too', async () => {
  const { folder, code } = await prove('--actor', 'mallory', '--from', timeOf(3), '--to', timeOf(9));
  expect(code).toBe(0);
  const { out } = await run(check, folder, '--key', VKEY);
  expect(out).toContain(`proved: no record of ${LEDGER}`);
  expect(out).toContain(`  that the hub got from ${timeOf(3)} to ${timeOf(9)}`);
  expect(out).toContain('on the word of whoever signs the log: nobody you named has made the index again');
});

test('what was changed is refuted, and what is none is not read', async () => {
  const { folder } = await prove('--actor', 'alice');
  const path = join(folder, 'answer.json');
  const text = await readFile(path, 'utf8');
  await writeFile(path, text.replace('\\"identity\\":\\"alice\\"', '\\"identity\\":\\"alicf\\"'));
  expect(await run(check, folder, '--key', VKEY)).toMatchObject({
    code: 1,
    out: expect.stringContaining('refuted: record 0 of partition 0 is not proved') as string,
  });
  const { heads, segments } = JSON.parse(text) as { heads: unknown; segments: unknown[] };
  await writeFile(path, text.replace(JSON.stringify(heads), JSON.stringify(segments[0])));
  expect(await run(check, folder, '--key', VKEY)).toMatchObject({
    code: 1,
    out: expect.stringContaining('refuted: it does not end with an entry of type heads') as string,
  });
  await writeFile(path, text.replace('"version":1', '"version":2'));
  expect(await run(check, folder, '--key', VKEY)).toMatchObject({
    code: 2,
    out: expect.stringContaining('the answer has version 2, and this program knows 1') as string,
  });
  await writeFile(path, text.slice(0, -9));
  expect(await run(check, folder, '--key', VKEY)).toMatchObject({ code: 2 });
  await writeFile(path, text);
  expect(await run(check, folder, '--key', formatVerifierKey(keyOf(9).verifierKey))).toMatchObject({ code: 1 });
  expect(await run(check, folder)).toMatchObject({
    code: 2,
    out: expect.stringContaining('no --key says whom') as string,
  });
});

test('hostile values act on no terminal', async () => {
  const { folder } = await prove('--operation', 'op2');
  const { out } = await run(check, folder, '--key', VKEY);
  expect(out).toContain('<b>');
  expect(out).not.toContain('\u001b[31m');
});

test('says who cosigned the checkpoint, and when, as of evidence', async () => {
  const { folder } = await prove('--operation', 'op2');
  expect((await run(check, folder, '--key', VKEY)).out).toContain('cosigned by   nobody whose key you gave');
  const path = join(folder, 'answer.json');
  const text = await readFile(path, 'utf8');
  const { checkpoint } = JSON.parse(text) as { checkpoint: string };
  const signed = checkpoint.slice(0, checkpoint.indexOf('\n\n') + 1);
  const witness = witnessKey(1);
  const line = formatSignatureLine(signCosignature(signed, witness, 1_763_769_601));
  await writeFile(path, text.replace(JSON.stringify(checkpoint), JSON.stringify(`${checkpoint}${line}\n`)));
  const keys = ['--key', VKEY, '--key', formatVerifierKey(cosignatureKey(witness.verifierKey))];
  const { out } = await run(check, folder, ...keys);
  const { keyName, keyId } = cosignatureKey(witness.verifierKey);
  expect(out).toContain(`cosigned by   ${keyName}, key ${keyId}, which you gave, at 2025-11-22T00:00:01.000Z`);
  expect(JSON.parse((await run(check, folder, ...keys, '--json')).out)).toMatchObject({
    cosignedBy: [{ keyName, keyId, time: '2025-11-22T00:00:01.000Z' }],
  });
});

test.each([
  [['--related', '0/1'], 'correlation ids are not in the index'],
  [['--by', 'event'], 'leave out --by event'],
  [['--no-index'], 'leave out --no-index'],
  [['--limit', '3'], 'leave out --limit'],
])('with %s nothing is proved, and the command line refused', async (args, why) => {
  await expect(prove(...args)).rejects.toThrow(why);
});

test('a folder that is there is not written to, and without a key nothing is proved', async () => {
  await expect(run(find, mirror, '--key', VKEY, '--prove', work)).rejects.toThrow('is there already');
  await expect(run(find, mirror, '--prove', join(work, 'x'))).rejects.toThrow('--prove needs --key');
});

test('without the index it says why, and ends with 2', async () => {
  const empty = join(work, 'notiles');
  const { code, out } = await run(find, mirror, '--key', VKEY, '--tlog', empty, '--prove', join(work, 'y'));
  expect([code, out]).toEqual([
    2,
    expect.stringContaining('NOT PROVED: no checkpoint is published among the tiles') as string,
  ]);
});

test('that a segment was changed outweighs that nothing can be proved, for the exit status', async () => {
  const copy = join(work, 'changed');
  await cp(mirror, copy, { recursive: true });
  await writeFile(join(copy, nameOf(0)), 'x');
  const { code, out } = await run(find, copy, '--key', VKEY, '--actor', 'alice', '--prove', join(work, 'z'));
  expect([code, out]).toEqual([
    1,
    expect.stringContaining(`NOT PROVED: ${nameOf(0)} can't be read, or is not`) as string,
  ]);
});

test('what --text and --where narrow is not what is proved, and that is said', async () => {
  const { out } = await prove('--actor', 'alice', '--text', 'op3');
  expect(out).toContain('--text and --where are no part of what is proved');
  expect(out).toContain('find 12 and no other');
});
