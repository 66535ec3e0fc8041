import type { Path } from '../core/fields/pathReader.ts';
import type { Extra, Field } from '../core/fields/rule.ts';
import { CLOCK_SKEW_MS } from '../core/limits.ts';

/** Where is a value that a record must have on a path. */
export interface Where {
  readonly path: Path;
  /** as fold gives it */
  readonly value: string;
}

/** Query is what a record must have to be found: all of it. */
export interface Query {
  /** from when on (ms since 1970), and until before when; left out: from the first, to the last */
  readonly from?: number;
  readonly to?: number;
  /** whose time that is: when the hub got the event, or what the record says */
  readonly by: 'hub' | 'event';
  /** by field, the values of which it must have one, as fold gives them */
  readonly terms: ReadonlyMap<Field | Extra, readonly string[]>;
  readonly where: readonly Where[];
  /** texts that must stand in its bytes */
  readonly texts: readonly string[];
  /** left out: all partitions */
  readonly partitions?: ReadonlySet<string>;
  /** numbers of records in their partition, both ends included; left out: all */
  readonly records?: { readonly first: number; readonly last: number };
}

/**
 * LATE_MS is how much later than a record says the hub may have got it, for the record to be found by its own time: a day. Azure
 * Monitor promises nothing; minutes are usual, and hours have been seen.
 */
const LATE_MS = 24 * 3_600_000;

/** isWithin tells whether a time (ms since 1970) is in the interval of a query. */
export const isWithin = ({ from = -Infinity, to = Infinity }: Pick<Query, 'from' | 'to'>, time: number): boolean =>
  from <= time && time < to;

/** Interval is from when to before when (ms since 1970) segments reach that may hold what is asked for. */
export interface Interval {
  readonly from: number;
  readonly to: number;
}

/** intervalOf gives the interval of the hub's time in which a query's records are. */
export const intervalOf = ({ from = -Infinity, to = Infinity, by }: Query): Interval =>
  by === 'hub' ? { from, to } : { from: from - CLOCK_SKEW_MS, to: to + LATE_MS };

/** reachesInto tells whether times reach into an interval. */
export const reachesInto = (
  { first, last }: { readonly first: number; readonly last: number },
  { from, to }: Interval,
): boolean => first < to && last >= from;
