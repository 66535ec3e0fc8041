import type { Progress, LedgerOutcome } from '../verify/ledger/verifyLedger.ts';
import { TLOG } from '../verify/ledger/folder.ts';
import { isKnownName } from '../verify/ledger/names.ts';
import type { Interval } from '../verify/ledger/slice.ts';
import type { MirrorWork } from './worker.ts';
import { runWorker } from './workerRun.ts';
import type { Running } from './workerRun.ts';

/** MirrorFiles is a folder that was chosen: its files by their paths within it. */
export interface MirrorFiles {
  readonly name: string;
  readonly files: MirrorWork['files'];
  /** when the browser listed them, in ms since the Unix epoch */
  readonly listedAt: number;
  /** lists the folder as it is now; absent where the browser lists it once only, when it is chosen */
  readonly reread?: () => Promise<MirrorFiles>;
}

/** filesOfPicker gives the folder that was chosen in a file input. */
export function filesOfPicker(list: FileList): MirrorFiles {
  const files = Array.from(list, (file) => ({ name: inFolder(file.webkitRelativePath || file.name), file }));
  return { name: list[0]?.webkitRelativePath.split('/', 1)[0] ?? '', files, listedAt: Date.now() };
}

/** ANSWER is what the file of an answer is called in its folder. */
const ANSWER = 'answer.json';

/** hasLedger tells whether a folder has anything of a ledger, but for what nobody knows there. */
const hasLedger = ({ files }: MirrorFiles): boolean =>
  files.some(({ name }) => isKnownName(name) || name.startsWith(TLOG) || name.startsWith('foreign/'));

/** answerIn gives the file of the answer if a folder holds one, and nothing of a ledger. */
export const answerIn = (folder: MirrorFiles): File | undefined =>
  hasLedger(folder) ? undefined : folder.files.find(({ name }) => name === ANSWER)?.file;

/** isNoMirror tells whether a folder has files, and none is of a ledger. */
export const isNoMirror = (folder: MirrorFiles): boolean => folder.files.length > 0 && !hasLedger(folder);

const inFolder = (path: string): string => path.slice(path.indexOf('/') + 1);

/** What browsers have of the File System API, beyond what the type checker knows. */
interface Handle {
  readonly kind: 'file' | 'directory';
  readonly name: string;
  getFile(): Promise<File>;
  values(): AsyncIterable<Handle>;
}
type DroppedItem = DataTransferItem & { getAsFileSystemHandle?: () => Promise<Handle | null> };

/** filesOfDrop gives the folder that was dropped, with all that is in it; undefined if something else was. */
export function filesOfDrop(items: DataTransferItemList): Promise<MirrorFiles> | undefined {
  // Items can be asked only while the drop is handled.
  for (const item of Array.from(items) as DroppedItem[]) {
    const entry = item.webkitGetAsEntry();
    if (entry?.isDirectory !== true) continue;
    // Chromium lets a page that was opened from disk read a dropped folder in this way alone, and others know it not.
    const handle = item.getAsFileSystemHandle?.();
    return handle === undefined ? readEntry(entry as FileSystemDirectoryEntry) : handle.then(readHandle);
  }
  return undefined;
}

/** readHandle throws a DOMException for a folder that the browser doesn't let the page read. */
async function readHandle(root: Handle | null): Promise<MirrorFiles> {
  if (root === null) throw new DOMException('the browser gives the page no access to it', 'NotAllowedError');
  const files: { name: string; file: File }[] = [];
  const listedAt = Date.now();
  const folders = [{ path: '', handle: root }];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for await (const handle of folder.handle.values()) {
      const path = `${folder.path}${handle.name}`;
      if (handle.kind === 'directory') folders.push({ path: `${path}/`, handle });
      else files.push({ name: path, file: await handle.getFile() });
    }
  }
  return { name: root.name, files, listedAt, reread: () => readHandle(root) };
}

/** readEntry throws a DOMException for a folder that can't be read. */
async function readEntry(root: FileSystemDirectoryEntry): Promise<MirrorFiles> {
  const files: { name: string; file: File }[] = [];
  const listedAt = Date.now();
  const folders = [root];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const reader = folder.createReader();
    for (;;) {
      // A reader gives some entries at a time, and none at the end.
      const entries = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
      if (entries.length === 0) break;
      for (const entry of entries) {
        if (entry.isDirectory) folders.push(entry as FileSystemDirectoryEntry);
        else {
          const file = await new Promise<File>((resolve, reject) =>
            (entry as FileSystemFileEntry).file(resolve, reject),
          );
          files.push({ name: entry.fullPath.slice(root.fullPath.length + 1), file });
        }
      }
    }
  }
  return { name: root.name, files, listedAt, reread: () => readEntry(root) };
}

/** checkMirrorFiles checks a mirror in another thread. Files are read there one by one. */
export const checkMirrorFiles = (
  { files }: MirrorFiles,
  keys: string,
  interval: Interval | undefined,
  onProgress: (progress: Progress) => void,
): Running<LedgerOutcome> =>
  runWorker({ kind: 'mirror', files, keys, interval, now: Date.now() }, (said) => {
    if ('progress' in said) onProgress(said.progress);
    return 'outcome' in said ? said.outcome : undefined;
  });
