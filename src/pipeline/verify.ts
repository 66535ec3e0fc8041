import { AuditsealError } from '../core/errors.ts';
import { isKnownName, isPartition, parseSegmentName, segmentName } from '../core/names.ts';
import type { Clock, ObjectInfo, ObjectStore } from '../ports.ts';
import { ChainCheck } from './chainCheck.ts';
import { canGoOnFrom } from './report.ts';
import type { Anchor, Checked, Finding, PartitionReport, Report, Status } from './report.ts';
import type { SegmentSummary, SummarizeSegment } from './segmentSummary.ts';

export interface VerifyDeps {
  readonly store: ObjectStore;
  readonly now: Clock;
  /** re-computes a segment, in another thread as a rule */
  readonly summarize: SummarizeSegment;
  /** how many segments may be read or hashed at one time; memory is that many segments */
  readonly concurrency: number;
  readonly onProgress?: (progress: { readonly segments: number; readonly storedBytes: number }) => void;
}

export interface VerifyOptions {
  /** an earlier report: every chain must still reach its head in that report, with the same root */
  readonly anchor?: Anchor;
  /** begin at the anchor's heads instead of at the first segments; see canGoOnFrom */
  readonly isIncremental?: boolean;
  /** reports that are not whole */
  readonly malformedReports?: readonly string[];
  /** the ledger that the container must hold; without it, the one that the first segment names */
  readonly ledger?: string;
}

const SEGMENTS = 'segments/';

/** Findings beyond this many are counted, not listed. */
const MAX_FINDINGS = 1000;

/**
 * verifyLedger re-computes every chain of a ledger from the stored bytes and says what it found and what it did.
 *
 * It needs the right to read and list, streams, and holds no more than `concurrency` segments. What is stored is untrusted.
 */
export async function verifyLedger(deps: VerifyDeps, options: VerifyOptions = {}): Promise<Report> {
  const run = new VerifyRun(deps, options);
  return run.report();
}

class VerifyRun {
  readonly #deps: VerifyDeps;
  readonly #options: VerifyOptions;
  /** by what they say, so that one which is repeated from the anchor and found again counts once */
  readonly #findings = new Map<string, Finding>();
  readonly #unreadable: { object: string; why: string }[] = [];
  readonly #partitions: PartitionReport[] = [];
  #omitted = 0;
  #isViolated = false;
  #ledger: string | undefined;
  #segments = 0;
  #records = 0;
  #events = 0;
  #duplicates = 0;
  #storedBytes = 0;
  #lineBytes = 0;
  #notRehashed = 0;
  #otherObjects = 0;

