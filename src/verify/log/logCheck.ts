import { formatHash } from '../../core/hash.ts';
import type { Batch, LogSoFar } from '../../core/objects/batch.ts';
import type { LogPosition } from '../../core/objects/heads.ts';
import type { Operator } from '../../core/objects/operators.ts';
import { batchName, checkpointName } from '../../core/objects/names.ts';
import type { LogReport, VerifiedCheckpoint } from '../../core/objects/report.ts';
import { treeOf } from '../../core/objects/statedTree.ts';
import { trustKeys } from '../context.ts';
import type { Context, Read } from '../context.ts';
import type { VerifyOptions } from '../options.ts';
import { BatchOrder } from './batchOrder.ts';
import type { Checkpoints, VouchedCheckpoint } from './checkpoints.ts';
import { CosignatureCheck } from './cosignatureCheck.ts';
import { EarlierActions } from './earlierActions.ts';
import { checkEnd, isOlderThan } from './endCheck.ts';
import type { LogEnd } from './endCheck.ts';
import { EntryCheck } from './entryCheck.ts';
import type { LoggedObjects } from './entryCheck.ts';
import { followBatches } from './followBatches.ts';
import type { FollowedBatch } from './followBatches.ts';
import type { LoggedAction } from './loggedAction.ts';
import { PositionCheck } from './positionCheck.ts';
import type { PublishedCheck } from './publishedCheck.ts';
import type { CheckStart } from './resume.ts';
import { TileCheck } from './tileCheck.ts';
import { TreeCheck } from './treeCheck.ts';

/** FollowedLog is what came of following a log. */
export interface FollowedLog {
  /** isIntegrated tells whether the log, as far as it was followed, has an entry of that place. */
  readonly isIntegrated: (partition: string, index: number) => boolean;
  /** lacksReport tells whether the log is past a report that it has no entry of; never where entries are lost. */
  readonly lacksReport: (number: number) => boolean;
  /** number of the first action that has no entry */
  readonly actions: number;
  /** actionEntry gives the entry of the action of that number, also where the log was not followed; undefined if none is found. */
  readonly actionEntry: (number: number) => Promise<LoggedAction | undefined>;
  /** the keys that it has announced, as formatVerifierKey prints them */
  readonly keys: readonly string[];
  /** operators' keys that it has registered; none where entries are lost: what they acknowledged isn't known then */
  readonly operators: readonly Operator[];
  /** when the newest batch was made, '' if there is none */
  readonly time: string;
  /** how far it has come in each partition, by the heads of the newest batch */
  readonly positions: LogPosition['positions'];
  /** number of the newest batch, if it has no checkpoint yet */
  readonly unsigned: number | undefined;
  /** what has the name of a batch behind the last can't be read, and may be in the log */
  readonly isEndUnknown: boolean;
  /** how many checkpoints were not compared, and batches not judged, because batches before them are lost */
  readonly uncompared: number;
  readonly unjudged: number;
  /** the newest checkpoint that fits the batches up to it */
  readonly head: VerifiedCheckpoint | undefined;
  /** the bytes of that checkpoint, as they were opened */
  readonly note: Buffer | undefined;
  /** it was followed up to its newest checkpoint that was seen, and there is more of it */
  readonly isPaused: boolean;
  /** report says what was done; it is told how many segments the log has no entry of. */
  readonly report: (segmentsNotIntegrated: number) => LogReport;
}

/** BegunLog is where a check of a log begins, before anything of the log is followed. */
export interface BegunLog {
  readonly start: CheckStart;
  readonly checkpoints: Checkpoints;
  readonly published: PublishedCheck;
  readonly kept: VouchedCheckpoint | undefined;
}

/** LogParts is what a check of the log works with. */
export interface LogParts extends BegunLog {
  readonly context: Context;
  readonly options: VerifyOptions;
  readonly objects: LoggedObjects;
}

