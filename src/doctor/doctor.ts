import type { Deployment } from './deployment.ts';
import type { LedgerKeys, LedgerSteps } from './ledger.ts';
import type { ProbeSteps } from './probe.ts';
import { ok, runSteps, unknown } from './step.ts';
import type { Step, StepResult } from './step.ts';
import type { Config } from '../config/config.ts';
import type { PosturePromise } from '../core/objects/guard.ts';
import { MINUTE_MS } from '../core/units.ts';

/** DoctorDeps is what the steps ask. */
export interface DoctorDeps {
  /** who is signed in; it throws where nobody is */
  readonly who: () => Promise<string>;
  readonly deployment: Deployment;
  readonly ledger: LedgerSteps;
  /** whose signatures count, where both keys were given */
  readonly given?: LedgerKeys;
  /** keys gives whose signatures count: those that were given, and what the vault of the settings shows. */
  readonly keys: (config: Config) => Promise<LedgerKeys>;
  /** left out where none is sent; it gives undefined where the settings don't say how */
  readonly probe?: (config: Config) => ProbeSteps | undefined;
}

/** DoctorPromise is what the deployment is compared with. */
export interface DoctorPromise extends Omit<PosturePromise, 'retentionDays'> {
  /** left out: what the auditor's settings say */
  readonly retentionDays?: number;
  readonly isLockPromised: boolean;
  /** the container's address without a token, for what to do next */
  readonly target: string;
  /** how long to wait for the checkpoint of what is sealed (ms) */
  readonly waitMs: number;
}

/** STEPS is the names of the steps, in their order. */
export const STEPS = [
  'sign-in',
  'apps',
  'settings',
  'functions',
  'rights',
  'hub',
  'ledger',
  'keys',
  'probe',
  'sealed',
  'proved',
  'sealing',
  'checkpoint',
  'policy',
  'deletion',
  'reports',
  'alerts',
] as const;

export type StepName = (typeof STEPS)[number];

/** PROBING is the steps that follow a record, which only are where one is sent. */
export const PROBING: readonly StepName[] = ['probe', 'sealed', 'proved'];

/** What an app does that isn't told otherwise. */
const DEFAULT_HEARTBEAT_MINUTES = 15;

/** Longer than the first request to a container or a hub takes that can't be reached, its retries included. */
const TIMEOUT_MS = 2 * MINUTE_MS;

/** Body is a step without its name, and without what most have alike. */
type Body = Pick<Step, 'run'> &
  Partial<Pick<Step, 'timeoutMs' | 'unanswered'>> & {
    readonly after?: readonly StepName[];
    readonly with?: readonly StepName[];
  };

type Bodies<Name extends StepName> = Readonly<Record<Name, Body>>;
type ProbingStep = 'probe' | 'sealed' | 'proved';

/** Known is what a step leaves to those that follow. */
interface Known {
  keys?: LedgerKeys;
  sent?: ProbeSteps | undefined;
}

/** examine asks each step, or only those that were named and what they need, and tells each as it ends. */
export async function examine(
  deps: DoctorDeps,
  promise: DoctorPromise,
  only: readonly StepName[],
  onStep: (result: StepResult) => void,
): Promise<readonly StepResult[]> {
  const known: Known = {};
  const bodies = {
    ...deploymentSteps(deps),
    ...ledgerSteps(deps, promise, known),
    ...probeSteps(deps, promise, known),
  };
  const steps = STEPS.filter((name) => deps.probe !== undefined || !PROBING.includes(name)).map((name) =>
    stepOf(name, bodies[name]),
  );
  const wanted = new Set<string>(only.length === 0 ? STEPS : only);
  for (const step of steps.toReversed())
    if (wanted.has(step.name)) for (const other of [...step.after, ...step.with]) wanted.add(other);
  return runSteps(
    steps.filter(({ name }) => wanted.has(name)),
    onStep,
  );
}

const stepOf = (name: StepName, body: Body): Step => ({
  name,
  after: [],
  with: [],
  unanswered: 'unknown',
  timeoutMs: () => TIMEOUT_MS,
  ...body,
});

