import { AuditsealError } from '../../core/errors.ts';
import { sha256 } from '../../core/hash.ts';
import type { Hash } from '../../core/hash.ts';
import { parseAction } from '../../core/objects/action.ts';
import type { Action } from '../../core/objects/action.ts';
import { formatEntry, isSameEntry, nameIn, parseEntry, placeOf } from '../../core/objects/entry.ts';
import type { LogEntry, SegmentEntry } from '../../core/objects/entry.ts';
import { NO_HEADS, NO_POSITION, headsOf, isHeadsLine } from '../../core/objects/heads.ts';
import type { LogPosition, Position } from '../../core/objects/heads.ts';
import { segmentEntryOf } from '../../core/objects/judge.ts';
import { batchName, isReportName, parseActionName, segmentName } from '../../core/objects/names.ts';
import type { SegmentPlace } from '../../core/objects/names.ts';
import type { Finding, FindingCode } from '../../core/objects/report.ts';
import { parseFiledReport } from '../../core/objects/reportFile.ts';
import type { ObjectStore } from '../../ports/store.ts';
import type { WalkedObject } from '../chain/walk.ts';

export interface EntryCheckDeps {
  readonly store: ObjectStore;
  readonly find: (finding: Finding) => void;
  readonly onUnreadable: (name: string, why: string) => void;
  /** gives the object in a place, checked in its chain; undefined behind the last one, 'hole' where others are behind */
  readonly objectAt: (partition: string, index: number) => Promise<WalkedObject | 'hole' | undefined>;
}

/** EntryCheck compares the entries of the log with the objects that they are of, and with the order that they must have. */
export class EntryCheck {
  readonly #deps: EntryCheckDeps;
  readonly #positions: Map<string, Position>;
  /** entries of objects that are gone, by partition */
  readonly #gone = new Map<string, { readonly name: string; count: number }>();
  #report: string;
  #actions: number;
  /** entries are missing, so that it isn't known where the log stands */
  #isLost = false;
  time: string;
  entries = 0;
  compared = 0;

  constructor(deps: EntryCheckDeps, heads: LogPosition = NO_HEADS) {
    this.#deps = deps;
    this.#positions = new Map(heads.positions);
    this.#report = heads.report;
    this.#actions = heads.actions;
    this.time = heads.time;
  }

  /** break says that entries are missing from here on; the next heads tell where the log stands. */
  break(): void {
    this.#isLost = true;
  }

  /** next is the first index of a partition that has no entry. */
  next(partition: string): number {
    return (this.#positions.get(partition) ?? NO_POSITION).next;
  }

  /** actions is the number of the first action that has no entry. */
  get actions(): number {
    return this.#actions;
  }

  #say(code: FindingCode, object: string, detail: string): void {
    this.#deps.find({ code, severity: 'error', object, detail });
  }

  /** add compares a batch. If no checkpoint vouches for it, what differs is held against the batch, not the object. */
  async add(number: number, lines: readonly Buffer[], isSigned: boolean): Promise<void> {
    const batch = batchName(number);
    for (const [i, line] of lines.entries()) {
      this.entries += 1;
      if (isHeadsLine(line)) continue;
      const where = `entry ${i} of it`;
      let entry: LogEntry;
      try {
        entry = parseEntry(line);
      } catch (error) {
        if (!(error instanceof AuditsealError)) throw error;
        this.#say('entry-mismatch', batch, `${where}: ${error.message}`);
        continue;
      }
      const differs: Differs = (code, object, detail) => {
        if (isSigned) this.#say(code, object, `${detail} (${where.replace('it', batch)})`);
        else this.#say('entry-mismatch', batch, `${where}: ${object}: ${detail}`);
      };
      const place = placeOf(entry);
      const name = nameIn(entry);
      if (place !== undefined) await this.#checkPlace(entry, line, place, batch, where, isSigned, differs);
      else if (name !== undefined && isReportName(name)) await this.#checkReport(entry, name, batch, where, differs);
      else if (name !== undefined && parseActionName(name) !== undefined)
        await this.#checkAction(entry, name, batch, where, differs);
      else if (name !== undefined) this.#say('entry-mismatch', batch, `${where} is of nothing that has an entry`);
    }
    this.#checkHeads(lines, batch);
  }

