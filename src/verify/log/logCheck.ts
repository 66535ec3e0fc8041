import { CosignatureCheck } from './cosignatureCheck.ts';
import { EntryCheck } from './entryCheck.ts';
import type { EntryCheckDeps } from './entryCheck.ts';
import { TileCheck } from './tileCheck.ts';
import { TreeCheck } from './treeCheck.ts';
import { AuditsealError } from '../../core/errors.ts';
import { formatHash, parseHash } from '../../core/hash.ts';
import type { LogTree } from '../../core/merkle/logTree.ts';
import { parseNote } from '../../core/note/note.ts';
import { formatSignatureLine } from '../../core/note/signatureLine.ts';
import type { VerifierKey } from '../../core/note/verifierKey.ts';
import type { WitnessPolicy } from '../../core/note/witnessPolicy.ts';
import { parseBatch } from '../../core/objects/batch.ts';
import { headsOf } from '../../core/objects/heads.ts';
import type { LogPosition } from '../../core/objects/heads.ts';
import {
  NEWEST_CHECKPOINT,
  TLOG,
  batchName,
  checkpointName,
  cosignatureName,
  parseBatchName,
  parseCheckpointName,
} from '../../core/objects/names.ts';
import type { CosignatureReport, FindingCode, VerifiedCheckpoint, LogReport } from '../../core/objects/report.ts';
import { readBatch } from '../../ledger/batches.ts';
import { mapInOrder } from '../../ledger/concurrency.ts';
import { storedCosignatures } from '../../ledger/cosignatures.ts';
import { openTree } from '../../ledger/tiles.ts';
import type { Clock } from '../../ports/host.ts';
import type { ObjectStore, ReadableTiles } from '../../ports/store.ts';
import type { KnownLedger } from '../findings.ts';
import type { Allowance } from '../options.ts';

export interface LogCheckDeps extends EntryCheckDeps {
  readonly tiles?: ReadableTiles;
  readonly now: Clock;
  readonly concurrency: number;
  readonly ledger: KnownLedger;
  /** keys that the log's checkpoints may be signed with; without them no signature is checked */
  readonly verifiers: readonly VerifierKey[];
  /** says whose cosignatures count, and how many the newest checkpoint must have */
  readonly policy?: WitnessPolicy;
  /** the ledger is in use, and may lag behind the clock by this much */
  readonly allowance?: Allowance;
  /** a checkpoint that was kept elsewhere, and what to call it */
  readonly kept?: { readonly name: string; readonly note: Buffer };
  /** how far an earlier check found the log */
  readonly anchor?: {
    readonly head: VerifiedCheckpoint;
    readonly name: string;
    readonly cosignatures?: CosignatureReport;
  };
  /** what the anchor saw needs no second look */
  readonly isIncremental: boolean;
}

const AHEAD = 4;

/**
 * LogCheck follows the log of a ledger from batch to batch: the tree over the entries against every checkpoint, entries
 * against objects, tiles against entries. Memory is a few batches.
 */
export class LogCheck {
  readonly #deps: LogCheckDeps;
  #entries: EntryCheck;
  #tree: TreeCheck;
  #cosignatures: CosignatureCheck;
  readonly #tiles: TileCheck | undefined;
  #next = 0;
  #compareFrom = 0;
  #head: VerifiedCheckpoint | undefined;
  #isAnchorFound = false;
  /** it goes on where the anchor ended, and what was there before isn't looked at again */
  #isContinued = false;
  #lastUnsigned: number | undefined;

  constructor(deps: LogCheckDeps) {
    const { tiles, concurrency, find, onUnreadable, ledger, verifiers } = deps;
    this.#deps = deps;
    this.#tree = new TreeCheck(find, ledger, verifiers);
    this.#entries = new EntryCheck(deps);
    this.#cosignatures = new CosignatureCheck(deps);
    this.#tiles = tiles && new TileCheck(tiles, concurrency, find, onUnreadable);
  }

