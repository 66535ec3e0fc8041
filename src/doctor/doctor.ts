import type { Deployment } from './deployment.ts';
import type { LedgerKeys, LedgerSteps } from './ledger.ts';
import type { ProbeSteps } from './probe.ts';
import { ok, runSteps } from './step.ts';
import type { Outcome, Step, StepResult } from './step.ts';
import type { Config } from '../config/config.ts';
import type { PosturePromise } from '../core/objects/guard.ts';

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
  /** left out where none is sent */
  readonly probe?: (config: Config) => ProbeSteps;
}

/** DoctorPromise is what the deployment is compared with. */
export interface DoctorPromise extends Omit<PosturePromise, 'retentionDays'> {
  /** left out: what the auditor's settings say */
  readonly retentionDays?: number;
  readonly isLocked: boolean;
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

const MINUTE_MS = 60_000;

/** What an app does that isn't told otherwise. */
const DEFAULT_HEARTBEAT_MINUTES = 15;

/** Longer than the first request to a container or a hub takes that can't be reached, its retries included. */
const TIMEOUT_MS = 2 * MINUTE_MS;

/** examine asks each step, or only those that were named and what they need, and tells each as it ends. */
export async function examine(
  deps: DoctorDeps,
  promise: DoctorPromise,
  only: readonly StepName[],
  onStep: (result: StepResult) => void,
): Promise<readonly StepResult[]> {
  const steps = stepsOf(deps, promise);
  const wanted = new Set<string>(only.length === 0 ? STEPS : only);
  for (const { name, after } of steps.toReversed()) if (wanted.has(name)) for (const other of after) wanted.add(other);
  return runSteps(
    steps.filter(({ name }) => wanted.has(name)),
    onStep,
  );
}

function stepsOf({ who, deployment, ledger, given, keys, probe }: DoctorDeps, promise: DoctorPromise): Step[] {
  let known: LedgerKeys | undefined;
  let sent: ProbeSteps | undefined;
  const step = (
    name: StepName,
    after: readonly StepName[],
    run: (signal: AbortSignal) => Promise<Outcome>,
    timeoutMs: () => number = () => TIMEOUT_MS,
  ): Step => ({ name, after, timeoutMs, run });
  const trusted = (): LedgerKeys => needed(known);
  const heartbeatMinutes = (): number => deployment.read('sealer')?.heartbeatMinutes ?? DEFAULT_HEARTBEAT_MINUTES;
  const hints =
    (...names: readonly string[]) =>
    (): readonly string[] =>
      deployment.switchedOff
        .filter((one) => names.some((name) => one.startsWith(`${name} of `)))
        .map((one) => `${one} is switched off`);
  const sealer = (): Config => deployment.sealer.config;
  const probing: Step[] =
    probe === undefined
      ? []
      : [
          step('probe', ['settings', 'ledger', 'keys'], async () => (sent = probe(sealer())).send()),
          step(
            'sealed',
            ['probe'],
            async (signal) => needed(sent).sealed(trusted(), hints('ingest', 'watch'), signal),
            () => needed(sent).mostMs + MINUTE_MS,
          ),
          step(
            'proved',
            ['sealed'],
            async (signal) =>
              needed(sent).proved(trusted(), promise.waitMs, sealer().witnessPolicy, hints('integrate'), signal),
            () => promise.waitMs + MINUTE_MS,
          ),
        ];
  return [
    step('sign-in', [], async () => ok(`signed in as ${await who()}`)),
    step('apps', ['sign-in'], async () => deployment.apps()),
    step('settings', ['apps'], async () => deployment.settings()),
    step('functions', ['settings'], async () => deployment.functions()),
    step('rights', ['settings'], async () => deployment.rights()),
    step('hub', ['settings'], async () => deployment.hub()),
    step('ledger', [], async () => ledger.reach()),
    step('keys', given === undefined ? ['settings'] : [], async () => {
      known = given ?? (await keys(sealer()));
      const names = [...known.verifiers, ...known.auditors.verifiers].map(
        ({ keyName, keyId }) => `${keyName}+${keyId}`,
      );
      return ok(names.join(', '));
    }),
    ...probing,
    step('sealing', ['ledger', 'keys'], async () => ledger.sealing(trusted(), heartbeatMinutes())),
    step('checkpoint', ['ledger', 'keys'], async () => ledger.checkpoint(trusted(), heartbeatMinutes())),
    step('policy', promise.retentionDays === undefined ? ['sign-in', 'settings'] : ['sign-in'], async () => {
      const { account, container } = promise;
      const retentionDays = promise.retentionDays ?? deployment.read('auditor')?.posture?.retentionDays ?? 1;
      return ledger.policy({ account, container, retentionDays }, promise.isLocked, promise.target);
    }),
    step('deletion', ['ledger', 'keys'], async () => ledger.deletion(trusted())),
    step('reports', ['ledger', 'keys'], async () =>
      ledger.reports(trusted(), deployment.read('auditor')?.posture !== undefined),
    ),
    step('alerts', ['sign-in'], async () => deployment.alerts()),
  ];
}

function needed<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('a step that this one needs is not ok');
  return value;
}
