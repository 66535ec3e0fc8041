import { checkActions } from './actionCheck.ts';
import { ChainCheck } from './chain/chainCheck.ts';
import { PartitionWalk } from './chain/fullWalk.ts';
import { QuickWalk } from './chain/quickWalk.ts';
import type { Uncompared } from './chain/walk.ts';
import type { KnownLedger } from './findings.ts';
import { LogCheck } from './log/logCheck.ts';
import { notChecked } from './notChecked.ts';
import { checkPage, isPageName } from './objectCheck.ts';
import type { PageFit } from './objectCheck.ts';
import type { VerifyOptions } from './options.ts';
import { AuditsealError } from '../core/errors.ts';
import {
  batchName,
  checkpointName,
  cosignatureName,
  isKnownName,
  isReportName,
  parseActionName,
  parseBatchName,
  parseCheckpointName,
  parseCosignatureName,
  parseSegmentName,
  segmentName,
} from '../core/objects/names.ts';
import type { Checked, Finding, PartitionReport, Report, Status } from '../core/objects/report.ts';
import type { SegmentSummary, SummarizeSegment } from '../core/segment/summary.ts';
import { isPartition } from '../core/text.ts';
import { Semaphore, mapInOrder } from '../ledger/concurrency.ts';
import { digestFrom } from '../ledger/digest.ts';
import type { DigestObjects } from '../ledger/digest.ts';
import { canGoOnFrom } from '../ledger/reports.ts';
import type { Clock } from '../ports/host.ts';
import type { ObjectStore, ReadableTiles } from '../ports/store.ts';

export interface VerifyDeps {
  readonly store: ObjectStore;
  /** the log's tiles, if they are at hand */
  readonly tiles?: ReadableTiles;
  readonly now: Clock;
  /** re-computes a segment, in another thread as a rule */
  readonly summarize: SummarizeSegment;
  /** hashes stored bytes for a quick check, in other threads as a rule; left out: in this one */
  readonly digest?: DigestObjects;
  /** how many segments may be read or hashed at one time; memory is that many segments */
  readonly concurrency: number;
  readonly onProgress?: (progress: { readonly segments: number; readonly storedBytes: number }) => void;
}

const SEGMENTS = 'segments/';

/** How long before a mirror's newest batch a segment must have been sealed, not to be just on its way into the log. */
const DELAY_MS = 10 * 60_000;

/** How many reports' pages are read at one time. */
const PAGES_AHEAD = 8;

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

/** isRepeated tells the findings that a check which goes on takes over. Actions are looked at anew by every check. */
const isRepeated = ({ code }: Finding): boolean => code !== 'action-unfinished';

