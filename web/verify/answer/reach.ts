import { utf8 } from '../bytes.ts';
import { Fault } from '../fault.ts';
import { headsOf, isHeadsLine } from '../ledger/entries.ts';
import type { ProvedEntry } from './answer.ts';
import type { Manifest } from './manifest.ts';
import type { Query } from './query.ts';

/** SealedUntil is a partition, and when its newest segment was sealed: an empty text if it has none. */
export interface SealedUntil {
  readonly partition: string;
  readonly sealed: string;
}

/** Reach is until when an answer reaches. What came into the log behind the index isn't in it. docs/format.md, section 9.8. */
export interface Reach {
  /** number of the last entry that the index covers, and when its batch was made */
  readonly entry: number;
  readonly time: string;
  /** of the partitions that were asked for, those that are sealed there only until before the interval ends */
  readonly sealed: readonly SealedUntil[];
  /** those that were asked for by name, and that the entry doesn't name: nothing says until when they are sealed */
  readonly unnamed: readonly string[];
  /** the earliest of all these times */
  readonly until: string;
  /** the earliest time of a segment, by the index; undefined if it has none */
  readonly begins: string | undefined;
  /**
   * How much of the interval that is. `all`: the interval ends before; `open`: it has no end, so it is asked for what there is;
   * `part`: it ends later; `late`: it begins later; `early`: it ends before the log has anything.
   */
  readonly covers: 'all' | 'open' | 'part' | 'late' | 'early';
}

/** readReach reads the entry of heads that an index ends with, and throws PROOF_INVALID or BATCH_MALFORMED if it is none. */
export async function readReach(
  { index, line }: ProvedEntry,
  { entries, units }: Manifest,
  query: Query,
): Promise<Reach> {
  if (index !== entries - 1)
    throw new Fault(
      'PROOF_INVALID',
      `entry ${index} is not the last one that the index covers, which is ${entries - 1}`,
    );
  const bytes = utf8(line);
  if (!isHeadsLine(bytes)) throw new Fault('PROOF_INVALID', `the last entry of the index, ${index}, is not of heads`);
  const { time, positions } = await headsOf([bytes]);
  let begins: string | undefined;
  for (const { time: own } of units) if (own !== undefined && !(own[0] >= (begins ?? '~'))) begins = own[0];
  const sealed = new Map([...positions].map(([id, position]) => [id, position.sealed ?? '']));
  return { entry: index, time, begins, ...reachOf(time, begins, sealed, query) };
}

function reachOf(
  time: string,
  begins: string | undefined,
  positions: ReadonlyMap<string, string>,
  { from, to, partitions }: Query,
): Pick<Reach, 'sealed' | 'unnamed' | 'until' | 'covers'> {
  const asked = [...(partitions ?? positions.keys())];
  const named = asked.flatMap((partition): SealedUntil[] => {
    const sealed = positions.get(partition);
    return sealed === undefined ? [] : [{ partition, sealed }];
  });
  const sealed = named.filter((it) => to === null || it.sealed < to);
  const unnamed = asked.filter((partition) => !positions.has(partition));
  const until = sealed.reduce((least, it) => (it.sealed !== '' && it.sealed < least ? it.sealed : least), time);
  const isBehind = (at: string): boolean => from !== null && from >= at;
  const isLate = isBehind(time) || (named.length > 0 && named.every((it) => isBehind(it.sealed)));
  const isEarly = to !== null && (begins === undefined || to <= begins);
  const isAll = to !== null && to <= time && sealed.length === 0;
  const isOpen = to === null && !isBehind(until);
  const covers = isLate ? 'late' : isEarly ? 'early' : isAll ? 'all' : isOpen ? 'open' : 'part';
  return { sealed, unnamed, until, covers };
}
