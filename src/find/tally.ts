import type { Looked } from './match.ts';
import type { Extra, Field } from '../core/fields/rule.ts';
import type { Checkpoint } from '../core/note/checkpoint.ts';
import type { SegmentEntry } from '../core/objects/entry.ts';

/** MissingEvents is numbers of a partition that no segment has, between two that are sealed. */
export interface MissingEvents {
  readonly partition: string;
  readonly first: number;
  readonly last: number;
  /** the events before and behind them were enqueued then, where there are some */
  readonly after?: string;
  readonly before?: string;
}

/** Span is how far a partition is sealed. */
export interface Span {
  first: string;
  last: string;
}

/** Unsearched is a segment that could not be looked into, and why. */
export interface Unsearched {
  readonly segment: string;
  readonly why: string;
  /** somebody changed it: it is not what the log says */
  readonly isChanged: boolean;
}

/** Tally is what a search looked at, and what it did not. */
export class Tally {
  /** segments that were searched, those of the interval that hold no record, and those outside of it */
  readonly segments = { searched: 0, empty: 0, outside: 0, behindLog: 0 };
  readonly unsearched: Unsearched[] = [];
  /** records of the interval */
  records = 0;
  found = 0;
  /** of those records, the ones that aren't JSON, and those of which no rule takes anything: they were searched as text */
  readonly asText = { notJson: 0, noFields: 0 };
  /** of those records, the ones that have no value of a field that was asked for */
  readonly without = new Map<Field | Extra, number>();
  /** of those records, the ones that say no time that can be read */
  timeless = 0;
  readonly missing: MissingEvents[] = [];
  /** by partition */
  readonly spans = new Map<string, Span>();
  /** the newest checkpoint that covers what the log had, and the log itself */
  log: { readonly entries: number; readonly time: string; readonly checkpoint?: Checkpoint } | undefined;

  addRecord({ shape, without, isTimeless, isFound }: Looked): void {
    this.records += 1;
    if (shape !== 'fields') this.asText[shape] += 1;
    for (const field of without) this.without.set(field, (this.without.get(field) ?? 0) + 1);
    if (isTimeless) this.timeless += 1;
    if (isFound) this.found += 1;
  }

  addSpan({ partition, time }: Pick<SegmentEntry, 'partition' | 'time'>): void {
    const span = this.spans.get(partition);
    if (span === undefined) this.spans.set(partition, { ...time });
    else if (time.last > span.last) span.last = time.last;
  }
}
