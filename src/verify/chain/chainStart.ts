import type { Hash } from '../../core/hash.ts';
import type { LogPosition } from '../../core/objects/heads.ts';
import type { Report } from '../../core/objects/report.ts';
import type { Link } from './sequence.ts';

/** LoggedHead is the newest segment of a chain that the log had where a check goes on: its root stands for all before it. */
export interface LoggedHead {
  readonly index: number;
  readonly root: Hash;
}

/** ChainStart is where the check of a chain begins. */
export interface ChainStart {
  readonly from: number;
  readonly logged?: LoggedHead;
  /** what the segment there has to follow; left out: START at the first segment, and behind it whatever it says */
  readonly link?: Link;
}

/**
 * chainStart says where a check that goes on from a report begins in a partition: at the segment that the report ended with,
 * and in a ledger with a log no later than at the one that its heads name. A report alone could invent a later one.
 */
export function chainStart(
  partition: string,
  { partitions }: Pick<Report, 'partitions'>,
  position: LogPosition | undefined,
): ChainStart {
  const known = partitions.find((head) => head.partition === partition)?.index ?? 0;
  if (position === undefined) return { from: known };
  const { index, root } = position.positions.get(partition) ?? { index: -1, root: undefined };
  if (index < 0 || root === undefined) return { from: 0 };
  return { from: Math.min(known, index), logged: { index, root } };
}
