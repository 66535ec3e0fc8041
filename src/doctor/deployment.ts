import { ALERT_RULES, FUNCTIONS, SERVICES } from './expected.ts';
import type { Service } from './expected.ts';
import type { LedgerPlace } from './filedReports.ts';
import { judgeRights } from './rights.ts';
import { failed, ok, unknown } from './step.ts';
import type { Outcome } from './step.ts';
import { loadConfig } from '../config/config.ts';
import type { Config } from '../config/config.ts';
import type { HubSettings } from '../config/hub.ts';
import { accountName } from '../config/storage.ts';
import { faultIn } from '../core/errors.ts';
import type { HubLife } from '../ports/hub.ts';
import type { AppFacts, DeploymentReader } from '../ports/deployment.ts';

type Settings = Readonly<Record<string, string>>;

/** DeployedApp is an app with its settings, as the app reads them. */
export interface DeployedApp {
  readonly facts: AppFacts;
  readonly config: Config;
}

/** AskHub asks a hub itself. */
export type AskHub = (hub: HubSettings) => Promise<HubLife>;

/** Deployment asks about what was deployed around a ledger, and keeps the answers for the steps that follow. */
export class Deployment {
  readonly #reader: DeploymentReader;
  readonly #place: LedgerPlace;
  readonly #askHub: AskHub;
  readonly #found = new Map<Service, AppFacts>();
  readonly #apps = new Map<Service, DeployedApp>();
  readonly #switchedOff: string[] = [];
  #partitions: number | undefined;

  /** `place` is where the ledger is; `askHub` asks a hub whose key is in the settings. */
  constructor(reader: DeploymentReader, place: LedgerPlace, askHub: AskHub) {
    this.#reader = reader;
    this.#place = place;
    this.#askHub = askHub;
  }

  get sealer(): DeployedApp {
    return this.#appOf('sealer');
  }

  get auditor(): DeployedApp {
    return this.#appOf('auditor');
  }

  /** configOf gives the settings of an app as it reads them; undefined where they were not read, or are wrong. */
  configOf(service: Service): Config | undefined {
    return this.#apps.get(service)?.config;
  }

  /** partitions is how many the hub has; undefined where it could not be asked. */
  get partitions(): number | undefined {
    return this.#partitions;
  }

  /** switchedOff names functions that don't run: a hint for the steps that wait for what they do. */
  get switchedOff(): readonly string[] {
    return this.#switchedOff;
  }

