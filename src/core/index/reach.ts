import { beginOf } from './manifest.ts';
import type { IndexManifest } from './manifest.ts';
import type { AnswerQuery } from '../objects/answerQuery.ts';
import { NO_POSITION } from '../objects/heads.ts';
import type { LogPosition } from '../objects/heads.ts';

/** Reach is of which time an answer speaks: of what was in the log by then. */
export interface Reach {
  /** when the last batch was made that the index covers */
  readonly time: string;
  /** the earliest time of an event in the index; '' if there is none */
  readonly begins: string;
  /**
   * partitions that were asked for and are sealed there only until before the interval's end, or where it has none, its beginning: until
   * when, '' for not at all
   */
  readonly short: ReadonlyMap<string, string>;
  /** the interval doesn't go beyond that, or where it has no end, begins before it; and it doesn't end before the index begins */
  readonly isWhole: boolean;
}

/** reachOf tells of which time an index speaks, for a query, by the heads of the last batch that it covers. */
export function reachOf(
  { time, positions }: LogPosition,
  manifest: IndexManifest,
  { from, to, partitions }: AnswerQuery,
): Reach {
  const begins = beginOf(manifest) ?? '';
  const short = new Map<string, string>();
  const edge = to ?? from;
  if (edge === null) return { time, begins, short, isWhole: true };
  for (const partition of partitions ?? positions.keys()) {
    const { sealed } = positions.get(partition) ?? NO_POSITION;
    if (sealed < edge) short.set(partition, sealed);
  }
  const isBefore = to !== null && to <= begins;
  return { time, begins, short, isWhole: edge <= time && short.size === 0 && !isBefore };
}
