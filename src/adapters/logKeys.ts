import { openCredential } from './credential.ts';
import { openKeyVaultSigner } from './keyVaultSigner.ts';
import type { Config, KeySettings, LogKeySettings } from '../config/config.ts';
import { AuditsealError } from '../core/errors.ts';
import { signNote } from '../core/note/signerKey.ts';
import type { SignerKey } from '../core/note/signerKey.ts';
import type { VerifierKey } from '../core/note/verifierKey.ts';
import { doubleRole } from '../core/signed/keyRoles.ts';
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
}

type OpenVaultKey = typeof openKeyVaultSigner;

/** openLogKeys opens the keys of a log. It asks a vault only for the keys that are in one; SIGNER_UNAVAILABLE if it doesn't answer. */
export const openLogKeys = (settings: LogKeySettings, openVaultKey?: OpenVaultKey): Promise<Keys> =>
  openKeys(settings.origin, settings, openVaultKey);

/** openAuditorKeys opens the keys that a ledger's reports are signed with, as openLogKeys does those of its log. */
export const openAuditorKeys = (
  { origin, auditor }: Pick<Config, 'origin' | 'auditor'>,
  openVaultKey?: OpenVaultKey,
): Promise<Keys> => openKeys(auditorName(origin), auditor, openVaultKey);

async function openKeys(
  keyName: string,
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
  return { signers, vaultSigners, verifiers };
}

/** sealingSigners gives what certifies who seals: where a vault has a key, no other one, because sealing runs all the time. */
export const sealingSigners = ({ signers, vaultSigners }: Keys): readonly Signer[] =>
  vaultSigners.length > 0 ? vaultSigners : signers;

/** refuseDoubleRole throws CONFIG_INVALID if a key is one of the log and of the auditor, which shows once a vault shows its keys. */
export function refuseDoubleRole(log: Keys, auditor: Keys): void {
  const why = doubleRole({ log: log.verifiers, auditor: auditor.verifiers });
  if (why !== undefined) throw invalid(`AUDITOR__keyUrl: is wrong; ${why}`);
}

/** requireSigners throws CONFIG_INVALID where a log has nothing to sign with. */
export function requireSigners({ signerKeys, signerKeyUrls }: KeySettings): void {
  if (signerKeys.length + signerKeyUrls.length > 0) return;
  throw invalid(
    'LEDGER_SIGNER_KEY: is missing; integrate signs with it, or with the key of SIGNER__keyUrl; in an app that only ' +
      'verifies, AzureWebJobs.integrate.Disabled=true switches integrate off',
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
