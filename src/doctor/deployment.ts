import { ALERT_RULES, FUNCTIONS, RIGHTS, SERVICES } from './expected.ts';
import type { Service } from './expected.ts';
import { failed, ok } from './step.ts';
import type { Outcome } from './step.ts';
import { parseVaultKeyUrl } from '../config/azureIds.ts';
import { loadConfig } from '../config/config.ts';
import type { Config } from '../config/config.ts';
import type { HubSettings } from '../config/hub.ts';
import { faultIn } from '../core/errors.ts';
import type { HubLife } from '../ports/hub.ts';
import type { AppFacts, DeploymentReader, Grant, RoleRights } from '../ports/deployment.ts';

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
  readonly #account: string;
  readonly #askHub: AskHub;
  readonly #found = new Map<Service, AppFacts>();
  readonly #apps = new Map<Service, DeployedApp>();
  readonly #switchedOff: string[] = [];

  /** `account` is the ledger's storage account; `askHub` asks a hub whose key is in the settings. */
  constructor(reader: DeploymentReader, account: string, askHub: AskHub) {
    this.#reader = reader;
    this.#account = account;
    this.#askHub = askHub;
  }

  get sealer(): DeployedApp {
    return this.#appOf('sealer');
  }

  get auditor(): DeployedApp {
    return this.#appOf('auditor');
  }

  /** read gives the settings of an app as it reads them; undefined where they were not read, or are wrong. */
  read(service: Service): Config | undefined {
    return this.#apps.get(service)?.config;
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
    for (const [service, facts] of this.#found) {
      const settings = await this.#reader.settings(facts.id);
      faults.push(...(await this.#unresolved(facts, settings)));
      try {
        this.#apps.set(service, { facts, config: loadConfig(withoutReferences(settings)) });
      } catch (error) {
        faults.push(`${facts.name}: ${faultIn(error, 'misuse').message.replace(/\n\s*/g, ' ')}`);
      }
      for (const name of FUNCTIONS[service])
        if (isSwitchedOff(settings, name)) this.#switchedOff.push(`${name} of ${facts.name}`);
    }
    if (faults.length > 0) return failed(faults.join('; '), 'set it with azd env set, and run azd provision');
    const [one, other] = [this.sealer.config, this.auditor.config];
    if (one.origin !== other.origin || one.container !== other.container)
      return failed(`the apps are of two ledgers: ${one.origin} and ${other.origin}`, 'run azd provision --no-state');
    if (other.posture !== undefined && other.posture.account !== this.#account)
      return failed(`the auditor is of the account ${other.posture.account}, and TARGET is in ${this.#account}`);
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
    const identities = await this.#reader.identities();
    const missing: string[] = [];
    let checked = 0;
    for (const { who, clientId, scope, rights } of this.#wanted()) {
      const identity = identities.find((one) => one.clientId.toLowerCase() === clientId.toLowerCase());
      if (identity === undefined) {
        missing.push(`${who} signs in as ${clientId}, and the resource group has no such identity`);
        continue;
      }
      const grants = (await this.#reader.grants(scope)).filter(
        ({ principalId }) => principalId === identity.principalId,
      );
      const given = await this.#givenBy(grants);
      checked += 1;
      const lacking = rights.filter((right) => !given.some((role) => gives(role, right)));
      if (lacking.length > 0) {
        const has = grants.length === 0 ? 'no role there' : `roles there that don't give it`;
        missing.push(
          `${who} (${identity.name}) may not ${lacking.join(' nor ')} at ${scope.replace(/^\/providers\//, '')}: it has ${has}`,
        );
      }
    }
    if (missing.length > 0)
      return failed(
        missing.join('; '),
        'run azd provision --no-state, which gives the roles again; they count after some minutes',
      );
    return ok(
      checked === 0
        ? 'the apps have keys in their settings, and so need no role'
        : `the apps' identities have what they need, at ${checked} scopes`,
    );
  }

  async hub(): Promise<Outcome> {
    const { connection, hubName, consumerGroup, trigger } = this.sealer.config.hub;
    if (connection.kind === 'connectionString') {
      const { created, partitions } = await this.#askHub(this.sealer.config.hub);
      return ok(
        `the hub ${hubName}, created ${created}, answers to the key in the settings; it has ${partitions.length} partitions`,
      );
    }
    const [namespace = ''] = connection.namespace.split('.');
    const { consumerGroups, partitions, takesKeys } = await this.#reader.hub(namespace, hubName);
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
    const receivers = await this.#reader.mailReceivers();
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

  /** #wanted lists which identity needs what, and where; what an app opens with a key in its settings needs nothing. */
  *#wanted(): Generator<{ who: string; clientId: string; scope: string; rights: readonly string[] }> {
    const account = `/providers/Microsoft.Storage/storageAccounts/${this.#account}`;
    const { config } = this.sealer;
    const { hub, ledger, tlog, signerIdentity, signerKeyUrls } = config;
    const at = (container: string): string => `${account}/blobServices/default/containers/${container}`;
    if (hub.connection.kind === 'identity' && hub.connection.clientId !== undefined) {
      const namespace = hub.connection.namespace.split('.')[0] ?? '';
      const scope = `/providers/Microsoft.EventHub/namespaces/${namespace}/eventhubs/${hub.hubName}`;
      yield { who: 'the sealer', clientId: hub.connection.clientId, scope, rights: [RIGHTS.receive] };
    }
    if (ledger.kind === 'identity' && ledger.clientId !== undefined)
      yield {
        who: 'the sealer',
        clientId: ledger.clientId,
        scope: at(config.container),
        rights: [RIGHTS.read, RIGHTS.create],
      };
    if (tlog.kind === 'identity' && tlog.clientId !== undefined)
      yield {
        who: 'the sealer',
        clientId: tlog.clientId,
        scope: at(config.tlogContainer),
        rights: [RIGHTS.read, RIGHTS.replace],
      };
    for (const url of signerKeyUrls)
      if (signerIdentity.clientId !== undefined)
        yield {
          who: 'the sealer',
          clientId: signerIdentity.clientId,
          scope: keyScope(url),
          rights: [RIGHTS.readKey, RIGHTS.sign],
        };
    const { ledger: read, auditor, container } = this.auditor.config;
    if (read.kind === 'identity' && read.clientId !== undefined)
      yield { who: 'the auditor', clientId: read.clientId, scope: at(container), rights: [RIGHTS.read, RIGHTS.create] };
    for (const url of auditor.signerKeyUrls)
      if (auditor.signerIdentity.clientId !== undefined)
        yield {
          who: 'the auditor',
          clientId: auditor.signerIdentity.clientId,
          scope: keyScope(url),
          rights: [RIGHTS.readKey, RIGHTS.sign],
        };
  }

  async #givenBy(grants: readonly Grant[]): Promise<readonly RoleRights[]> {
    return Promise.all(grants.map(async ({ role }) => this.#reader.role(role)));
  }
}

const gives = ({ dataActions, notDataActions }: RoleRights, right: string): boolean =>
  dataActions.some((action) => includes(action, right)) && !notDataActions.some((action) => includes(action, right));

/** The host reads both spellings, and takes 1 for true. */
const isSwitchedOff = (settings: Settings, name: string): boolean =>
  [`AzureWebJobs.${name}.Disabled`, `AzureWebJobs_${name}_Disabled`].some((setting) =>
    /^(true|1)$/i.test(settings[setting] ?? ''),
  );

const isReference = (value: string | undefined): boolean => value?.startsWith('@Microsoft.KeyVault(') === true;

/** What a reference stands for is not shown; the app has it. */
const withoutReferences = (settings: Settings): Settings =>
  Object.fromEntries(Object.entries(settings).filter(([, value]) => !isReference(value)));

function keyScope(url: string): string {
  const { vaultUrl, name } = parseVaultKeyUrl(url);
  return `/providers/Microsoft.KeyVault/vaults/${new URL(vaultUrl).hostname.split('.')[0]}/keys/${name}`;
}

/** includes tells whether an action, which may have wildcards, is or holds another one. */
const includes = (action: string, right: string): boolean =>
  new RegExp(`^${action.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`, 'i').test(right);
