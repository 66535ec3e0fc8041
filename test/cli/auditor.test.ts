import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cosignatureKey } from '../../src/core/note/cosignature.ts';
import { formatSignerKey } from '../../src/core/note/signerKey.ts';
import { formatVerifierKey } from '../../src/core/note/verifierKey.ts';
import { reportName } from '../../src/core/objects/names.ts';
import type { Report } from '../../src/core/objects/report.ts';
import { formatReport, parseReport } from '../../src/core/objects/reportFile.ts';
import { saidOf } from '../support/checking.ts';
import { LEDGER, timeOf } from '../support/forge.ts';
import { KeptLog } from '../support/keptLog.ts';
import { writeMirror } from '../support/logMirror.ts';
import { SECOND, ledgerOf, runJob } from '../support/loggedLedger.ts';
import { AUDITOR, KEY, integrateOf, keyOf } from '../support/logs.ts';
import { auditseal } from '../support/program.ts';

const [VKEY, AKEY] = [formatVerifierKey(KEY.verifierKey), formatVerifierKey(AUDITOR.verifierKey)];
const OLD = formatVerifierKey(keyOf(101, `${LEDGER}/auditor`).verifierKey);

let folder = '';
let mirror = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'auditseal-test-'));
  mirror = join(folder, 'mirror');
  const ledger = await ledgerOf(2);
  await runJob(ledger, SECOND + 10);
  await integrateOf(ledger.store, ledger.tiles, { now: () => Date.parse(timeOf(SECOND + 20)) }).run(new KeptLog());
  await writeMirror(mirror, ledger);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** verify gives the report of a check. */
async function verify(...args: readonly string[]): Promise<Report> {
  const { code, stdout, stderr } = await auditseal('verify', mirror, ...args, '--threads', '1', '--json');
  const report = JSON.parse(stdout) as Report;
  expect([code, stderr]).toEqual([report.status === 'verified' ? 0 : 1, '']);
  return report;
}

const WITHOUT = 'no key of the auditor was given, so anybody may have filed the 1 reports';

test('with both keys, the report in the mirror is the anchor, and a check may go on from it', async () => {
  const full = await verify('--key', VKEY, '--auditor-key', AKEY, '--auditor-key', OLD);
  expect(full).toMatchObject({ status: 'verified', checked: { mode: 'full', anchor: reportName(0) } });
  expect(full.notChecked).not.toContain(WITHOUT);
  const more = await verify('--key', VKEY, '--auditor-key', AKEY, '--incremental');
  expect(more).toMatchObject({ status: 'verified', checked: { mode: 'incremental', anchor: reportName(0) } });
});

test.each([[[]], [['--key', VKEY]], [['--auditor-key', AKEY]]])('with %j alone, it anchors nothing', async (keys) => {
  const report = await verify(...keys);
  expect(report).toMatchObject({ status: 'verified', checked: { mode: 'full', anchor: null } });
  expect(report.notChecked.includes(WITHOUT)).toBe(!keys.includes('--auditor-key'));
});

test('a report that another key signed is foreign, and anchors nothing', async () => {
  const report = await verify('--key', VKEY, '--auditor-key', OLD);
  expect(report.checked.anchor).toBeNull();
  expect(saidOf(report)).toContain(`foreign-object ${reportName(0)}`);
});

test('a report that somebody adds to the copy is foreign, with the key', async () => {
  const planted = join(mirror, reportName(1));
  const genuine = parseReport(await readFile(join(mirror, reportName(0))));
  await writeFile(planted, formatReport(genuine));
  try {
    const report = await verify('--key', VKEY, '--auditor-key', AKEY, '--incremental');
    expect(report.checked.anchor).toBe(reportName(0));
    // By the clock of whoever runs this, all of it may be of a time to come.
    const errors = report.findings.filter(({ severity }) => severity === 'error');
    expect(saidOf({ ...report, findings: errors })).toEqual([`foreign-object ${reportName(1)}`]);
  } finally {
    await rm(planted);
  }
});

test('the report that was filed may be kept, and gone on from', async () => {
  const report = await verify('--key', VKEY, '--since', join(mirror, reportName(0)));
  expect(report).toMatchObject({ status: 'verified', checked: { mode: 'incremental' } });
});

const sameKey = formatVerifierKey(keyOf(1, `${LEDGER}/auditor`).verifierKey);
const otherLedger = formatVerifierKey(keyOf(100, 'logs.example.com/other/auditor').verifierKey);

test.each<[string, readonly string[], RegExp]>([
  ['a log key as auditor', ['--auditor-key', VKEY], /--auditor-key: the key is of logs\.example\.com\/audit, and/],
  [
    'an auditor key as log',
    ['--key', AKEY],
    /--key: the key is of .*\/auditor, which is an auditor: give it with --auditor-key/,
  ],
  [
    'one key for both',
    ['--key', VKEY, '--auditor-key', sameKey],
    /--auditor-key: the auditor has the key of the log \(--key\)/,
  ],
  ['auditors of two ledgers', ['--auditor-key', AKEY, '--auditor-key', otherLedger], /the keys are of .* and of /],
  ['the auditor of another ledger', ['--ledger', LEDGER, '--auditor-key', otherLedger], /not of --ledger/],
  ['a secret', ['--auditor-key', formatSignerKey(AUDITOR)], /--auditor-key holds a secret/],
  ['no auditor to go on from', ['--incremental', '--key', VKEY], /--incremental needs --key and --auditor-key/],
  ['no log to go on in', ['--incremental', '--auditor-key', AKEY], /--incremental needs --key and --auditor-key/],
])('%s is a wrong usage', async (_what, args, why) => {
  const { code, stdout, stderr } = await auditseal('verify', mirror, ...args);
  expect([code, stdout]).toEqual([64, '']);
  expect(stderr).toMatch(why);
  expect(stderr).not.toContain(formatSignerKey(AUDITOR));
});

test('a policy that takes the auditor’s key for a witness is refused', async () => {
  const policy = join(folder, 'policy');
  const own = formatVerifierKey(cosignatureKey({ ...AUDITOR.verifierKey, keyName: 'w1.example' }));
  await writeFile(policy, `witness w1 ${own}\nquorum none\n`);
  const { code, stderr } = await auditseal('verify', mirror, '--auditor-key', AKEY, '--policy', policy);
  const why = 'the witness w1.example has the key of the auditor (--auditor-key)';
  expect([code, stderr]).toEqual([2, expect.stringContaining(`--policy: ${policy}: ${why}`)]);
});
