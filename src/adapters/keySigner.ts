import { signNote } from '../core/note/signerKey.ts';
import type { SignerKey } from '../core/note/signerKey.ts';
import type { Signer } from '../ports/store.ts';

/** keySigner signs with an Ed25519 key that is in this process. */
export const keySigner = (key: SignerKey): Signer => ({
  verifierKey: key.verifierKey,
  sign: async (text) => signNote(text, key),
});
