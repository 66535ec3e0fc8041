import { join } from 'node:path';
import { FolderStore } from './folderStore.ts';
import { replaceFile } from './replaceFile.ts';
import { MAX_SLICE_BYTES, SLICE_FILE, formatSlice, parseSlice } from '../core/objects/slice.ts';
import type { Slice } from '../core/objects/slice.ts';
import { AuditsealError } from '../core/errors.ts';

/** readSliceFile reads what a mirror's folder says that it is a slice of; undefined if it says nothing. It throws as parseSlice does. */
export async function readSliceFile(folder: string): Promise<Slice | undefined> {
  const bytes = await new FolderStore(folder).read(SLICE_FILE, MAX_SLICE_BYTES);
  if (bytes === 'too-large')
    throw new AuditsealError('EVIDENCE_MALFORMED', `it has more than ${MAX_SLICE_BYTES} bytes`);
  return bytes && parseSlice(bytes);
}

/** writeSliceFile says of a mirror's folder what slice it is. */
export const writeSliceFile = (folder: string, slice: Slice): Promise<void> =>
  replaceFile(join(folder, SLICE_FILE), formatSlice(slice), SLICE_FILE);
