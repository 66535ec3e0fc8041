import { parseAccountId } from './core/accountId.ts';
import type { AccountId } from './core/accountId.ts';
import { AuditsealError } from './core/errors.ts';
import { parsePolicy } from './core/policy.ts';
import type { Policy } from './core/policy.ts';
import { parseSignerKey } from './core/signerKey.ts';
import type { SignerKey } from './core/signerKey.ts';
import { parseVaultKeyUrl } from './core/vaultKeyUrl.ts';
import { parseVerifierKey } from './core/verifierKey.ts';
import type { VerifierKey } from './core/verifierKey.ts';

/** StorageConnection is how to reach a storage account, by the convention of Azure Functions' own connections. */
export type StorageConnection =
  | { readonly kind: 'connectionString'; readonly text: string }
  | { readonly kind: 'identity'; readonly serviceUri: string; readonly managed: boolean; readonly clientId?: string };

/** LogKeySettings is what the app is told of the keys of its log. */
export interface LogKeySettings {
  /** name of the log, and of its keys: the ledger's */
  readonly origin: string;
  /** keys that sign the checkpoints in this process; one, or more during a change of key */
  readonly signerKeys: readonly SignerKey[];
  /** URLs of versions of keys in Key Vault that sign the checkpoints too */
  readonly signerKeyUrls: readonly string[];
  /** other keys that the log's checkpoints were, or are, signed with */
  readonly verifierKeys: readonly VerifierKey[];
  /** the same, as URLs of versions of keys in Key Vault: the vault is asked for the public key */
  readonly verifierKeyUrls: readonly string[];
  /** as whom to ask the vault */
  readonly signerIdentity: { readonly managed: boolean; readonly clientId?: string };
}

/** PostureSettings is what the app is told of the account that holds the ledger, and of what is promised of it. */
interface PostureSettings extends AccountId {
  readonly retentionDays: number;
  /** as whom to try forbidden changes on canaries; left out where none are tried */
  readonly drill?: { readonly managed: boolean; readonly clientId?: string };
}

/** Config is everything that the app is told from outside. */
export interface Config extends LogKeySettings {
  readonly ledger: StorageConnection;
  readonly container: string;
  /** the account and the container of the log's tiles */
  readonly tlog: StorageConnection;
  readonly tlogContainer: string;
  /** the witnesses that are asked to cosign checkpoints, each with its address, and how many of them a check demands */
  readonly witnessPolicy?: Policy;
  readonly maxSegmentBytes: number;
  /** a partition that is idle for so long gets a heartbeat */
  readonly heartbeatMinutes: number;
  /** hours after which a check starts from the first segment again */
  readonly fullVerifyHours: number;
  readonly verifyThreads: number;
  /** absent where the app asks nothing about the account */
  readonly posture?: PostureSettings;
}

const MIB = 1024 * 1024;
const SCHEDULE = /^\S+( \S+){5}$/;

/**
 * loadConfig reads the settings. It throws CONFIG_INVALID that names every wrong one and what is expected.
 *
 * The triggers' own settings (HUB, HUB_NAME, HUB_CONSUMER_GROUP and the schedules) are resolved by the
 * Functions host; they are checked here too, so that a missing one shows before the first event.
 */