  async #checkPlace(
    entry: LogEntry,
    line: Buffer,
    { partition, index }: SegmentPlace,
    batch: string,
    where: string,
    isSigned: boolean,
    differs: Differs,
  ): Promise<void> {
    const before = this.#positions.get(partition) ?? NO_POSITION;
    if (index !== before.next && !this.#isLost) {
      this.#say('entry-mismatch', batch, `${where} is of index ${index} of partition ${partition}, not ${before.next}`);
    }
    const found = await this.#deps.objectAt(partition, index);
    // A hole between other objects is found by the chain; here only the end of it is.
    const isHole = found === 'hole';
    const object = isHole ? undefined : found;
    const isSegment = entry.type === 'segment';
    const sealed = object?.summary?.ok === true ? object.summary.header.sealed : before.sealed;
    if (index >= before.next) {
      const head = isSegment ? { index, root: entry.root, sealed } : before;
      this.#positions.set(partition, { ...head, next: index + 1 });
    }
    const name = segmentName(partition, index);
    if (object === undefined) {
      if (isHole || index < before.next) return;
      if (!isSigned) return differs('segment-missing', name, 'no object has this name');
      const gone = this.#gone.get(partition);
      if (gone === undefined) this.#gone.set(partition, { name, count: 1 });
      else gone.count += 1;
      return;
    }
    // Another one was looked at in its place, or it can't be read.
    if (object.summary === undefined) return;
    this.compared += 1;
    if (isSegment) this.#checkSegment(entry, line, object, name, differs);
    else if (entry.type === 'foreign') {
      if (object.summary.sha256 !== entry.sha256 || object.size !== entry.size)
        differs('segment-changed', name, 'it is not the object that the log has the SHA-256 of');
      else if (object.isOfChain) differs('entry-mismatch', batch, `${name} is a segment, and the log calls it foreign`);
    }
  }

  #checkSegment(entry: SegmentEntry, line: Buffer, object: WalkedObject, name: string, differs: Differs): void {
    const { summary, size } = object;
    if (summary === undefined) return;
    if (summary.sha256 !== entry.sha256) {
      differs('segment-changed', name, 'its stored bytes are not those that the log has the SHA-256 of');
    } else if (size !== entry.size) {
      differs('entry-mismatch', name, `the log has it with ${entry.size} bytes, and it has ${size}`);
    } else if (summary.ok === undefined)
      return; // a quick check knows no more of it
    else if (!summary.ok) differs('entry-mismatch', name, `the log has it as a segment, and ${summary.why}`);
    else if (!isSameEntry(line, entry, formatEntry(segmentEntryOf(summary, size))))
      differs('entry-mismatch', name, 'the log says something else of it than it says itself');
  }

  async #checkReport(entry: LogEntry, name: string, batch: string, where: string, differs: Differs): Promise<void> {
    if (name <= this.#report && !this.#isLost)
      this.#say('entry-mismatch', batch, `${where} is of a report before the last one`);
    else this.#report = name;
    await this.#checkBytes(entry, name, differs, (bytes) => {
      if (entry.type !== 'report' || statusOf(bytes) === entry.status) return undefined;
      return `the log says that it is ${entry.status}`;
    });
  }

  async #checkAction(entry: LogEntry, name: string, batch: string, where: string, differs: Differs): Promise<void> {
    const number = parseActionName(name) as number;
    if (number !== this.#actions && !this.#isLost)
      this.#say('entry-mismatch', batch, `${where} is of action ${number}, not ${this.#actions}`);
    this.#actions = Math.max(this.#actions, number + 1);
    await this.#checkBytes(entry, name, differs, (bytes) => {
      if (entry.type !== 'action') return undefined;
      const action = actionOf(bytes);
      if (action?.kind === entry.action && action.outcome === entry.outcome) return undefined;
      return `the log says that it is of ${entry.action}, ${entry.outcome}`;
    });
  }

  /** checkBytes compares an object outside the chains with its entry; `faultOf` says what else is wrong with it. */
  async #checkBytes(
    entry: LogEntry,
    name: string,
    differs: Differs,
    faultOf: (bytes: Buffer) => string | undefined,
  ): Promise<void> {
    const { store, onUnreadable } = this.#deps;
    let bytes: Buffer | undefined;
    try {
      bytes = await store.read(name);
    } catch (error) {
      if (!(error instanceof AuditsealError)) throw error;
      if (error.code !== 'OBJECT_TOO_LARGE' || entry.type !== 'opaque') onUnreadable(name, error.message);
      return;
    }
    if (bytes === undefined) return differs('entry-mismatch', name, 'the log has an entry of it, and it is gone');
    this.compared += 1;
    const digest: Hash = sha256(bytes);
    const isOther = entry.type !== 'opaque' && entry.type !== 'segment' && entry.sha256 !== digest;
    const fault = isOther ? 'its bytes are not those that the log has the SHA-256 of' : faultOf(bytes);
    if (fault !== undefined) differs('entry-mismatch', name, fault);
  }

  /** The next integration begins where the heads say, so they have to be right. */
  #checkHeads(lines: readonly Buffer[], batch: string): void {
    try {
      const { time, report, actions, positions } = headsOf(lines);
      const isSame = (partition: string, { next, index, root }: Position): boolean => {
        const own = this.#positions.get(partition);
        return own?.next === next && own.index === index && own.root === root;
      };
      const isRight =
        report === this.#report &&
        actions === this.#actions &&
        positions.size === this.#positions.size &&
        [...positions].every(([partition, position]) => isSame(partition, position));
      if (this.#isLost) {
        for (const [partition, position] of positions) this.#positions.set(partition, position);
        this.#report = report;
        this.#actions = actions;
        this.#isLost = false;
      } else if (!isRight) this.#say('entry-mismatch', batch, 'its heads are not where the entries up to it lead');
      this.time = time;
    } catch (error) {
      if (!(error instanceof AuditsealError)) throw error;
      this.#say('entry-mismatch', batch, error.message);
    }
  }

  finish(): void {
    for (const { name, count } of this.#gone.values()) {
      const others = count === 1 ? '' : `, and of the ${count - 1} after it`;
      this.#say('segment-missing', name, `no object has this name, and the log has an entry of it${others}`);
    }
  }
}

type Differs = (code: FindingCode, object: string, detail: string) => void;

function actionOf(bytes: Buffer): Action | undefined {
  try {
    return parseAction(bytes);
  } catch (error) {
    if (error instanceof AuditsealError) return undefined;
    throw error;
  }
}

function statusOf(report: Buffer): string | undefined {
  try {
    return parseFiledReport(report).status;
  } catch (error) {
    if (error instanceof AuditsealError) return undefined;
    throw error;
  }
}
