import { SPAN_OPTIONS, spanIn } from './searchOptions.ts';
import type { SpanValues } from './searchOptions.ts';
import { usageError } from './usage.ts';
import type { Option } from './usage.ts';
import type { LedgerInterval } from '../core/objects/slice.ts';

/** intervalOptions are the options that say which interval of a ledger is meant; `what` is what is done with it. */
export const intervalOptions = (
  what: string,
): {
  readonly from: Text;
  readonly to: Text;
  readonly tz: Text;
  readonly partition: Extract<Option, { type: 'texts' }>;
} => ({
  from: {
    ...SPAN_OPTIONS.from,
    meaning: `${what} whose events the hub got from then on, whenever they happened: 2026-11-25T14:00Z, or a date. With --to`,
  },
  to: SPAN_OPTIONS.to,
  tz: { ...SPAN_OPTIONS.tz, meaning: 'time zone of these times where they have no offset (default: UTC)' },
  partition: { ...SPAN_OPTIONS.partition, meaning: 'of this partition only (default: of all)' },
});

type Text = Extract<Option, { type: 'text' }>;

/** intervalIn reads these options; undefined if none was given. It throws USAGE for what is no interval. */
export function intervalIn(options: SpanValues): LedgerInterval | undefined {
  const { from, to, partitions } = spanIn(options);
  if (from === undefined && to === undefined) {
    if (partitions !== undefined || options.tz !== undefined)
      throw usageError('--partition and --tz are of an interval: give --from and --to too');
    return undefined;
  }
  if (from === undefined || to === undefined)
    throw usageError('--from and --to go together: an interval that is checked or copied has two ends');
  return {
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
    partitions: partitions === undefined ? null : [...partitions].sort((a, b) => Number(a) - Number(b)),
  };
}

/** BY_THE_HUB says what the times of an interval are. */
export const BY_THE_HUB =
  'An interval is by when the hub got the events, not by when they happened: what came late is in a later one.';

/** intervalArguments gives the options that mean an interval, one by one. */
export const intervalArguments = ({ from, to, partitions }: LedgerInterval): string[] => [
  `--from=${from}`,
  `--to=${to}`,
  ...(partitions ?? []).map((partition) => `--partition=${partition}`),
];

/** describeInterval says which interval it is. */
export const describeInterval = ({ from, to, partitions }: LedgerInterval): string =>
  `from ${from} to ${to}, of ${partitions === null ? 'all partitions' : `partition${partitions.length === 1 ? '' : 's'} ${partitions.join(', ')}`}`;