/** LogCheck checks a log from its start on. */
export class LogCheck {
  readonly #parts: LogParts;
  readonly #order: BatchOrder;
  readonly #tree: TreeCheck;
  readonly #position: PositionCheck;
  readonly #entries: EntryCheck;
  readonly #cosignatures: CosignatureCheck;
  readonly #tiles: TileCheck | undefined;
  /** what has an entry before the check's own start */
  readonly #earlier: EarlierActions | undefined;
  #unsigned: number | undefined;
  #isEndUnknown = false;
  #unjudged = 0;
  #isPaused = false;
  #head: VerifiedCheckpoint | undefined;
  #note: Buffer | undefined;
  /** number of the checkpoint before the newest that fits */
  #headBefore = -1;
  /** whether the log was found to go on from what the anchor knew */
  isAnchorFound: boolean;
  /** the log's tree isn't known where the anchor knew it, because entries are lost before */
  isAnchorUnknown = false;

  constructor(parts: LogParts) {
    const { context, options, start, checkpoints, objects } = parts;
    const { continued } = start;
    this.#parts = parts;
    this.#order = new BatchOrder(
      context.ledger,
      options.verifiers ?? [],
      continued && logOf(continued, start.position),
    );
    this.#tree = new TreeCheck(context.findings, continued?.tree);
    this.#position = new PositionCheck(start.position);
    this.#entries = new EntryCheck(context, objects, this.#position);
    this.#cosignatures = new CosignatureCheck(
      context,
      options.policy,
      continued && {
        number: continued.head.number,
        ...(continued.cosignatures && { cosignatures: continued.cosignatures }),
        isCounted: options.pausing?.before !== undefined,
      },
    );
    this.#tiles = context.tiles && new TileCheck(context, context.tiles);
    this.#earlier = continued && new EarlierActions(context, { ...continued.tree.head, number: continued.head.number });
    this.#head = continued?.head;
    this.#note = continued?.opened.note;
    this.isAnchorFound = continued?.hasAnchor ?? false;
    checkpoints.announce(start.position.keys);
    if (continued !== undefined) trustKeys(context.ledger, start.position.keys);
  }

  /** followed is what was found, once all was followed. */
  get followed(): FollowedLog {
    return {
      isIntegrated: (partition, index) => index < this.#position.next(partition),
      lacksReport: (number) =>
        !this.#tree.isBroken && !this.#parts.checkpoints.isIncomplete && this.#position.lacksReport(number),
      actions: this.#position.documents.action,
      actionEntry: async (number) =>
        number < this.#parts.start.position.documents.action
          ? this.#earlier?.find(number)
          : this.#entries.actions.get(number),
      keys: this.#position.keys,
      operators: this.#tree.isBroken ? [] : this.#position.operators,
      time: this.#position.time,
      positions: this.#position.heads,
      unsigned: this.#unsigned,
      isEndUnknown: this.#isEndUnknown,
      uncompared: this.#parts.checkpoints.uncompared,
      unjudged: this.#unjudged,
      head: this.#head,
      note: this.#note,
      isPaused: this.#isPaused,
      report: (segmentsNotIntegrated) => this.#report(segmentsNotIntegrated),
    };
  }

  /** follow checks the log, and gives false if there is none. */
  async follow(): Promise<boolean> {
    const { context, options, start, checkpoints } = this.#parts;
    try {
      await this.#checkAnchorsCosignatures(start);
      for await (const batch of followBatches(context, start.batch, this.#order)) {
        if (this.#mayPauseBefore(batch) && options.pausing?.isDue() === true) {
          this.#isPaused = true;
          break;
        }
        await this.#add(batch);
      }
      if (this.#isPaused) return await this.#pause();
      await checkEnd(context, this.#end, options.allowance);
      const isDemanded = this.#hasLog && !checkpoints.isIncomplete;
      await this.#cosignatures.finish(options.allowance?.delayMs, isDemanded);
    } finally {
      await this.#cosignatures.close();
    }
    // The anchor knew its checkpoint, which is gone.
    if (this.#unsigned !== undefined && this.#unsigned === this.#anchor?.number) this.isAnchorFound = false;
    this.#tree.finish();
    this.#entries.finish();
    await this.#finishTiles();
    return this.#hasLog;
  }

  /** A check can go on behind a checkpoint that fits, that it has not begun at, and that the log goes on behind. */
  #mayPauseBefore({ batch, isBehindLoss }: FollowedBatch): boolean {
    const { continued } = this.#parts.start;
    const isNext = typeof batch === 'object' && 'entries' in batch && !isBehindLoss;
    return isNext && this.#head?.number === this.#order.log.number && this.#head !== continued?.head;
  }

  /** pause ends the check where it is: of what is behind, nothing is said. */
  async #pause(): Promise<boolean> {
    this.#tree.finish();
    this.#entries.finish();
    await this.#tiles?.pause(this.#order.log.number + 1);
    return true;
  }

  get #hasLog(): boolean {
    return this.#order.log.number >= 0;
  }

  /** The anchor's checkpoint may have been cosigned since. */
  async #checkAnchorsCosignatures({ continued }: CheckStart): Promise<void> {
    if (continued === undefined) return;
    const { head, opened } = continued;
    await this.#cosignatures.check(head.number, opened.text, head.time);
  }

  async #add({ number, batch, note, holes, isBehindLoss }: FollowedBatch): Promise<void> {
    const { checkpoints, context } = this.#parts;
    if (batch === undefined || note === 'unreadable') checkpoints.isIncomplete = true;
    if (batch === undefined || batch === 'unjudged') {
      this.#isEndUnknown = true;
      if (batch === 'unjudged') this.#unjudged += 1;
      await this.#checkUncompared(number, note);
      return;
    }
    if (!('entries' in batch)) {
      const why = `it has the name of a batch and is not in the log: ${batch.why}`;
      context.findings.error('foreign-object', batchName(number), why);
      await this.#checkStray(number, note);
      return;
    }
    this.#isEndUnknown = false;
    this.#sayMissing(number, holes);
    if (isBehindLoss) this.#break(batch);
    await this.#addBatch(batch, note);
  }

  /** checkUncompared looks at a checkpoint of whose batch nobody knows whether it is in the log. */
  async #checkUncompared(number: number, note: Read): Promise<void> {
    if (note === undefined || note === 'unreadable') return;
    const opened = this.#parts.checkpoints.openUncompared(checkpointName(number), number, note);
    await this.#cosignatures.check(number, opened?.text, undefined);
  }

  /** checkStray says what is wrong with a checkpoint whose batch isn't in the log. */
  async #checkStray(number: number, note: Read): Promise<void> {
    if (note === undefined || note === 'unreadable') return;
    const opened = this.#parts.checkpoints.open(checkpointName(number), note);
    const why = 'no batch of the log has its number';
    if (opened !== undefined)
      this.#parts.context.findings.error('checkpoint-inconsistent', checkpointName(number), why);
    await this.#cosignatures.check(number, undefined, undefined);
  }

  async #addBatch(batch: Batch, note: Read): Promise<void> {
    const { context, checkpoints } = this.#parts;
    const { number, entries, heads } = batch;
    context.clock.date('batch', batchName(number), heads.time);
    // What the log itself says of its keys counts from here on, not what was given.
    if (this.#order.log.number < 0) trustKeys(context.ledger, this.#position.keys);
    const files = this.#tree.add(entries);
    this.#order.add(batch, this.#tree.head);
    checkpoints.announce(heads.keys);
    this.#unsigned = note === undefined ? number : undefined;
    const opened =
      note === undefined || note === 'unreadable' ? undefined : checkpoints.open(checkpointName(number), note);
    const fit = opened === undefined ? 'unknown' : this.#tree.compare(number, opened.checkpoint);
    if (opened !== undefined) checkpoints.markSeen(opened.text, number, fit);
    if (opened !== undefined && fit === 'unknown') checkpoints.uncompared += 1;
    await this.#entries.add(batch);
    const isPublished = opened !== undefined && opened.text === this.#parts.published.text;
    if (fit !== 'differs') await this.#tiles?.add(number, files, isPublished);
    const { time } = heads;
    const { size, rootHash } = this.#tree.head;
    const root = formatHash(rootHash);
    if (number === this.#anchor?.number) this.isAnchorUnknown = this.#tree.isBroken;
    if (number === this.#anchor?.number)
      this.isAnchorFound = !this.#tree.isBroken && this.#anchor.size === size && this.#anchor.root === root;
    if (fit === 'fits') {
      this.#headBefore = this.#head?.number ?? -1;
      this.#head = { number, size, root, time };
      this.#note = opened?.note;
    }
    if (note !== undefined) await this.#cosignatures.check(number, opened?.text, fit === 'fits' ? time : undefined);
  }

  get #anchor(): VerifiedCheckpoint | undefined {
    return this.#parts.options.anchor?.report.log?.head ?? undefined;
  }

  /** sayMissing says what is missing before a batch of the log. */
  #sayMissing(number: number, holes: readonly number[]): void {
    const { findings } = this.#parts.context;
    if (this.#unsigned !== undefined) {
      const why = 'no object has this name, and the log goes on behind it';
      findings.error('checkpoint-inconsistent', checkpointName(this.#unsigned), why);
    }
    const why = `no object has this name, and ${batchName(number)} is there`;
    for (const hole of holes) findings.error('checkpoint-inconsistent', batchName(hole), why);
  }

  /** break says that entries are missing from here on. */
  #break({ heads: { keys } }: Batch): void {
    this.#tree.break();
    this.#position.break(keys);
    trustKeys(this.#parts.context.ledger, keys);
  }

  get #end(): LogEnd {
    const { number } = this.#order.log;
    const isUnknown = this.#isEndUnknown;
    return {
      next: number + 1,
      unsigned: this.#unsigned,
      isUnknown,
      newest: this.#head?.number,
      time: this.#position.time,
    };
  }

  async #finishTiles(): Promise<void> {
    const { context, options, published } = this.#parts;
    const opened = published.open();
    await this.#tiles?.settle();
    if (this.#tiles === undefined || this.#head === undefined) return;
    const { allowance } = options;
    const { number } = this.#order.log;
    // The newest batch's tiles may be on their way.
    const isSettled = allowance === undefined || isOlderThan(this.#end, context.now(), allowance.delayMs);
    // Tiles come after their checkpoint.
    await this.#tiles.finish(isSettled ? (this.#unsigned ?? number + 1) : number);
    await published.finish(opened, isSettled ? this.#head.number : this.#headBefore, treeOf(this.#head));
  }

  #report(segmentsNotIntegrated: number): LogReport {
    const { options, checkpoints } = this.#parts;
    // What was taken away once must not be forgotten with the next report.
    const head = this.#isPaused || this.isAnchorFound ? this.#head : (this.#anchor ?? this.#head);
    return {
      batches: this.#order.log.number + 1,
      entries: this.#entries.entries,
      entriesCompared: this.#entries.compared,
      checkpoints: this.#tree.checkpoints,
      signatures: checkpoints.signatures,
      signedBy: [...checkpoints.signedBy].sort(),
      tiles: this.#tiles?.compared ?? 0,
      segmentsNotIntegrated,
      cosignatures: this.#cosignatures.report,
      keptCheckpoint: options.kept?.name ?? null,
      head: head ?? null,
    };
  }
}

/** logOf is the log where an earlier check ended. */
const logOf = (
  { head, tree }: NonNullable<CheckStart['continued']>,
  { time, keys, operators, documents }: LogPosition,
): LogSoFar => ({
  number: head.number,
  head: tree.head,
  time,
  keys,
  operators,
  actions: documents.action,
});
