import { openCredential } from './credential.ts';
import { openKeyVaultSigner } from './keyVaultSigner.ts';
import type { LogKeySettings } from '../config/config.ts';
import { AuditsealError } from '../core/errors.ts';
import { sharedKey } from '../core/note/sharedKey.ts';
import { signNote } from '../core/note/signerKey.ts';
import type { SignerKey } from '../core/note/signerKey.ts';
import type { VerifierKey } from '../core/note/verifierKey.ts';
import type { Signer } from '../ports/signing.ts';

/** LogKeys is what a log is signed and verified with. */
export interface LogKeys {
  /** what it signs with; empty where checkpoints are only verified */
  readonly signers: readonly Signer[];
  /** the keys of the signers, and the others that checkpoints may be signed with */
  readonly verifiers: readonly VerifierKey[];
}

/**
 * openLogKeys opens the keys of a log. It asks a vault only for the keys that are in one; SIGNER_UNAVAILABLE if it doesn't
 * answer. It throws CONFIG_INVALID if the policy takes one of them for a witness.
 */
export async function openLogKeys(
  { origin, signerKeys, signerKeyUrls, verifierKeys, verifierKeyUrls, signerIdentity, witnessPolicy }: LogKeySettings,
  openVaultKey: typeof openKeyVaultSigner = openKeyVaultSigner,
): Promise<LogKeys> {
  const hasVault = signerKeyUrls.length + verifierKeyUrls.length > 0;
  const credential = hasVault ? await openCredential(signerIdentity) : undefined;
  const open = (urls: readonly string[]): Promise<Signer[]> =>
    Promise.all(credential === undefined ? [] : urls.map((url) => openVaultKey(url, origin, credential)));
  const [vaultSigners, shown] = await Promise.all([open(signerKeyUrls), open(verifierKeyUrls)]);
  const signers = [...signerKeys.map(keySigner), ...vaultSigners];
  const verifiers = [...[...signers, ...shown].map(({ verifierKey }) => verifierKey), ...verifierKeys];
  const witnesses = (witnessPolicy?.witnesses ?? []).map(({ verifierKey }) => verifierKey);
  // Of the keys in a vault the settings know the URLs alone.
  const shared = sharedKey([...verifiers, ...witnesses]);
  if (shared === undefined) return { signers, verifiers };
  throw new AuditsealError('CONFIG_INVALID', `settings are wrong:\n  WITNESS_POLICY: is wrong; ${shared}`);
}

/** requireSigners throws CONFIG_INVALID where a log has nothing to sign with. */
export function requireSigners({ signerKeys, signerKeyUrls }: LogKeySettings): void {
  if (signerKeys.length + signerKeyUrls.length > 0) return;
  throw new AuditsealError(
    'CONFIG_INVALID',
    'settings are wrong:\n  LEDGER_SIGNER_KEY: is missing; integrate signs with it, or with the key of SIGNER__keyUrl; ' +
      'in an app that only verifies, AzureWebJobs.integrate.Disabled=true switches integrate off',
  );
}

/** keySigner signs with an Ed25519 key that is in this process. */
export const keySigner = (key: SignerKey): Signer => ({
  verifierKey: key.verifierKey,
  sign: async (text) => signNote(text, key),
});
