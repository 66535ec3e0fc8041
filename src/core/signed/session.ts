import { generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { Certificate } from './certificate.ts';

/** SIGNATURE_BYTES is the length of an Ed25519 signature, and of r || s of P-256. RFC 8032, FIPS 186-5. */
export const SIGNATURE_BYTES = 64;

/** Session signs what one process makes for a ledger, in one role, while its certificate lasts. */
export interface Session {
  readonly certificate: Certificate;
  /** the certificate as a note that the log's keys signed */
  readonly note: string;
  readonly privateKey: KeyObject;
}

/** generateSessionKey makes an Ed25519 key pair for the memory of one process; the public key as 32 bytes. */
export function generateSessionKey(): Pick<Session, 'privateKey'> & Pick<Certificate, 'publicKey'> {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return { privateKey, publicKey: publicKey.export({ format: 'der', type: 'spki' }).subarray(-32) };
}

/** signWith signs bytes with a session's key. */
export const signWith = ({ privateKey }: Session, message: Uint8Array): Buffer => sign(null, message, privateKey);
