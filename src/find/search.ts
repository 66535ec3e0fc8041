import { ChainSpans } from './chainSpans.ts';
import { readEntered, withCachedIndex } from './cachedReads.ts';
import { EntryReader } from './entryReader.ts';
import type { Hit } from './hit.ts';
import { indexFault, openIndexedLog } from './indexedLog.ts';
import type { IndexedLog } from './indexedLog.ts';
import { IndexSearch } from './indexSearch.ts';
import type { IndexHit } from './indexSearch.ts';
import { Matcher } from './match.ts';
import type { TakenValue } from './match.ts';
import { intervalOf, reachesInto } from './query.ts';
import type { Interval, Query } from './query.ts';
import { Tally } from './tally.ts';
import { release } from '../core/bytes.ts';
import { AuditsealError, attempt, faultIn } from '../core/errors.ts';
import { beginOf } from '../core/index/manifest.ts';
import { openCheckpoint } from '../core/note/checkpoint.ts';
import { parseVerifierKey } from '../core/note/verifierKey.ts';
import type { VerifierKey } from '../core/note/verifierKey.ts';
import { isSameTree } from '../core/merkle/tree.ts';
import type { TreeHead } from '../core/merkle/tree.ts';
import type { SegmentEntry } from '../core/objects/entry.ts';
import { NO_HEADS, NO_POSITION } from '../core/objects/heads.ts';
import type { LogPosition } from '../core/objects/heads.ts';
import { checkpointName, segmentName } from '../core/objects/names.ts';
import { isOutsideOf } from '../core/objects/slice.ts';
import type { LedgerInterval } from '../core/objects/slice.ts';
import { visitRecords } from '../core/segment/lines.ts';
import { decompress } from '../core/segment/zstd.ts';
import { certificatesFor, trustIn } from '../core/signed/certificate.ts';
import type { Trust } from '../core/signed/certificate.ts';
import { openEntered } from '../core/signed/enteredSegment.ts';
import { openSegment } from '../core/signed/segmentFrame.ts';
import { fromTheFirst } from '../ledger/batches.ts';
import { mapInOrder } from '../ledger/concurrency.ts';
import { readLog } from '../ledger/entries.ts';
import type { SegmentInLog } from '../ledger/entries.ts';
import { headsBefore, readBatchesOf } from '../ledger/logEntries.ts';
import { readSignature } from '../ledger/objects.ts';
import type { Foreign } from '../ledger/objects.ts';
import { indicesFrom, partitionsOf } from '../ledger/partitions.ts';
import type { ByteCache } from '../ports/cache.ts';
import { WHY_UNREAD } from '../ports/store.ts';
import type { ObjectStore, SearchableTiles, Unread } from '../ports/store.ts';

/** How many segments are read ahead. */
const AHEAD = 4;
/** How many batches back a checkpoint is looked for that covers the log. */
const CHECKPOINTS_BACK = 10;

export interface SearchDeps {
  readonly store: ObjectStore;
  /** the log's tiles, with its index; left out: every segment of the interval is read */
  readonly tiles?: SearchableTiles;
  /** keys that the log signs with, or did; without any, whoever made the ledger is taken at their word */
  readonly verifiers: readonly VerifierKey[];
  /** what the ledger claims to be a slice of: a segment outside of it that isn't there is no sign of a change */
  readonly slice?: LedgerInterval;
  /** keeps what is read of the index's units, and the segments that the log has */
  readonly cache?: ByteCache;
  /** is told after each segment */
  readonly onProgress?: (progress: SegmentsRead) => void;
  /** is given what the rules take of each record that is found, in the place of a hit */
  readonly onTaken?: (taken: readonly TakenValue[], enqueued: string) => void;
  /** hits have all that the rules take of them */
  readonly keepsTaken?: true;
}

/** SegmentsRead is how far a search is. */
export interface SegmentsRead {
  readonly read: number;
  /** how many will be read, but for what the log doesn't have yet; undefined where only reading the log tells */
  readonly of: number | undefined;
  readonly bytes: number;
}

/** Candidate is a segment that may hold what is searched for. */
interface Candidate {
  readonly name: string;
  readonly partition: string;
  /** left out for one behind the log; in words why it isn't known */
  readonly entry?: SegmentEntry | string;
  /** number of that entry */
  readonly number?: number;
  /** which of its records, as runs; left out: all */
  readonly only?: readonly number[];
  /** its records were counted by the index */
  readonly isCounted?: boolean;
}