export function loadConfig(env: Readonly<Record<string, string | undefined>> = process.env): Config {
  const wrong: string[] = [];
  const text = (name: string, ok: RegExp, hint: string, fallback = ''): string => {
    const value = env[name]?.trim() || fallback;
    if (!ok.test(value)) wrong.push(`${name}: ${value === '' ? 'is missing' : 'is wrong'}; ${hint}`);
    return value;
  };
  const integer = (name: string, fallback: number, least: number, most: number): number => {
    const value = env[name]?.trim() ?? '';
    if (value === '') return fallback;
    const number = /^\d{1,15}$/.test(value) ? Number(value) : NaN;
    if (!(number >= least && number <= most)) wrong.push(`${name}: is wrong; a whole number from ${least} to ${most}`);
    return number;
  };

  if (!env['HUB']?.trim() && !env['HUB__fullyQualifiedNamespace']?.trim()) {
    wrong.push(
      'HUB: is missing; a connection string of the Event Hubs namespace, or HUB__fullyQualifiedNamespace for an identity',
    );
  }
  text('HUB_NAME', /^[\w.-]{1,256}$/, 'the name of the event hub');
  text('HUB_CONSUMER_GROUP', /^[\w.$-]{1,50}$/, 'the consumer group that only ingest reads with');
  text('INTEGRATE_SCHEDULE', SCHEDULE, 'six fields, seconds first, such as "*/30 * * * * *"');
  text('VERIFY_SCHEDULE', SCHEDULE, 'six fields, seconds first, such as "0 15 * * * *"');
  const origin = text(
    'LEDGER_ORIGIN',
    /^(?!.*:\/\/)[^\s+]{1,200}$/,
    "the ledger's name, a URL without scheme such as logs.example.com/prod",
  );
  const ledger = storageConnection(env, 'LEDGER', wrong);
  const hasTlog = Object.entries(env).some(([name, value]) => /^TLOG(__|$)/.test(name) && value?.trim());
  const containerName = [
    /^(?=.{3,63}$)[a-z0-9](-?[a-z0-9])+$/,
    'a container name: 3 to 63 lower-case letters, digits and single hyphens',
  ] as const;
  const config: Config = {
    ledger,
    container: text('LEDGER_CONTAINER', ...containerName, 'ledger'),
    tlog: hasTlog ? storageConnection(env, 'TLOG', wrong) : ledger,
    tlogContainer: text('TLOG_CONTAINER', ...containerName, 'tlog'),
    ...logKeys(env, origin, wrong),
    ...witnessPolicy(env, origin, wrong),
    heartbeatMinutes: integer('HEARTBEAT_MINUTES', 15, 1, 1440),
    maxSegmentBytes: integer('SEGMENT_MAX_MIB', 8, 1, 32) * MIB,
    fullVerifyHours: integer('VERIFY_FULL_HOURS', 24, 1, 8784),
    verifyThreads: integer('VERIFY_THREADS', 2, 1, 64),
    ...posture(env, ledger, integer('RETENTION_DAYS', 0, 1, 146_000), wrong),
  };
  if (wrong.length > 0) throw new AuditsealError('CONFIG_INVALID', `settings are wrong:\n  ${wrong.join('\n  ')}`);
  return Object.freeze(config);
}

/** logKeys reads the keys of the log, whose name is the ledger's. What it says of a wrong one quotes nothing of a secret. */
function logKeys(env: Readonly<Record<string, string | undefined>>, origin: string, wrong: string[]): LogKeySettings {
  const isOriginKnown = !wrong.some((text) => text.startsWith('LEDGER_ORIGIN:'));
  const ofLedger = <T>(key: T, { keyName }: VerifierKey): T => {
    if (isOriginKnown && keyName !== origin)
      throw new AuditsealError('KEY_MALFORMED', `the key is of ${keyName}, not of LEDGER_ORIGIN`);
    return key;
  };
  const signerKey = (text: string): SignerKey => {
    if (text.startsWith('@Microsoft.KeyVault(')) throw new AuditsealError('CONFIG_INVALID', UNRESOLVED);
    const key = parseSignerKey(text);
    return ofLedger(key, key.verifierKey);
  };
  const verifierKey = (text: string): VerifierKey => {
    const key = parseVerifierKey(text);
    return ofLedger(key, key);
  };
  const keyUrl = (text: string): string => {
    parseVaultKeyUrl(text);
    return text;
  };
  const itemsOf = (name: string): string[] => (env[name] ?? '').split(/\s+/).filter((text) => text !== '');
  const each = <T>(name: string, items: readonly string[], as: (text: string) => T): T[] =>
    items.flatMap((text) => {
      try {
        return [as(text)];
      } catch (error) {
        if (!(error instanceof AuditsealError)) throw error;
        wrong.push(`${name}: is wrong; ${error.message}`);
        return [];
      }
    });
  const secrets = itemsOf('LEDGER_SIGNER_KEY');
  const urls = itemsOf('SIGNER__keyUrl');
  const { pinned = [], shown = [] } = Object.groupBy(itemsOf('LEDGER_VERIFIER_KEYS'), (text) =>
    text.includes('://') ? 'shown' : 'pinned',
  );
  if (secrets.length + urls.length + pinned.length + shown.length === 0) wrong.push(`LEDGER_SIGNER_KEY: ${NO_KEY}`);
  return {
    origin,
    signerKeys: each('LEDGER_SIGNER_KEY', secrets, signerKey),
    signerKeyUrls: each('SIGNER__keyUrl', urls, keyUrl),
    verifierKeys: each('LEDGER_VERIFIER_KEYS', pinned, verifierKey),
    verifierKeyUrls: each('LEDGER_VERIFIER_KEYS', shown, keyUrl),
    signerIdentity: identity(env, 'SIGNER', wrong),
  };
}

