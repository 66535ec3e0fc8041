import { signNote } from '../core/signerKey.ts';
import type { SignerKey } from '../core/signerKey.ts';
import type { Signer } from '../ports.ts';

/** keySigner signs with an Ed25519 key that is in this process. */
export const keySigner = (key: SignerKey): Signer => ({
  verifierKey: key.verifierKey,
  sign: async (text) => signNote(text, key),
});
