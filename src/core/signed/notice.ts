import { SEALER } from './certificate.ts';
import { AuditsealError, attempt } from '../errors.ts';
import { openNote, parseNote } from '../note/note.ts';
import { parseVerifierKey } from '../note/verifierKey.ts';
import type { VerifierKey } from '../note/verifierKey.ts';

/**
 * Notice is what a key of the log says of a key: a word, which stands where a certificate has its own and a checkpoint its
 * size.
 */
export interface Notice<Word extends string = string> {
  readonly word: Word;
  /** as formatVerifierKey prints it */
  readonly key: string;
}

/** NoticeForm is what notices of a kind are made of. */
export interface NoticeForm<Word extends string> {
  /** what they are called in a fault */
  readonly name: string;
  readonly words: readonly Word[];
  /** of which ledger a key is by its name; undefined if it is none that they speak of */
  readonly ledgerOf: (keyName: string) => string | undefined;
}

const foreign = (why: string): AuditsealError => new AuditsealError('FOREIGN_OBJECT', why);

/** formatNotice prints the text of a notice. A session can't sign one: who takes it from memory must not be able to add a key. */
export const formatNotice = (ledger: string, { word, key }: Notice): string => `${ledger}${SEALER}\n${word}\n${key}\n`;

/**
 * openNotice gives what a note says of a key. Without `verifiers` no signature is looked at. It throws FOREIGN_OBJECT for
 * everything that formatNotice doesn't print or that no given key of the log signed.
 */
export function openNotice<Word extends string>(
  note: string,
  { name, words, ledgerOf }: NoticeForm<Word>,
  verifiers: readonly VerifierKey[] | undefined,
): Notice<Word> {
  const bytes = Buffer.from(note);
  const text = attempt(() => parseNote(bytes), 'malformed')?.text;
  const [, stated, key = ''] = text?.split('\n') ?? [];
  const word = words.find((one) => one === stated);
  const announced = attempt(() => parseVerifierKey(key), 'malformed');
  const ledger = announced && ledgerOf(announced.keyName);
  if (ledger === undefined || word === undefined || formatNotice(ledger, { word, key }) !== text)
    throw foreign(`the notice of ${name} is not printed as this release prints it`);
  if (announced?.type === 'cosignature') throw foreign('the notice is of a key of a witness');
  if (verifiers === undefined) return { word, key };
  const own = verifiers.filter(({ keyName, type }) => keyName === ledger && type !== 'cosignature');
  if (attempt(() => openNote(bytes, own), 'malformed', 'contradicted') !== undefined) return { word, key };
  throw foreign(`no trusted key of the log signed the notice of ${name}`);
}
