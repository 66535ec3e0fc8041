import { randomUUID } from 'node:crypto';
import { armFault } from '../../adapters/arm.ts';
import type { ArmAccess } from '../../adapters/arm.ts';
import { ArmDeployment } from '../../adapters/armDeployment.ts';
import { ArmPolicy } from '../../adapters/armPolicy.ts';
import { BlobCanaries } from '../../adapters/blobCanaries.ts';
import { BlobStore } from '../../adapters/blobStore.ts';
import { HubProbe } from '../../adapters/hubProbe.ts';
import { HubReader } from '../../adapters/hubReader.ts';
import { openAuditorKeys, openLogKeys } from '../../adapters/logKeys.ts';
import { VaultProbe } from '../../adapters/vaultProbe.ts';
import type { Config } from '../../config/config.ts';
import type { HubSettings } from '../../config/hub.ts';
import { MAX_RETENTION_DAYS } from '../../core/limits.ts';
import { MINUTE_MS } from '../../core/units.ts';
import { Deployment } from '../../doctor/deployment.ts';
import { PROBING, STEPS, examine } from '../../doctor/doctor.ts';
import type { StepName } from '../../doctor/doctor.ts';
import { LedgerSteps } from '../../doctor/ledger.ts';
import type { LedgerKeys } from '../../doctor/ledger.ts';
import { ProbeSteps } from '../../doctor/probe.ts';
import type { StepResult } from '../../doctor/step.ts';
import type { HubLife } from '../../ports/hub.ts';
import type { Probe } from '../../ports/probe.ts';
import { armEndpoint, containerPlace } from '../arm.ts';
import { defineCommand } from '../command.ts';
import { EXIT } from '../exits.ts';
import { claimedName } from '../guardAction.ts';
import { readTrust } from '../keys.ts';
import { ARM_NOTES, ARM_OPTIONS, jsonOption } from '../options.ts';
import { print, printItem, printJson } from '../output.ts';
import { openContainerOf, openTiles } from '../target.ts';
import { usageError } from '../usage.ts';
import type { OptionTable } from '../usage.ts';

const PROBES = ['auto', 'hub', 'vault', 'none'] as const;

/** How long a record takes to be sealed: minutes by itself, and as many more by a diagnostic setting. */
const WAIT_MINUTES = { hub: 10, vault: 20 } as const;

const OPTIONS = {
  probe: {
    type: 'text',
    placeholder: 'auto|hub|vault|none',
    meaning:
      "how a record is sent: straight to the hub, or by reading the log's key, which the vault logs and its diagnostic setting " +
      'sends on (default: auto, the vault where the settings name one)',
  },
  wait: {
    type: 'number',
    placeholder: 'MINUTES',
    least: 0,
    most: 180,
    meaning:
      'how long to wait for that record to be sealed (default: 10; with the vault 20), and then for its checkpoint (default: 10); 0 looks once',
  },
  only: { type: 'names', placeholder: 'STEP', meaning: 'ask this step alone, and what it needs' },
  'promise-locked': { type: 'flag', meaning: 'a retention policy that is not locked is wrong' },
  'retention-days': {
    type: 'number',
    placeholder: 'N',
    least: 1,
    most: MAX_RETENTION_DAYS,
    meaning: "how many days the policy must retain at least (default: what the auditor's settings say)",
  },
  key: {
    type: 'texts',
    placeholder: 'VKEY',
    meaning: 'a verifier key of the log (default: what the vault of the settings shows, which proves less)',
  },
  'auditor-key': { type: 'texts', placeholder: 'VKEY', meaning: "a verifier key of the ledger's auditor, likewise" },
  tlog: {
    type: 'target',
    placeholder: 'URL',
    meaning: "the container of the log's tiles, if it is not tlog beside TARGET",
  },
  json: jsonOption('the steps'),
  ...ARM_OPTIONS,
} as const satisfies OptionTable;

