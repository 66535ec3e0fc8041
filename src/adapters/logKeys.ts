import { openCredential } from './credential.ts';
import { openKeyVaultSigner } from './keyVaultSigner.ts';
import type { Config, KeySettings, LogKeySettings, VerifierSettings } from '../config/config.ts';
import { KEY_SETTINGS } from '../config/keys.ts';
import { AuditsealError } from '../core/errors.ts';
import { sharedKeys } from '../core/note/keyRoles.ts';
import type { GivenKeys } from '../core/note/keyRoles.ts';
import { signNote } from '../core/note/signerKey.ts';
import type { SignerKey } from '../core/note/signerKey.ts';
import type { VerifierKey } from '../core/note/verifierKey.ts';
import { witnessKeys } from '../core/note/witnessPolicy.ts';
import { operatorName } from '../core/signed/acknowledgementSignature.ts';
import { auditorName } from '../core/signed/reportSignature.ts';
import type { Signer } from '../ports/signing.ts';

/** Keys is what is signed and verified with in one role. */
export interface Keys {
  /** what signs here; empty where signatures are only verified */
  readonly signers: readonly Signer[];
  /** those of them whose keys are in a vault */
  readonly vaultSigners: readonly Signer[];
  /** the keys of the signers, and the others that signed or sign elsewhere */
  readonly verifiers: readonly VerifierKey[];
  /** all of them, with the settings that they are of */
  readonly given: readonly GivenKeys[];
}

type OpenVaultKey = typeof openKeyVaultSigner;

/**
 * openLogKeys opens the keys of a log. It asks a vault only for the keys that are in one; SIGNER_UNAVAILABLE if it doesn't
 * answer. It throws CONFIG_INVALID if a witness has one of them.
 */
export async function openLogKeys(settings: LogKeySettings, openVaultKey?: OpenVaultKey): Promise<Keys> {
  const log = await openKeys(settings.origin, 'log', settings, openVaultKey);
  refuseShared([...log.given, ...witnessesOf(settings)]);
  return log;
}

/**
 * openAuditorKeys opens the keys that a ledger's reports are signed with, as openLogKeys does those of its log, which are
 * `log`. It throws CONFIG_INVALID if the log or a witness has one of them.
 */
export async function openAuditorKeys(
  config: Pick<Config, 'origin' | 'auditor' | 'witnessPolicy'>,
  log: Keys,
  openVaultKey?: OpenVaultKey,
): Promise<Keys> {
  const auditor = await openKeys(auditorName(config.origin), 'auditor', config.auditor, openVaultKey);
  refuseShared([...log.given, ...auditor.given, ...witnessesOf(config)]);
  return auditor;
}

/** OperatorKeys is the keys of operators that a log is to know. */
export interface OperatorKeys {
  readonly registered: readonly VerifierKey[];
  readonly revoked: readonly VerifierKey[];
}

/**
 * openOperatorKeys opens the keys that operators acknowledge findings with: none of them signs here, and a vault only shows
 * them. It throws CONFIG_INVALID if one of `others`, the log, the auditor, or a witness has one of them.
 */
export async function openOperatorKeys(
  config: Pick<Config, 'origin' | 'operators' | 'signerIdentity' | 'witnessPolicy'>,
  others: readonly Keys[],
  openVaultKey: OpenVaultKey = openKeyVaultSigner,
): Promise<OperatorKeys> {
  const { origin, operators, signerIdentity } = config;
  const open = async ({ verifierKeys, verifierKeyUrls: urls }: VerifierSettings): Promise<readonly VerifierKey[]> => {
    const credential = urls.length > 0 ? await openCredential(signerIdentity) : undefined;
    const opening = credential && urls.map((url) => openVaultKey(url, operatorName(origin), credential));
    const shown = await Promise.all(opening ?? []);
    return [...shown.map(({ verifierKey }) => verifierKey), ...verifierKeys];
  };
  const [registered, revoked] = await Promise.all([open(operators.registered), open(operators.revoked)]);
  const own: GivenKeys[] = [
    { place: 'OPERATOR_VERIFIER_KEYS', role: 'operator', keys: registered },
    { place: 'OPERATOR_REVOKED_KEYS', role: 'operator', keys: revoked },
  ];
  refuseShared([...others.flatMap(({ given }) => given), ...own, ...witnessesOf(config)]);
  return { registered, revoked };
}

