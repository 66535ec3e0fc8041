import { formatNotice, openNotice } from './notice.ts';
import type { NoticeForm } from './notice.ts';
import type { VerifierKey } from '../note/verifierKey.ts';

const WORD = 'auditseal key';
const FORM: NoticeForm<typeof WORD> = { name: 'a key', words: [WORD], ledgerOf: (keyName) => keyName };

/**
 * formatKeyNotice prints the text by which a key of the log announces another one, or itself, as formatVerifierKey prints it.
 * docs/format.md, section 9.2.
 */
export const formatKeyNotice = (ledger: string, key: string): string => formatNotice(ledger, { word: WORD, key });

/** openKeyNotice gives the key that a note announces, as formatVerifierKey prints it, and throws as openNotice does. */
export const openKeyNotice = (note: string, verifiers: readonly VerifierKey[] | undefined): string =>
  openNotice(note, FORM, verifiers).key;
