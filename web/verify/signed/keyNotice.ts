import type { VerifierKey } from '../verifierKey.ts';
import { openNotice } from './notice.ts';

/** openKeyNotice gives the key that a note announces, and throws as openNotice does. */
export const openKeyNotice = async (note: string, keys: readonly VerifierKey[] | undefined): Promise<VerifierKey> =>
  (await openNotice(note, keys, ['auditseal key'], '')).key;