  async apps(): Promise<Outcome> {
    const all = await this.#reader.apps();
    for (const service of SERVICES) {
      const [found, another] = all.filter((app) => app.service === service);
      if (found === undefined)
        return failed(
          `the resource group has no function app with the tag azd-service-name=${service}`,
          'run azd up; or name the resource group that it deploys to',
        );
      if (another !== undefined)
        return failed(`two apps have the tag azd-service-name=${service}: ${found.name} and ${another.name}`);
      this.#found.set(service, found);
    }
    const stopped = [...this.#found.values()].filter(({ state }) => state !== 'Running');
    if (stopped.length > 0)
      return failed(
        stopped.map(({ name, state }) => `${name} is ${state}, not Running`).join('; '),
        'start it: az functionapp start --name APP --resource-group GROUP',
      );
    return ok(`${[...this.#found.values()].map(({ name }) => name).join(' and ')} are running`);
  }

  async settings(): Promise<Outcome> {
    const faults: string[] = [];
    const unseen: string[] = [];
    for (const [service, facts] of this.#found) {
      const settings = await this.#reader.settings(facts.id);
      faults.push(...(await this.#unresolved(facts, settings)));
      try {
        this.#apps.set(service, { facts, config: loadConfig(withoutReferences(settings)) });
      } catch (error) {
        for (const { setting, line } of linesOf(error))
          (isReference(settings[setting]) ? unseen : faults).push(`${facts.name}: ${line}`);
      }
      for (const name of FUNCTIONS[service])
        if (isSwitchedOff(settings, name)) this.#switchedOff.push(`${name} of ${facts.name}`);
    }
    if (faults.length > 0) return failed(faults.join('; '), 'set it with azd env set, and run azd provision');
    if (unseen.length > 0)
      return unknown(
        `these are references to Key Vault, whose values nobody but the app is shown: ${unseen.join('; ')}`,
        'identities need no secret: name the service and the identity instead, as azd provision does',
      );
    const [one, other] = [this.sealer.config, this.auditor.config];
    if (one.origin !== other.origin)
      return failed(`the apps are of two ledgers: ${one.origin} and ${other.origin}`, 'run azd provision --no-state');
    const { account, container } = this.#place;
    const places = [placeOf('the sealer', one), placeOf('the auditor', other)];
    if (other.posture !== undefined)
      places.push({ who: 'the posture of the auditor', account: other.posture.account, container: other.container });
    const elsewhere = places.filter((place) => place.account !== account || place.container !== container);
    if (elsewhere.length > 0)
      return failed(
        elsewhere
          .map(
            ({ who, ...place }) =>
              `${who} is of ${place.account}/${place.container}, and TARGET is ${account}/${container}`,
          )
          .join('; '),
        'name the ledger of this resource group, or run azd provision --no-state',
      );
    return ok(`both apps can read theirs; the ledger is ${one.origin}`);
  }

  async functions(): Promise<Outcome> {
    if (this.#switchedOff.length > 0)
      return failed(
        `switched off by AzureWebJobs.NAME.Disabled: ${this.#switchedOff.join(', ')}`,
        'remove that setting; azd provision --no-state sets all settings again',
      );
    return ok(`none is switched off: ${Object.values(FUNCTIONS).flat().join(', ')}`);
  }

  /** #unresolved says which settings stand for a secret that the app doesn't get. */
  async #unresolved({ id, name }: AppFacts, settings: Settings): Promise<readonly string[]> {
    const wanted = Object.keys(settings).filter((one) => isReference(settings[one]));
    if (wanted.length === 0) return [];
    const references = await this.#reader.references(id);
    return wanted.flatMap((one) => {
      const { status = 'not listed' } = references.find((reference) => reference.name === one) ?? {};
      // It is 'Initialized' until somebody looks for the first time.
      return ['Resolved', 'Initialized'].includes(status)
        ? []
        : [`${name}: the reference to Key Vault in ${one} is ${status}, not Resolved`];
    });
  }

  async rights(): Promise<Outcome> {
    return judgeRights(this.#reader, this.#place.account, this.sealer.config, this.auditor.config);
  }

  async hub(): Promise<Outcome> {
    const { connection, hubName, consumerGroup, trigger } = this.sealer.config.hub;
    if (connection.kind === 'connectionString') {
      const { created, partitions } = await this.#askHub(this.sealer.config.hub);
      this.#partitions = partitions.length;
      return ok(
        `the hub ${hubName}, created ${created}, answers to the key in the settings; it has ${partitions.length} partitions. Its consumer groups were not asked for`,
      );
    }
    const [namespace = ''] = connection.namespace.split('.');
    const { consumerGroups, partitions, status, takesKeys } = await this.#reader.hub(namespace, hubName);
    if (status !== 'Active')
      return failed(
        `the hub ${hubName} is ${status}, not Active`,
        'set its status to Active: az eventhubs eventhub update',
      );
    if (!Number.isSafeInteger(partitions) || partitions < 1)
      return unknown(`Azure does not say how many partitions the hub ${hubName} has`);
    const missing = [trigger.consumerGroup, consumerGroup].filter((group) => !consumerGroups.includes(group));
    if (missing.length > 0)
      return failed(
        `the hub ${hubName} has no consumer group ${missing.join(' and no ')}`,
        'run azd provision --no-state',
      );
    if (!takesKeys)
      return failed(
        `local authentication of ${namespace} is off, so no diagnostic setting can send to it`,
        'switch it on: they have nothing but a key to sign in with',
      );
    this.#partitions = partitions;
    return ok(`the hub ${hubName} of ${namespace} is there, with ${partitions} partitions`);
  }

  async alerts(): Promise<Outcome> {
    const rules = await this.#reader.alertRules();
    const missing = ALERT_RULES.filter((name) => !rules.some((rule) => rule.name === name));
    const off = ALERT_RULES.filter((name) => rules.some((rule) => rule.name === name && !rule.isEnabled));
    if (missing.length > 0)
      return failed(`these alert rules are not there: ${missing.join(', ')}`, 'run azd provision --no-state');
    if (off.length > 0)
      return failed(
        `these alert rules are off: ${off.join(', ')}`,
        'Azure switches one off whose query failed for a week: look at its history, then switch it on',
      );
    const told = new Set(
      rules.filter(({ name }) => ALERT_RULES.some((one) => one === name)).flatMap(({ actionGroups }) => actionGroups),
    );
    const groups = (await this.#reader.actionGroups()).filter(({ id, isEnabled }) => isEnabled && told.has(id));
    const receivers = new Set(groups.flatMap(({ addresses }) => addresses)).size;
    if (receivers === 0)
      return ok(
        `${ALERT_RULES.length} alert rules are on, and nobody gets mail of them`,
        'name somebody: azd env set AUDITSEAL_ALERT_EMAILS, and azd provision',
      );
    return ok(
      `${ALERT_RULES.length} alert rules are on; ${receivers} ${receivers === 1 ? 'address gets' : 'addresses get'} mail`,
    );
  }

  #appOf(service: Service): DeployedApp {
    const app = this.#apps.get(service);
    if (app === undefined) throw new Error(`the step settings is not ok: ${service}`);
    return app;
  }
}

/** The host reads both spellings, in any case, and takes 1 for true. */
const isSwitchedOff = (settings: Settings, name: string): boolean => {
  const spellings = [`azurewebjobs.${name}.disabled`, `azurewebjobs_${name}_disabled`].map((one) => one.toLowerCase());
  return Object.entries(settings).some(
    ([setting, value]) => spellings.includes(setting.toLowerCase()) && /^(true|1)$/i.test(value),
  );
};

interface AppPlace extends LedgerPlace {
  readonly who: string;
}

/** placeOf is where an app has its ledger. */
const placeOf = (who: string, { ledger, container }: Config): AppPlace => ({
  who,
  account: accountName(ledger) ?? 'an account that its settings do not name',
  container,
});

const isReference = (value: string | undefined): boolean => value?.startsWith('@Microsoft.KeyVault(') === true;

/** linesOf gives what is wrong with each setting, by a fault of loadConfig. */
function linesOf(error: unknown): { setting: string; line: string }[] {
  const [, ...lines] = faultIn(error, 'misuse')
    .message.split('\n')
    .map((line) => line.trim());
  return lines.map((line) => ({ setting: line.split(':', 1)[0] ?? '', line }));
}

/** What a reference stands for is not shown; the app has it. */
const withoutReferences = (settings: Settings): Settings =>
  Object.fromEntries(Object.entries(settings).filter(([, value]) => !isReference(value)));
