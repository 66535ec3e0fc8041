import { ACCOUNT, GROUP } from '../local/worm/harness.ts';
import {
  ID,
  closeScene,
  NOW,
  doctor,
  expectFailed,
  fileReports,
  nextLedger,
  openScene,
  scene,
  seal,
  set,
  store,
  tiles,
  world,
} from '../support/doctorScene.ts';
import { LEDGER, forge, nameOf, timeOf } from '../support/forge.ts';
import { FULL_REPORT } from '../support/fullReport.ts';
import { eventsBetween, ingestOf, sealAll } from '../support/hub.ts';
import { KeptLog } from '../support/keptLog.ts';
import { integrateOf, keyOf } from '../support/logs.ts';
import { inProcess } from '../support/program.ts';
import { filed } from '../support/reports.ts';
import { command } from '../../src/cli/commands/doctor.ts';
import { formatSignerKey } from '../../src/core/note/signerKey.ts';
import { NEWEST_CHECKPOINT, checkpointName, reportName } from '../../src/core/objects/names.ts';
import type { StepResult } from '../../src/doctor/step.ts';

beforeAll(openScene);
afterAll(closeScene);
beforeEach(nextLedger);

describe('what is wrong with the ledger', () => {
  test('the container is not there, or the network is closed', async () => {
    const target = async (url: string): Promise<StepResult> => {
      const { code, out } = await inProcess(async () =>
        command.run([url, '--resource-id', ID, '--only', 'ledger', '--json'], world()),
      );
      expect(code).toBe(1);
      return (JSON.parse(out) as { steps: [StepResult] }).steps[0];
    };
    const nowhere = scene.stack.sasContainer('nowhere', 'rl').url;
    expect(await target(nowhere)).toMatchObject({
      state: 'failed',
      said: expect.stringContaining('container nowhere does not exist') as string,
    });
    const closed = new URL(nowhere);
    closed.port = '1';
    expect(await target(closed.href)).toMatchObject({
      state: 'failed',
      said: expect.stringContaining('no answer') as string,
    });
  });

  test('a SAS that may not list is no sign of a wrong deployment', async () => {
    const { code, steps } = await doctor(['ledger'], [], world(), 'r');
    expect([code, steps['ledger']?.state]).toEqual([2, 'unknown']);
  });

  test('nothing is sealed yet', async () => {
    const { code, steps } = await doctor(['sealing', 'checkpoint', 'reports']);
    expect(code).toBe(2);
    for (const step of ['sealing', 'checkpoint', 'reports']) expect(steps[step]).toMatchObject({ state: 'unknown' });
  });

  test('the sealer had no certificate for the time at which it sealed', async () => {
    const expired = forge({ session: { from: timeOf(-9000), until: timeOf(-8000) } });
    await store().create(nameOf(0), expired.stored);
    await expectFailed('sealing', 'nothing here is sealed by who may; .*its certificate is not for');
  });

  test('a partition shows no sign of life', async () => {
    await seal();
    await expectFailed(
      'sealing',
      'older than 25 minutes, though a heartbeat comes after 15: 0 \\(.*, 1 \\(',
      [],
      world(NOW + 3600),
    );
  });

  test('what is sealed is in no log; the log is of another key; the checkpoint is too old', async () => {
    await sealAll(ingestOf(store()), eventsBetween(0, 3));
    await expectFailed('checkpoint', 'there is no log yet');
    await integrateOf(store(), tiles()).run(new KeptLog());
    await expectFailed('checkpoint', 'too old, because a heartbeat alone makes one', [], world(NOW + 3600));
    set('sealer', { LEDGER_SIGNER_KEY: formatSignerKey(keyOf(9)) });
    await expectFailed('checkpoint', 'nothing of it is signed by');
  });

  test('the newest batch has no checkpoint', async () => {
    await seal();
    await scene.stack.arm.blobContainers.deleteImmutabilityPolicy(GROUP, ACCOUNT, scene.name, '*');
    await scene.stack.container(scene.name).deleteBlob(checkpointName(0));
    await scene.stack.container(scene.tlog).deleteBlob(NEWEST_CHECKPOINT);
    expect((await doctor(['checkpoint'])).steps['checkpoint']).toMatchObject({ state: 'unknown' });
    await expectFailed('checkpoint', 'has no signed checkpoint', [], world(NOW + 1200));
  });

  test('the policy is missing, too short, or unlocked though a locked one was promised', async () => {
    await expectFailed('policy', 'Unlocked, 365 days: the policy is not locked', ['--promise-locked']);
    await expectFailed('policy', 'retains for 365 days, and 400 are promised', ['--retention-days', '400']);
    await scene.stack.arm.blobContainers.deleteImmutabilityPolicy(GROUP, ACCOUNT, scene.name, '*');
    await expectFailed('policy', 'the container has no retention policy');
  });

  test('a change of a canary goes through where there is no policy; nothing else is touched', async () => {
    await seal();
    const before = await scene.stack.container(scene.name).getBlobClient(nameOf(0)).downloadToBuffer();
    await scene.stack.arm.blobContainers.deleteImmutabilityPolicy(GROUP, ACCOUNT, scene.name, '*');
    await expectFailed('deletion', 'these changes of a canary went through: overwrite', [], world(), 'racwdl');
    expect(await scene.stack.container(scene.name).getBlobClient(nameOf(0)).downloadToBuffer()).toEqual(before);
  });

  test('whoever may hold no drill goes by the auditor’s, if there is one of the last day', async () => {
    await seal();
    expect((await doctor(['deletion'])).steps['deletion']).toMatchObject({
      state: 'unknown',
      said: expect.stringContaining('the last report of posture has no drill') as string,
    });
    await fileReports();
    expect((await doctor(['deletion'])).steps['deletion']).toMatchObject({
      state: 'ok',
      said: expect.stringContaining('reports/000000000001.json') as string,
    });
    expect((await doctor(['deletion'], [], world(NOW + 90_000))).steps['deletion']).toMatchObject({ state: 'unknown' });
    expect((await doctor(['deletion'], [], world(), 'racwdl')).steps['deletion']).toMatchObject({
      state: 'ok',
      said: 'all 6 kinds of change to a canary were refused as immutable',
    });
  });

  test('the auditor’s drill went through', async () => {
    await fileReports(
      {},
      { drill: [{ object: 'drill/x', change: 'append', outcome: 'done', said: 'it went through' }] },
    );
    await expectFailed('deletion', 'went through in the drill of reports/000000000001.json: append');
  });

  test('the newest report says violated, or is too old', async () => {
    await fileReports({
      status: 'violated',
      findings: [{ code: 'segment-missing', severity: 'error', object: nameOf(0), detail: 'x' }],
    });
    await expectFailed('reports', 'reports/000000000000.json says violated: segment-missing');
    await expectFailed('reports', 'the last report of verify is reports/000000000000.json', [], world(NOW + 7 * 3600));
  });

  test('the newest report could not read everything', async () => {
    await fileReports({ status: 'unverified', unreadable: [{ object: nameOf(3), why: 'it is in the archive tier' }] });
    await expectFailed('reports', 'reports/000000000000.json could not read everything: segments/.*archive tier');
  });

  test('a report that the auditor did not sign is none', async () => {
    await store().create(reportName(0), filed({ ...FULL_REPORT, ledger: LEDGER }, reportName(0), 77));
    const { steps } = await doctor(['reports']);
    expect(steps['reports']).toMatchObject({
      state: 'unknown',
      said: 'there is no report of verify yet',
    });
  });
});
