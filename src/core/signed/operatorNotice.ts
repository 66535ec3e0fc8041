import { ledgerOfOperator } from './acknowledgementSignature.ts';
import { formatNotice, openNotice } from './notice.ts';
import type { NoticeForm } from './notice.ts';
import type { VerifierKey } from '../note/verifierKey.ts';

const WORDS = { registered: 'auditseal operator', revoked: 'auditseal operator revoked' } as const;
type Word = (typeof WORDS)[keyof typeof WORDS];
const FORM: NoticeForm<Word> = {
  name: "an operator's key",
  words: Object.values(WORDS),
  ledgerOf: ledgerOfOperator,
};

/** OperatorNotice is what a key of the log says of an operator's key: what that signs counts from there on, or no more. */
export interface OperatorNotice {
  /** as formatVerifierKey prints it */
  readonly key: string;
  readonly isRevoked: boolean;
}

/** formatOperatorNotice prints the text that a key of the log signs. docs/format.md, section 9.2. */
export const formatOperatorNotice = (ledger: string, { key, isRevoked }: OperatorNotice): string =>
  formatNotice(ledger, { word: isRevoked ? WORDS.revoked : WORDS.registered, key });

/** openOperatorNotice gives what a note says of an operator's key, and throws as openNotice does. */
export function openOperatorNotice(note: string, verifiers: readonly VerifierKey[] | undefined): OperatorNotice {
  const { word, key } = openNotice(note, FORM, verifiers);
  return { key, isRevoked: word === WORDS.revoked };
}
