import { ChainSpans } from './chainSpans.ts';
import { Matcher } from './match.ts';
import type { Values } from './match.ts';
import { LATE_MS } from './query.ts';
import type { Query } from './query.ts';
import { Tally } from './tally.ts';
import { release } from '../core/bytes.ts';
import { AuditsealError, attempt, faultIn } from '../core/errors.ts';
import { sha256 } from '../core/hash.ts';
import { openCheckpoint } from '../core/note/checkpoint.ts';
import { formatVerifierKey, parseVerifierKey } from '../core/note/verifierKey.ts';
import type { VerifierKey } from '../core/note/verifierKey.ts';
import { isSameTree } from '../core/merkle/tree.ts';
import type { TreeHead } from '../core/merkle/tree.ts';
import type { SegmentEntry } from '../core/objects/entry.ts';
import { NO_HEADS, NO_POSITION } from '../core/objects/heads.ts';
import type { LogPosition } from '../core/objects/heads.ts';
import { checkpointName, segmentName } from '../core/objects/names.ts';
import { visitRecords } from '../core/segment/lines.ts';
import type { Seal } from '../core/segment/recordLine.ts';
import { decompress } from '../core/segment/zstd.ts';
import { certificatesFor } from '../core/signed/certificate.ts';
import type { Trust } from '../core/signed/certificate.ts';
import { findSignatureFrame, openSegment } from '../core/signed/segmentFrame.ts';
import { CLOCK_SKEW_MS } from '../core/limits.ts';
import { fromTheFirst } from '../ledger/batches.ts';
import { mapInOrder } from '../ledger/concurrency.ts';
import { readLog } from '../ledger/entries.ts';
import { indicesFrom, partitionsOf } from '../ledger/partitions.ts';
import { WHY_UNREAD } from '../ports/store.ts';
import type { ObjectStore, Unread } from '../ports/store.ts';

/** How many segments are read ahead. */
const AHEAD = 4;
/** How many batches back a checkpoint is looked for that covers the log. */
const CHECKPOINTS_BACK = 10;

export interface SearchDeps {
  readonly store: ObjectStore;
  /** keys that the log signs with, or did; without any, whoever made the ledger is taken at their word */
  readonly verifiers: readonly VerifierKey[];
}

/** Hit is a record that was found. */
export interface Hit {
  readonly partition: string;
  readonly record: number;
  readonly segment: string;
  /** number of its line in the segment; the header is line 0 */
  readonly leaf: number;
  readonly enqueued: string;
  /** how its line holds it, as its seal says */
  readonly form: Seal['form'];
  readonly values: Values;
  /** it was found as text: it isn't JSON, or no rule takes anything of it */
  readonly isText: boolean;
  /** its line, without the LF */
  readonly line: Buffer;
}

/** Candidate is a segment that may hold what is searched for. */
interface Candidate {
  readonly name: string;
  readonly partition: string;
  /** left out for one behind the log */
  readonly entry?: SegmentEntry;
}

/** LogEnd is the log up to a batch. */
interface LogEnd {
  readonly number: number;
  readonly head: TreeHead;
  readonly heads: LogPosition;
}

const changed = (name: string): AuditsealError =>
  new AuditsealError('SEGMENT_MALFORMED', `${name} is not what its entry in the log says`);

/** Search looks through a ledger for the records that a query finds, and counts what it looked at. */
export class Search {
  readonly tally = new Tally();
  readonly #deps: SearchDeps;
  readonly #query: Query;
  readonly #matcher: Matcher;
  readonly #trust: Trust;
  readonly #chains: ChainSpans;

  constructor(deps: SearchDeps, query: Query) {
    this.#deps = deps;
    this.#query = query;
    this.#matcher = new Matcher(query);
    this.#chains = new ChainSpans(query, this.tally);
    this.#trust = deps.verifiers.length > 0 ? { keys: deps.verifiers.map(formatVerifierKey) } : {};
  }

