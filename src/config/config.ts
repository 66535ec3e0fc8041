import type { AccountId } from './azureIds.ts';
import { checkCoverage, coverage } from './coverage.ts';
import type { CoverageSettings } from './coverage.ts';
import { checkForward, forwardSettings } from './forward.ts';
import type { ForwardSettings } from './forward.ts';
import { checkHub, hubSettings } from './hub.ts';
import type { HubSettings } from './hub.ts';
import { checkIdentity, identity } from './identity.ts';
import type { Identity } from './identity.ts';
import { keyFaults } from './keys.ts';
import { SettingsReader } from './reader.ts';
import type { Environment } from './reader.ts';
import { checkRecheck, recheckSettings } from './recheck.ts';
import type { RecheckSettings } from './recheck.ts';
import { SECRETS, SETTINGS } from './settings.ts';
import type { Read, Reader } from './settings.ts';
import { checkConnectionString, checkStorage, storageConnection } from './storage.ts';
import type { StorageConnection } from './storage.ts';
import { witnessFaults } from './witnesses.ts';
import type { GivenKeys } from '../core/note/keyRoles.ts';
import type { SignerKey } from '../core/note/signerKey.ts';
import type { VerifierKey } from '../core/note/verifierKey.ts';
import type { WitnessPolicy } from '../core/note/witnessPolicy.ts';
import { MIB } from '../core/units.ts';

/** KeySettings is what the app is told of the keys of one role. */
export interface KeySettings {
  /** keys that sign in this process; one, or more during a change of key */
  readonly signerKeys: readonly SignerKey[];
  /** URLs of versions of keys in Key Vault that sign too */
  readonly signerKeyUrls: readonly string[];
  /** other keys that sign, or did */
  readonly verifierKeys: readonly VerifierKey[];
  /** the same, as URLs of versions of keys in Key Vault: the vault is asked for the public key */
  readonly verifierKeyUrls: readonly string[];
  /** as whom to ask the vault */
  readonly signerIdentity: Identity;
}

/** VerifierSettings is keys that sign elsewhere, as they were given. */
export type VerifierSettings = Pick<KeySettings, 'verifierKeys' | 'verifierKeyUrls'>;

/** LogKeySettings is what the app is told of the keys of its log, which sign checkpoints and certificates. */
export interface LogKeySettings extends KeySettings {
  /** name of the log, and of its keys: the ledger's */
  readonly origin: string;
  /** the witnesses that are asked to cosign checkpoints, each with its address, and how many of them a check demands */
  readonly witnessPolicy?: WitnessPolicy;
}

/** PostureSettings is what the app is told of the account that holds the ledger, and of what is promised of it. */
interface PostureSettings extends AccountId {
  readonly retentionDays: number;
  /** where Azure Resource Manager is; left out: Azure's public cloud */
  readonly armEndpoint?: string;
  /** as whom to try forbidden changes on canaries; left out where none are tried */
  readonly drill?: StorageConnection;
  /** of which estate to ask what is routed; left out where none is asked about */
  readonly coverage?: CoverageSettings;
}

/** Config is everything that the app is told from outside. */
export interface Config extends LogKeySettings {
  /** the keys that sign the ledger's reports: at most one that signs here */
  readonly auditor: KeySettings;
  /**
   * the keys that operators acknowledge findings with, none of which signs here: those that count, and those that don't any
   * more
   */
  readonly operators: { readonly registered: VerifierSettings; readonly revoked: VerifierSettings };
  readonly hub: HubSettings;
  readonly ledger: StorageConnection;
  readonly container: string;
  /** the account and the container of the log's tiles */
  readonly tlog: StorageConnection;
  readonly tlogContainer: string;
  readonly maxSegmentBytes: number;
  /** a partition that is idle for so long gets a heartbeat */
  readonly heartbeatMinutes: number;
  /** hours of the periods in each of which the first check starts from the first segment again */
  readonly fullVerifyHours: number;
  readonly verifyThreads: number;
  /** after how many hours without a record a category is silent, and what is expected of single ones */
  readonly sources: { readonly silentHours: number; readonly expected: ReadonlyMap<string, number> };
  /** where docs/runbook.md can be read */
  readonly runbook?: string;
  /** absent where the app asks nothing about the account */
  readonly posture?: PostureSettings;
  /** absent where records are handed on to nobody */
  readonly forward?: ForwardSettings;
  /** absent where every full recheck is one run */
  readonly recheck?: RecheckSettings;
}