/** LogEnd is the log up to a batch. */
interface LogEnd {
  readonly number: number;
  readonly head: TreeHead;
  readonly heads: LogPosition;
}

/** Plan is what a search by the index reads. */
interface Plan {
  readonly log: IndexedLog;
  readonly hits: readonly IndexHit[];
  /** segments behind the index */
  readonly behind: readonly Candidate[];
}

/** Search looks through a ledger for the records that a query finds, and counts what it looked at. */
export class Search {
  readonly tally = new Tally();
  readonly #deps: SearchDeps;
  readonly #query: Query;
  readonly #interval: Interval;
  readonly #matcher: Matcher;
  readonly #trust: Trust;
  /** how many segments the index says to read */
  #planned: number | undefined;

  constructor(deps: SearchDeps, query: Query) {
    this.#deps = deps;
    this.#query = query;
    this.#interval = intervalOf(query);
    this.#matcher = new Matcher(query, deps.onTaken !== undefined || deps.keepsTaken === true);
    this.#trust = trustIn(deps.verifiers);
  }

  /**
   * hits gives what is found, in the order of the log, and of each partition in the order of its records; behind it what the log
   * doesn't have yet. What can't be read is counted, and stops nothing. Where the index isn't what the log states, it is not gone by.
   */
  async *hits(): AsyncGenerator<Hit> {
    let [read, bytes] = [0, 0];
    const segments = mapInOrder(this.#candidates(), AHEAD, async (candidate) => ({
      candidate,
      stored: await this.#read(candidate),
    }));
    for await (const { candidate, stored } of segments) {
      read += 1;
      if (stored instanceof Uint8Array) bytes += stored.length;
      this.#deps.onProgress?.({ read, of: this.#planned && Math.max(read, this.#planned), bytes });
      yield* this.#searchIn(candidate, stored);
    }
    this.tally.isWhole = true;
  }

  async #read({ name, entry }: Candidate): Promise<Buffer | Unread | Foreign | undefined> {
    if (typeof entry === 'object') return readEntered(this.#deps, name, entry.sha256);
    return entry === undefined ? this.#readBehindLog(name) : undefined;
  }

  /** Anybody who may create objects can put one behind the log: only what ends as a segment is read. */
  async #readBehindLog(name: string): Promise<Buffer | Unread | Foreign | undefined> {
    const { store } = this.#deps;
    try {
      const signed = await readSignature(store, name, certificatesFor(this.#trust));
      if (signed === undefined || 'foreign' in signed) return signed;
    } catch (error) {
      faultIn(error, 'malformed'); // a later release signed it: whoever reads it says so
    }
    const stored = await store.read(name);
    return typeof stored === 'string' && stored !== 'archived' ? { foreign: WHY_UNREAD[stored] } : stored;
  }

  async *#candidates(): AsyncGenerator<Candidate> {
    const { tiles, cache } = this.#deps;
    // Rows of the index have no numbers of records.
    if (tiles === undefined || this.#query.records !== undefined) return yield* this.#candidatesOfLog();
    // What is kept may be of tiles that somebody had changed: then it is read anew.
    const kept = cache && (await this.#plan(withCachedIndex(tiles, cache)));
    const plan = kept ?? (await this.#plan(tiles));
    if (plan === undefined) return yield* this.#candidatesOfLog();
    this.#planned = plan.hits.length + plan.behind.length;
    const entries = new EntryReader(tiles, plan.log.checkpoint);
    for (const { row, only } of plan.hits) {
      const { partition, index } = row;
      const entry = await entries.segmentOf(row);
      const name = segmentName(partition, index);
      yield { name, partition, entry, number: row.entry, isCounted: true, ...(only && { only }) };
    }
    yield* plan.behind;
    yield* this.#behindLog(plan.log.heads.positions);
  }

  /** plan asks the index; undefined where there is none that can be gone by, and the tally knows why. */
  async #plan(tiles: SearchableTiles): Promise<Plan | undefined> {
    const log = await openIndexedLog(tiles, this.#deps.verifiers);
    if (typeof log === 'string') {
      this.tally.index = { why: log };
      return undefined;
    }
    const chains = new ChainSpans(this.#interval, this.tally);
    try {
      const hits = await new IndexSearch(tiles, this.#query, this.tally, chains).hits(log);
      const behind = await this.#behindIndex(tiles, log, chains);
      chains.finish();
      const { checkpoint, heads, statement } = log;
      this.tally.log = { entries: checkpoint.size, time: heads.time, checkpoint };
      this.tally.ledger = checkpoint.origin;
      this.tally.index = { entries: statement.entries, behind: behind.length };
      const begins = beginOf(log.manifest);
      if (begins !== undefined) this.tally.begins = Date.parse(begins);
      this.#endSpans(heads.positions);
      this.tally.isLogKnown = true;
      return { log, hits, behind };
    } catch (error) {
      this.tally.forget();
      this.tally.index = { why: indexFault(error) };
      return undefined;
    }
  }

  /** behindIndex gives the segments that have an entry, and that the index doesn't cover yet. */
  async #behindIndex(
    tiles: SearchableTiles,
    { checkpoint, statement: { entries } }: IndexedLog,
    chains: ChainSpans,
  ): Promise<Candidate[]> {
    const before = await headsBefore(tiles, checkpoint, entries);
    if (before === undefined) throw new AuditsealError('INDEX_MALFORMED', 'the index does not end where a batch does');
    const behind: Candidate[] = [];
    for await (const { segments } of readBatchesOf(tiles, checkpoint, entries, before))
      for (const segment of segments) {
        const candidate = this.#judge(segment, chains);
        if (candidate !== undefined) behind.push(candidate);
      }
    return behind;
  }

  async *#candidatesOfLog(): AsyncGenerator<Candidate> {
    const start = fromTheFirst();
    const ends: LogEnd[] = [];
    const chains = new ChainSpans(this.#interval, this.tally);
    let { positions } = NO_HEADS;
    for await (const { number, segments, heads } of readLog(this.#deps.store, this.#trust, start)) {
      ({ positions } = heads);
      this.tally.ledger ??= heads.keys.map(parseVerifierKey)[0]?.keyName;
      ends.push({ number, head: start.tree.head, heads });
      if (ends.length > CHECKPOINTS_BACK) ends.shift();
      for (const segment of segments) {
        const { entry } = segment;
        if (this.#isAsked(entry.partition)) this.tally.addSpan(entry.partition, timesOf(entry), true);
        const candidate = this.#judge(segment, chains);
        if (candidate !== undefined) yield candidate;
      }
    }
    chains.finish();
    this.#endSpans(positions);
    await this.#findCheckpoint(ends);
    this.tally.isLogKnown = true;
    yield* this.#behindLog(positions);
  }

  /** judge counts a segment that has an entry, and gives it if it may hold what is asked for. */
  #judge({ entry, leaf }: Pick<SegmentInLog, 'entry' | 'leaf'>, chains: ChainSpans): Candidate | undefined {
    const { partition, index, events, incarnation, records } = entry;
    if (!this.#isAsked(partition)) return undefined;
    chains.follow({ partition, index, events, incarnation, ...timesOf(entry) });
    if (!this.#mayHold(entry)) this.tally.segments.outside += 1;
    else if (records.count === 0) this.tally.segments.empty += 1;
    else return { name: segmentName(partition, index), partition, entry, number: leaf };
    return undefined;
  }

  async *#behindLog(positions: LogPosition['positions']): AsyncGenerator<Candidate> {
    const { store } = this.#deps;
    for await (const partition of partitionsOf(store)) {
      if (!this.#isAsked(partition)) continue;
      const { next } = positions.get(partition) ?? NO_POSITION;
      for await (const index of indicesFrom(store, partition, next))
        yield { name: segmentName(partition, index), partition };
    }
  }

  /** endSpans takes until when the log says that partitions are sealed. */
  #endSpans(positions: LogPosition['positions']): void {
    for (const [partition, { sealed }] of positions)
      if (this.#isAsked(partition) && sealed !== '') this.tally.endSpan(partition, Date.parse(sealed));
  }

  #isAsked(partition: string): boolean {
    const { partitions } = this.#query;
    return partitions === undefined || partitions.has(partition);
  }

  /** mayHold tells whether a segment reaches into what was asked for: by its times, and the numbers of its records. */
  #mayHold(entry: SegmentEntry): boolean {
    const { records: wanted } = this.#query;
    const { records } = entry;
    if (wanted !== undefined && (records.first > wanted.last || records.first + records.count <= wanted.first))
      return false;
    return reachesInto(timesOf(entry), this.#interval);
  }

  /** findCheckpoint finds the newest checkpoint that covers what was read of the log, by the keys that the log has announced. */
  async #findCheckpoint(ends: readonly LogEnd[]): Promise<void> {
    const last = ends.at(-1);
    if (last === undefined) return;
    const log = { entries: last.head.size, time: last.heads.time };
    this.tally.log = log;
    const verifiers = last.heads.keys.map(parseVerifierKey);
    for (const { number, head } of ends.toReversed()) {
      const note = await this.#deps.store.read(checkpointName(number));
      if (typeof note !== 'object') continue;
      const origin = verifiers[0]?.keyName ?? '';
      const opened = attempt(() => openCheckpoint(note, origin, verifiers), 'malformed', 'contradicted');
      if (opened === undefined || !isSameTree(opened.checkpoint, head)) continue;
      this.tally.log = { ...log, checkpoint: opened.checkpoint };
      return;
    }
  }

  /** isWhollyAsked tells whether all records of a segment are in the interval. */
  #isWhollyAsked(entry: SegmentEntry): boolean {
    const { first, last } = timesOf(entry);
    return this.#query.records === undefined && first >= this.#interval.from && last < this.#interval.to;
  }

  *#searchIn(candidate: Candidate, stored: Buffer | Unread | Foreign | undefined): Generator<Hit> {
    const { name, entry } = candidate;
    if (typeof entry === 'string') {
      this.tally.unsearched.push({ segment: name, why: entry, isChanged: false });
      return;
    }
    if (typeof stored !== 'object') {
      const isGone = stored === undefined && entry !== undefined;
      if (isGone && isOutsideOf(this.#deps.slice, entry)) return this.tally.addOutside(name);
      const why = stored === undefined ? 'it is gone' : WHY_UNREAD[stored];
      this.tally.unsearched.push({ segment: name, why, isChanged: isGone });
      return;
    }
    if ('foreign' in stored) return this.tally.addForeign(name, stored.foreign);
    let content: Buffer | undefined;
    try {
      content = this.#contentOf(name, stored, entry);
      const hits = this.#match(candidate, content);
      if (entry === undefined) this.tally.segments.behindLog += 1;
      else this.tally.segments.searched += 1;
      yield* hits;
    } catch (error) {
      const { code, message } = faultIn(error, 'malformed');
      if (code === 'FOREIGN_OBJECT' && entry === undefined) return this.tally.addForeign(name, message);
      this.tally.unsearched.push({ segment: name, why: message, isChanged: entry !== undefined });
    } finally {
      if (content !== undefined) release(content);
    }
  }

  /** contentOf gives the lines of a segment: of one in the log, if its bytes are those of its entry. */
  #contentOf(name: string, stored: Buffer, entry: SegmentEntry | undefined): Buffer {
    if (entry === undefined) return decompress(openSegment(stored, name, certificatesFor(this.#trust)).frames);
    return openEntered(stored, { name, sha256: entry.sha256 });
  }

  #match({ name, partition, entry, number, only, isCounted = false }: Candidate, content: Buffer): Hit[] {
    const hits: Hit[] = [];
    if (typeof entry === 'object' && this.#isWhollyAsked(entry) && !this.#matcher.mayHave(content)) {
      if (!isCounted) this.tally.records += entry.records.count;
      return hits;
    }
    let run = 0;
    visitRecords(content, ({ start, end, leaf, seal }) => {
      if (only !== undefined) {
        while (leaf > (only[run + 1] ?? Infinity)) run += 2;
        if (leaf <= (only[run] ?? Infinity)) return;
      }
      const { first = 0, last = Infinity } = this.#query.records ?? {};
      if (seal.record < first || seal.record > last) return;
      const line = content.subarray(start, end);
      const looked = this.#matcher.look(line, seal);
      if (looked === undefined) return;
      this.tally.addRecord(looked, isCounted);
      if (!looked.isFound) return;
      const { record, enqueued, form } = seal;
      const { values, shape, taken } = looked;
      if (this.#deps.onTaken !== undefined) return this.#deps.onTaken(taken, enqueued);
      hits.push({
        partition,
        record,
        segment: name,
        leaf,
        entry: number,
        enqueued,
        form,
        values,
        ...(this.#deps.keepsTaken === true && { taken }),
        isText: shape !== 'fields',
        line: Buffer.from(line),
      });
    });
    return hits;
  }
}

const timesOf = ({ time }: SegmentEntry): { readonly first: number; readonly last: number } => ({
  first: Date.parse(time.first),
  last: Date.parse(time.last),
});
