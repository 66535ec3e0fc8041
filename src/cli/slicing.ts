import { callersPath } from './files.ts';
import { BY_THE_HUB, describeInterval, intervalArguments } from './intervalOptions.ts';
import { counted, formatCount } from './output.ts';
import { Progress } from './progress.ts';
import { claimedSlice, shellWord } from './sliceFolder.ts';
import { unusable } from './usage.ts';
import { writeSliceFile } from '../adapters/sliceFile.ts';
import { isKnownName } from '../core/objects/names.ts';
import { SLICE_FILE, contains } from '../core/objects/slice.ts';
import type { LedgerInterval, Slice } from '../core/objects/slice.ts';
import type { Trust } from '../core/signed/certificate.ts';
import { ledgerOfLog, mirrorSlice } from '../ledger/mirrorSlice.ts';
import type { MirroredSlice } from '../ledger/mirrorSlice.ts';
import type { MirrorFolder, MirrorOptions, MirrorResult } from '../ledger/mirror.ts';
import { WHY_UNREAD } from '../ports/store.ts';
import type { ObjectStore } from '../ports/store.ts';

/** refuseIntoSlice throws TARGET_INVALID where a whole ledger is to be copied into a folder that says that it is a slice. */
export async function refuseIntoSlice(dir: string): Promise<void> {
  const claim = await claimedSlice(dir);
  if (claim === undefined) return;
  const what = 'why' in claim ? 'says that it is a slice' : `is a slice ${describeInterval(claim)}`;
  throw unusable(
    `${dir} ${what}, by its ${SLICE_FILE}: give an interval with --from and --to, or another folder for the whole ledger. If it is to become the mirror of the whole ledger, remove that file first`,
  );
}

/** SliceCopy is what a slice is copied from and to. */
export interface SliceCopy {
  readonly store: ObjectStore;
  readonly mirror: MirrorFolder;
  readonly interval: LedgerInterval;
  readonly trust: Trust;
}

/** SliceFolder is a folder that becomes a slice, or goes on with it. */
export class SliceFolder {
  readonly #dir: string;
  readonly #copy: SliceCopy;
  readonly #ledger: string;
  #mirrored: MirroredSlice | undefined;
  /** what the folder says of itself once all is copied */
  made: Slice | undefined;

  private constructor(dir: string, copy: SliceCopy, ledger: string) {
    this.#dir = dir;
    this.#copy = copy;
    this.#ledger = ledger;
  }

  /**
   * open throws TARGET_INVALID for a folder that holds something else than a slice of that ledger that is as wide at most, and for a
   * ledger without a log: then nobody says which segments are of an interval.
   */
  static async open(dir: string, copy: SliceCopy): Promise<SliceFolder> {
    const { store, mirror, interval, trust } = copy;
    const ledger = await ledgerOfLog(store, trust);
    if (ledger === undefined)
      throw unusable(
        `TARGET has no log${trust.keys === undefined ? '' : ' that a given key began'}, and which segments are of an interval the log says: nothing was copied`,
      );
    const claim = await claimedSlice(dir);
    if (claim === undefined) {
      for await (const { name } of mirror.list(''))
        if (isKnownName(name))
          throw unusable(
            `${dir} holds ${name} and is no slice, by its lack of a ${SLICE_FILE}: choose an empty folder for the slice`,
          );
    } else if ('why' in claim)
      throw unusable(`${dir}: its ${SLICE_FILE} can't be read: ${claim.why}. Choose an empty folder`);
    else if (claim.ledger !== ledger)
      throw unusable(`${dir} is a slice of ${claim.ledger}, and TARGET is ${ledger}: choose an empty folder`);
    else if (!contains(interval, claim))
      throw unusable(
        `${dir} is a slice ${describeInterval(claim)}; it can only be made wider, and what is asked for, ${describeInterval(interval)}, doesn't hold all of that: choose another folder`,
      );
    return new SliceFolder(dir, copy, ledger);
  }

  /** begin says what the folder is going to be. Durable point: a copy that is cut off is known as a slice that lacks something. */
  async begin(): Promise<void> {
    await this.#say(0);
  }

  async copy(options: MirrorOptions): Promise<MirrorResult> {
    const { store, mirror, interval, trust } = this.#copy;
    const progress = Progress.ofSearch('mirror');
    try {
      this.#mirrored = await mirrorSlice(store, mirror, interval, {
        ...options,
        trust,
        onProgress: ({ copied, copiedBytes }) =>
          progress.showSegments({ read: copied, of: undefined, bytes: copiedBytes }),
      });
    } finally {
      progress.clear();
    }
    this.made = await this.#say(lacksAny(this.#mirrored) ? 0 : this.#mirrored.entries);
    return this.#mirrored;
  }

  async #say(entries: number): Promise<Slice> {
    const slice = { ledger: this.#ledger, ...this.#copy.interval, entries, made: new Date().toISOString() };
    await writeSliceFile(callersPath(this.#dir), slice);
    return slice;
  }

  /** lines say what came of it, and how it is checked. */
  get lines(): string[] {
    const { interval, trust } = this.#copy;
    if (this.#mirrored === undefined) return [];
    const { segments, segmentsInLog } = this.#mirrored;
    const keys = (trust.keys ?? []).map((key) => `--key=${key}`);
    const command = ['auditseal verify', ...[this.#dir, ...intervalArguments(interval), ...keys].map(shellWord)];
    return [
      `a slice of ${this.#ledger}, ${describeInterval(interval)}: ${counted(segments, 'segment')} of the ${formatCount(segmentsInLog)} that the log has${lacksAny(this.#mirrored) ? '; but what could not be copied is missing, so it is no whole slice yet' : ''}`,
      ...(segments === 0 ? [`NOTHING OF THAT INTERVAL IS IN THE LOG: no segment was copied. ${BY_THE_HUB}`] : []),
      ...(trust.keys === undefined
        ? ["no --key was given, so whoever made TARGET's log says which segments these are"]
        : []),
      `to check it: ${command.join(' ')}`,
    ];
  }
}

/** lacksAny tells whether a copy lacks anything that could be the ledger's: what is larger than any object of one is not. */
const lacksAny = ({ failed }: MirrorResult): boolean => failed.some(({ why }) => why !== WHY_UNREAD['too-large']);