/** loadConfig reads the settings. It throws CONFIG_INVALID that names every wrong one and what is expected. */
export function loadConfig(env: Environment = process.env): Config {
  const reader = new SettingsReader(SETTINGS, env, SECRETS);
  checkHub(reader);
  checkStorage(reader, 'LEDGER');
  const hasTlog = Object.keys(env).some((name) => /^TLOG(__|$)/.test(name) && env[name]?.trim());
  if (hasTlog) checkStorage(reader, 'TLOG');
  checkKeys(reader);
  checkWitnesses(reader);
  checkPosture(reader);
  checkCoverage(reader);
  checkForward(reader);
  checkRecheck(reader);
  const settings = reader.settings();
  const { WITNESS_POLICY: witnessPolicy } = settings;
  const ledger = storageConnection(settings, 'LEDGER');
  const forward = forwardSettings(settings);
  const recheck = recheckSettings(settings);
  return Object.freeze({
    hub: hubSettings(settings),
    ledger,
    container: settings.LEDGER_CONTAINER,
    tlog: hasTlog ? storageConnection(settings, 'TLOG') : ledger,
    tlogContainer: settings.TLOG_CONTAINER,
    origin: settings.LEDGER_ORIGIN,
    signerKeys: settings.LEDGER_SIGNER_KEY,
    signerKeyUrls: settings.SIGNER__keyUrl,
    ...verifiers(settings.LEDGER_VERIFIER_KEYS),
    signerIdentity: identity(settings, 'SIGNER'),
    auditor: {
      signerKeys: given(settings.AUDITOR_SIGNER_KEY),
      signerKeyUrls: given(settings.AUDITOR__keyUrl),
      ...verifiers(settings.AUDITOR_VERIFIER_KEYS),
      signerIdentity: identity(settings, 'AUDITOR'),
    },
    operators: {
      registered: verifiers(settings.OPERATOR_VERIFIER_KEYS),
      revoked: verifiers(settings.OPERATOR_REVOKED_KEYS),
    },
    ...(witnessPolicy !== undefined && { witnessPolicy }),
    heartbeatMinutes: settings.HEARTBEAT_MINUTES,
    maxSegmentBytes: settings.SEGMENT_MAX_MIB * MIB,
    fullVerifyHours: settings.VERIFY_FULL_HOURS,
    verifyThreads: settings.VERIFY_THREADS,
    sources: { silentHours: settings.SOURCE_SILENT_HOURS, expected: new Map(settings.SOURCES_EXPECTED) },
    ...(settings.RUNBOOK_URL !== undefined && { runbook: settings.RUNBOOK_URL }),
    ...posture(settings),
    ...(forward !== undefined && { forward }),
    ...(recheck !== undefined && { recheck }),
  });
}

/** given is a list of what was given. */
const given = <T>(value: T | undefined): readonly T[] => (value === undefined ? [] : [value]);

const verifiers = (keys: readonly (VerifierKey | string)[]): VerifierSettings => ({
  verifierKeys: keys.filter((key) => typeof key !== 'string'),
  verifierKeyUrls: keys.filter((key) => typeof key === 'string'),
});

/** checkKeys demands a key of the log. */
function checkKeys(reader: Reader): void {
  if (!reader.isSet('SIGNER__keyUrl') && !reader.isSet('LEDGER_VERIFIER_KEYS'))
    reader.require(
      'LEDGER_SIGNER_KEY',
      'expected a signer key of the ledger, PRIVATE+KEY+name+ID+base64, or SIGNER__keyUrl for a key in Key Vault; an app ' +
        'that only verifies has LEDGER_VERIFIER_KEYS instead',
    );
  checkIdentity(reader, 'SIGNER');
  checkIdentity(reader, 'AUDITOR');
  if (reader.isSet('AUDITOR_SIGNER_KEY') && reader.isSet('AUDITOR__keyUrl'))
    reader.fault('AUDITOR_SIGNER_KEY', 'is given twice; leave out AUDITOR_SIGNER_KEY or AUDITOR__keyUrl');
  for (const { place, why } of keyFaults(givenKeys(reader), reader.read('LEDGER_ORIGIN')))
    reader.fault(place, `is wrong; ${why}`);
}

