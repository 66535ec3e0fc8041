import type { VerifierKey } from '../verifierKey.ts';
import { openNotice } from './notice.ts';

const REGISTERED = 'auditseal operator';
const REVOKED = 'auditseal operator revoked';

/** OPERATOR ends the name of an operator's key, behind the ledger's. */
export const OPERATOR = '/operator';

/** isOperator tells by its name whether a key signs acknowledgements: the log says whose count. */
export const isOperator = ({ keyName }: VerifierKey): boolean => keyName.endsWith(OPERATOR);

/** OperatorNotice is what a key of the log says of an operator's key. */
export interface OperatorNotice {
  readonly key: VerifierKey;
  readonly isRevoked: boolean;
}

/** openOperatorNotice gives what a note says of an operator's key, and throws as openNotice does. */
export async function openOperatorNotice(
  note: string,
  keys: readonly VerifierKey[] | undefined,
): Promise<OperatorNotice> {
  const { word, key } = await openNotice(note, keys, [REGISTERED, REVOKED], OPERATOR);
  return { key, isRevoked: word === REVOKED };
}
