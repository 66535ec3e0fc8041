import { ACCOUNT, GROUP, SUBSCRIPTION, startStack } from '../local/worm/harness.ts';
import type { Stack } from '../local/worm/harness.ts';
import { startEventHub } from '../../local/hub/server.ts';
import type { EventHub } from '../../local/hub/server.ts';
import { armOutside, terminalOf } from './armOutside.ts';
import { putDeployment, putSite } from './deployment.ts';
import { LEDGER, timeOf } from './forge.ts';
import { FULL_REPORT } from './fullReport.ts';
import { eventsBetween, ingestOf, sealAll } from './hub.ts';
import { KeptLog } from './keptLog.ts';
import { AUDITOR, KEY, integrateOf } from './logs.ts';
import { inProcess } from './program.ts';
import { filed } from './reports.ts';
import { BlobStore } from '../../src/adapters/blobStore.ts';
import { BlobTileStore } from '../../src/adapters/blobTileStore.ts';
import { command } from '../../src/cli/commands/doctor.ts';
import type { Outside } from '../../src/cli/outside.ts';
import { formatSignerKey } from '../../src/core/note/signerKey.ts';
import { reportName } from '../../src/core/objects/names.ts';
import type { PostureReport, Report } from '../../src/core/objects/report.ts';
import type { StepResult } from '../../src/doctor/step.ts';
import { DRILL_CHANGES } from '../../src/guard/drill.ts';

// A ledger with what a deployment has around it, for the tests of doctor.

export const ID = `/subscriptions/${SUBSCRIPTION}/resourceGroups/${GROUP}/providers/Microsoft.Storage/storageAccounts/${ACCOUNT}`;
const SECOND = 2_000_000;
export const NOW = SECOND + 60;

/** Settings of apps that seal with keys of their own. */
const SETTINGS = (): Readonly<Record<string, string>> => ({
  HUB: scene.hub.connectionString(),
  HUB_NAME: 'audit',
  HUB_CONSUMER_GROUP: 'ingest',
  WATCH_SCHEDULE: '50 * * * * *',
  INTEGRATE_SCHEDULE: '*/30 * * * * *',
  VERIFY_SCHEDULE: '0 15 * * * *',
  LEDGER_ORIGIN: LEDGER,
  LEDGER_SIGNER_KEY: formatSignerKey(KEY),
  AUDITOR_SIGNER_KEY: formatSignerKey(AUDITOR),
  LEDGER_CONTAINER: scene.name,
  LEDGER: `DefaultEndpointsProtocol=https;AccountName=${ACCOUNT};AccountKey=a2V5;EndpointSuffix=core.windows.net`,
});

/** scene is the stack, and the containers of the test that runs. */
export const scene = {
  stack: undefined as unknown as Stack,
  hub: undefined as unknown as EventHub,
  name: '',
  tlog: '',
};
let count = 0;

/** openScene starts the stack of a file of tests. */
export async function openScene(): Promise<void> {
  scene.stack = await startStack();
  scene.hub = await startEventHub({ hubs: [{ name: 'audit', partitions: 2, consumerGroups: ['ingest', 'repair'] }] });
}

export async function closeScene(): Promise<void> {
  await scene.hub.close();
  await scene.stack.close();
}

/** nextLedger makes the containers of the next test, and the deployment around them, as it should be. */
export async function nextLedger(): Promise<void> {
  const { stack } = scene;
  [scene.name, scene.tlog] = [`ledger-${++count}`, `tlog-${count}`];
  await stack.container(scene.name).create();
  await stack.container(scene.tlog).create();
  await stack.putPolicy(scene.name, 365);
  putDeployment(stack.gateway.resources, { accountId: ID, settings: SETTINGS() });
}

export const store = (rights = 'rcl'): BlobStore => new BlobStore(scene.stack.sasContainer(scene.name, rights));
export const tiles = (): BlobTileStore => new BlobTileStore(scene.stack.sasContainer(scene.tlog, 'rcwl'));
export const world = (second = NOW): Outside => ({
  ...armOutside(scene.stack.gateway, scene.stack.arm, terminalOf()),
  now: () => Date.parse(timeOf(second)),
});

/** seal seals three events in each partition, and integrates them. */
export async function seal(second = SECOND, partitions: readonly string[] = ['0', '1']): Promise<void> {
  const now = (): number => Date.parse(timeOf(second));
  for (const partition of partitions) await sealAll(ingestOf(store(), { now }), eventsBetween(0, 3), partition);
  await integrateOf(store(), tiles(), { now }).run(new KeptLog());
}

/** fileReports files what the auditor would: one of each kind. */
export async function fileReports(
  integrity: Partial<Report> = {},
  posture: Partial<PostureReport> = {},
): Promise<void> {
  const time = timeOf(SECOND);
  const one = { ...FULL_REPORT, ledger: LEDGER, started: time, finished: time, findings: [], ...integrity };
  const other: PostureReport = {
    version: 1,
    kind: 'posture',
    account: ACCOUNT,
    container: scene.name,
    time,
    status: 'violated',
    retentionDays: 365,
    guard: null,
    settings: null,
    locks: null,
    roles: null,
    drill: DRILL_CHANGES.map((change) => ({
      object: 'drill/x',
      change,
      outcome: 'refused',
      said: '409 BlobImmutableDueToPolicy',
    })),
    findings: [{ code: 'policy-unlocked', severity: 'error', object: scene.name, detail: 'unlocked' }],
    notChecked: [],
    unreadable: [],
    ...posture,
  };
  for (const [number, report] of [one, other].entries())
    await store().create(reportName(number), filed(report, reportName(number)));
}

export interface Asked {
  readonly code: number;
  readonly steps: Readonly<Record<string, StepResult>>;
}

/** doctor asks these steps, and gives each with what it said. */
export async function doctor(
  only: readonly string[],
  args: readonly string[] = [],
  outside = world(),
  rights = 'rl',
): Promise<Asked> {
  const { url } = scene.stack.sasContainer(scene.name, rights);
  const { code, out } = await inProcess(async () =>
    command.run(
      [
        url,
        '--resource-id',
        ID,
        '--tlog',
        scene.stack.sasContainer(scene.tlog, 'rl').url,
        '--json',
        ...only.flatMap((step) => ['--only', step]),
        ...args,
      ],
      outside,
    ),
  );
  const { steps } = JSON.parse(out) as { steps: StepResult[] };
  expect(out).not.toContain('sig=');
  return { code, steps: Object.fromEntries(steps.map((step) => [step.step, step])) };
}

/** expectFailed asks one step, which must fail, say this, and lead to where it is explained. */
export async function expectFailed(
  step: string,
  said: string | RegExp,
  ...rest: Parameters<typeof doctor> extends [unknown, ...infer R] ? R : never
): Promise<void> {
  const { code, steps } = await doctor([step], ...rest);
  expect(steps[step]).toMatchObject({
    state: 'failed',
    said: expect.stringMatching(said) as string,
    link: `docs/doctor.md#${step}`,
  });
  expect(code).toBe(1);
}

export const stage = (path: RegExp, status: number, body: object, times = 1): void =>
  scene.stack.gateway.resources.stage({ path, status, body, times });

export const set = (service: 'sealer' | 'auditor', changes: Readonly<Record<string, string>>, state?: string): void =>
  putSite(scene.stack.gateway.resources, ID, service, { ...SETTINGS(), ...changes }, state);
