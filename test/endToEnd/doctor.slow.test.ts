import { startStack } from '../../local/stack.ts';
import type { Stack } from '../../local/stack.ts';
import { createArmClient } from '../../local/worm/armClient.ts';
import { armOutside, terminalOf } from '../support/armOutside.ts';
import { putDeployment } from '../support/deployment.ts';
import { KeptLog } from '../support/keptLog.ts';
import { ROOT, inProcess } from '../support/program.ts';
import { ArmPolicy } from '../../src/adapters/armPolicy.ts';
import { BlobCanaries } from '../../src/adapters/blobCanaries.ts';
import { BlobStore } from '../../src/adapters/blobStore.ts';
import { keySigner } from '../../src/adapters/logKeys.ts';
import { command } from '../../src/cli/commands/doctor.ts';
import type { Outside } from '../../src/cli/outside.ts';
import { parseSignerKey } from '../../src/core/note/signerKey.ts';
import { STEPS } from '../../src/doctor/doctor.ts';
import type { StepResult } from '../../src/doctor/step.ts';
import { runPostureJob } from '../../src/guard/job.ts';
import { ContainerClient } from '@azure/storage-blob';

let stack: Stack;
beforeEach(async () => {
  stack = await startStack({ appDir: ROOT, partitions: 2, settings: { INTEGRATE_SCHEDULE: '*/3 * * * * *' } });
  putDeployment(stack.gateway.resources, { accountId: stack.accountId, settings: stack.settings });
});
afterEach(() => stack.close());

const subscription = (): string => stack.accountId.split('/')[2] ?? '';
const world = (): Outside =>
  armOutside(stack.gateway, createArmClient(stack.gateway.armUrl, subscription()), terminalOf());

async function doctor(...args: string[]): Promise<{ code: number; steps: Record<string, StepResult>; out: string }> {
  const { code, out } = await inProcess(async () =>
    command.run(
      [
        stack.sasUrl('racwdl'),
        '--resource-id',
        stack.accountId,
        '--tlog',
        stack.sasUrl('rl', 'tlog'),
        '--json',
        ...args,
      ],
      world(),
    ),
  );
  const { steps } = JSON.parse(out) as { steps: StepResult[] };
  return { code, out, steps: Object.fromEntries(steps.map((step) => [step.step, step])) };
}

/** filePosture does what the function posture does, at once. */
async function filePosture(): Promise<void> {
  const [, , , , resourceGroup = '', , , , account = ''] = stack.accountId.split('/');
  const client = createArmClient(stack.gateway.armUrl, subscription());
  const arm = { client, endpoint: stack.gateway.armUrl, token: async () => Promise.resolve('local') };
  const place = { subscription: subscription(), resourceGroup, account, container: 'ledger' };
  const container = new ContainerClient(stack.sasUrl('racwdl'));
  const ledger = stack.settings['LEDGER_ORIGIN'] ?? '';
  const auditor = parseSignerKey(stack.settings['AUDITOR_SIGNER_KEY'] ?? '');
  await runPostureJob(
    {
      reader: new ArmPolicy(arm, place),
      canaries: new BlobCanaries(container),
      now: Date.now,
      log: new KeptLog(),
      filing: {
        store: new BlobStore(container),
        ledger,
        signer: keySigner(auditor),
        entered: 0,
      },
      auditors: { ledger, verifiers: [auditor.verifierKey] },
    },
    { account, container: 'ledger', retentionDays: 365 },
  );
}

test('on the local stack with a host that runs, a record is followed into a signed checkpoint, and every step is ok', async () => {
  const host = await stack.startHost();
  expect((await doctor('--only', 'proved')).steps['proved']).toMatchObject({ state: 'ok' });
  await host.runTimer('verify');
  await filePosture();
  // This test runs posture, which the local host doesn't.
  const { 'AzureWebJobs.posture.Disabled': _, ...settings } = stack.settings as Record<string, string>;
  putDeployment(stack.gateway.resources, { accountId: stack.accountId, settings });
  const { code, steps, out } = await doctor();
  expect(Object.values(steps).filter(({ state }) => state !== 'ok')).toEqual([]);
  expect(Object.keys(steps)).toEqual([...STEPS]);
  expect(code).toBe(0);
  expect(steps['proved']?.said).toMatch(/^entry \d+ of the log, in the checkpoint of \d+ entries; proved/);
  for (const secret of ['HUB', 'LEDGER_SIGNER_KEY', 'AUDITOR_SIGNER_KEY'])
    expect(out).not.toContain(stack.settings[secret]);
  expect(out).not.toContain('sig=');
}, 120_000);

test('without a host nothing is sealed, and what is known to be switched off is named', async () => {
  const off = { ...stack.settings, 'AzureWebJobs.ingest.Disabled': 'true' };
  putDeployment(stack.gateway.resources, { accountId: stack.accountId, settings: off });
  const unsealed = await doctor('--only', 'proved', '--wait', '0');
  expect(unsealed.code).toBe(1);
  expect(unsealed.steps['probe']).toMatchObject({ state: 'ok' });
  expect(unsealed.steps['sealed']).toMatchObject({
    state: 'failed',
    said: expect.stringMatching(/^it is in no segment after \d s; ingest of func-sealer is switched off/) as string,
  });
  expect(unsealed.steps['proved']).toMatchObject({ state: 'unknown' });
}, 180_000);

test('a key that may not send, and a hub that is another one, are told apart from a deployment that fails', async () => {
  const send = async (changes: Record<string, string>): Promise<Record<string, StepResult>> => {
    putDeployment(stack.gateway.resources, { accountId: stack.accountId, settings: { ...stack.settings, ...changes } });
    return (await doctor('--only', 'probe', '--only', 'hub')).steps;
  };
  const wrong = await send({ HUB_NAME: 'another' });
  expect(wrong['hub']).toMatchObject({
    state: 'failed',
    said: expect.stringContaining('could not say when it was created') as string,
  });
  expect(wrong['probe']).toMatchObject({ state: 'unknown' });
}, 120_000);