/** App Service hands an app the text of a reference that it couldn't follow. */
const UNRESOLVED =
  "the reference to Key Vault was not resolved: the secret isn't there, or the app's identity or network doesn't reach it; " +
  "the app's environment variables in the portal say why";

const NO_KEY =
  'is missing; a signer key, PRIVATE+KEY+name+ID+base64, of the ledger, or SIGNER__keyUrl for a key in Key Vault; an app ' +
  'that only verifies has LEDGER_VERIFIER_KEYS instead';

/** identity reads as whom a connection signs in. */
function identity(
  env: Readonly<Record<string, string | undefined>>,
  name: string,
  wrong: string[],
): { readonly managed: boolean; readonly clientId?: string } {
  const credential = env[`${name}__credential`]?.trim() ?? '';
  const clientId = env[`${name}__clientId`]?.trim() ?? '';
  if (credential !== '' && credential !== 'managedidentity')
    wrong.push(`${name}__credential: is wrong; managedidentity, or nothing for the developer's own sign-in`);
  if (clientId !== '' && credential === '') wrong.push(`${name}__clientId: needs ${name}__credential=managedidentity`);
  return { managed: credential === 'managedidentity', ...(clientId !== '' && { clientId }) };
}

/** posture reads of which account what is promised. An app without LEDGER_RESOURCE_ID asks Azure about none. */
function posture(
  env: Readonly<Record<string, string | undefined>>,
  ledger: StorageConnection,
  retentionDays: number,
  wrong: string[],
): Pick<Config, 'posture'> {
  const id = env['LEDGER_RESOURCE_ID']?.trim() ?? '';
  const drill = identity(env, 'DRILL', wrong);
  if (drill.managed && (id === '' || ledger.kind !== 'identity'))
    wrong.push('DRILL__credential: needs LEDGER_RESOURCE_ID and LEDGER__blobServiceUri');
  const schedule = env['POSTURE_SCHEDULE']?.trim() ?? '';
  if ((id !== '' || schedule !== '') && !SCHEDULE.test(schedule))
    wrong.push(
      `POSTURE_SCHEDULE: ${schedule === '' ? 'is missing' : 'is wrong'}; six fields, seconds first, such as "0 45 */6 * * *"`,
    );
  if (id === '') return {};
  // 0 is what nobody can set.
  if (retentionDays === 0 && !wrong.some((text) => text.startsWith('RETENTION_DAYS:')))
    wrong.push('RETENTION_DAYS: is missing; the days that the retention policy is promised to have at least');
  const account = parseAccountId(id);
  if (account === undefined) wrong.push('LEDGER_RESOURCE_ID: is wrong; the resource id of the storage account');
  else if (![undefined, account.account].includes(accountOf(ledger)))
    wrong.push(`LEDGER_RESOURCE_ID: is wrong; it is of the account ${account.account}, not of the one of LEDGER`);
  return account === undefined ? {} : { posture: { ...account, retentionDays, ...(drill.managed && { drill }) } };
}