class VerifyRun {
  readonly #deps: VerifyDeps;
  readonly #options: VerifyOptions;
  /** by what they say, so that one which is repeated from the anchor and found again counts once */
  readonly #findings = new Map<string, Finding>();
  readonly #unreadable: { object: string; why: string }[] = [];
  readonly #partitions: PartitionReport[] = [];
  #omitted = 0;
  #isViolated = false;
  readonly #ledger: KnownLedger;
  readonly #semaphore: Semaphore;
  readonly #walks = new Map<string, PartitionWalk | QuickWalk>();
  readonly #uncompared: Uncompared[] = [];
  #notIntegrated = 0;
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
    this.#ledger = { name: options.ledger ?? options.anchor?.report.ledger ?? undefined };
    this.#semaphore = new Semaphore(deps.concurrency);
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
    const { anchor, isIncremental = false, isQuick = false } = this.#options;
    const started = this.#deps.now();
    const before = isIncremental ? anchor?.report : undefined;
    if (isIncremental && (before === undefined || !canGoOnFrom(before))) {
      const why = 'a check can only go on from a report that checked something and could read everything';
      throw new AuditsealError('TARGET_INVALID', why);
    }
    if (isQuick && isIncremental) throw new AuditsealError('TARGET_INVALID', 'a quick check begins at the first entry');
    before?.findings.filter(isRepeated).forEach(this.#find);
    const partitions = new Set((anchor?.report.partitions ?? []).map(({ partition }) => partition));
    for await (const { name, isFolder } of this.#deps.store.children(SEGMENTS)) {
      const partition = name.slice(SEGMENTS.length, -1);
      if (isFolder && isPartition(partition)) partitions.add(partition);
      else await this.#checkOthers(name, isFolder);
    }
    const inOrderOf = (names: Iterable<string>): string[] => [...names].sort((a, b) => Number(a) - Number(b));
    let log: LogCheck | undefined;
    try {
      for (const partition of inOrderOf(partitions)) this.#walk(partition);
      log = await this.#checkLog();
      if (log === undefined && partitions.size > 0) this.#demandCheckpoint();
      for (const partition of inOrderOf(this.#walks.keys())) await this.#finishPartition(this.#walk(partition), log);
    } finally {
      await Promise.all([...this.#walks.values()].map((walk) => walk.close()));
    }
    for await (const { name, isFolder } of this.#deps.store.children('')) {
      if (name !== SEGMENTS) await this.#checkOthers(name, isFolder, this.#seenUpTo(name));
    }
    await checkActions({
      store: this.#deps.store,
      find: this.#find,
      onUnreadable: this.#onUnreadable,
      integrated: log?.actions ?? 0,
      until: this.#integratedUntil(log),
      now: this.#deps.now(),
    });
    const finished = new Date(this.#deps.now()).toISOString();
    const logReport = log?.report(this.#notIntegrated);
    return {
      version: 1,
      kind: 'integrity',
      ledger: this.#ledger.name ?? null,
      started: new Date(started).toISOString(),
      finished,
      status: this.#status(log),
      checked: this.#checked(isIncremental, finished),
      ...(logReport !== undefined && { log: logReport }),
      notChecked: notChecked({
        ...this.#options,
        hasTiles: this.#deps.tiles !== undefined,
        segments: this.#segments,
        notRehashed: this.#notRehashed,
        notIntegrated: this.#notIntegrated,
        otherObjects: this.#otherObjects,
        uncompared: this.#uncompared,
        ...(log !== undefined && {
          log: { unsigned: log.unsigned, cosignatures: logReport?.cosignatures?.notChecked ?? 0 },
        }),
      }),
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

  #walk(partition: string): PartitionWalk | QuickWalk {
    let walk = this.#walks.get(partition);
    if (walk !== undefined) return walk;
    const { anchor, isQuick } = this.#options;
    const head = anchor?.report.partitions.find((it) => it.partition === partition);
    walk = isQuick === true ? this.#quickWalk(partition, head) : this.#fullWalk(partition, head);
    this.#walks.set(partition, walk);
    return walk;
  }

  #quickWalk(partition: string, head: PartitionReport | undefined): QuickWalk {
    const { store, concurrency, digest = digestFrom(store, concurrency) } = this.#deps;
    return new QuickWalk(
      {
        store,
        digest,
        find: this.#find,
        onForeign: (name) => this.#foreign(name),
        onUnreadable: this.#onUnreadable,
        onObject: (size) => this.#count(undefined, size),
      },
      partition,
      head,
    );
  }

  #fullWalk(partition: string, head: PartitionReport | undefined): PartitionWalk {
    const { store, summarize, concurrency } = this.#deps;
    const { isIncremental = false } = this.#options;
    const from = isIncremental && head !== undefined ? head.index : 0;
    this.#notRehashed += from;
    return new PartitionWalk(
      {
        store,
        summarize,
        semaphore: this.#semaphore,
        ahead: concurrency,
        onForeign: (name) => this.#foreign(name),
        onUnreadable: this.#onUnreadable,
        onSegment: (summary, size) => this.#count(summary, size),
      },
      new ChainCheck(partition, this.#ledger, this.#find, head, isIncremental),
      from,
    );
  }

  #onUnreadable = (object: string, why: string): void => {
    this.#unreadable.push({ object, why });
  };

  async #checkLog(): Promise<LogCheck | undefined> {
    const { store, tiles, now, concurrency } = this.#deps;
    const { anchor, verifiers = [], allowance, kept, policy, isIncremental = false } = this.#options;
    const { head, cosignatures } = anchor?.report.log ?? {};
    const log = new LogCheck({
      store,
      now,
      concurrency,
      ledger: this.#ledger,
      find: this.#find,
      onUnreadable: this.#onUnreadable,
      objectAt: (partition, index) => this.#walk(partition).to(index),
      verifiers,
      isIncremental,
      ...(tiles !== undefined && { tiles }),
      ...(allowance !== undefined && { allowance }),
      ...(policy !== undefined && { policy }),
      ...(kept !== undefined && { kept }),
      ...(anchor !== undefined &&
        head && { anchor: { head, name: anchor.name, ...(cosignatures && { cosignatures }) } }),
    });
    return (await log.follow()) ? log : undefined;
  }

  /** demandCheckpoint says that there is nothing that witnesses could have cosigned, where a policy demands it. */
  #demandCheckpoint(): void {
    const { policy, allowance } = this.#options;
    if (policy?.quorum === undefined || allowance !== undefined) return;
    const detail = 'the ledger has no log, and so none of its checkpoints has the quorum of the policy';
    this.#find({ code: 'checkpoint-uncosigned', severity: 'error', object: checkpointName(0), detail });
  }

  /** integratedUntil gives the time before which what was made must be in the log: a mirror's clock is the newest checkpoint. */
  #integratedUntil(log: LogCheck | undefined): number {
    const { allowance } = this.#options;
    if (allowance !== undefined) return this.#deps.now() - allowance.delayMs;
    if (log !== undefined) return Date.parse(log.time) - DELAY_MS;
    // Who trusts a key expects a log; else whoever removes all of it would be trusted more than who changes it.
    return (this.#options.verifiers ?? []).length > 0 ? Infinity : NaN;
  }

  /** finishPartition checks what the log doesn't have, and says if it should have it. */
  async #finishPartition(walk: PartitionWalk | QuickWalk, log: LogCheck | undefined): Promise<void> {
    if (walk instanceof QuickWalk) {
      const uncompared = await walk.finish((index) => log?.isIntegrated(walk.partition, index) === true);
      if (uncompared === undefined) return;
      this.#notIntegrated += uncompared.count;
      this.#uncompared.push(uncompared);
      return;
    }
    const { partition } = walk.check;
    const late: { readonly index: number; readonly sealed: string }[] = [];
    let count = 0;
    const until = this.#integratedUntil(log);
    for (let object = await walk.next(); object !== undefined; object = await walk.next()) {
      const { index, summary } = object;
      if (log?.isIntegrated(partition, index) === true) continue;
      this.#notIntegrated += 1;
      if (summary?.ok !== true || !(Date.parse(summary.header.sealed) < until)) continue;
      count += 1;
      if (late.length === 0) late.push({ index, sealed: summary.header.sealed });
    }
    walk.check.finish();
    if (walk.check.head !== undefined) this.#partitions.push(walk.check.head);
    for (const { index, sealed } of late) {
      const others = count === 1 ? '' : `; nor have the ${count - 1} after it`;
      const detail = `it was sealed at ${sealed}, and has no entry in the log${others}`;
      this.#find({ code: 'not-integrated', severity: 'error', object: segmentName(partition, index), detail });
    }
  }

  #count(summary: SegmentSummary | undefined, size: number): void {
    this.#segments += 1;
    this.#storedBytes += size;
    if (summary?.ok === true) {
      this.#records += summary.header.records.count;
      this.#events += summary.header.events.count;
      this.#duplicates += summary.header.duplicates;
      this.#lineBytes += summary.size;
    }
    this.#deps.onProgress?.({ segments: this.#segments, storedBytes: this.#storedBytes });
  }

  /** seenUpTo says where an incremental check begins to list a folder, so that it lists no more in an old ledger. */
  #seenUpTo(folder: string): string {
    const { anchor, isIncremental = false } = this.#options;
    if (!isIncremental || anchor === undefined) return '';
    if (folder === 'reports/' && isReportName(anchor.name)) return anchor.name;
    const number = anchor.report.log?.head?.number;
    if (number === undefined) return '';
    const names = [batchName(number), checkpointName(number), cosignatureName(number, '')];
    return names.find((name) => name.startsWith(folder)) ?? '';
  }

