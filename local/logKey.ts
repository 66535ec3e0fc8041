import { createHash, createPrivateKey, createPublicKey } from 'node:crypto';

/** LEDGER_ORIGIN is the name of the stack's ledger, of its log, and so of the log's key. */
export const LEDGER_ORIGIN = 'auditseal.localhost/ledger';

/** AUDITOR is the name of the key that the ledger's auditor signs reports with. */
export const AUDITOR = `${LEDGER_ORIGIN}/auditor`;

/** signerKeyOf prints the Ed25519 key of a seed by c2sp.org/signed-note: `PRIVATE+KEY+name+ID+base64(1 || seed)`. */
export function signerKeyOf(seed: Buffer, name = LEDGER_ORIGIN): string {
  const id = createHash('sha256').update(`${name}\n`).update(Buffer.of(1)).update(publicKeyOf(seed));
  const text = Buffer.concat([Buffer.of(1), seed]).toString('base64');
  return `PRIVATE+KEY+${name}+${id.digest('hex').slice(0, 8)}+${text}`;
}

/** verifierKeyOf gives the public part of a key that signerKeyOf printed. */
export function verifierKeyOf(signerKey: string): string {
  const [, name, id, text] = /^PRIVATE\+KEY\+([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(signerKey) ?? [];
  if (text === undefined) throw new Error('the signer key is not one');
  const publicKey = publicKeyOf(Buffer.from(text, 'base64').subarray(1));
  return `${name}+${id}+${Buffer.concat([Buffer.of(1), publicKey]).toString('base64')}`;
}

function publicKeyOf(seed: Buffer): Buffer {
  const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
  const publicKey = createPublicKey(createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }));
  return publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
}
