/** What of a mirror is no object of the ledger and no finding either. docs/format.md, section 2. */
import { isKnownName } from './names.ts';
import { SLICE } from './slice.ts';

/** Kind is what a file is ignored as: what a system or a cut-off copy left, what a slice says of itself, what somebody saved, or a folder's mark. */
export type Kind = 'system' | 'partial' | 'slice' | 'saved' | 'marker';

/** Whole names of files, without the folder. */
const OF_WINDOWS = ['Thumbs.db', 'desktop.ini', 'Desktop.ini'];
const isOfSystem = (base: string): boolean =>
  base === '.DS_Store' || OF_WINDOWS.includes(base) || (base.startsWith('._') && base.length > 2);

const PARTIAL_END = /\.[0-9a-f]{16}\.partial$/;
const FOREIGN_FILE = /^foreign\/[0-9a-f]{64}(?:\.name)?$/;
const TLOG = 'tlog/';

const isFileOfMirror = (path: string): boolean =>
  path === SLICE || path.startsWith(TLOG) || isKnownName(path) || FOREIGN_FILE.test(path);

/** litterKind tells what left a file, by its path in the mirror; undefined for what has to be looked at. */
export function litterKind(path: string): 'system' | 'partial' | 'slice' | undefined {
  if (path === SLICE) return 'slice';
  if (isOfSystem(path.slice(path.lastIndexOf('/') + 1))) return 'system';
  const end = PARTIAL_END.exec(path);
  return end !== null && isFileOfMirror(path.slice(0, end.index)) ? 'partial' : undefined;
}

const FOLDERS = [
  'segments',
  'reports',
  'actions',
  'batches',
  'checkpoints',
  'cosignatures',
  'drill',
  'foreign',
  'tlog',
];

/** START_BYTES is how much of a file isSaved looks at. */
const START_BYTES = 64;
const EVIDENCE = /^\{"version":\d{1,9},"line":"/;
const ANSWER = /^\{"version":\d{1,9},"kind":"answer",/;

/** isSaved tells whether a file is evidence or an answer that somebody saved in the mirror, by how it begins. */
export async function isSaved(file: {
  readonly name: string;
  read(most: number): Promise<Uint8Array>;
}): Promise<boolean> {
  const { name } = file;
  if (isKnownName(name) || FOLDERS.some((folder) => name.startsWith(`${folder}/`))) return false;
  const bytes = await file.read(START_BYTES).catch(() => new Uint8Array());
  const start = String.fromCharCode(...bytes.subarray(0, START_BYTES));
  return EVIDENCE.test(start) || ANSWER.test(start);
}

const SEGMENTS_OF = /^segments\/(?:0|[1-9]\d{0,4})$/;
const COSIGNATURES_OF = /^cosignatures\/\d{12}$/;
const DRILL_OF = /^drill\/\d{4}(?:\/\d{2}(?:\/\d{2})?)?$/;
const TOP = ['segments', 'reports', 'actions', 'batches', 'checkpoints', 'cosignatures', 'drill'];

/** isFolderName tells whether a name is that of a folder of objects, with a slash behind it or without. */
export function isFolderName(name: string): boolean {
  const folder = name.endsWith('/') ? name.slice(0, -1) : name;
  return TOP.includes(folder) || [SEGMENTS_OF, COSIGNATURES_OF, DRILL_OF].some((pattern) => pattern.test(folder));
}

const MOST_NAMED = 10;
const MOST_CHARACTERS = 200;

const SAID: Readonly<Record<Kind, readonly [one: string, many: string]>> = {
  system: ['file that an operating system left', 'files that an operating system left'],
  partial: ['file that a copy left which was cut off', 'files that a copy left which was cut off'],
  slice: ['file that says what slice of a ledger this is', 'files that say what slice of a ledger this is'],
  saved: [
    'file of evidence or an answer that somebody saved here',
    'files of evidence or answers that somebody saved here',
  ],
  marker: ['object without bytes that marks a folder', 'objects without bytes that mark folders'],
};

/** sayIgnored says in words what was ignored, a sentence for each kind. */
export function sayIgnored(ignored: ReadonlyMap<Kind, readonly string[]>): string[] {
  return [...ignored].map(([kind, names]) => {
    const named = names.slice(0, MOST_NAMED).map((name) => name.slice(0, MOST_CHARACTERS));
    const more = names.length > named.length ? `, and ${names.length - named.length} more` : '';
    return `Ignored: ${names.length} ${SAID[kind][names.length === 1 ? 0 : 1]}: ${named.sort().join(', ')}${more}.`;
  });
}
