import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatVerifierKey } from '../../src/core/note/verifierKey.ts';
import { writeMirror } from '../support/logMirror.ts';
import { ledgerOf } from '../support/loggedLedger.ts';
import { cosignatureKey } from '../../src/core/note/cosignature.ts';
import { createSignerKey, formatSignerKey } from '../../src/core/note/signerKey.ts';
import { KEY } from '../support/logs.ts';
import { auditseal } from '../support/program.ts';
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

describe('a log is no witness of itself', () => {
  const own = (name: string): string => formatVerifierKey(cosignatureKey({ ...KEY.verifierKey, keyName: name }));
  const w1 = (name: string): string =>
    formatVerifierKey(cosignatureKey(createSignerKey(name, Buffer.alloc(32, 101)).verifierKey));

  test.each<[string, string, readonly string[], number, string]>([
    ['of a log line', `log ${VKEY}\nwitness w ${own('w.example')}\nquorum w\n`, [], 2, 'line 2 of the policy'],
    ['of --key', `witness w ${own('w.example')}\nquorum w\n`, ['--key', VKEY], 2, 'the witness w.example'],
    ['of --key, that no quorum asks', `witness w ${own('w.example')}\nquorum none\n`, ['--key', VKEY], 2, 'w.example'],
    [
      'called as the log',
      `witness w ${own(KEY.verifierKey.keyName)}\nquorum w\n`,
      ['--key', VKEY],
      2,
      'has the key of the log (--key)',
    ],
    [
      'that is a witness under two names',
      `witness a ${w1('a.example')}\nwitness b ${w1('b.example')}\ngroup g all a b\nquorum g\n`,
      ['--key', VKEY],
      2,
      'line 2 of the policy: the key stands in an earlier line',
    ],
    [
      'that is a witness under another name beside the policy',
      `witness a ${w1('a.example')}\nquorum a\n`,
      ['--key', VKEY, '--key', w1('b.example')],
      2,
      'the witness a.example has the key of the witness b.example (--key)',
    ],
  ])('the key %s', async (_what, text, keys, status, said) => {
    await writeFile(policy, text);
    for (const [command, target] of [
      ['verify', mirror],
      ['check', join(mirror, cosignature(1, 1))],
    ] as const) {
      const { code, stdout, stderr } = await auditseal(command, target, '--policy', policy, ...keys);
      expect({ command, code, stdout }).toEqual({ command, code: status, stdout: '' });
      expect(stderr).toContain(`--policy: ${policy}: `);
      expect(stderr).toContain(said);
    }
  });

  test('without a policy, among the keys that are given', async () => {
    const { code, stderr } = await auditseal('verify', mirror, '--key', VKEY, '--key', own('w.example'));
    expect([code, stderr]).toEqual([
      64,
      expect.stringContaining('--key: the witness w.example has the key of the log (--key)'),
    ]);
  });

  test('a witness does not cosign a log that has its own key', async () => {
    const key = join(folder, 'own.key');
    await writeFile(key, formatSignerKey(KEY));
    const args = ['--key', key, '--state', join(folder, 'own.state'), '--log', VKEY];
    const { code, stdout, stderr } = await auditseal('witness', ...args);
    expect([code, stdout, stderr]).toEqual([
      64,
      '',
      expect.stringContaining('--log: the log has the key of the witness'),
    ]);
  });
});
