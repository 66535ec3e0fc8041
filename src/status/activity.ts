import { segmentIn } from './bundles.ts';
import type { Bundles } from './bundles.ts';
import { CLOCK_SKEW_MS } from '../core/limits.ts';
import type { SegmentEntry } from '../core/objects/entry.ts';
import { HOURS, noHours } from '../core/objects/statusReport.ts';
import { DAY_MS, HOUR_MS } from '../core/units.ts';
import { mapInOrder } from '../ledger/concurrency.ts';

/** How many entry bundles of the last day are read at most, and of the days before: 256 entries each. */
export const MOST_OF_DAY = 1024;
export const MOST_BEFORE = 96;
/** How many are read at one time. */
const AT_ONCE = 8;
/** How many categories are told apart: whoever sends events makes them up. */
const MOST_CATEGORIES = 10_000;
/** DAYS is how far back it is looked how much comes of each category. */
export const DAYS = 28;

/** CategoryActivity is what was seen of one category; times in ms since 1970. */
export interface CategoryActivity {
  readonly hours: number[];
  /** records before the last day: in the evenly spaced bundles, and in those that were read because they reach into it */
  sampled: number;
  early: number;
  first: number;
  last: number;
  /** the longest time between two that were seen after each other, in ms; undefined where it was seen once */
  longest: number | undefined;
}

/** PartitionActivity is what was seen of one partition. */
export interface PartitionActivity {
  readonly hours: number[];
  newest: SegmentEntry;
}

/** Activity is what the entries of the log say of the last day, and, by evenly spaced ones, of the days before. */
export interface Activity {
  /** when the days before begin that were looked at, and when the last day does, of which each entry was read (ms since 1970) */
  readonly from: number;
  readonly dayFrom: number;
  readonly sampled: { readonly read: number; readonly of: number };
  readonly partitions: ReadonlyMap<string, PartitionActivity>;
  readonly categories: ReadonlyMap<string, CategoryActivity>;
  /** records of categories beyond those that are told apart */
  readonly beyond: number;
}

/**
 * readActivity reads of a log's entries those of the last day before `now`, and some of the days before: about 1,100 entry bundles at
 * most. It throws TILE_MALFORMED.
 */
export async function readActivity(
  bundles: Bundles,
  now: number,
  named: ReadonlySet<string> = new Set(),
  { mostOfDay, mostBefore } = { mostOfDay: MOST_OF_DAY, mostBefore: MOST_BEFORE },
): Promise<Activity> {
  // What was enqueued since then stands in batches that were made since then, but for clocks; a bundle may begin before.
  const reaching = async (time: number): Promise<number> => Math.max(0, (await bundles.begins(time)) - 1);
  const dayBegins = await reaching(now - HOURS * HOUR_MS - CLOCK_SKEW_MS);
  const first = Math.max(dayBegins, bundles.count - mostOfDay);
  const before = Math.min(await reaching(now - DAYS * DAY_MS), first);
  const spaced = evenly(before, first, mostBefore);
  const day = now - HOURS * HOUR_MS;
  const counts = new Counts(now, named, first > dayBegins ? Math.max(day, await bundles.timeOf(first)) : day);
  for await (const lines of mapInOrder(spaced, AT_ONCE, (at) => bundles.read(at))) counts.add(lines);
  counts.beginDay();
  const ofDay = Array.from({ length: bundles.count - first }, (_, i) => first + i);
  for await (const lines of mapInOrder(ofDay, AT_ONCE, (at) => bundles.read(at))) counts.add(lines);
  const { dayFrom, partitions, categories, beyond } = counts;
  const from = Math.min(counts.earliest, dayFrom, Math.max(await bundles.timeOf(before), now - DAYS * DAY_MS));
  const sampled = { read: spaced.length, of: first - before };
  return { from, dayFrom, sampled, partitions, categories, beyond };
}

/** evenly gives at most `most` numbers of a range, evenly spaced, the last of it among them. */
export function evenly(from: number, to: number, most: number): number[] {
  const count = Math.min(most, Math.max(0, to - from));
  return Array.from({ length: count }, (_, i) => from + Math.floor(((i + 1) * (to - from)) / count) - 1);
}

/** Counts counts the records of entries, in the order of the log. Categories that somebody named are always told apart. */
class Counts {
  readonly #now: number;
  readonly #named: ReadonlySet<string>;
  readonly dayFrom: number;
  readonly partitions = new Map<string, PartitionActivity>();
  readonly categories = new Map<string, CategoryActivity>();
  beyond = 0;
  /** the earliest time of a record (ms since 1970) */
  earliest = Infinity;
  #isDay = false;

  constructor(now: number, named: ReadonlySet<string>, dayFrom: number) {
    this.#now = now;
    this.#named = named;
    this.dayFrom = dayFrom;
  }

  /** beginDay says that from here on all entries come. */
  beginDay(): void {
    this.#isDay = true;
  }

  add(lines: readonly Buffer[]): void {
    for (const line of lines) {
      const entry = segmentIn(line);
      if (entry !== undefined) this.#addSegment(entry);
    }
  }

  #addSegment(entry: SegmentEntry): void {
    const known = this.partitions.get(entry.partition);
    const partition = known ?? { hours: noHours(), newest: entry };
    if (known === undefined) this.partitions.set(entry.partition, partition);
    else if (entry.index > known.newest.index) known.newest = entry;
    const { count } = entry.records;
    if (count === 0) return;
    // Nothing was seen later than now, whatever a clock says.
    const last = Math.min(Date.parse(entry.time.last), this.#now);
    if (last < this.#now - DAYS * DAY_MS) return;
    this.earliest = Math.min(this.earliest, last);
    const hour = this.#hourOf(last);
    if (hour !== undefined) partition.hours[hour] = (partition.hours[hour] as number) + count;
    let rest = count;
    for (const [category, records] of entry.categories) {
      this.#addCategory(category, records, last, hour);
      rest -= records;
    }
    if (rest > 0) this.#addCategory('', rest, last, hour);
  }

  #addCategory(name: string, records: number, last: number, hour: number | undefined): void {
    let category = this.categories.get(name);
    if (category === undefined) {
      if (this.categories.size >= MOST_CATEGORIES && !this.#named.has(name)) return void (this.beyond += records);
      category = { hours: noHours(), sampled: 0, early: 0, first: last, last, longest: undefined };
      this.categories.set(name, category);
    } else {
      category.longest = Math.max(category.longest ?? 0, last - category.last);
      category.first = Math.min(category.first, last);
      category.last = Math.max(category.last, last);
    }
    if (hour !== undefined) category.hours[hour] = (category.hours[hour] as number) + records;
    else if (this.#isDay) category.early += records;
    else category.sampled += records;
  }

  /** hourOf gives which of the last hours a time is in, undefined for one before, or before what was read whole. */
  #hourOf(time: number): number | undefined {
    const hour = HOURS - 1 - Math.floor((this.#now - time) / HOUR_MS);
    return this.#isDay && hour >= 0 && time >= this.dayFrom ? hour : undefined;
  }
}
