import type { ChainSpans } from './chainSpans.ts';
import type { IndexedLog } from './indexedLog.ts';
import { intervalOf, reachesInto } from './query.ts';
import type { Interval, Query } from './query.ts';
import type { Tally } from './tally.ts';
import { UnitReader } from './unitReader.ts';
import { FIELDS } from '../core/fields/rule.ts';
import type { Extra, Field } from '../core/fields/rule.ts';
import { askedTermsOf } from '../core/fields/values.ts';
import type { IndexUnit } from '../core/index/manifest.ts';
import { countOf, intersectionOf, parsePostings, unionOf } from '../core/index/postings.ts';
import type { Postings } from '../core/index/postings.ts';
import { ROWS_PER_BLOCK } from '../core/index/segmentRow.ts';
import type { SegmentRow } from '../core/index/segmentRow.ts';
import { RESERVED } from '../core/index/termKey.ts';
import type { SearchableTiles } from '../ports/store.ts';

/** IndexHit is a segment in which the index finds something. */
export interface IndexHit {
  readonly row: SegmentRow;
  /** which of its records, as runs; left out: all */
  readonly only?: readonly number[];
}

/** unitReachesInto tells whether a unit has a segment that may reach into an interval. */
export const unitReachesInto = ({ time }: IndexUnit, interval: Interval): boolean =>
  time !== undefined && reachesInto({ first: Date.parse(time.first), last: Date.parse(time.last) }, interval);

/** indexedTerms gives what of a query the index knows: values as it has them, which may find more. */
export function indexedTerms({ terms }: Query): ReadonlyMap<Field, readonly string[]> {
  const isField = (field: Field | Extra): field is Field => (FIELDS as readonly string[]).includes(field);
  return new Map(
    [...terms].flatMap(([field, values]) =>
      isField(field) ? [[field, [...new Set(values.flatMap((value) => askedTermsOf(field, value)))]] as const] : [],
    ),
  );
}

/** IndexSearch finds by the index of a log in which segments, and in which of their records, a query's may be. */
export class IndexSearch {
  readonly #tiles: SearchableTiles;
  readonly #query: Query;
  readonly #interval: Interval;
  readonly #tally: Tally;
  readonly #chains: ChainSpans;
  /** the segment before the next one is followed */
  #isFollowing = false;

  constructor(tiles: SearchableTiles, query: Query, tally: Tally, chains: ChainSpans) {
    this.#tiles = tiles;
    this.#query = query;
    this.#interval = intervalOf(query);
    this.#tally = tally;
    this.#chains = chains;
  }

  /**
   * hits gives where records may be, in the order of the log. It throws INDEX_MALFORMED where the index isn't what the log states: then
   * nothing is known, and what it told the tally is wrong.
   */
  async hits({ manifest }: Pick<IndexedLog, 'manifest'>): Promise<IndexHit[]> {
    const hits: IndexHit[] = [];
    let before: IndexUnit | undefined;
    for (const unit of manifest.units) {
      if (unit.segments === 0) continue;
      if (unitReachesInto(unit, this.#interval)) {
        for (const hit of await this.#hitsIn(unit, before)) hits.push(hit);
      } else {
        this.#tally.segments.outside += unit.segments;
        this.#skip();
      }
      before = unit;
    }
    return hits;
  }

  async #hitsIn(unit: IndexUnit, before: IndexUnit | undefined): Promise<IndexHit[]> {
    const reader = new UnitReader(this.#tiles, unit);
    const found = await this.#found(reader);
    const times = await reader.times();
    const wanted = times.map((block) => reachesInto(block, this.#interval));
    // Where a gap is, the segment before says.
    if (wanted[0] === true && before !== undefined && !this.#isFollowing) await this.#followLast(before);
    const hits: IndexHit[] = [];
    for (const block of times.keys()) {
      const isWanted = wanted[block] === true;
      const segments = Math.min(ROWS_PER_BLOCK, unit.segments - block * ROWS_PER_BLOCK);
      if (!isWanted) this.#tally.segments.outside += segments;
      if (!isWanted && wanted[block + 1] !== true) {
        this.#skip();
        continue;
      }
      this.#isFollowing = true;
      for (const [offset, row] of (await reader.rows(block)).entries()) {
        if (!this.#isAsked(row)) continue;
        this.#chains.follow(row);
        const hit = isWanted ? this.#judge(row, block * ROWS_PER_BLOCK + offset, found) : undefined;
        if (hit !== undefined) hits.push(hit);
      }
    }
    return hits;
  }

  #skip(): void {
    this.#chains.skip();
    this.#isFollowing = false;
  }

  async #followLast(unit: IndexUnit): Promise<void> {
    const rows = await new UnitReader(this.#tiles, unit).rows(Math.ceil(unit.segments / ROWS_PER_BLOCK) - 1);
    for (const row of rows) if (this.#isAsked(row)) this.#chains.follow(row);
  }

  #isAsked({ partition }: SegmentRow): boolean {
    return this.#query.partitions?.has(partition) ?? true;
  }

  /** judge counts a segment, and gives it if it is to be looked into. */
  #judge(row: SegmentRow, ordinal: number, found: Found): IndexHit | undefined {
    const { segments } = this.#tally;
    if (!reachesInto(row, this.#interval)) segments.outside += 1;
    else if (row.records === 0) segments.empty += 1;
    else {
      this.#tally.records += row.records;
      for (const [field, runs] of found.without) this.#tally.addWithout(field, countOf(runs.get(ordinal) ?? []));
      if (found.records === undefined) return { row };
      const only = found.records.get(ordinal);
      if (only !== undefined) return { row, only };
      segments.byIndex += 1;
    }
    return undefined;
  }

  /** found gives the records of a unit that may be meant, by segment: by their terms, and those that no field finds. */
  async #found(reader: UnitReader): Promise<Found> {
    const terms = indexedTerms(this.#query);
    const without = new Map<Field, ReadonlyMap<number, readonly number[]>>();
    for (const field of terms.keys()) {
      const postings = await reader.find(RESERVED.without, field);
      if (postings !== undefined) without.set(field, byOrdinal(parsePostings(postings)));
    }
    if (terms.size === 0) return { without };
    let records: Postings | undefined;
    for (const [field, values] of terms) {
      const lists = await listsOf(
        reader,
        values.map((value) => [field, value]),
      );
      records = records === undefined ? unionOf(lists) : intersectionOf(records, unionOf(lists));
    }
    const unknown = await listsOf(
      reader,
      [RESERVED.notJson, RESERVED.noFields, RESERVED.unindexed].map((name) => [name, '']),
    );
    return { records: byOrdinal(unionOf([records ?? [], ...unknown])), without };
  }
}

interface Found {
  /** which records of each segment, by its number in the unit; left out: all */
  readonly records?: ReadonlyMap<number, readonly number[]>;
  /** by field, the records that have none of it */
  readonly without: ReadonlyMap<Field, ReadonlyMap<number, readonly number[]>>;
}

const byOrdinal = (postings: Postings): ReadonlyMap<number, readonly number[]> =>
  new Map(postings.map(({ ordinal, runs }) => [ordinal, runs]));

/** listsOf gives the postings of terms; one that no record has gives none. */
async function listsOf(
  reader: UnitReader,
  terms: readonly (readonly [field: string, value: string])[],
): Promise<Postings[]> {
  const lists: Postings[] = [];
  for (const [field, value] of terms) {
    const bytes = await reader.find(field, value);
    if (bytes !== undefined) lists.push(parsePostings(bytes));
  }
  return lists;
}