  constructor(deps: VerifyDeps, options: VerifyOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#ledger = options.ledger ?? options.anchor?.report.ledger ?? undefined;
    for (const object of options.malformedReports ?? []) {
      this.#find({
        code: 'foreign-object',
        severity: 'error',
        object,
        detail: 'it has the name of a report and is none',
      });
    }
  }

  async report(): Promise<Report> {
    const { anchor, isIncremental = false } = this.#options;
    const started = this.#deps.now();
    const before = isIncremental ? anchor?.report : undefined;
    if (isIncremental && (before === undefined || !canGoOnFrom(before))) {
      const why = 'a check can only go on from a report that checked something and could read everything';
      throw new AuditsealError('TARGET_INVALID', why);
    }
    before?.findings.forEach(this.#find);
    const anchors = new Map((anchor?.report.partitions ?? []).map((head) => [head.partition, head]));
    const partitions = new Set(anchors.keys());
    for await (const { name, isFolder } of this.#deps.store.children(SEGMENTS)) {
      const partition = name.slice(SEGMENTS.length, -1);
      if (isFolder && isPartition(partition)) partitions.add(partition);
      else await this.#checkOthers(name, isFolder);
    }
    for (const partition of [...partitions].sort((a, b) => Number(a) - Number(b))) {
      await this.#checkPartition(partition, anchors.get(partition));
    }
    for await (const { name, isFolder } of this.#deps.store.children('')) {
      if (name !== SEGMENTS) await this.#checkOthers(name, isFolder);
    }
    const finished = new Date(this.#deps.now()).toISOString();
    return {
      version: 1,
      kind: 'integrity',
      ledger: this.#ledger ?? null,
      started: new Date(started).toISOString(),
      finished,
      status: this.#status(),
      checked: this.#checked(isIncremental, finished),
      notChecked: this.#notChecked(isIncremental),
      partitions: this.#partitions,
      findings: [...this.#findings.values()],
      // Which ones the anchor left out isn't known, nor whether they are among these.
      findingsOmitted: Math.max(this.#omitted, before?.findingsOmitted ?? 0),
      unreadable: this.#unreadable,
    };
  }

  #find = (finding: Finding): void => {
    if (finding.severity === 'error') this.#isViolated = true;
    const key = JSON.stringify([finding.code, finding.object, finding.detail]);
    if (this.#findings.has(key)) return;
    if (this.#findings.size < MAX_FINDINGS) this.#findings.set(key, finding);
    else this.#omitted++;
  };

  #foreign(name: string): void {
    this.#find({
      code: 'foreign-object',
      severity: 'error',
      object: name,
      detail: 'the format knows no object of this name',
    });
  }

  async #checkPartition(partition: string, anchor: PartitionReport | undefined): Promise<void> {
    const { isIncremental = false } = this.#options;
    const check = new ChainCheck(partition, this.#ledger, this.#find, anchor, isIncremental);
    const from = isIncremental && anchor !== undefined ? anchor.index : 0;
    this.#notRehashed += from;
    // Reading and hashing run ahead, in order, by at most `concurrency` segments.
    const ahead: {
      readonly index: number;
      readonly size: number;
      readonly summary: Promise<SegmentSummary | undefined>;
    }[] = [];
    const takeOne = async (): Promise<void> => {
      const { index, size, summary } = ahead.shift() as (typeof ahead)[number];
      const done = await summary;
      if (done === undefined) {
        check.passOver(index);
        return;
      }
      check.add(index, done);
      this.#count(done, size);
    };
    try {
      // Not from the first segment's name on: something foreign may stand before it.
      const start = from > 0 ? segmentName(partition, from) : '';
      for await (const object of this.#deps.store.list(`segments/${partition}/`, start)) {
        const place = parseSegmentName(object.name);
        if (place === undefined || place.partition !== partition) {
          this.#foreign(object.name);
          continue;
        }
        const summary = this.#summarize(object);
        summary.catch(() => {}); // it is awaited in its turn, which may be later than it fails
        ahead.push({ index: place.index, size: object.size, summary });
        if (ahead.length >= this.#deps.concurrency) await takeOne();
      }
      while (ahead.length > 0) await takeOne();
    } finally {
      await Promise.allSettled(ahead.map(({ summary }) => summary));
    }
    check.finish();
    this.#ledger ??= check.ledger;
    if (check.head !== undefined) this.#partitions.push(check.head);
  }

  /** summarize gives undefined for an object that can't be read; that makes the outcome `unverified`, never a pass. */
  async #summarize({ name }: ObjectInfo): Promise<SegmentSummary | undefined> {
    let stored: Buffer | undefined;
    try {
      stored = await this.#deps.store.read(name);
    } catch (error) {
      if (!(error instanceof AuditsealError)) throw error;
      if (error.code === 'OBJECT_TOO_LARGE') return { ok: false, versionUnknown: false, why: error.message };
      this.#unreadable.push({ object: name, why: error.message });
      return undefined;
    }
    if (stored === undefined) {
      this.#unreadable.push({ object: name, why: 'it was listed, and is gone' });
      return undefined;
    }
    return this.#deps.summarize(stored);
  }

  #count(summary: SegmentSummary, size: number): void {
    this.#segments += 1;
    this.#storedBytes += size;
    if (summary.ok) {
      this.#records += summary.header.records.count;
      this.#events += summary.header.events.count;
      this.#duplicates += summary.header.duplicates;
      this.#lineBytes += summary.size;
    }
    this.#deps.onProgress?.({ segments: this.#segments, storedBytes: this.#storedBytes });
  }

  /** checkOthers looks at the names of an object, or of all in a folder, outside the partitions' folders. */
  async #checkOthers(name: string, isFolder: boolean): Promise<void> {
    for await (const object of isFolder ? this.#deps.store.list(name) : [{ name }]) {
      if (isKnownName(object.name) && parseSegmentName(object.name) === undefined) this.#otherObjects++;
      else this.#foreign(object.name);
    }
  }

  #status(): Status {
    if (this.#isViolated) return 'violated';
    return this.#segments === 0 || this.#unreadable.length > 0 ? 'unverified' : 'verified';
  }

  #checked(isIncremental: boolean, finished: string): Checked {
    const { anchor } = this.#options;
    const before = isIncremental ? anchor?.report : undefined;
    return {
      mode: isIncremental ? 'incremental' : 'full',
      anchor: anchor?.name ?? null,
      segments: this.#segments,
      records: this.#records,
      events: this.#events,
      duplicates: this.#duplicates,
      storedBytes: this.#storedBytes,
      lineBytes: this.#lineBytes,
      segmentsNotRehashed: this.#notRehashed,
      findingsRepeated: before?.findings.length ?? 0,
      lastFull: before?.checked.lastFull ?? finished,
      otherObjects: this.#otherObjects,
    };
  }

  /** notChecked says in words what this outcome does not cover. */
  #notChecked(isIncremental: boolean): string[] {
    const { anchor } = this.#options;
    const not: string[] = [];
    if (this.#segments === 0) not.push('no segment was found, so nothing was checked');
    if (isIncremental)
      not.push(`${this.#notRehashed} segments before the heads of ${anchor?.name ?? 'the anchor'} were not read again`);
    if (anchor === undefined) {
      not.push('no earlier report was at hand, so segments removed from the end of a chain would not be noticed');
    }
    if (this.#otherObjects > 0) not.push(`${this.#otherObjects} objects outside segments/ were checked by name alone`);
    return not;
  }
}
