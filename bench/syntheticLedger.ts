import { LEDGER } from './workload.ts';
import { ZERO_HASH, formatHash, leafHash, nodeHash, sha256 } from '../src/core/hash.ts';
import type { Hash } from '../src/core/hash.ts';
import { TILE_WIDTH, decodeTile, perfectRoot } from '../src/core/merkle/tile.ts';
import { TreeRoot } from '../src/core/merkle/tree.ts';
import { formatCheckpoint } from '../src/core/note/checkpoint.ts';
import { formatNote } from '../src/core/note/note.ts';
import { createSignerKey, signNote } from '../src/core/note/signerKey.ts';
import { formatBatch } from '../src/core/objects/batch.ts';
import { formatEntry } from '../src/core/objects/entry.ts';
import { NO_HEADS, formatHeads } from '../src/core/objects/heads.ts';
import type { LogPosition, Position } from '../src/core/objects/heads.ts';
import { segmentEntryOf } from '../src/core/objects/judge.ts';
import type { Report } from '../src/core/objects/report.ts';
import { formatHeader } from '../src/core/segment/header.ts';
import type { SegmentHeader } from '../src/core/segment/header.ts';
import { formatEnd } from '../src/core/segment/writer.ts';

/** KEY is the log's key, the same in every run. */
export const KEY = createSignerKey(LEDGER, Buffer.alloc(32, 1));

export const PARTITIONS = 4;
/** BATCH_SEGMENTS is how many segments one batch takes: of each partition as many, 25 a minute. */
export const BATCH_SEGMENTS = 100;
/** The segments' entries and one for the heads. */
const BATCH_ENTRIES = BATCH_SEGMENTS + 1;
const START = Date.UTC(2026, 10, 9, 6);
const MINUTE = 60_000;
const HASH_BYTES = 32;

const timeOf = (ms: number): string => new Date(START + ms).toISOString();

/** batchTime is when a batch was made, in milliseconds: a minute after the one before. */
export const batchTime = (number: number): number => START + (number + 1) * MINUTE;

/**
 * SyntheticLedger is a ledger with its log, of any length, whose objects are made from a formula when they are asked for:
 * small segments in a few partitions, and a batch a minute. It holds hashes alone, about 100 bytes for each segment, so
 * that a ledger of 10^6 segments is built in half a minute. Its first part is the ledger as it was when it was shorter.
 */
export class SyntheticLedger {
  readonly batches: number;
  /** root of each segment */
  readonly #roots: Buffer;
  /** root of the tree behind each batch */
  readonly #heads: Buffer;
  /** the hashes that the tiles of each level hold together */
  readonly #levels: Buffer[] = [];

  constructor(batches: number) {
    this.batches = batches;
    this.#roots = Buffer.alloc(batches * BATCH_SEGMENTS * HASH_BYTES);
    this.#heads = Buffer.alloc(batches * HASH_BYTES);
    const entries = batches * BATCH_ENTRIES;
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

  /** hashesAt gives hashes of a level of tiles. */
  hashesAt(level: number, start: number, count: number): Hash[] {
    const hashes = this.#levels[level] as Buffer;
    return decodeTile(hashes.subarray(start * HASH_BYTES, (start + count) * HASH_BYTES), count);
  }

  /** treeSize is how many entries the batches before `count` have. */
  static treeSize = (count: number): number => count * BATCH_ENTRIES;

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
    size: number;
  } {
    const index = Math.floor(at / PARTITIONS);
    const time = timeOf((at * MINUTE) / BATCH_SEGMENTS);
    const header: SegmentHeader = {
      ledger: LEDGER,
      partition: String(at % PARTITIONS),
      index,
      kind: 'ingest',
      incarnation: 0,
      sealed: time,
      prev: at < PARTITIONS ? ZERO_HASH : this.#hashOf(this.#roots, at - PARTITIONS),
      records: { first: index, count: 1 },
      events: { first: index, last: index, count: 1, enqueuedFirst: time, enqueuedLast: time },
      duplicates: 0,
      gaps: [],
    };
    const first = formatHeader(header);
    const record = `{"category":"AuditEvent","_seal":{"record":${index},"event":${index},"index":0,"enqueued":"${time}"}}`;
    const root = nodeHash(leafHash(Buffer.from(first)), leafHash(Buffer.from(record)));
    this.#roots.write(root, at * HASH_BYTES, 'latin1');
    const content = Buffer.from(`${first}\n${record}\n${formatEnd(1, root)}`);
    return { stored: frame(content), header, root, size: content.length };
  }

  /** entriesOf makes the entries of a batch. */
  entriesOf(number: number): Buffer[] {
    const entries = Array.from({ length: BATCH_SEGMENTS }, (_, i) => this.entryAt(number * BATCH_ENTRIES + i));
    return [...entries, ...formatHeads(this.headsOf(number))];
  }

  /** entryAt makes an entry by its place in the log. */
  entryAt(leaf: number): Buffer {
    const number = Math.floor(leaf / BATCH_ENTRIES);
    const offset = leaf % BATCH_ENTRIES;
    if (offset === BATCH_SEGMENTS) return formatHeads(this.headsOf(number))[0] as Buffer;
    const segment = this.segmentAt(number * BATCH_SEGMENTS + offset);
    const summary = { ok: true, endDiffers: false, sha256: sha256(segment.stored), categories: CATEGORIES } as const;
    return formatEntry(segmentEntryOf({ ...segment, ...summary }, segment.stored.length));
  }

  batch(number: number): Buffer {
    return formatBatch(this.entriesOf(number));
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
      unreadable: [],
    };
  }
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