function givenKeys(reader: Reader): GivenKeys<keyof Read>[] {
  const publicOf = ({ verifierKey }: { readonly verifierKey: VerifierKey }): VerifierKey => verifierKey;
  const list = <T>(values: readonly T[] | undefined): readonly T[] => values ?? [];
  return [
    { place: 'LEDGER_SIGNER_KEY', role: 'log', keys: list(reader.read('LEDGER_SIGNER_KEY')).map(publicOf) },
    { place: 'SIGNER__keyUrl', role: 'log', keys: list(reader.read('SIGNER__keyUrl')) },
    { place: 'LEDGER_VERIFIER_KEYS', role: 'log', keys: list(reader.read('LEDGER_VERIFIER_KEYS')) },
    { place: 'AUDITOR_SIGNER_KEY', role: 'auditor', keys: given(reader.read('AUDITOR_SIGNER_KEY')).map(publicOf) },
    { place: 'AUDITOR__keyUrl', role: 'auditor', keys: given(reader.read('AUDITOR__keyUrl')) },
    { place: 'AUDITOR_VERIFIER_KEYS', role: 'auditor', keys: list(reader.read('AUDITOR_VERIFIER_KEYS')) },
    { place: 'OPERATOR_VERIFIER_KEYS', role: 'operator', keys: list(reader.read('OPERATOR_VERIFIER_KEYS')) },
    { place: 'OPERATOR_REVOKED_KEYS', role: 'operator', keys: list(reader.read('OPERATOR_REVOKED_KEYS')) },
    { place: 'WITNESS_POLICY', role: 'witness', keys: list(reader.read('WITNESS_POLICY')?.witnesses).map(publicOf) },
  ];
}

function checkWitnesses(reader: Reader): void {
  const policy = reader.read('WITNESS_POLICY');
  if (policy === undefined) return;
  for (const why of witnessFaults(policy, reader.read('LEDGER_ORIGIN')))
    reader.fault('WITNESS_POLICY', `is wrong; ${why}`);
}

/** posture is of which account what is promised. An app without LEDGER_RESOURCE_ID asks Azure about none. */
function posture(settings: Read): Pick<Config, 'posture'> {
  const { LEDGER_RESOURCE_ID: id, RETENTION_DAYS: retentionDays, ARM_ENDPOINT: armEndpoint } = settings;
  if (id === undefined || retentionDays === undefined) return {};
  const [drill, asked] = [drillOf(settings), coverage(settings)];
  return {
    posture: {
      ...id,
      retentionDays,
      ...(armEndpoint !== undefined && { armEndpoint }),
      ...(drill !== undefined && { drill }),
      ...(asked !== undefined && { coverage: asked }),
    },
  };
}

/** drillOf is how whoever holds drills reaches the ledger's account: by its own connection string, or where the ledger is, as another identity. */
function drillOf(settings: Read): StorageConnection | undefined {
  const { DRILL: text, LEDGER__blobServiceUri: serviceUri } = settings;
  if (text !== undefined) return { kind: 'connectionString', text };
  const who = identity(settings, 'DRILL');
  return who.managed && serviceUri !== undefined ? { kind: 'identity', serviceUri, ...who } : undefined;
}

function checkPosture(reader: Reader): void {
  checkIdentity(reader, 'DRILL');
  const hasAccount = reader.isSet('LEDGER_RESOURCE_ID');
  if (reader.read('DRILL__credential') !== undefined && !(hasAccount && reader.isSet('LEDGER__blobServiceUri')))
    reader.fault('DRILL__credential', 'needs LEDGER_RESOURCE_ID and LEDGER__blobServiceUri');
  if (reader.isSet('DRILL')) {
    if (!hasAccount) reader.fault('DRILL', 'needs LEDGER_RESOURCE_ID');
    if (reader.isSet('DRILL__credential'))
      reader.fault('DRILL', 'is given twice; leave out DRILL or DRILL__credential');
    checkConnectionString(reader, 'DRILL');
  }
  if (!hasAccount) return;
  reader.require('POSTURE_SCHEDULE', 'expected six fields, seconds first, such as "0 45 */6 * * *"');
  reader.require('RETENTION_DAYS', 'expected the days that the retention policy is promised to have at least');
  const id = reader.read('LEDGER_RESOURCE_ID');
  const stated = statedAccount(reader.read('LEDGER'), reader.read('LEDGER__blobServiceUri'));
  if (id !== undefined && ![undefined, id.account].includes(stated))
    reader.fault('LEDGER_RESOURCE_ID', `is wrong; it is of the account ${id.account}, not of the one of LEDGER`);
}

/** statedAccount is the account's name that a connection states, if it does. */
function statedAccount(connectionString: string | undefined, serviceUri = ''): string | undefined {
  if (URL.canParse(serviceUri)) return new URL(serviceUri).hostname.split('.')[0];
  return /(?:^|;)\s*AccountName=([^;]+)/i.exec(connectionString ?? '')?.[1]?.toLowerCase();
}