  #say(code: FindingCode, object: string, detail: string): void {
    this.#deps.find({ code, severity: 'error', object, detail });
  }

  /** isIntegrated tells whether the log, as far as it was followed, has an entry of that place. */
  isIntegrated = (partition: string, index: number): boolean => index < this.#entries.next(partition);

  /** actions is the number of the first action that has no entry, as far as the log was followed. */
  get actions(): number {
    return this.#entries.actions;
  }

  /** time is when the newest batch was made, '' if there is none. */
  get time(): string {
    return this.#entries.time;
  }

  /** unsigned is the number of the newest batch, if it has no checkpoint yet. */
  get unsigned(): number | undefined {
    return this.#lastUnsigned;
  }

  /** head is the newest checkpoint that fits the batches up to it. */
  get head(): VerifiedCheckpoint | undefined {
    return this.#head;
  }

  /** follow checks the log, and gives false if there is none. */
  async follow(): Promise<boolean> {
    try {
      return await this.#follow();
    } finally {
      await this.#cosignatures.close();
    }
  }

  async #follow(): Promise<boolean> {
    const { store, tiles, kept, anchor, isIncremental } = this.#deps;
    // First, so that it can't be newer than the batches that are listed.
    const published = tiles && (await this.#readNote(tiles, NEWEST_CHECKPOINT, `${TLOG}${NEWEST_CHECKPOINT}`));
    const keptText = kept && this.#tree.open(kept.name, kept.note)?.text;
    const publishedText = published && this.#tree.open(`${TLOG}${NEWEST_CHECKPOINT}`, published)?.text;
    for (const text of [keptText, publishedText]) if (text !== undefined) this.#tree.want(text);
    if (isIncremental && anchor !== undefined) await this.#goOn(anchor.head, [keptText, publishedText]);

    const read = mapInOrder(store.list('batches/', batchName(this.#next)), AHEAD, async ({ name }) => ({
      number: parseBatchName(name),
      bytes: await this.#readNote(store, name, name),
      note: await this.#readNote(store, name.replace('batches/', 'checkpoints/').replace('.jsonl', ''), ''),
    }));
    for await (const { number, bytes, note } of read) {
      // A name that is no batch's is found elsewhere.
      if (number !== undefined) await this.#add(number, bytes, note);
    }
    await this.#checkEnd();
    await this.#cosignatures.finish(this.#deps.now(), this.#deps.allowance?.delayMs, this.#next > 0);
    this.#tree.finish();
    this.#entries.finish();
    await this.#checkTiles(published, publishedText);
    if (kept !== undefined && keptText !== undefined && this.#tree.foundAt(keptText) === undefined) {
      const why = 'the log has no checkpoint of this text: its history was cut off or rewritten';
      this.#say('checkpoint-inconsistent', kept.name, why);
    }
    if (anchor !== undefined && !this.#isAnchorFound) {
      const { number, size, root } = anchor.head;
      const why = `${anchor.name} knew it with ${size} entries and the root ${root}`;
      this.#say('checkpoint-inconsistent', checkpointName(number), why);
    }
    return this.#next > 0;
  }

  async #readNote(store: Pick<ObjectStore, 'read'>, name: string, object: string): Promise<Buffer | undefined> {
    try {
      return await store.read(name);
    } catch (error) {
      if (!(error instanceof AuditsealError)) throw error;
      if (error.code === 'OBJECT_TOO_LARGE') return Buffer.alloc(0); // malformed
      this.#deps.onUnreadable(object === '' ? name : object, error.message);
      return undefined;
    }
  }

  /** goOn begins where an earlier check ended, if the tiles give the tree there; or else with the first batch's hashes. */
  async #goOn(head: VerifiedCheckpoint, wanted: readonly (string | undefined)[]): Promise<void> {
    const { store, tiles, find, ledger, verifiers } = this.#deps;
    const rootHash = parseHash(head.root);
    let heads: LogPosition;
    try {
      heads = headsOf((await readBatch(store, head.number)).entries);
    } catch (error) {
      if (error instanceof AuditsealError && ['FORK_DETECTED', 'BATCH_MALFORMED'].includes(error.code)) return;
      throw error;
    }
    const tree: LogTree | undefined = tiles && rootHash && (await openTree(tiles, { size: head.size, rootHash }));
    this.#compareFrom = head.number + 1;
    this.#entries = new EntryCheck(this.#deps, heads);
    if (tree === undefined) return;
    const { signatures, signedBy } = this.#tree;
    this.#tree = new TreeCheck(find, ledger, verifiers, tree);
    this.#tree.signatures = signatures;
    this.#tree.signedBy = signedBy;
    for (const text of wanted) if (text !== undefined) this.#tree.want(text);
    this.#next = head.number;
    this.#isAnchorFound = true;
    this.#isContinued = true;
    this.#head = head;
    const before = this.#deps.anchor?.cosignatures;
    this.#cosignatures = new CosignatureCheck(this.#deps, { number: head.number, ...(before && { before }) });
    await this.#checkAnchorsCosignatures(head);
    await this.#findEarlier(head.number, wanted);
    this.#next = head.number + 1;
  }

  /** The anchor's checkpoint may have been cosigned since. */
  async #checkAnchorsCosignatures({ number, size, root, time }: VerifiedCheckpoint): Promise<void> {
    const note = await this.#readNote(this.#deps.store, checkpointName(number), '');
    const opened = note && this.#tree.open(checkpointName(number), note);
    if (opened === undefined) return;
    const { checkpoint, text } = opened;
    const isIt = checkpoint.size === size && formatHash(checkpoint.rootHash) === root;
    await this.#cosignatures.check(number, text, isIt ? time : undefined);
  }

  /** findEarlier looks for checkpoints up to the anchor's: sizes rise, so it bisects, from the newest one on. */
  async #findEarlier(newest: number, wanted: readonly (string | undefined)[]): Promise<void> {
    const { store } = this.#deps;
    for (const text of wanted) {
      if (text === undefined) continue;
      const size = Number(text.split('\n')[1]);
      if (size > (this.#head?.size ?? Infinity)) continue;
      let [low, high] = [0, newest];
      for (let middle = newest; low <= high; middle = Math.floor((low + high) / 2)) {
        const note = await this.#readNote(store, checkpointName(middle), '');
        const found = note?.toString('utf8');
        if (found?.startsWith(`${text}\n`) === true) this.#tree.found(text, middle);
        if (found === undefined || Number(found.split('\n')[1]) >= size) high = middle - 1;
        else low = middle + 1;
      }
    }
  }

  async #add(number: number, bytes: Buffer | undefined, note: Buffer | undefined): Promise<void> {
    if (this.#lastUnsigned !== undefined) {
      this.#say('checkpoint-inconsistent', checkpointName(this.#lastUnsigned), 'it is missing, and the log goes on');
    }
    if (number > this.#next) {
      const why = `no object has this name, and ${batchName(number)} is there`;
      this.#say('checkpoint-inconsistent', batchName(this.#next), why);
      this.#break();
    }
    this.#next = number + 1;
    this.#lastUnsigned = note === undefined ? number : undefined;
    let entries: readonly Buffer[] | undefined;
    try {
      entries = bytes && parseBatch(bytes);
    } catch (error) {
      if (!(error instanceof AuditsealError)) throw error;
      this.#say('entry-mismatch', batchName(number), error.message);
    }
    if (entries === undefined) this.#break();
    else {
      const files = this.#tree.add(entries);
      const fit = note === undefined ? 'unknown' : this.#tree.compare(number, note);
      if (number >= this.#compareFrom) {
        await this.#entries.add(number, entries, fit === 'fits');
        if (fit !== 'differs') await this.#tiles?.add(number, files);
      }
      const { size, root } = this.#tree;
      if (number === this.#deps.anchor?.head.number) {
        this.#isAnchorFound = this.#deps.anchor.head.size === size && this.#deps.anchor.head.root === root;
      }
      if (fit === 'fits') this.#head = { number, size, root, time: this.#entries.time };
      const time = fit === 'fits' ? this.#entries.time : undefined;
      if (note !== undefined) await this.#cosignatures.check(number, this.#tree.text, time);
      return;
    }
    if (note === undefined) return;
    this.#tree.compare(number, note);
    await this.#cosignatures.check(number, this.#tree.text, undefined);
  }

  /** break says that entries are missing from here on. */
  #break(): void {
    this.#tree.break();
    this.#entries.break();
  }

  async #checkEnd(): Promise<void> {
    const { store, allowance } = this.#deps;
    for await (const { name } of store.list('checkpoints/', checkpointName(this.#next))) {
      const number = parseCheckpointName(name);
      // In a ledger that is in use, both may have come just now.
      if (number === undefined || (await store.exists(batchName(number)))) continue;
      this.#say('checkpoint-inconsistent', name, 'there is no batch of its number');
    }
    if (this.#next === 0 || allowance === undefined) return;
    if (this.#isOlderThan(allowance.ageMs)) {
      const name = checkpointName(this.#head?.number ?? 0);
      this.#say('checkpoint-stale', name, `the newest batch was made at ${this.#entries.time}`);
    } else if (this.#lastUnsigned !== undefined && this.#isOlderThan(allowance.delayMs))
      this.#say('checkpoint-stale', checkpointName(this.#lastUnsigned), 'it is missing, and its batch is there');
  }

  #isOlderThan(ms: number): boolean {
    const time = this.#entries.time;
    return time !== '' && this.#deps.now() - Date.parse(time) > ms;
  }

  async #checkTiles(published: Buffer | undefined, text: string | undefined): Promise<void> {
    if (this.#tiles === undefined || this.#head === undefined) return;
    const { allowance } = this.#deps;
    // The newest batch's tiles may be on their way.
    const isSettled = allowance === undefined || this.#isOlderThan(allowance.delayMs);
    const size = this.#tree.isBroken ? Infinity : this.#tree.size;
    // Tiles come after their checkpoint.
    const end = isSettled ? (this.#lastUnsigned ?? this.#next) : this.#next - 1;
    await this.#tiles.finish(end, size, {
      sizes: this.#tree.sizes,
      isLive: allowance !== undefined,
      isListed: !this.#isContinued,
    });
    const object = `${TLOG}${NEWEST_CHECKPOINT}`;
    const { number } = this.#head;
    if (published === undefined) {
      if (isSettled || number > 0) this.#say('checkpoint-stale', object, 'it is missing');
    } else if (text !== undefined) {
      const found = this.#tree.foundAt(text);
      if (found === undefined) {
        const why = 'the log has no checkpoint of this text: its history was cut off, or this is another one';
        this.#say('checkpoint-inconsistent', object, why);
        return;
      }
      await this.#checkPublished(published, found);
      if (found < number && (isSettled || found < number - 1))
        this.#say(
          'checkpoint-stale',
          object,
          `it is ${checkpointName(found)}, and the newest is ${checkpointName(number)}`,
        );
    }
  }

  /** checkPublished looks for signatures that the published checkpoint has and the ledger has not. */
  async #checkPublished(published: Buffer, number: number): Promise<void> {
    const { store } = this.#deps;
    const note = await this.#readNote(store, checkpointName(number), '');
    if (note === undefined) return;
    const own = new Set(parseNote(note).signatures.map(formatSignatureLine));
    const more = parseNote(published)
      .signatures.map(formatSignatureLine)
      .filter((line) => !own.has(line));
    const stored = more.length === 0 ? [] : await this.#storedCosignatures(number);
    const strays = stored && more.filter((line) => !stored.includes(line));
    if (strays === undefined || strays.length === 0) return;
    const why = `it has ${strays.length} signatures that ${checkpointName(number)} and its cosignatures have not`;
    this.#say('checkpoint-invalid', `${TLOG}${NEWEST_CHECKPOINT}`, why);
  }

  async #storedCosignatures(number: number): Promise<readonly string[] | undefined> {
    try {
      return (await storedCosignatures(this.#deps.store, number)).map(formatSignatureLine);
    } catch (error) {
      if (!(error instanceof AuditsealError)) throw error;
      this.#deps.onUnreadable(cosignatureName(number, ''), error.message);
      return undefined;
    }
  }

  /** report says what was done. */
  report(segmentsNotIntegrated: number): LogReport {
    const { kept, anchor } = this.#deps;
    const isAnchorLost = anchor !== undefined && !this.#isAnchorFound;
    return {
      batches: this.#next,
      entries: this.#entries.entries,
      entriesCompared: this.#entries.compared,
      checkpoints: this.#tree.checkpoints,
      signatures: this.#tree.signatures,
      signedBy: [...this.#tree.signedBy].sort(),
      tiles: this.#tiles?.compared ?? 0,
      segmentsNotIntegrated,
      cosignatures: this.#cosignatures.report,
      keptCheckpoint: kept?.name ?? null,
      // What was taken away once must not be forgotten with the next report.
      head: (isAnchorLost ? anchor.head : this.#head) ?? null,
    };
  }
}