function deploymentSteps({
  who,
  deployment,
}: DoctorDeps): Bodies<'sign-in' | 'apps' | 'settings' | 'functions' | 'rights' | 'hub' | 'alerts'> {
  return {
    'sign-in': { run: async () => ok(`signed in as ${await who()}`), unanswered: 'failed' },
    apps: { after: ['sign-in'], run: async () => deployment.apps() },
    settings: { after: ['apps'], run: async () => deployment.settings() },
    functions: { after: ['settings'], run: async () => deployment.functions() },
    rights: { after: ['settings'], run: async () => deployment.rights() },
    hub: { after: ['settings'], run: async () => deployment.hub(), unanswered: 'failed' },
    alerts: { after: ['sign-in'], run: async () => deployment.alerts() },
  };
}

function ledgerSteps(
  { deployment, ledger, given, keys }: DoctorDeps,
  promise: DoctorPromise,
  known: Known,
): Bodies<'ledger' | 'keys' | 'sealing' | 'checkpoint' | 'policy' | 'deletion' | 'reports'> {
  const trusted = (): LedgerKeys => needed(known.keys);
  const heartbeatMinutes = (): number => deployment.configOf('sealer')?.heartbeatMinutes ?? DEFAULT_HEARTBEAT_MINUTES;
  const after: readonly StepName[] = ['ledger', 'keys'];
  return {
    ledger: { run: async () => ledger.reach(), unanswered: 'failed' },
    keys: {
      after: given === undefined ? ['settings'] : [],
      run: async () => {
        known.keys = given ?? (await keys(deployment.sealer.config));
        const all = [...known.keys.verifiers, ...known.keys.auditors.verifiers];
        return ok(all.map(({ keyName, keyId }) => `${keyName}+${keyId}`).join(', '));
      },
    },
    sealing: {
      after,
      with: ['hub'],
      run: async () => ledger.sealing(trusted(), heartbeatMinutes(), deployment.partitions),
    },
    checkpoint: { after, with: ['settings'], run: async () => ledger.checkpoint(trusted(), heartbeatMinutes()) },
    policy: {
      after: ['sign-in'],
      with: promise.retentionDays === undefined ? ['settings'] : [],
      run: async () => {
        const { account, container, isLockPromised, target } = promise;
        const retentionDays = promise.retentionDays ?? deployment.configOf('auditor')?.posture?.retentionDays;
        return retentionDays === undefined
          ? unknown('how many days are promised is not known: the settings of the auditor say, or --retention-days N')
          : ledger.policy({ account, container, retentionDays }, isLockPromised, target);
      },
    },
    deletion: { after, run: async () => ledger.deletion(trusted()) },
    reports: {
      after,
      with: ['settings'],
      run: async () => {
        const config = deployment.configOf('auditor');
        return ledger.reports(trusted(), config === undefined || config.posture !== undefined);
      },
    },
  };
}

function probeSteps({ deployment, probe }: DoctorDeps, promise: DoctorPromise, known: Known): Bodies<ProbingStep> {
  const trusted = (): LedgerKeys => needed(known.keys);
  const sent = (): ProbeSteps => needed(known.sent);
  const hints =
    (...names: readonly string[]) =>
    (): readonly string[] =>
      deployment.switchedOff
        .filter((one) => names.some((name) => one.startsWith(`${name} of `)))
        .map((one) => `${one} is switched off`);
  return {
    probe: {
      after: ['settings', 'ledger', 'keys'],
      run: async () => {
        known.sent = probe?.(deployment.sealer.config);
        return known.sent === undefined
          ? unknown('the settings name no key in a vault, which is how --probe vault sends a record', 'use --probe hub')
          : known.sent.send(trusted());
      },
    },
    sealed: {
      after: ['probe'],
      run: async (signal) => sent().sealed(trusted(), hints('ingest', 'watch'), signal),
      timeoutMs: () => sent().mostMs + MINUTE_MS,
    },
    proved: {
      after: ['sealed'],
      run: async (signal) => {
        const { witnessPolicy: policy } = deployment.sealer.config;
        return sent().proved(trusted(), { mostMs: promise.waitMs, policy, hints: hints('integrate'), signal });
      },
      timeoutMs: () => promise.waitMs + MINUTE_MS,
    },
  };
}

function needed<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('a step that this one needs is not ok');
  return value;
}
