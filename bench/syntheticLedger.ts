import { KEY, LEDGER, sessionsOf } from './ledger.ts';
import { ZERO_HASH, formatHash, leafHash, nodeHash, sha256 } from '../src/core/hash.ts';
import type { Hash } from '../src/core/hash.ts';
import { TILE_WIDTH, decodeTile, perfectRoot } from '../src/core/merkle/tile.ts';
import { EMPTY_ROOT, TreeRoot } from '../src/core/merkle/tree.ts';
import { formatCheckpoint } from '../src/core/note/checkpoint.ts';
import { formatNote } from '../src/core/note/note.ts';
import { signNote } from '../src/core/note/signerKey.ts';
import { formatVerifierKey } from '../src/core/note/verifierKey.ts';
import { formatBatch } from '../src/core/objects/batch.ts';
import { formatEntry } from '../src/core/objects/entry.ts';
import { NO_HEADS, formatHeads } from '../src/core/objects/heads.ts';
import type { LogPosition, Position } from '../src/core/objects/heads.ts';
import { segmentEntryOf } from '../src/core/objects/judge.ts';
import { batchName, segmentName } from '../src/core/objects/names.ts';
import type { Report } from '../src/core/objects/report.ts';
import { formatHeader } from '../src/core/segment/header.ts';
import type { SegmentHeader } from '../src/core/segment/header.ts';
import { statementOf } from '../src/core/segment/statement.ts';
import { formatEnd } from '../src/core/segment/writer.ts';
import { signBatch } from '../src/core/signed/batchSignature.ts';
import type { SessionRole } from '../src/core/signed/certificate.ts';
import { formatKeyNotice } from '../src/core/signed/keyNotice.ts';
import { signSegment, withSignature } from '../src/core/signed/segmentFrame.ts';
import type { SignedStatement } from '../src/core/signed/segmentFrame.ts';
import type { Session } from '../src/core/signed/session.ts';

export const PARTITIONS = 4;
/** BATCH_SEGMENTS is how many segments one batch takes: of each partition as many, 25 a minute. */
export const BATCH_SEGMENTS = 100;
/** The segments' entries and one for the heads. The first batch begins with one for the key. */
const BATCH_ENTRIES = BATCH_SEGMENTS + 1;
const KEY_TEXT = formatVerifierKey(KEY.verifierKey);
const NOTICE = formatKeyNotice(LEDGER, KEY_TEXT);
const NOTE = formatNote({ text: NOTICE, signatures: [signNote(NOTICE, KEY)] });
const KEY_ENTRY = formatEntry({ type: 'key', note: NOTE.toString('utf8') });
const START = Date.UTC(2026, 10, 9, 6);
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const HASH_BYTES = 32;

const timeOf = (ms: number): string => new Date(START + ms).toISOString();

/** CREATED is when the hub was created. */
const CREATED = timeOf(-DAY);

/** batchTime is when a batch was made, in milliseconds: a minute after the one before. */
export const batchTime = (number: number): number => START + (number + 1) * MINUTE;

/**
 * SyntheticLedger is a ledger with its log, of any length, whose objects are made from a formula when they are asked for:
 * small segments in a few partitions, and a batch a minute. It holds hashes alone, about 100 bytes for each segment, so
 * that a ledger of 10^6 segments is signed and built in a minute and a half. Its first part is the ledger as it was when it was shorter.
 */
export class SyntheticLedger {
  readonly batches: number;
  /** root of each segment */
  readonly #roots: Buffer;
  /** root of the tree behind each batch */
  readonly #heads: Buffer;
  /** the hashes that the tiles of each level hold together */
  readonly #levels: Buffer[] = [];
  readonly #sessions: DailySessions;

  private constructor(batches: number, sessions: DailySessions) {
    this.batches = batches;
    this.#sessions = sessions;
    this.#roots = Buffer.alloc(batches * BATCH_SEGMENTS * HASH_BYTES);
    this.#heads = Buffer.alloc(batches * HASH_BYTES);
    const entries = SyntheticLedger.treeSize(batches);
    for (let count = entries; count > 0; count = Math.floor(count / TILE_WIDTH))
      this.#levels.push(Buffer.alloc(count * HASH_BYTES));
    const tree = new TreeRoot();
    for (let number = 0; number < batches; number++) {
      for (const line of this.entriesOf(number)) {
        const leaf = leafHash(line);
        this.#levels[0]?.write(leaf, tree.size * HASH_BYTES, 'latin1');
        tree.add(leaf);
        for (let level = 1, end = tree.size; end % TILE_WIDTH === 0; level++) {
          end /= TILE_WIDTH;
          const root = perfectRoot(this.hashesAt(level - 1, (end - 1) * TILE_WIDTH, TILE_WIDTH));
          this.#levels[level]?.write(root, (end - 1) * HASH_BYTES, 'latin1');
        }
      }
      this.#heads.write(tree.root(), number * HASH_BYTES, 'latin1');
    }
  }

