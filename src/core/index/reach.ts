import type { AnswerQuery } from '../objects/answerQuery.ts';
import { NO_POSITION } from '../objects/heads.ts';
import type { LogPosition } from '../objects/heads.ts';

/** Reach is until when an answer speaks: of what was in the log by then. */
export interface Reach {
  /** when the last batch was made that the index covers */
  readonly time: string;
  /** partitions that were asked for and are sealed there only until before the end of the interval: until when, '' for not at all */
  readonly short: ReadonlyMap<string, string>;
  /** the interval has an end, and the log was sealed until then */
  readonly isWhole: boolean;
}

/** reachOf tells until when an index speaks of what a query asks, by the heads of the last batch that it covers. */
export function reachOf({ time, positions }: LogPosition, { to, partitions }: AnswerQuery): Reach {
  const short = new Map<string, string>();
  if (to === null) return { time, short, isWhole: false };
  for (const partition of partitions ?? positions.keys()) {
    const { sealed } = positions.get(partition) ?? NO_POSITION;
    if (sealed < to) short.set(partition, sealed);
  }
  return { time, short, isWhole: to <= time && short.size === 0 };
}
