import type { RecheckFiles } from './files.ts';
import type { RehashedSegments } from '../context.ts';
import { faultIn } from '../../core/errors.ts';
import { segmentName } from '../../core/objects/names.ts';
import type { IndexRange, PartialResult, RecheckPlan } from '../../core/objects/recheck.ts';
import type { RehashedSegment } from '../../core/objects/rehashed.ts';

/** So many slices' segments are kept at a time: a check goes through the log in its order, some segments ahead in each partition. */
const MOST_SLICES = 4;

interface Range extends IndexRange {
  readonly slice: number;
}

/** JoinedSlices is what the slices of a pass re-hashed. What is in none of their files is read again, by whoever asks. */
export class JoinedSlices implements RehashedSegments {
  readonly #files: RecheckFiles;
  readonly #partials: readonly PartialResult[];
  /** by partition, in ascending order of indices */
  readonly #ranges = new Map<string, Range[]>();
  readonly #held = new Map<number, Promise<ReadonlyMap<string, RehashedSegment>>>();
  /** the last slice that segments were taken of which were not looked for ahead */
  #current = 0;
  /** nothing was read before the plan was made, whatever the clocks of those say who read it */
  readonly first: string;

  /** `partials` has the result of each slice of the plan, in its order. */
  constructor(files: RecheckFiles, { slices, begun }: RecheckPlan, partials: readonly PartialResult[]) {
    this.#files = files;
    this.#partials = partials;
    this.first = begun;
    for (const [slice, { ranges }] of slices.entries())
      for (const range of ranges) {
        const known = this.#ranges.get(range.partition);
        if (known === undefined) this.#ranges.set(range.partition, [{ ...range, slice }]);
        else known.push({ ...range, slice });
      }
  }

  get slices(): number {
    return this.#partials.length;
  }

  async find(partition: string, index: number): Promise<RehashedSegment | undefined> {
    const slice = this.#sliceOf(partition, index);
    if (slice === undefined) return undefined;
    this.#current = Math.max(this.#current, slice);
    return (await this.#hold(slice)).get(segmentName(partition, index));
  }

  /**
   * findAhead is find for who goes ahead in a partition: 'later' where that would lead to slices far behind the one that all partitions
   * are at. Where partitions have very different numbers of segments, each would else have slices read that others have forgotten again.
   */
  async findAhead(partition: string, index: number): Promise<RehashedSegment | 'later' | undefined> {
    const slice = this.#sliceOf(partition, index);
    if (slice === undefined) return undefined;
    if (slice > this.#current + 1) return 'later';
    return (await this.#hold(slice)).get(segmentName(partition, index));
  }

  #sliceOf(partition: string, index: number): number | undefined {
    const ranges = this.#ranges.get(partition) ?? [];
    let [low, high] = [0, ranges.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((ranges[middle] as Range).next <= index) low = middle + 1;
      else high = middle;
    }
    const range = ranges[low];
    return range !== undefined && range.first <= index ? range.slice : undefined;
  }

  #hold(slice: number): Promise<ReadonlyMap<string, RehashedSegment>> {
    const held = this.#held.get(slice) ?? this.#read(slice);
    // The one that was asked for last stands last.
    this.#held.delete(slice);
    this.#held.set(slice, held);
    for (const oldest of this.#held.keys()) if (this.#held.size > MOST_SLICES) this.#held.delete(oldest);
    return held;
  }

  async #read(slice: number): Promise<ReadonlyMap<string, RehashedSegment>> {
    const partial = this.#partials[slice] as PartialResult;
    const segments = await this.#files.rehashed(partial);
    if (segments.length !== partial.confirmed) await this.#discard(partial);
    return new Map(segments.map((segment) => [segmentName(segment.partition, segment.index), segment]));
  }

  /** Somebody put another file in its place: if this check doesn't come to its end, the next one doesn't meet it again, unless it can't be removed. */
  async #discard(partial: PartialResult): Promise<void> {
    try {
      await this.#files.discard(partial);
    } catch (error) {
      faultIn(error);
    }
  }
}
