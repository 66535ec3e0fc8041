import { folderOf } from '../core/objects/names.ts';
import type { Checked, PartitionReport, Report } from '../core/objects/report.ts';
import type { SegmentSummary } from '../core/segment/summary.ts';

/** Uncompared is the objects of a partition that the log has no entry of, and that a quick check looked at no further. */
export interface Uncompared {
  /** name of the first */
  readonly first: string;
  readonly count: number;
}

/** Objects of one folder beyond this many that can't be read are counted, not listed, as findings of one code are. */
const MAX_OF_A_FOLDER = 1000;

/** Progress is told after each segment. */
export interface Progress {
  readonly segments: number;
  readonly storedBytes: number;
}

/** Tally counts what a check did, and what it did not. */
export class Tally {
  segments = 0;
  records = 0;
  events = 0;
  duplicates = 0;
  storedBytes = 0;
  lineBytes = 0;
  /** what has the name of a segment and isn't signed by who may */
  foreignSegments = 0;
  /** segments before the anchor's heads */
  notRehashed = 0;
  /** segments that were not read now, but in slices of a recheck */
  rehashedBefore = 0;
  /** segments that the log has no entry of */
  notIntegrated = 0;
  /** objects that the format knows, and of which nothing but the name was looked at */
  otherObjects = 0;
  /** reports that are signed; by whom is known only to who has the auditor's keys */
  reports = 0;
  /** those of them that an auditor signed and that the log has no entry of, though it has of later ones */
  readonly reportsWithoutEntry: string[] = [];
  /** acknowledgements of which no entry was found in the log: they don't count yet */
  readonly acknowledgementsWithoutEntry: string[] = [];
  /** those that count, and that no listed finding fits */
  readonly acknowledgementsWithoutFinding: string[] = [];
  readonly partitions: PartitionReport[] = [];
  readonly uncompared: Uncompared[] = [];
  readonly #unreadable = new Map<string, Report['unreadable'][number]>();
  readonly #unreadableIn = new Map<string, number>();
  /** objects that could not be read and are not listed */
  unreadableOmitted = 0;
  readonly #onProgress: (progress: Progress) => void;

  constructor(onProgress: (progress: Progress) => void = () => {}) {
    this.#onProgress = onProgress;
  }

  /** takeOver goes on counting where a part of a check ended. */
  takeOver({ checked, unreadable }: Pick<Report, 'checked' | 'unreadable'>): void {
    const { segments, records, events, duplicates, storedBytes, lineBytes, rehashed } = checked;
    Object.assign(this, { segments, records, events, duplicates, storedBytes, lineBytes });
    this.rehashedBefore = rehashed?.segments ?? 0;
    for (const { object, why } of unreadable) this.addUnreadable(object, why);
  }

  /** addSegment counts an object in the place of a segment; without a summary nobody looked into it. */
  addSegment(size: number, summary?: SegmentSummary): void {
    this.segments += 1;
    this.storedBytes += size;
    if (summary?.ok === true) {
      const { records, events, duplicates } = summary.header;
      this.records += records.count;
      this.events += events.count;
      this.duplicates += duplicates;
      this.lineBytes += summary.size;
    }
    this.#onProgress({ segments: this.segments, storedBytes: this.storedBytes });
  }

  /** unreadable lists what is there and can't be read. */
  get unreadable(): Report['unreadable'] {
    return [...this.#unreadable.values()];
  }

  /** addUnreadable notes what is there and can't be read: it leaves the outcome `unverified`. */
  addUnreadable(object: string, why: string): void {
    const key = JSON.stringify([object, why]);
    if (this.#unreadable.has(key)) return;
    const folder = folderOf(object);
    const count = this.#unreadableIn.get(folder) ?? 0;
    if (count === MAX_OF_A_FOLDER) this.unreadableOmitted += 1;
    else {
      this.#unreadableIn.set(folder, count + 1);
      this.#unreadable.set(key, { object, why });
    }
  }

  /** checked gives the counts as a report states them. */
  checked(rest: Pick<Checked, 'mode' | 'anchor' | 'findingsRepeated' | 'lastFull' | 'rehashed'>): Report['checked'] {
    const { segments, records, events, duplicates, storedBytes, lineBytes, notRehashed, otherObjects } = this;
    return {
      mode: rest.mode,
      anchor: rest.anchor,
      segments,
      records,
      events,
      duplicates,
      storedBytes,
      lineBytes,
      segmentsNotRehashed: notRehashed,
      findingsRepeated: rest.findingsRepeated,
      lastFull: rest.lastFull,
      ...(rest.rehashed !== undefined && { rehashed: rest.rehashed }),
      otherObjects,
    };
  }
}