  /**
   * hits gives what is found, in the order of the log, and of each partition in the order of its records; behind it what the log
   * doesn't have yet. What can't be read is counted, and stops nothing.
   */
  async *hits(): AsyncGenerator<Hit> {
    const { store } = this.#deps;
    const read = mapInOrder(this.#candidates(), AHEAD, async (candidate) => ({
      candidate,
      stored: await store.read(candidate.name),
    }));
    for await (const { candidate, stored } of read) yield* this.#searchIn(candidate, stored);
  }

  async *#candidates(): AsyncGenerator<Candidate> {
    const { store } = this.#deps;
    const start = fromTheFirst();
    const ends: LogEnd[] = [];
    let positions = NO_HEADS.positions;
    for await (const { number, segments, heads } of readLog(store, this.#trust, start)) {
      ({ positions } = heads);
      ends.push({ number, head: start.tree.head, heads });
      if (ends.length > CHECKPOINTS_BACK) ends.shift();
      for (const { entry } of segments) {
        const { partition, index } = entry;
        if (!this.#isAsked(partition)) continue;
        this.#chains.follow(entry);
        if (!this.#mayHold(entry)) this.tally.segments.outside += 1;
        else if (entry.records.count === 0) this.tally.segments.empty += 1;
        else yield { name: segmentName(partition, index), partition, entry };
      }
    }
    this.#chains.finish();
    await this.#findCheckpoint(ends);
    for await (const partition of partitionsOf(store)) {
      if (!this.#isAsked(partition)) continue;
      const { next } = positions.get(partition) ?? NO_POSITION;
      for await (const index of indicesFrom(store, partition, next))
        yield { name: segmentName(partition, index), partition };
    }
  }

  #isAsked(partition: string): boolean {
    const { partitions } = this.#query;
    return partitions === undefined || partitions.has(partition);
  }

  /** mayHold tells whether a segment reaches into what was asked for: by its times, and the numbers of its records. */
  #mayHold({ time, records }: SegmentEntry): boolean {
    const { from = -Infinity, to = Infinity, by, records: wanted } = this.#query;
    if (wanted !== undefined && (records.first > wanted.last || records.first + records.count <= wanted.first))
      return false;
    const [first, last] = [Date.parse(time.first), Date.parse(time.last)];
    return by === 'hub' ? first < to && last >= from : first < to + LATE_MS && last >= from - CLOCK_SKEW_MS;
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

  *#searchIn({ name, partition, entry }: Candidate, stored: Buffer | Unread | undefined): Generator<Hit> {
    if (typeof stored !== 'object') {
      const why = stored === undefined ? 'it is gone' : WHY_UNREAD[stored];
      this.tally.unsearched.push({ segment: name, why, isChanged: stored === undefined });
      return;
    }
    let content: Buffer | undefined;
    try {
      content = this.#contentOf(name, stored, entry);
      const hits = this.#match(name, partition, content);
      if (entry === undefined) this.tally.segments.behindLog += 1;
      else this.tally.segments.searched += 1;
      yield* hits;
    } catch (error) {
      const { message } = faultIn(error, 'malformed');
      this.tally.unsearched.push({ segment: name, why: message, isChanged: entry !== undefined });
    } finally {
      if (content !== undefined) release(content);
    }
  }

  /** contentOf gives the lines of a segment: of one in the log, if its bytes are those of its entry. */
  #contentOf(name: string, stored: Buffer, entry: SegmentEntry | undefined): Buffer {
    if (entry === undefined) return decompress(openSegment(stored, name, certificatesFor(this.#trust)).frames);
    if (sha256(stored) !== entry.sha256) throw changed(name);
    return decompress(stored.subarray(0, stored.length - findSignatureFrame(stored).size));
  }

  #match(name: string, partition: string, content: Buffer): Hit[] {
    const hits: Hit[] = [];
    visitRecords(content, ({ start, end, leaf, seal }) => {
      const { first = 0, last = Infinity } = this.#query.records ?? {};
      if (seal.record < first || seal.record > last) return;
      const line = content.subarray(start, end);
      const looked = this.#matcher.look(line, seal);
      if (looked === undefined) return;
      this.tally.addRecord(looked);
      if (!looked.isFound) return;
      const { record, enqueued, form } = seal;
      const { values, shape } = looked;
      hits.push({
        partition,
        record,
        segment: name,
        leaf,
        enqueued,
        form,
        values,
        isText: shape !== 'fields',
        line: Buffer.from(line),
      });
    });
    return hits;
  }
}
