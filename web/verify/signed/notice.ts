import { Fault } from '../fault.ts';
import { parseNote, verifyNote } from '../note.ts';
import { parseVerifierKey } from '../verifierKey.ts';
import type { VerifierKey } from '../verifierKey.ts';
import { foreign } from './certificate.ts';

/** Notice is a word that a key of the log says of a key. */
export interface Notice {
  readonly word: string;
  readonly key: VerifierKey;
}

/**
 * openNotice gives what a note says of a key, if one of the log's keys signed it; without keys no signature is looked at. The
 * words are those that it may say, and `suffix` ends the name of the key behind the ledger's. It throws FOREIGN_OBJECT for
 * everything else. docs/format.md, section 9.2.
 */
export async function openNotice(
  note: string,
  keys: readonly VerifierKey[] | undefined,
  words: readonly string[],
  suffix: string,
): Promise<Notice> {
  try {
    const opened = parseNote(note);
    const [, word = '', text = ''] = opened.text.split('\n');
    const key = await parseVerifierKey(text);
    const ledger = key.keyName.slice(0, key.keyName.length - suffix.length);
    const isOne = words.includes(word) && ledger !== '' && key.keyName.endsWith(suffix);
    if (!isOne || opened.text !== `${ledger}/sealer\n${word}\n${key.text}\n`)
      throw foreign('the notice of a key is not printed as the format says');
    if (key.type === 'cosignature') throw foreign('the notice is of a key of a witness');
    const own = keys?.filter(({ keyName, type }) => keyName === ledger && type !== 'cosignature');
    if (own !== undefined) await verifyNote(opened, ledger, own);
    return { word, key };
  } catch (error) {
    if (!(error instanceof Fault) || error.code === 'FOREIGN_OBJECT') throw error;
    throw foreign(
      error.code === 'SIGNATURE_INVALID'
        ? 'no trusted key of the log signed the notice of a key'
        : 'the notice of a key is not printed as the format says',
    );
  }
}