const witnessesOf = ({ witnessPolicy }: Pick<Config, 'witnessPolicy'>): GivenKeys[] => [
  { place: 'WITNESS_POLICY', role: 'witness', keys: witnessKeys(witnessPolicy) },
];

/** Of the keys in a vault the settings know the URLs alone. */
function refuseShared(given: readonly GivenKeys[]): void {
  const [shared] = sharedKeys(given);
  if (shared !== undefined) throw invalid(`${shared.place}: is wrong; ${shared.why}`);
}

async function openKeys(
  keyName: string,
  role: keyof typeof KEY_SETTINGS,
  { signerKeys, signerKeyUrls, verifierKeys, verifierKeyUrls, signerIdentity }: KeySettings,
  openVaultKey: OpenVaultKey = openKeyVaultSigner,
): Promise<Keys> {
  const hasVault = signerKeyUrls.length + verifierKeyUrls.length > 0;
  const credential = hasVault ? await openCredential(signerIdentity) : undefined;
  const open = (urls: readonly string[]): Promise<Signer[]> =>
    Promise.all(credential === undefined ? [] : urls.map((url) => openVaultKey(url, keyName, credential)));
  const [vaultSigners, shown] = await Promise.all([open(signerKeyUrls), open(verifierKeyUrls)]);
  const signers = [...signerKeys.map(keySigner), ...vaultSigners];
  const verifiers = [...[...signers, ...shown].map(({ verifierKey }) => verifierKey), ...verifierKeys];
  const { signer, keyUrl, verifiers: others } = KEY_SETTINGS[role];
  const given = [
    { place: signer, role, keys: signerKeys.map(({ verifierKey }) => verifierKey) },
    { place: keyUrl, role, keys: vaultSigners.map(({ verifierKey }) => verifierKey) },
    { place: others, role, keys: [...shown.map(({ verifierKey }) => verifierKey), ...verifierKeys] },
  ];
  return { signers, vaultSigners, verifiers, given };
}

/** sealingSigners gives what certifies who seals: where a vault has a key, no other one, because sealing runs all the time. */
export const sealingSigners = ({ signers, vaultSigners }: Keys): readonly Signer[] =>
  vaultSigners.length > 0 ? vaultSigners : signers;

/** requireSigners throws CONFIG_INVALID where a log has nothing to sign with. */
export function requireSigners({ signerKeys, signerKeyUrls }: KeySettings): void {
  if (signerKeys.length + signerKeyUrls.length > 0) return;
  throw invalid(
    'LEDGER_SIGNER_KEY: is missing; ingest and integrate sign with it, or with the key of SIGNER__keyUrl; in an app that only ' +
      'verifies, AzureWebJobs.ingest.Disabled=true and AzureWebJobs.integrate.Disabled=true switch them off',
  );
}

/** requireAuditor gives what reports are signed with, and throws CONFIG_INVALID where there is nothing. */
export function requireAuditor({ signers: [signer] }: Keys): Signer {
  if (signer !== undefined) return signer;
  throw invalid(
    'AUDITOR_SIGNER_KEY: is missing; verify and posture sign their reports with it, or with the key of AUDITOR__keyUrl; in ' +
      'an app that only seals, AzureWebJobs.verify.Disabled=true and AzureWebJobs.posture.Disabled=true switch them off',
  );
}

const invalid = (line: string): AuditsealError =>
  new AuditsealError('CONFIG_INVALID', `settings are wrong:\n  ${line}`);

/** keySigner signs with an Ed25519 key that is in this process. */
export const keySigner = (key: SignerKey): Signer => ({
  verifierKey: key.verifierKey,
  sign: async (text) => signNote(text, key),
});
