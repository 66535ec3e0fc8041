import { documentMessage, isSignedBy, splitSigned } from './documentSignature.ts';
import { auditorName } from './reportSignature.ts';
import type { VerifierKey } from '../note/verifierKey.ts';

const NAME = 'forward';

/** positionMessage is the text that an auditor's key signs: how far a ledger's records are forwarded. No report has such a text. */
export const positionMessage = (ledger: string, signed: Uint8Array): string =>
  documentMessage(auditorName(ledger), 'position', NAME, signed);

/** openPositionSignature gives the bytes of a position that one of an auditor's keys signed for a ledger, undefined for everything else. */
export function openPositionSignature(
  bytes: Buffer,
  ledger: string,
  verifiers: readonly VerifierKey[],
): Buffer | undefined {
  const position = splitSigned(bytes);
  if (position === undefined) return undefined;
  const message = positionMessage(ledger, position.signed);
  const isSigned = verifiers.some((key) => key.keyName === auditorName(ledger) && isSignedBy(key, position, message));
  return isSigned ? position.signed : undefined;
}
