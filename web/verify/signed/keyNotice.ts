import { Fault } from '../fault.ts';
import { parseNote, verifyNote } from '../note.ts';
import { parseVerifierKey } from '../verifierKey.ts';
import type { VerifierKey } from '../verifierKey.ts';
import { foreign } from './certificate.ts';

const WORD = 'auditseal key';

/**
 * openKeyNotice gives the key that a note announces, if one of the log's keys signed it; without keys no signature is looked
 * at. It throws FOREIGN_OBJECT for everything else. docs/format.md, section 9.2.
 */
export async function openKeyNotice(note: string, keys: readonly VerifierKey[] | undefined): Promise<VerifierKey> {
  try {
    const opened = parseNote(note);
    const [, , text = ''] = opened.text.split('\n');
    const key = await parseVerifierKey(text);
    if (opened.text !== `${key.keyName}/sealer\n${WORD}\n${key.text}\n`)
      throw foreign('the notice of a key is not printed as the format says');
    if (key.type === 'cosignature') throw foreign('the notice is of a key of a witness');
    const own = keys?.filter(({ keyName, type }) => keyName === key.keyName && type !== 'cosignature');
    if (own !== undefined) await verifyNote(opened, key.keyName, own);
    return key;
  } catch (error) {
    if (!(error instanceof Fault) || error.code === 'FOREIGN_OBJECT') throw error;
    throw foreign(
      error.code === 'SIGNATURE_INVALID'
        ? 'no trusted key of the log signed the notice of a key'
        : 'the notice of a key is not printed as the format says',
    );
  }
}
