import type { Looked } from './match.ts';
import type { Query } from './query.ts';
import type { Extra, Field } from '../core/fields/rule.ts';
import type { Checkpoint } from '../core/note/checkpoint.ts';

/** MissingEvents is numbers of a partition that no segment has, between two that are sealed. */
export interface MissingEvents {
  readonly partition: string;
  readonly first: number;
  readonly last: number;
  /** the events before and behind them were enqueued then (ms since 1970), where there are some */
  readonly after?: number;
  readonly before?: number;
}

/** Span is when a partition begins, if that is known, and until when it is sealed (ms since 1970). */
export interface Span {
  first?: number;
  last: number;
}

/** UsedIndex is how far the index reached that a search went by, or why it went by none. */
export type UsedIndex = { readonly entries: number; readonly behind: number } | { readonly why: string };

/** Unsearched is a segment that could not be looked into, and why. */
export interface Unsearched {
  readonly segment: string;
  readonly why: string;
  /** somebody changed it: it is not what the log says */
  readonly isChanged: boolean;
  /** it is outside of what the ledger claims to be a slice of */
  readonly isOutside?: boolean;
}

/** MOST_NAMED is how many of many are named. */
export const MOST_NAMED = 5;

/** unsealedPartitions gives the partitions that were asked for and of which the log has no segment. */
export const unsealedPartitions = (
  { spans }: Pick<Tally, 'spans'>,
  { partitions }: Pick<Query, 'partitions'>,
): string[] =>
  [...(partitions ?? [])].filter((partition) => !spans.has(partition)).sort((a, b) => Number(a) - Number(b));

/** Tally is what a search looked at, and what it did not. */
export class Tally {
  /** segments that were searched, those that the index says hold nothing of it, that hold no record, and those of other times */
  readonly segments = { searched: 0, byIndex: 0, empty: 0, outside: 0, behindLog: 0 };
  /** left out where nobody asked for one */
  index: UsedIndex | undefined;
  readonly unsearched: Unsearched[] = [];
  /** objects under names of segments that the log doesn't have, which nobody signed who may: how many, and the first of them */
  readonly foreign = { count: 0, first: [] as Pick<Unsearched, 'segment' | 'why'>[] };
  /** records of the interval; by the index, those of segments that reach into it */
  records = 0;
  found = 0;
  /** of these, the ones that no field finds */
  foundAsText = 0;
  /** of those records, the ones that aren't JSON, and those of which no rule takes anything: they were searched as text */
  readonly asText = { notJson: 0, noFields: 0 };
  /** of those records, the ones that have no value of a field that was asked for */
  readonly without = new Map<Field | Extra, number>();
  /** of those records, the ones that say no time that can be read */
  timeless = 0;
  readonly missing: MissingEvents[] = [];
  /** partitions of which nothing tells whether events are missing just before the interval */
  readonly unfollowed = new Set<string>();
  /** the search came to its end: else only what it read is known */
  isWhole = false;
  /** the log was looked through to its end: else what is missing, how far it is sealed, and the log itself aren't known */
  isLogKnown = false;
  /** the earliest time of the ledger's events, where the index says it (ms since 1970) */
  begins: number | undefined;
  /** by partition */
  readonly spans = new Map<string, Span>();
  /** the log's name, as soon as something of it was read; where no key was given, as it says itself */
  ledger: string | undefined;
  /** the newest checkpoint that covers what the log had, and the log itself */
  log: { readonly entries: number; readonly time: string; readonly checkpoint?: Checkpoint } | undefined;

  /** addRecord counts a record that was looked at; who goes by the index has counted it before. */
  addRecord({ shape, without, isTimeless, isFound }: Looked, isCounted: boolean): void {
    if (!isCounted) {
      this.records += 1;
      for (const field of without) this.addWithout(field, 1);
    }
    if (shape !== 'fields') this.asText[shape] += 1;
    if (isTimeless) this.timeless += 1;
    if (isFound) this.found += 1;
    if (isFound && shape !== 'fields') this.foundAsText += 1;
  }

  /** addForeign counts an object that is none of the ledger's. Whoever may create objects can make any number of them. */
  addForeign(segment: string, why: string): void {
    this.foreign.count += 1;
    if (this.foreign.first.length < MOST_NAMED) this.foreign.first.push({ segment, why });
  }

  /** addOutside counts a segment that isn't there, in a folder that calls itself a slice without it. */
  addOutside(segment: string): void {
    const why = 'it is not here, and this folder calls itself a slice that does not hold it';
    this.unsearched.push({ segment, why, isChanged: false, isOutside: true });
  }

  addWithout(field: Field | Extra, count: number): void {
    if (count > 0) this.without.set(field, (this.without.get(field) ?? 0) + count);
  }

  /** addSpan takes a segment of a partition; `isFirst` where the partition begins with it. */
  addSpan(
    partition: string,
    { first, last }: { readonly first: number; readonly last: number },
    isFirst: boolean,
  ): void {
    const span = this.spans.get(partition);
    if (span === undefined) this.spans.set(partition, { ...(isFirst && { first }), last });
    else span.last = Math.max(span.last, last);
  }

  /** endSpan says until when a partition is sealed, where nothing tells that it is later. */
  endSpan(partition: string, last: number): void {
    const span = this.spans.get(partition);
    if (span === undefined) this.spans.set(partition, { last });
    else span.last = Math.max(span.last, last);
  }

  /** forget takes back what was told of an index that turned out wrong. */
  forget(): void {
    Object.assign(this.segments, { searched: 0, byIndex: 0, empty: 0, outside: 0, behindLog: 0 });
    this.records = 0;
    this.without.clear();
    this.missing.length = 0;
    this.unfollowed.clear();
    this.spans.clear();
    this.begins = undefined;
    this.ledger = undefined;
  }
}
