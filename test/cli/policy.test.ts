import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatVerifierKey } from '../../src/core/note/verifierKey.ts';
import { writeMirror } from '../support/logMirror.ts';
import { ledgerOf } from '../support/loggedLedger.ts';
import { KEY } from '../support/logs.ts';
import { runNode } from '../support/program.ts';
import type { Ended } from '../support/program.ts';
import { Witnesses, cosignNewest, cosignature, policyText } from '../support/witnesses.ts';

const VKEY = formatVerifierKey(KEY.verifierKey);

let folder = '';
let mirror = '';
let policy = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'auditseal-test-'));
  [mirror, policy] = [join(folder, 'mirror'), join(folder, 'policy')];
  const witnesses = new Witnesses();
  const ledger = await ledgerOf(2);
  try {
    await cosignNewest(ledger, await Promise.all([1, 2].map((number) => witnesses.start(number))));
  } finally {
    await witnesses.close();
  }
  await writeMirror(mirror, ledger);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const auditseal = (...args: readonly string[]): Promise<Ended> => runNode(['src/cli/main.ts', ...args]);

test('verify --policy says who cosigned the newest checkpoint, and fails where that is not the quorum', async () => {
  await writeFile(policy, `log ${VKEY}\n${policyText([1, 2, 3], 2)}`);
  const met = await auditseal('verify', mirror, '--policy', policy);
  expect(met).toMatchObject({ code: 0, stderr: '' });
  expect(met.stdout).toContain('3 signatures verified');
  expect(met.stdout).toContain('cosigned: checkpoints/000000000001 by w1, w2; 2 cosignatures verified, 0 not');
  await writeFile(policy, policyText([1, 2, 3], 3));
  const unmet = await auditseal('verify', mirror, '--policy', policy, '--key', VKEY);
  expect(unmet.code).toBe(1);
  expect(unmet.stdout).toContain('error checkpoint-uncosigned: checkpoints/000000000001: only w1, w2 cosigned it');
  const without = await auditseal('verify', mirror);
  expect(without.code).toBe(0);
  expect(without.stdout).toContain('not checked: 2 cosignatures are by keys that no policy named');
});

test('mirror copies cosignatures, and the copy has the quorum', async () => {
  const copy = join(folder, 'copy');
  await writeFile(policy, `log ${VKEY}\n${policyText([1, 2], 2)}`);
  const copied = await auditseal('mirror', mirror, copy, '--tlog', join(mirror, 'tlog'));
  expect(copied.code).toBe(0);
  const [name, ...others] = (await readdir(join(mirror, 'cosignatures/000000000001'))).map(
    (it) => `cosignatures/000000000001/${it}`,
  );
  expect(others).toHaveLength(1);
  expect(await readFile(join(copy, name as string))).toEqual(await readFile(join(mirror, name as string)));
  expect(await auditseal('verify', copy, '--policy', policy)).toMatchObject({ code: 0 });
});

test('check --policy demands the quorum of the evidence', async () => {
  const evidence = join(folder, 'evidence.json');
  expect(await auditseal('prove', mirror, '--partition', '0', '--record', '3', '--out', evidence)).toMatchObject({
    code: 0,
  });
  await writeFile(policy, `log ${VKEY}\n${policyText([1, 2, 3], 2)}`);
  const met = await auditseal('check', evidence, '--policy', policy);
  expect(met).toMatchObject({ code: 0, stderr: '' });
  expect(met.stdout).toContain('cosigned by   w1.example, key');
  expect(met.stdout).toContain('cosigned by   w2.example, key');
  await writeFile(policy, policyText([1, 2, 3], 3));
  const unmet = await auditseal('check', evidence, '--policy', policy, '--key', VKEY);
  expect(unmet).toMatchObject({ code: 1, stdout: expect.stringContaining('refuted: only w1, w2 cosigned') as string });
  const asJson = await auditseal('check', evidence, '--policy', policy, '--key', VKEY, '--json');
  expect(JSON.parse(asJson.stdout)).toMatchObject({ status: 'refuted', code: 'SIGNATURE_INVALID' });
  // A policy without the log's key says nothing of who may sign.
  expect(await auditseal('check', evidence, '--policy', policy)).toMatchObject({ code: 2 });
});

test.each(['verify', 'check'])(
  '%s names the line of a policy that is wrong, and a file that is not there',
  async (command) => {
    await writeFile(policy, 'witness w1 nonsense\nquorum none\n');
    const target = command === 'verify' ? mirror : join(mirror, cosignature(1, 1));
    const wrong = await auditseal(command, target, '--policy', policy);
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('line 1 of the policy') as string });
    const missing = await auditseal(command, target, '--policy', join(folder, 'nothing'));
    expect(missing).toMatchObject({ code: 2, stderr: expect.stringContaining("can't be read") as string });
  },
);