  static async create(batches: number): Promise<SyntheticLedger> {
    const days = Math.floor(((batches + 1) * MINUTE) / DAY) + 1;
    return new SyntheticLedger(batches, {
      segments: await sessionsOfDays('segments', days),
      batches: await sessionsOfDays('batches', days),
    });
  }

  /** hashesAt gives hashes of a level of tiles. */
  hashesAt(level: number, start: number, count: number): Hash[] {
    const hashes = this.#levels[level] as Buffer;
    return decodeTile(hashes.subarray(start * HASH_BYTES, (start + count) * HASH_BYTES), count);
  }

  /** treeSize is how many entries the batches before `count` have. */
  static treeSize = (count: number): number => (count === 0 ? 0 : count * BATCH_ENTRIES + 1);

  /** batchesOf is how many batches have at least so many entries. */
  static batchesOf = (entries: number): number => Math.max(1, Math.ceil((entries - 1) / BATCH_ENTRIES));

  #hashOf(hashes: Buffer, index: number): Hash {
    return hashes.toString('latin1', index * HASH_BYTES, (index + 1) * HASH_BYTES) as Hash;
  }

  /** segment makes a segment by its place. */
  segment(partition: number, index: number): Buffer {
    return this.segmentAt(index * PARTITIONS + partition).stored;
  }

  /** segmentAt makes a segment of one record, by its place among all. The first time they must be asked for in order. */
  segmentAt(at: number): {
    readonly stored: Buffer;
    readonly header: SegmentHeader;
    readonly root: Hash;
    readonly size: number;
    readonly statement: SignedStatement;
    readonly earliest: string;
    readonly latest: string;
  } {
    const index = Math.floor(at / PARTITIONS);
    const ms = (at * MINUTE) / BATCH_SEGMENTS;
    const time = timeOf(ms);
    const header: SegmentHeader = {
      ledger: LEDGER,
      partition: String(at % PARTITIONS),
      index,
      kind: 'ingest',
      incarnation: 0,
      sealed: time,
      previous: index - 1,
      prev: at < PARTITIONS ? ZERO_HASH : this.#hashOf(this.#roots, at - PARTITIONS),
      records: { first: index, count: 1 },
      events: { first: index, last: index, count: 1, enqueuedFirst: time, enqueuedLast: time },
      duplicates: 0,
      gaps: [],
      ...(index === 0 && { hub: { created: CREATED, asked: time, first: 0, last: 0, enqueued: time } }),
    };
    const first = formatHeader(header);
    const record = `{"category":"AuditEvent","_seal":{"record":${index},"event":${index},"index":0,"enqueued":"${time}"}}`;
    const root = nodeHash(leafHash(Buffer.from(first)), leafHash(Buffer.from(record)));
    this.#roots.write(root, at * HASH_BYTES, 'latin1');
    const content = Buffer.from(`${first}\n${record}\n${formatEnd(1, root)}`);
    const frames = frame(content);
    const statement = statementOf(header, root, sha256(frames), { latest: time, created: CREATED });
    const session = this.#sessions.segments[Math.floor(ms / DAY)] as Session;
    const stored = withSignature(frames, signSegment(session, segmentName(header.partition, index), statement));
    const { until } = session.certificate;
    return {
      stored,
      header,
      root,
      size: content.length,
      statement: { ledger: LEDGER, until, ...statement },
      earliest: time,
      latest: time,
    };
  }

  /** entriesOf makes the entries of a batch. */
  entriesOf(number: number): Buffer[] {
    const start = SyntheticLedger.treeSize(number);
    return Array.from({ length: SyntheticLedger.treeSize(number + 1) - start }, (_, i) => this.entryAt(start + i));
  }

  /** entryAt makes an entry by its place in the log. */
  entryAt(leaf: number): Buffer {
    if (leaf === 0) return KEY_ENTRY;
    const number = Math.floor((leaf - 1) / BATCH_ENTRIES);
    const offset = (leaf - 1) % BATCH_ENTRIES;
    if (offset === BATCH_SEGMENTS) return formatHeads(this.headsOf(number))[0] as Buffer;
    const segment = this.segmentAt(number * BATCH_SEGMENTS + offset);
    const summary = { ok: true, endDiffers: false, sha256: sha256(segment.stored), categories: CATEGORIES } as const;
    return formatEntry(segmentEntryOf({ ...segment, ...summary }, segment.stored.length));
  }

  batch(number: number): Buffer {
    const session = this.#sessions.batches[Math.floor((batchTime(number) - START) / DAY)] as Session;
    const root = number === 0 ? EMPTY_ROOT : this.rootBehind(number - 1);
    const claim = { previous: number - 1, size: SyntheticLedger.treeSize(number), root };
    return signBatch(session, batchName(number), formatBatch(this.entriesOf(number)), claim);
  }

  /** headsOf gives how far the log is behind a batch. */
  headsOf(number: number): LogPosition {
    const newest = (number + 1) * BATCH_SEGMENTS - PARTITIONS;
    const positions = Array.from({ length: PARTITIONS }, (_, partition): [string, Position] => {
      const at = newest + partition;
      const index = Math.floor(at / PARTITIONS);
      const sealed = timeOf((at * MINUTE) / BATCH_SEGMENTS);
      return [String(partition), { next: index + 1, index, root: this.#hashOf(this.#roots, at), sealed }];
    });
    return {
      time: new Date(batchTime(number)).toISOString(),
      keys: [KEY_TEXT],
      operators: NO_HEADS.operators,
      documents: NO_HEADS.documents,
      positions: new Map(positions),
    };
  }

  /** rootBehind gives the root of the tree behind a batch. */
  rootBehind(number: number): Hash {
    return this.#hashOf(this.#heads, number);
  }

  /** checkpoint makes the signed checkpoint of a batch. */
  checkpoint(number: number): Buffer {
    const size = SyntheticLedger.treeSize(number + 1);
    const text = formatCheckpoint({ origin: LEDGER, size, rootHash: this.rootBehind(number) });
    return formatNote({ text, signatures: [signNote(text, KEY)] });
  }

  /** reportBehind is what a check that ended behind a batch would have reported. */
  reportBehind(number: number): Report {
    const count = number + 1;
    const segments = count * BATCH_SEGMENTS;
    const size = SyntheticLedger.treeSize(count);
    const time = new Date(batchTime(number)).toISOString();
    const partitions = [...this.headsOf(number).positions].map(([partition, { index, root, sealed }]) => ({
      partition,
      index,
      root: formatHash(root),
      sha256: formatHash(sha256(this.segment(Number(partition), index))),
      record: index + 1,
      incarnation: 0,
      created: CREATED,
      lastEvent: index,
      lastEnqueued: sealed,
      sealed,
    }));
    return {
      version: 1,
      kind: 'integrity',
      ledger: LEDGER,
      started: time,
      finished: time,
      status: 'verified',
      checked: {
        mode: 'full',
        anchor: null,
        segments,
        records: segments,
        events: segments,
        duplicates: 0,
        storedBytes: 0,
        lineBytes: 0,
        segmentsNotRehashed: 0,
        findingsRepeated: 0,
        lastFull: time,
        otherObjects: 0,
      },
      log: {
        batches: count,
        entries: size,
        entriesCompared: segments,
        checkpoints: count,
        signatures: count,
        tiles: 0,
        segmentsNotIntegrated: 0,
        keptCheckpoint: null,
        head: { number, size, root: formatHash(this.rootBehind(number)), time },
      },
      notChecked: [],
      partitions,
      findings: [],
      findingsOmitted: 0,
      findingsAcknowledged: 0,
      unreadable: [],
    };
  }
}

/** DailySessions is the session of each role for each day of a ledger: a certificate is for a day. */
type DailySessions = Readonly<Record<SessionRole, readonly Session[]>>;

async function sessionsOfDays(role: SessionRole, days: number): Promise<Session[]> {
  const sessions = sessionsOf(role);
  const made: Session[] = [];
  for (let day = 0; day < days; day++) made.push(await sessions.at(timeOf(day * DAY)));
  return made;
}

const CATEGORIES: ReadonlyMap<string, number> = new Map([['AuditEvent', 1]]);

/** frame puts bytes into a Zstandard frame as they are, because a million small frames take long to compress. RFC 8878. */
function frame(content: Buffer): Buffer {
  const head = Buffer.alloc(10);
  head.writeUInt32LE(0xfd2fb528, 0);
  head[4] = 0x60; // a single segment, whose size follows in 2 bytes, less 256
  head.writeUInt16LE(content.length - 256, 5);
  head.writeUIntLE(content.length * 8 + 1, 7, 3); // the last block, raw
  return Buffer.concat([head, content]);
}
