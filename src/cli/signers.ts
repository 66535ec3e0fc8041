import { printItem } from './output.ts';
import type { OpenedCheckpoint } from '../core/note/checkpoint.ts';
import type { VerifiedSignature } from '../core/note/note.ts';

// Who signed and cosigned a checkpoint that was opened by given keys.

/** A witness may state any time, of which Date knows the first 275,000 years. */
function timeOf({ timestamp = 0 }: VerifiedSignature): string {
  const time = new Date(timestamp * 1000);
  return Number.isNaN(time.getTime()) ? `second ${timestamp} since 1970` : time.toISOString();
}

type Signers = Pick<OpenedCheckpoint, 'signatures' | 'cosignatures'>;

/** printSigners says it for people: of a cosignature also when. */
export function printSigners({ signatures, cosignatures }: Signers): void {
  for (const { keyName, keyId, type } of signatures)
    printItem(`signed by     ${keyName}, key ${keyId} (${type}), which you gave`);
  for (const one of cosignatures)
    printItem(`cosigned by   ${one.keyName}, key ${one.keyId}, which you gave, at ${timeOf(one)}`);
  if (cosignatures.length === 0)
    printItem('cosigned by   nobody whose key you gave: no witness says when it was signed');
}

/** signersAsJson says it for programs. */
export const signersAsJson = ({ signatures, cosignatures }: Signers): object => ({
  signedBy: signatures.map(({ keyName, keyId, type }) => ({ keyName, keyId, type })),
  cosignedBy: cosignatures.map((one) => ({ keyName: one.keyName, keyId: one.keyId, time: timeOf(one) })),
});
