import type { Context } from './context.ts';
import type { VerifyOptions } from './options.ts';
import { faultIn } from '../core/errors.ts';
import type { Hash } from '../core/hash.ts';
import type { SegmentPart } from '../core/index/build.ts';
import type { IndexManifest, IndexUnit } from '../core/index/manifest.ts';
import type { EntryRange } from '../core/index/ranges.ts';
import { rowOf } from '../core/index/segmentRow.ts';
import type { TreeHead } from '../core/merkle/tree.ts';
import type { SegmentEntry } from '../core/objects/entry.ts';
import { otherRules, readManifest, unitsInMemory } from '../ledger/indexFiles.ts';
import { IndexUnits } from '../ledger/indexUnits.ts';
import { openPublished } from '../ledger/published.ts';

/** DerivedPart is what a segment adds to the index. */
export interface DerivedPart {
  readonly row: SegmentPart['row'];
  /** undefined for a segment that isn't what the log says */
  readonly terms: Buffer | undefined;
}

/** ComparedUnit is a unit that a manifest states, and what the segments give. */
export interface ComparedUnit {
  readonly stated: IndexUnit;
  /** undefined where a segment of it isn't what the log says */
  readonly made: IndexUnit | undefined;
}

/** DerivedUnits makes the units that a manifest has, one after the other, from the segments in the order of the log. */
export class DerivedUnits {
  readonly #left: IndexUnit[];
  #units: IndexUnits | undefined;
  #isLost = false;

  constructor(units: readonly IndexUnit[]) {
    this.#left = [...units];
  }

  async add({ row, terms }: DerivedPart): Promise<ComparedUnit[]> {
    const ended: ComparedUnit[] = [];
    while (this.#left[0] !== undefined && this.#left[0].to <= row.entry) ended.push(await this.#end(this.#left[0]));
    const [unit] = this.#left;
    if (unit === undefined) return ended;
    this.#units ??= new IndexUnits(unitsInMemory(), [], unit.from);
    if (terms === undefined) this.#isLost = true;
    else if (!this.#isLost) await this.#units.add({ row, terms });
    return ended;
  }

  async finish(): Promise<ComparedUnit[]> {
    const ended: ComparedUnit[] = [];
    while (this.#left[0] !== undefined) ended.push(await this.#end(this.#left[0]));
    return ended;
  }

  async #end(stated: IndexUnit): Promise<ComparedUnit> {
    const units = this.#units ?? new IndexUnits(unitsInMemory(), [], stated.from);
    const [made, ...others] = this.#isLost ? [] : await units.finish(stated.to);
    this.#left.shift();
    [this.#units, this.#isLost] = [undefined, false];
    return { stated, made: others.length > 0 ? { ...stated, tree: NO_TREE } : made };
  }
}

/** What is of no range that units have is no unit. */
const NO_TREE: TreeHead = { size: -1, rootHash: '' as Hash };

/**
 * DerivedIndex makes an index again while a check goes through the log, so that each segment is read once for both. Of which ranges its
 * units are is taken from the index that was stated when the check began; what of that is so, and what a later one has, is for
 * whoever compares them.
 */
export class DerivedIndex {
  readonly #units: DerivedUnits;
  readonly #made: IndexUnit[] = [];

  private constructor({ units }: IndexManifest) {
    this.#units = new DerivedUnits(units);
  }

  /** begin gives undefined where a check makes no index again, or can't tell yet of what ranges its units are. */
  static async begin(
    { tiles, indexSegment, rehashed }: Context,
    { isIncremental = false, isQuick = false, verifiers = [] }: VerifyOptions,
  ): Promise<DerivedIndex | undefined> {
    if (tiles === undefined || indexSegment === undefined || rehashed !== undefined) return undefined;
    if (isQuick || isIncremental) return undefined;
    try {
      const published = await openPublished(tiles, verifiers);
      const statement = typeof published === 'object' ? published.heads.index : undefined;
      if (statement === undefined || otherRules(statement) !== undefined) return undefined;
      return new DerivedIndex(await readManifest(tiles, statement));
    } catch (error) {
      // What is wrong with the tiles is found where they are compared.
      faultIn(error, 'malformed', 'unavailable', 'refused');
      return undefined;
    }
  }

  /** add takes the segment of an entry; without terms what it adds isn't known. */
  async add(leaf: number, entry: SegmentEntry, terms: Buffer | undefined): Promise<void> {
    for (const { made } of await this.#units.add({ row: rowOf(leaf, entry), terms })) if (made) this.#made.push(made);
  }

  /** finish gives the units of which every segment was taken. */
  async finish(): Promise<readonly IndexUnit[]> {
    for (const { made } of await this.#units.finish()) if (made) this.#made.push(made);
    return this.#made;
  }
}

/** isSameRange tells whether two units are of the same entries. */
export const isSameRange = (one: EntryRange, other: EntryRange): boolean =>
  one.from === other.from && one.to === other.to;