  /** checkOthers looks at the names of an object, or of all in a folder, outside the partitions' folders. */
  async #checkOthers(name: string, isFolder: boolean, from = ''): Promise<void> {
    const listed = isFolder ? this.#deps.store.list(name, from) : [{ name }];
    const objects = mapInOrder(listed, PAGES_AHEAD, async ({ name }) => ({ name, page: await this.#pageFit(name) }));
    for await (const { name, page } of objects) {
      if (
        [parseActionName, parseBatchName, parseCheckpointName, parseCosignatureName].some(
          (parse) => parse(name) !== undefined,
        )
      )
        continue;
      if (!isKnownName(name) || parseSegmentName(name) !== undefined) this.#foreign(name);
      else if (typeof page === 'object')
        this.#find({ code: 'foreign-object', severity: 'error', object: name, detail: page.fault });
      else if (page !== 'fits') this.#otherObjects++;
    }
  }

  /** pageFit looks into a report's page. A check that goes on from another leaves them to the full ones. */
  async #pageFit(name: string): Promise<PageFit | undefined> {
    if (this.#options.isIncremental === true || !isPageName(name)) return undefined;
    try {
      return await checkPage(this.#deps.store, name);
    } catch (error) {
      if (!(error instanceof AuditsealError)) throw error;
      this.#onUnreadable(name, error.message);
      return undefined;
    }
  }

  #status(log: LogCheck | undefined): Status {
    if (this.#isViolated) return 'violated';
    // A quick check has nothing to compare with but what a checkpoint stands for.
    const isBaseless = this.#options.isQuick === true && log?.head === undefined;
    return this.#segments === 0 || this.#unreadable.length > 0 || isBaseless ? 'unverified' : 'verified';
  }

  #checked(isIncremental: boolean, finished: string): Checked {
    const { anchor, isQuick = false } = this.#options;
    const before = isIncremental ? anchor?.report : undefined;
    const lastFull = isQuick ? (anchor?.report.checked.lastFull ?? '') : (before?.checked.lastFull ?? finished);
    return {
      mode: isQuick ? 'quick' : isIncremental ? 'incremental' : 'full',
      anchor: anchor?.name ?? null,
      segments: this.#segments,
      records: this.#records,
      events: this.#events,
      duplicates: this.#duplicates,
      storedBytes: this.#storedBytes,
      lineBytes: this.#lineBytes,
      segmentsNotRehashed: this.#notRehashed,
      findingsRepeated: before?.findings.filter(isRepeated).length ?? 0,
      lastFull,
      otherObjects: this.#otherObjects,
    };
  }
}
