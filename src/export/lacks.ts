import { unsealedPartitions } from '../find/tally.ts';
import { intervalOf } from '../find/query.ts';
import type { Query } from '../find/query.ts';
import type { Tally } from '../find/tally.ts';

/** LACKS is why an export may not have all records that were asked for. docs/operations.md, Export. */
export const LACKS = {
  limit: 'there may be more: --limit ended it',
  interrupted: 'the search did not come to its end',
  'not-searched': 'segments could not be searched',
  'missing-events': 'events are missing, which no segment has',
  'not-known-before': 'whether events are missing just before the interval is not known of some partitions',
  'no-log': 'there is no log that a trusted key began',
  'no-checkpoint': 'no checkpoint that its signer signed covers the end of the log',
  'no-key': 'no key was given, so anybody may have made this ledger',
  'no-partition': 'the log has no segment of a partition that was asked for',
  'sealed-until': 'the interval ends later than what is sealed',
  'begins-later': 'the interval begins earlier than what is sealed',
  'late-events': 'records were looked for among what the hub got up to a day after the time that they say',
} as const satisfies Readonly<Record<string, string>>;

export type Lack = keyof typeof LACKS;

/** Exported is how many hits went into the file, and whether a key was given. */
export interface Exported {
  readonly records: number;
  readonly isKeyGiven: boolean;
  /** the search was ended because enough was found */
  readonly isLimited: boolean;
}

/** lacksOf says why an export may not be complete; an empty list where nothing that is known speaks against it. */
export function lacksOf(tally: Tally, query: Query, { records, isKeyGiven, isLimited }: Exported): Lack[] {
  const { isWhole, isLogKnown, log, unsearched, missing, unfollowed, found } = tally;
  const isEnd = isWhole && isLogKnown;
  const lacks: Readonly<Record<Lack, boolean>> = {
    limit: isLimited && (!isWhole || records < found),
    interrupted: !isLimited && (!isWhole || records < found),
    'not-searched': unsearched.length > 0,
    'missing-events': missing.length > 0,
    'not-known-before': unfollowed.size > 0,
    'no-log': isEnd && log === undefined,
    'no-checkpoint': isEnd && log !== undefined && log.checkpoint === undefined,
    'no-key': !isKeyGiven,
    'no-partition': isEnd && unsealedPartitions(tally, query).length > 0,
    'sealed-until': isEnd && isSealedShort(tally, query),
    'begins-later': isEnd && beginsLater(tally, query),
    'late-events': query.by === 'event' && (query.from !== undefined || query.to !== undefined),
  };
  return (Object.keys(LACKS) as Lack[]).filter((lack) => lacks[lack]);
}

/** An open end ends where the log does, and the manifest says where that is. */
function isSealedShort({ spans }: Tally, query: Query): boolean {
  if (query.to === undefined) return false;
  const { to } = intervalOf(query);
  return spans.size === 0 || [...spans.values()].some(({ last }) => last < to);
}

function beginsLater({ spans, begins }: Tally, query: Query): boolean {
  if (query.from === undefined) return false;
  const { from } = intervalOf(query);
  return [...spans.values()].some(({ first = from }) => first > from) || (begins !== undefined && begins > from);
}
