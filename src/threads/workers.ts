import type { BuildUnit, BuiltUnit } from '../core/index/build.ts';
import type { SegmentInEntry } from '../core/signed/enteredSegment.ts';
import type { SegmentQuestion, SegmentSummary } from '../core/segment/summary.ts';
import type { InFlight } from '../ledger/concurrency.ts';
import { digestFrom } from '../ledger/digest.ts';
import type { Digest, DigestObjects } from '../ledger/digest.ts';
import type { SummarizedFile, SummarizeFile } from '../ledger/objects.ts';
import type { ObjectStore } from '../ports/store.ts';
import { bufferOf } from './crossing.ts';
import { WorkerPool, movable } from './pool.ts';
import type { Weight } from './pool.ts';
import type { DigestTask, FileTask, IndexTask, SegmentTask, UnitTask } from './worker.ts';

/** What V8 lets pile up before it looks for garbage: without it a thread that indexes takes twice the memory, and is no faster. */
const YOUNG_MB = 4;

/** weightOf is what a pool is told of stored bytes that a thread takes over. */
const weightOf = (stored: Buffer): Weight => ({ bytes: stored.length, moved: movable(stored) });

/** What a file weighs whose size nobody said: four of them go together. */
const UNKNOWN_FILE_BYTES = 32 * 1024;

/** arrivedSummary is a summary that has crossed, with its terms as the buffer that they were. */
const arrivedSummary = (summary: SegmentSummary): SegmentSummary =>
  summary.ok && summary.terms !== undefined ? { ...summary, terms: bufferOf(summary.terms) } : summary;

/** SEGMENTS_A_THREAD is how many segments each thread that hashes may have waiting. */
export const SEGMENTS_A_THREAD = 3;

/** SegmentWorkers re-computes and indexes segments in threads of their own, as many as it is told. */
export class SegmentWorkers {
  readonly #pool: WorkerPool<
    SegmentTask | FileTask | IndexTask | UnitTask,
    SegmentSummary | SummarizedFile | undefined | Uint8Array | BuiltUnit
  >;

  constructor(size: number) {
    this.#pool = new WorkerPool(size, 'worker', { maxYoungGenerationSizeMb: YOUNG_MB });
  }

  /** start starts the threads before there is work, so that they load while this thread does. */
  start = (): void => this.#pool.start();

  /** summarize takes the bytes over: with a buffer of their own they move to the thread and are gone here. */
  summarize = async (segment: Buffer, question: SegmentQuestion): Promise<SegmentSummary> =>
    arrivedSummary((await this.#pool.run({ segment, question }, weightOf(segment))) as SegmentSummary);

  /** ofFiles re-computes segments of a mirror, whose files the threads read themselves; `pathOf` gives an object's. */
  ofFiles =
    (pathOf: (name: string) => string): SummarizeFile =>
    async (question, bytes = UNKNOWN_FILE_BYTES) => {
      const path = pathOf(question.name);
      const file = (await this.#pool.run({ path, question }, { bytes })) as SummarizedFile | undefined;
      return file && { ...file, summary: arrivedSummary(file.summary) };
    };

  /** index gives the terms of a segment, and takes its bytes over likewise. It throws SEGMENT_MALFORMED. */
  index = async (stored: Buffer, segment: SegmentInEntry): Promise<Buffer> =>
    bufferOf((await this.#pool.run({ indexed: stored, segment }, weightOf(stored))) as Uint8Array);

  /** build makes a unit of the index, and takes over the bytes of its parts. It throws INDEX_MALFORMED. */
  build: BuildUnit = async (range, parts) => {
    const moved = parts.flatMap((part) => movable('terms' in part ? part.terms : part.file));
    const { unit, bytes } = (await this.#pool.run({ range, parts }, { moved })) as BuiltUnit;
    return { unit, bytes: bufferOf(bytes) };
  };

  /** close ends the threads. What is under way, or waits, fails. */
  close = (): Promise<void> => this.#pool.close();
}

/** DigestWorkers hashes stored bytes in threads of their own, as many as it is told. */
export class DigestWorkers {
  readonly #pool: WorkerPool<DigestTask, readonly Digest[]>;

  constructor(size: number) {
    this.#pool = new WorkerPool(size);
  }

  /** start starts the threads before there is work, so that they load while this thread does. */
  start = (): void => this.#pool.start();

  /** ofFiles hashes the files of a mirror, which the threads read themselves; `pathOf` gives an object's. */
  ofFiles =
    (pathOf: (name: string) => string): DigestObjects =>
    async (names) =>
      this.#pool.run({ paths: names.map(pathOf) });

  /** ofStore hashes what a store gives; memory is as many objects as `flight` lets be read at one time. */
  ofStore = (store: ObjectStore, flight: InFlight): DigestObjects =>
    digestFrom(store, flight, async (stored) => {
      const [digest] = await this.#pool.run({ stored: [stored] }, weightOf(stored));
      return digest as Digest;
    });

  /** close ends the threads. What is under way, or waits, fails. */
  close = (): Promise<void> => this.#pool.close();
}
