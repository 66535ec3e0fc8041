import { KEY_BYTES } from './termKey.ts';
import type { TreeHead } from '../merkle/tree.ts';

// How long the parts of a unit's file may be. Where they are and how long says the file itself, and of that nothing is known to be true
// before they are read: so nothing longer is ever asked for.

/** TERMS_PER_PAGE is how many terms a page has, but the last. */
export const TERMS_PER_PAGE = 1024;
/** MOST_IN_PAGE is the most bytes of postings that stand in their page; longer ones stand by themselves. */
export const MOST_IN_PAGE = 4096;
/** MAX_LIST_BYTES bounds the postings of a term: a number for each of the records of a unit, and some. */
export const MAX_LIST_BYTES = 64 * 1024 * 1024;
/** MAX_PAGE_BYTES bounds a page. */
export const MAX_PAGE_BYTES = TERMS_PER_PAGE * (KEY_BYTES + MOST_IN_PAGE + 64);

const DIRECTORY_ROW_BYTES = KEY_BYTES + 32 + 4;

/** pagesIn is how many pages the unit with that tree has. */
export const pagesIn = ({ size }: TreeHead): number => Math.ceil(size / TERMS_PER_PAGE);

/** directoryBytes is how long the directory of the unit with that tree is. */
export const directoryBytes = (tree: TreeHead): number => pagesIn(tree) * DIRECTORY_ROW_BYTES;

/** mostStored bounds the Zstandard frame of so many bytes: what doesn't compress takes a little more, of any writer that isn't wasteful. */
export const mostStored = (bytes: number): number => bytes + Math.ceil(bytes / 128) + 1024;
