import { SEALER } from './certificate.ts';
import { AuditsealError, attempt } from '../errors.ts';
import { openNote, parseNote } from '../note/note.ts';
import { parseVerifierKey } from '../note/verifierKey.ts';
import type { VerifierKey } from '../note/verifierKey.ts';

/** Where a certificate has its word, and a checkpoint its size: a notice is none of them. */
const WORD = 'auditseal key';

const foreign = (why: string): AuditsealError => new AuditsealError('FOREIGN_OBJECT', why);

/**
 * formatKeyNotice prints the text by which a key of the log announces another one, or itself, as formatVerifierKey prints it. A
 * session can't: who takes one from memory must not be able to add a key. docs/format.md, section 9.2.
 */
export const formatKeyNotice = (ledger: string, key: string): string => `${ledger}${SEALER}\n${WORD}\n${key}\n`;

/**
 * openKeyNotice gives the key that a note announces, as formatVerifierKey prints it. Without `verifiers` no signature is
 * looked at. It throws FOREIGN_OBJECT for everything that formatKeyNotice doesn't print or that no given key signed.
 */
export function openKeyNotice(note: string, verifiers: readonly VerifierKey[] | undefined): string {
  const bytes = Buffer.from(note);
  const text = attempt(() => parseNote(bytes), 'malformed')?.text;
  const [, , key = ''] = text?.split('\n') ?? [];
  const announced = attempt(() => parseVerifierKey(key), 'malformed');
  const ledger = announced?.keyName;
  if (ledger === undefined || formatKeyNotice(ledger, key) !== text)
    throw foreign('the notice of a key is not printed as this release prints it');
  if (announced?.type === 'cosignature') throw foreign('the notice is of a key of a witness');
  if (verifiers === undefined) return key;
  const own = verifiers.filter(({ keyName, type }) => keyName === ledger && type !== 'cosignature');
  if (attempt(() => openNote(bytes, own), 'malformed', 'contradicted') !== undefined) return key;
  throw foreign('no trusted key of the log signed the notice of a key');
}
