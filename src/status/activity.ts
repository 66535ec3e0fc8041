import { segmentIn, timeOfHeads } from './bundles.ts';
import type { Bundles } from './bundles.ts';
import { CLOCK_SKEW_MS } from '../core/limits.ts';
import type { SegmentEntry } from '../core/objects/entry.ts';
import { HOURS, noHours } from '../core/objects/statusReport.ts';
import { MAX_CATEGORIES } from '../core/segment/categories.ts';
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
  /** how many of the evenly spaced bundles have one */
  samples: number;
  first: number;
  last: number;
  /** the longest time between two that were seen after each other, in ms, where everything between was read; undefined where none was */
  longest: number | undefined;
  /** the same where bundles between were left out */
  apart: number;
  /** number of the run of bundles, and of the bundle, in which the last one stands */
  run: number;
  bundle: number;
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
  /** records of categories that are not told apart, and when the last of them came; any category may be among them */
  readonly beyond: number;
  readonly beyondLast: number;
}

/**
 * readActivity reads of a log's entries those of the last day before `now`, and some of the days before: a few hundred entry bundles at
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
  const read = async (at: number): Promise<{ at: number; lines: readonly Buffer[] }> => ({
    at,
    lines: await bundles.read(at),
  });
  for await (const { at, lines } of mapInOrder(spaced, AT_ONCE, read)) counts.add(at, lines);
  counts.beginDay();
  const ofDay = Array.from({ length: bundles.count - first }, (_, i) => first + i);
  for await (const { at, lines } of mapInOrder(ofDay, AT_ONCE, read)) counts.add(at, lines);
  counts.end();
  const { dayFrom, partitions, categories, beyond, beyondLast } = counts;
  const begins = Math.max(await bundles.timeOf(before), now - DAYS * DAY_MS);
  const from = Math.min(counts.earliest, dayFrom, begins);
  const sampled = { read: spaced.length, of: first - before };
  return { from, dayFrom, sampled, partitions, categories, beyond, beyondLast };
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
  beyondLast = -Infinity;
  /** the earliest time of a record (ms since 1970) */
  earliest = Infinity;
  #isDay = false;
  #bundle = -2;
  /** counts the runs of bundles that follow each other */
  #run = 0;
  /** entries whose batch hasn't ended yet */
  #pending: { readonly bundle: number; readonly entry: SegmentEntry }[] = [];

  constructor(now: number, named: ReadonlySet<string>, dayFrom: number) {
    this.#now = now;
    this.#named = named;
    this.dayFrom = dayFrom;
  }

  /** beginDay says that from here on all entries come. */
  beginDay(): void {
    this.#flush(this.#now);
    this.#isDay = true;
  }

  /** end says that no more entries come. */
  end(): void {
    this.#flush(this.#now);
  }

  /** add takes the entries of a bundle. */
  add(bundle: number, lines: readonly Buffer[]): void {
    if (bundle !== this.#bundle + 1) {
      this.#flush(this.#now);
      this.#run += 1;
    }
    this.#bundle = bundle;
    for (const line of lines) {
      const time = timeOfHeads(line);
      // Nothing came later than its batch was made, whatever the hub's clock says.
      if (time !== undefined) this.#flush(Math.min(time, this.#now));
      const entry = segmentIn(line);
      if (entry !== undefined) this.#pending.push({ bundle, entry });
    }
  }

  #flush(latest: number): void {
    for (const { bundle, entry } of this.#pending.splice(0)) this.#addSegment(entry, latest, bundle);
  }

  #addSegment(entry: SegmentEntry, latest: number, bundle: number): void {
    const known = this.partitions.get(entry.partition);
    const partition = known ?? { hours: noHours(), newest: entry };
    if (known === undefined) this.partitions.set(entry.partition, partition);
    else if (entry.index > known.newest.index) known.newest = entry;
    const { count } = entry.records;
    if (count === 0) return;
    const last = Math.min(Date.parse(entry.time.last), latest);
    if (last < this.#now - DAYS * DAY_MS) return;
    this.earliest = Math.min(this.earliest, last);
    const hour = this.#hourOf(last);
    if (hour !== undefined) partition.hours[hour] = (partition.hours[hour] as number) + count;
    let rest = count;
    for (const [category, records] of entry.categories) {
      this.#addCategory(category, records, { last, hour, bundle });
      rest -= records;
    }
    if (rest === 0) return;
    // Where an entry names as many as it may, the rest may be of any category.
    if (entry.categories.size >= MAX_CATEGORIES) this.#addBeyond(rest, last);
    else this.#addCategory('', rest, { last, hour, bundle });
  }

  #addBeyond(records: number, last: number): void {
    this.beyond += records;
    this.beyondLast = Math.max(this.beyondLast, last);
  }

  #addCategory(name: string, records: number, { last, hour, bundle }: Seen): void {
    let category = this.categories.get(name);
    if (category === undefined) {
      if (this.categories.size >= MOST_CATEGORIES && !this.#named.has(name)) return this.#addBeyond(records, last);
      category = {
        hours: noHours(),
        sampled: 0,
        early: 0,
        samples: 0,
        first: last,
        last,
        longest: undefined,
        apart: 0,
        run: this.#run,
        bundle: -1,
      };
      this.categories.set(name, category);
    } else {
      const gap = Math.max(0, last - category.last);
      if (category.run === this.#run) category.longest = Math.max(category.longest ?? 0, gap);
      else category.apart = Math.max(category.apart, gap);
      category.first = Math.min(category.first, last);
      category.last = Math.max(category.last, last);
    }
    if (hour !== undefined) category.hours[hour] = (category.hours[hour] as number) + records;
    else if (this.#isDay) category.early += records;
    else category.sampled += records;
    if (!this.#isDay && category.bundle !== bundle) category.samples += 1;
    category.run = this.#run;
    category.bundle = bundle;
  }

  /** hourOf gives which of the last hours a time is in, undefined for one before, or before what was read whole. */
  #hourOf(time: number): number | undefined {
    const hour = HOURS - 1 - Math.floor((this.#now - time) / HOUR_MS);
    return this.#isDay && hour >= 0 && time >= this.dayFrom ? hour : undefined;
  }
}

/** Seen is when and where records were seen. */
interface Seen {
  readonly last: number;
  readonly hour: number | undefined;
  readonly bundle: number;
}
