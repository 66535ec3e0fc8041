import { buildUnitHere } from '../core/index/build.ts';
import type { BuildUnit, SegmentPart } from '../core/index/build.ts';
import type { IndexUnit } from '../core/index/manifest.ts';
import { ENTRIES_PER_UNIT, endOfSmallest, groupUnits, widthsIn } from '../core/index/ranges.ts';

/** UnitFiles is where the files of units are kept. */
export interface UnitFiles {
  read(unit: IndexUnit): Promise<Buffer>;
  write(unit: IndexUnit, bytes: Buffer): Promise<void>;
}

/**
 * IndexUnits makes the units of an index that grows: what each segment adds in the order of the log, and at the end what can be one unit.
 * Memory is the terms of the segments of the smallest units that grow, and where units become one, these.
 */
export class IndexUnits {
  readonly #files: UnitFiles;
  readonly #build: BuildUnit;
  readonly #units: IndexUnit[];
  #from: number;
  #segments: SegmentPart[] = [];
  /** the last unit, where it has not all the entries that it will have */
  #grown: IndexUnit | undefined;

  /** It goes on from units that follow each other without a hole, and without any begins at the entry `from`. */
  constructor(
    files: UnitFiles,
    units: readonly IndexUnit[] = [],
    from = units.at(-1)?.to ?? 0,
    build: BuildUnit = buildUnitHere,
  ) {
    this.#files = files;
    this.#build = build;
    this.#units = [...units];
    this.#from = from;
    if (from % ENTRIES_PER_UNIT !== 0 && units.length > 0) {
      this.#grown = this.#units.pop();
      this.#from = this.#grown?.from ?? from;
    }
  }

  /** add takes the next segment of the log. */
  async add(segment: SegmentPart): Promise<void> {
    await this.#fill(segment.row.entry);
    this.#segments.push(segment);
  }

  /** fill ends the units whose last entry is before `entry`. */
  async #fill(entry: number): Promise<void> {
    for (let end = endOfSmallest(this.#from); end <= entry; end = endOfSmallest(this.#from)) await this.#end(end);
  }

  async #end(to: number): Promise<void> {
    if (to === this.#from) return;
    const grown = this.#grown;
    if (this.#segments.length === 0 && grown?.to === to) this.#units.push(grown);
    else {
      const before = grown === undefined ? [] : [{ unit: grown, file: await this.#fileOf(grown) }];
      const { unit, bytes } = await this.#build({ from: this.#from, to }, [...before, ...this.#segments]);
      await this.#keep(unit, bytes);
    }
    [this.#from, this.#segments, this.#grown] = [to, [], undefined];
  }

  async #fileOf(unit: IndexUnit): Promise<Buffer> {
    return unit.segments === 0 ? Buffer.alloc(0) : this.#files.read(unit);
  }

  async #keep(unit: IndexUnit, bytes: Buffer): Promise<void> {
    if (unit.segments > 0) await this.#files.write(unit, bytes);
    this.#units.push(unit);
  }

  /** finish gives the units up to before the entry `entries`, the end of a batch. */
  async finish(entries: number): Promise<readonly IndexUnit[]> {
    await this.#fill(entries);
    await this.#end(entries);
    for (const width of widthsIn(entries))
      for (const group of groupUnits(this.#units.splice(0), width, entries)) await this.#merge(group);
    return [...this.#units];
  }

  async #merge(units: readonly IndexUnit[]): Promise<void> {
    const [first, last] = [units[0] as IndexUnit, units.at(-1) as IndexUnit];
    if (units.length === 1) return void this.#units.push(first);
    const parts = [];
    for (const unit of units) parts.push({ unit, file: await this.#fileOf(unit) });
    const { unit, bytes } = await this.#build({ from: first.from, to: last.to }, parts);
    await this.#keep(unit, bytes);
  }
}