export const command = defineCommand(
  {
    name: 'doctor',
    arguments: ['TARGET'],
    usage: ['TARGET --resource-id ID [options]'],
    description: [
      'Says whether a deployment works, step by step, from the sign-in to a record of its own that it follows into a signed ' +
        'checkpoint; of what is not right, what to do. It changes nothing but for that record, and for two canaries a day ' +
        'where whoever is signed in may make some.',
      "TARGET is the container's URL.",
    ],
    options: OPTIONS,
    notes: [
      `The steps are ${STEPS.join(', ')}.`,
      ...ARM_NOTES,
      '',
      'docs/doctor.md says what each step asks, and which right that takes. What may not be asked is never taken for right.',
    ],
    exits: {
      fine: 'every step is ok',
      wrong: 'a step failed',
      unknown: 'no step failed, and some could not be asked',
    },
    examples: ['auditseal doctor https://account.blob.core.windows.net/ledger --resource-id ID'],
  },
  async ({ given: [target], options }, outside) => {
    const place = containerPlace(target, options);
    const kind = PROBES.find((one) => one === (options.probe ?? 'auto'));
    if (kind === undefined) throw usageError(`--probe must be one of ${PROBES.join(', ')}`);
    const only = stepsIn(options.only);
    const unasked = only.find((step) => kind === 'none' && PROBING.includes(step));
    if (unasked !== undefined) throw usageError(`--only ${unasked} needs a record, and --probe none sends none`);
    const given = await readTrust({ ...options, policy: undefined });
    const givenKeys = keysIn(given);
    const arm = await outside.connect(place.subscription, armEndpoint(options));
    const { now } = outside;
    const container = await openContainerOf(target);
    const stores = { store: new BlobStore(container), tiles: await openTiles(target, options.tlog), now };
    const deps = { ...stores, canaries: new BlobCanaries(container), policy: new ArmPolicy(arm, place), place };
    const waitOf = (probe: 'hub' | 'vault'): number => (options.wait ?? WAIT_MINUTES[probe]) * MINUTE_MS;
    const results = await examine(
      {
        who: async () => whoIsSignedIn(arm),
        deployment: new Deployment(new ArmDeployment(arm, place), place, askHub),
        ...(givenKeys !== undefined && { given: givenKeys }),
        ledger: new LedgerSteps(deps),
        keys: async (config) => keysOf(config, given),
        ...(kind !== 'none' && {
          probe: (config: Config) => {
            const probe = probeOf(kind, config, waitOf);
            return probe === undefined ? undefined : new ProbeSteps(stores, probe, randomUUID());
          },
        }),
      },
      {
        account: place.account,
        container: place.container,
        ...(options['retention-days'] !== undefined && { retentionDays: options['retention-days'] }),
        isLockPromised: options['promise-locked'],
        target: target.split('?')[0] ?? '',
        waitMs: waitOf('hub'),
      },
      only,
      options.json ? () => {} : printStep,
    );
    const states = results.map(({ state }) => state);
    if (options.json) printJson({ version: 1, kind: 'doctor', steps: results });
    else printVerdict(results);
    if (states.includes('failed')) return EXIT.wrong;
    return states.includes('unknown') ? EXIT.unknown : EXIT.fine;
  },
);

async function whoIsSignedIn(arm: ArmAccess): Promise<string> {
  try {
    return claimedName(await arm.token()) ?? 'somebody whose token claims no name';
  } catch (error) {
    throw armFault("can't sign in to Azure Resource Manager", error, {});
  }
}

function stepsIn(names: readonly string[]): StepName[] {
  return names.map((name) => {
    const step = STEPS.find((one) => one === name);
    if (step === undefined) throw usageError(`--only names no step: ${name}; there are ${STEPS.join(', ')}`);
    return step;
  });
}

/** probeOf sends through the vault where the settings name one: that shows that a diagnostic setting works, too. */
function probeOf(
  kind: 'auto' | 'hub' | 'vault',
  { hub, signerKeyUrls: [keyUrl] }: Config,
  waitOf: (probe: 'hub' | 'vault') => number,
): Probe | undefined {
  if (kind === 'hub' || (kind === 'auto' && keyUrl === undefined)) return new HubProbe(hub, waitOf('hub'));
  return keyUrl === undefined ? undefined : new VaultProbe(keyUrl, waitOf('vault'));
}

/** keysIn takes the keys that were given, where both were: the auditor's says of which ledger it is. */
function keysIn({ logKeys, auditors }: Awaited<ReturnType<typeof readTrust>>): LedgerKeys | undefined {
  if (logKeys.length === 0 || auditors === undefined) return undefined;
  const other = logKeys.find(({ keyName }) => keyName !== auditors.ledger);
  if (other !== undefined)
    throw usageError(`--key is of ${other.keyName}, and --auditor-key of the ledger ${auditors.ledger}`);
  return { origin: auditors.ledger, verifiers: logKeys, auditors };
}

async function askHub(hub: HubSettings): Promise<HubLife> {
  const reader = new HubReader(hub);
  try {
    return await reader.life();
  } finally {
    await reader.close();
  }
}

/** keysOf takes the keys that were given, and asks the vault of the settings for the others, as whoever is signed in. */
async function keysOf(
  config: Config,
  { logKeys, auditors }: Awaited<ReturnType<typeof readTrust>>,
): Promise<LedgerKeys> {
  const signerIdentity = { managed: false };
  const mine = { ...config, signerIdentity, auditor: { ...config.auditor, signerIdentity } };
  const { origin } = config;
  const log = await openLogKeys(mine);
  const { verifiers } = auditors ?? (await openAuditorKeys(mine, log));
  return { origin, verifiers: logKeys.length > 0 ? logKeys : log.verifiers, auditors: { ledger: origin, verifiers } };
}

const MARKS = { ok: 'ok     ', failed: 'FAILED ', unknown: 'unknown' } as const;

function printStep({ step, state, said, advice, link }: StepResult): void {
  printItem(`${MARKS[state]}  ${step}: ${said}`);
  if (advice !== undefined) printItem(`         ${advice}`);
  if (state !== 'ok') printItem(`         ${link}`);
}

function printVerdict(results: readonly StepResult[]): void {
  const of = (state: StepResult['state']): number => results.filter((one) => one.state === state).length;
  print('');
  print(`${of('ok')} ok, ${of('failed')} failed, ${of('unknown')} unknown`);
}
