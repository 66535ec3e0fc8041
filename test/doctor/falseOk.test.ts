import { ACCOUNT, GROUP } from '../local/worm/harness.ts';
import {
  ID,
  NOW,
  closeScene,
  doctor,
  expectFailed,
  fileReports,
  nextLedger,
  openScene,
  scene,
  seal,
  set,
  store,
  world,
} from '../support/doctorScene.ts';
import { forge, nameOf, timeOf } from '../support/forge.ts';
import { FULL_REPORT } from '../support/fullReport.ts';
import { AUDITOR, KEY } from '../support/logs.ts';
import { command } from '../../src/cli/commands/doctor.ts';
import { formatVerifierKey } from '../../src/core/note/verifierKey.ts';
import { reportName } from '../../src/core/objects/names.ts';
import type { StepResult } from '../../src/doctor/step.ts';
import { DRILL_CHANGES } from '../../src/guard/drill.ts';

// What must not be taken for right: each of these is `ok` for whoever asks too little.

beforeAll(openScene);
afterAll(closeScene);
beforeEach(nextLedger);

const ask = async (step: string, args: readonly string[] = []): Promise<StepResult | undefined> =>
  (await doctor([step], args)).steps[step];
const DRILL_FAILED = {
  findings: [{ code: 'drill-failed' as const, severity: 'error' as const, object: 'x', detail: 'x' }],
};
const KEYS = ['--key', formatVerifierKey(KEY.verifierKey), '--auditor-key', formatVerifierKey(AUDITOR.verifierKey)];

describe('reports', () => {
  test('posture counts where both keys were given, and the settings say nothing of it', async () => {
    await fileReports({}, DRILL_FAILED);
    await expectFailed('reports', 'says violated: drill-failed', KEYS);
    set('auditor', {});
    await expectFailed('reports', 'says violated: drill-failed', KEYS);
  });

  test('beside an unlocked policy, what could not be read counts', async () => {
    await fileReports({}, { unreadable: [{ object: 'coverage', why: 'may not' }] });
    await expectFailed('reports', 'could not read everything: coverage: may not');
  });

  test('what verify does not know hides nothing that posture knows', async () => {
    await fileReports({ status: 'unverified', checked: { ...FULL_REPORT.checked, segments: 0 } }, DRILL_FAILED);
    await expectFailed('reports', 'says violated: drill-failed');
  });

  test('one of another ledger, or of a time that is still to come, says nothing of this one', async () => {
    await fileReports({}, { account: 'another' });
    await expectFailed('reports', 'which is of another/ledger-');
    expect(await ask('deletion')).toMatchObject({ state: 'unknown' });
    await nextLedger();
    await fileReports({}, { time: timeOf(NOW + 86_400) });
    await expectFailed('reports', 'still to come');
    expect(await ask('deletion')).toMatchObject({ state: 'unknown' });
  });

  test('names that somebody else took hide none', async () => {
    await fileReports({}, DRILL_FAILED);
    for (let number = 2; number < 250; number++) await store().create(reportName(number), Buffer.from('x'));
    await store().create(reportName(600), Buffer.from('x'));
    await expectFailed('reports', 'reports/000000000001.json says violated');
  });
});

describe('sealing and checkpoint', () => {
  test('of a time that is still to come', async () => {
    await seal(NOW + 86_400);
    await expectFailed('sealing', 'still to come: 0');
    await expectFailed('checkpoint', 'still to come');
  });

  test('a partition of the hub that nothing is sealed of', async () => {
    await seal(NOW, ['0']);
    expect(await ask('sealing')).toMatchObject({
      state: 'unknown',
      said: 'the hub has 2 partitions, and nothing of these is sealed: 1',
    });
  });

  test('a hub that could not be asked how many partitions it has', async () => {
    await seal();
    set('sealer', { HUB: '', HUB__fullyQualifiedNamespace: 'nowhere.servicebus.windows.net' });
    const { steps } = await doctor(['sealing'], KEYS);
    expect(steps['hub']).toMatchObject({ state: 'failed' });
    expect(steps['sealing']).toMatchObject({
      state: 'unknown',
      said: expect.stringContaining('could not be asked') as string,
    });
  });

  test('what others put behind the newest segment, and into partitions that are none, is passed over and named', async () => {
    await seal();
    const next = nameOf(1);
    await store().create(next, forge({ index: 1, session: { from: timeOf(-9000), until: timeOf(-8000) } }).stored);
    await store().create('segments/77/000000000000.jsonl.zst', Buffer.from('x'));
    const { state, advice } = (await ask('sealing')) ?? {};
    expect([state, advice]).toEqual(['ok', expect.stringContaining(`${next} counts for nothing, because`) as string]);
    expect(advice).toContain('segments/77/');
  });
});

test('a drill that did not try every change', async () => {
  for (const [number, left] of DRILL_CHANGES.entries()) {
    await fileReports(
      {},
      {
        drill: DRILL_CHANGES.filter((change) => change !== left).map((change) => ({
          object: 'drill/x',
          change,
          outcome: 'refused',
          said: '409 BlobImmutableDueToPolicy',
        })),
      },
    );
    expect([number, (await ask('deletion'))?.state]).toEqual([number, 'unknown']);
    await nextLedger();
  }
});

test('apps of another container, or another account, than TARGET', async () => {
  for (const service of ['sealer', 'auditor'] as const) {
    set(service, { LEDGER_CONTAINER: 'elsewhere' });
    await expectFailed('settings', `the ${service} is of ${ACCOUNT}/elsewhere, and TARGET is ${ACCOUNT}/ledger-`);
    set(service, { LEDGER: '', LEDGER__blobServiceUri: 'https://other.blob.core.windows.net' });
    await expectFailed('settings', `the ${service} is of other/ledger-`);
    await nextLedger();
  }
});

test('a policy that nobody said what to compare with', async () => {
  set('auditor', {});
  await scene.stack.arm.blobContainers.deleteImmutabilityPolicy(GROUP, ACCOUNT, scene.name, '*');
  await scene.stack.putPolicy(scene.name, 1);
  expect(await ask('policy')).toMatchObject({
    state: 'unknown',
    said: expect.stringContaining('--retention-days') as string,
  });
  await expectFailed('policy', 'retains for 1 days, and 2 are promised', ['--retention-days', '2']);
});

test('steps that need a record, where none is sent', async () => {
  const { url } = scene.stack.sasContainer(scene.name, 'rl');
  for (const step of ['probe', 'sealed', 'proved'])
    await expect(command.run([url, '--resource-id', ID, '--probe', 'none', '--only', step], world())).rejects.toThrow(
      `--only ${step} needs a record`,
    );
  expect(await ask('probe', ['--probe', 'vault'])).toMatchObject({
    state: 'unknown',
    said: expect.stringContaining('the settings name no key in a vault') as string,
  });
});

test('a setting whose value is a secret that nobody is shown', async () => {
  set('sealer', { HUB: '@Microsoft.KeyVault(SecretUri=https://kv.vault.azure.net/secrets/hub)' });
  scene.stack.gateway.resources.stage({
    path: /func-sealer\/config\/configreferences\/appsettings$/,
    status: 200,
    body: { value: [{ name: 'HUB', properties: { status: 'Resolved' } }] },
    times: 1,
  });
  expect(await ask('settings')).toMatchObject({
    state: 'unknown',
    said: expect.stringContaining('func-sealer: HUB: is missing') as string,
  });
});