/** accountOf gives the account's name that a connection states, if it does. */
function accountOf(ledger: StorageConnection): string | undefined {
  if (ledger.kind === 'connectionString') return /(?:^|;)\s*AccountName=([^;]+)/i.exec(ledger.text)?.[1]?.toLowerCase();
  return URL.canParse(ledger.serviceUri) ? new URL(ledger.serviceUri).hostname.split('.')[0] : undefined;
}

/** A checkpoint with the cosignatures of so many has room in a note. */
const MAX_WITNESSES = 32;

/** witnessPolicy reads a policy (c2sp.org/tlog-policy) whose lines are ended by LF or, all on one line, by semicolons. */
function witnessPolicy(
  env: Readonly<Record<string, string | undefined>>,
  origin: string,
  wrong: string[],
): Pick<Config, 'witnessPolicy'> {
  const value = env['WITNESS_POLICY']?.trim() ?? '';
  if (value === '') return {};
  const complain = (why: string): void => void wrong.push(`WITNESS_POLICY: is wrong; ${why}`);
  const lines = value.includes('\n') ? value.split(/\r?\n/) : value.split(';');
  let policy: Policy;
  try {
    policy = parsePolicy(Buffer.from(`${lines.join('\n')}\n`));
  } catch (error) {
    if (!(error instanceof AuditsealError)) throw error;
    complain(error.message);
    return {};
  }
  const { logs, witnesses } = policy;
  for (const { verifierKey } of logs) {
    if (verifierKey.keyName !== origin)
      complain(`a log line has the key of ${verifierKey.keyName}, not of LEDGER_ORIGIN`);
  }
  if (witnesses.length > MAX_WITNESSES) complain(`it has more than ${MAX_WITNESSES} witnesses`);
  for (const { name, verifierKey, url } of witnesses) {
    if (url === undefined) complain(`the witness ${name} has no address; its line is witness NAME KEY URL`);
    else if (!isWitnessAddress(url))
      complain(`the address of the witness ${name} is not https://HOST/PATH or http://HOST/PATH`);
    // Cosignatures are stored under the ID.
    const sameId = witnesses.filter((other) => other.verifierKey.keyId === verifierKey.keyId);
    if (sameId[0]?.name !== name) complain(`the witness ${name} has the key ID of another`);
  }
  return { witnessPolicy: policy };
}

const isWitnessAddress = (url: string): boolean =>
  /^https?:\/\/[^\s?#@/]+(\/[^\s?#@]*)?$/i.test(url) && URL.canParse(url);

function storageConnection(
  env: Readonly<Record<string, string | undefined>>,
  name: string,
  wrong: string[],
): StorageConnection {
  const connectionString = env[name]?.trim() ?? '';
  const serviceUri = env[`${name}__blobServiceUri`]?.trim() ?? '';
  const who = identity(env, name, serviceUri === '' ? [] : wrong);
  if (connectionString !== '' && serviceUri !== '')
    wrong.push(`${name}: is given twice; leave out ${name} or ${name}__blobServiceUri`);
  if (serviceUri !== '') {
    if (!/^https:\/\/[^\s?#]+$/.test(serviceUri))
      wrong.push(`${name}__blobServiceUri: is wrong; an address such as https://account.blob.core.windows.net`);
    return { kind: 'identity', serviceUri, ...who };
  }
  if (connectionString === '') {
    wrong.push(
      `${name}: is missing; a connection string of the storage account, or ${name}__blobServiceUri for an identity`,
    );
  } else if (!isConnectionString(connectionString)) {
    wrong.push(
      `${name}: is wrong; a storage connection string with BlobEndpoint= or AccountName=, and AccountKey= or SharedAccessSignature=`,
    );
  }
  return { kind: 'connectionString', text: connectionString };
}

const isConnectionString = (text: string): boolean =>
  /^UseDevelopmentStorage=true/i.test(text) ||
  (/(^|;)\s*(BlobEndpoint|AccountName)=[^;]/i.test(text) &&
    /(^|;)\s*(AccountKey|SharedAccessSignature)=[^;]/i.test(text));
