import type { VerifierKey } from '../note/verifierKey.ts';
import { OPERATOR, ledgerBefore } from './certificate.ts';
import { documentMessage, isSignedBy, splitSigned } from './documentSignature.ts';

/** operatorName is the name of the keys that sign acknowledgements of a ledger's findings. */
export const operatorName = (ledger: string): string => `${ledger}${OPERATOR}`;

/** ledgerOfOperator is the inverse of operatorName, and gives undefined for every other text. */
export const ledgerOfOperator = (name: string): string | undefined => ledgerBefore(name, OPERATOR);

/** acknowledgementMessage is the text that an operator's key, of that name, signs: of bytes, under the name of an action. */
export const acknowledgementMessage = (keyName: string, name: string, signed: Uint8Array): string =>
  documentMessage(keyName, 'acknowledgement', name, signed);

/** isAcknowledgedBy tells whether an operator's key signed the acknowledgement in an action's bytes under that name. */
export function isAcknowledgedBy(key: VerifierKey, bytes: Buffer, name: string): boolean {
  const document = splitSigned(bytes);
  return (
    document !== undefined && isSignedBy(key, document, acknowledgementMessage(key.keyName, name, document.signed))
  );
}
