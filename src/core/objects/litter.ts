/** What stands in a mirror or a container and is neither an object of the ledger nor a finding. docs/format.md, section 2. */
import { TLOG, isKnownName } from './names.ts';
import { SLICE_FILE } from './slice.ts';

/**
 * Why a file or an object is ignored: an operating system or a cut-off copy left it, it says that the folder holds a slice, somebody
 * saved it there, or it marks a folder.
 */
export type IgnoredWhy = 'system' | 'partial' | 'slice' | 'saved' | 'marker';

/** FOREIGN_FILE is a file of a mirror that holds a foreign object: its bytes, or with the suffix its name. */
export const FOREIGN_FILE = /^foreign\/[0-9a-f]{64}(\.name)?$/;

/** What macOS and Windows leave in a folder that somebody looked into. It is a whole file name, of no folder. */
const LEFT_BY_SYSTEM = /(^|\/)(\.DS_Store|Thumbs\.db|[Dd]esktop\.ini|\._[^/]+)$/;
/** What a copy writes to before the file has its name. */
const PARTIAL = /^(.+)\.[0-9a-f]{16}\.partial$/s;

/** litterOf tells what left a file of a mirror, by its path there; undefined for what is to be judged as an object. */
export function litterOf(file: string): 'system' | 'partial' | 'slice' | undefined {
  if (file === SLICE_FILE) return 'slice';
  if (LEFT_BY_SYSTEM.test(file)) return 'system';
  const whole = PARTIAL.exec(file)?.[1];
  if (whole === undefined) return undefined;
  return whole.startsWith(TLOG) || whole === SLICE_FILE || isKnownName(whole) || FOREIGN_FILE.test(whole)
    ? 'partial'
    : undefined;
}

/** Folders in which nothing of a user's belongs. */
const OWN_FOLDER = /^(segments|reports|actions|batches|checkpoints|cosignatures|drill|foreign|tlog)\//;
/** How evidence and answers begin, of whatever version. */
const SAVED = /^\{"version":[0-9]{1,9},("line":"|"kind":"answer",)/;

/** SAVED_BYTES is how much of a file isSaved has to be given. */
export const SAVED_BYTES = 64;

/** canBeSaved tells whether a file of a mirror may be evidence or an answer that somebody saved there. */
export const canBeSaved = (file: string): boolean => !OWN_FOLDER.test(file);

/** isSaved tells by how such a file begins whether it is. */
export const isSaved = (start: Buffer): boolean => SAVED.test(start.toString('latin1'));

const FOLDER =
  /^(segments(\/(0|[1-9][0-9]{0,4}))?|reports|actions|batches|checkpoints|cosignatures(\/[0-9]{12})?|drill(\/[0-9]{4}(\/[0-9]{2}){0,2})?)\/?$/;

/**
 * isFolderName tells whether a name is that of a folder of objects. One without bytes marks the folder: some tools make it, and so does
 * Azure Storage where an account has a hierarchical namespace.
 */
export const isFolderName = (name: string): boolean => FOLDER.test(name);
