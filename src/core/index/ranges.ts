/** ENTRIES_PER_UNIT is how many entries of the log the smallest unit is of; only the last may be of fewer. */
export const ENTRIES_PER_UNIT = 32;
/** FAN_OUT is how many units become one. */
const FAN_OUT = 32;
/** MAX_UNIT_RECORDS bounds the records of a unit that is made of others. */
const MAX_UNIT_RECORDS = 4_194_304;

/** EntryRange is entries of the log, from `from` to before `to`. */
export interface EntryRange {
  readonly from: number;
  readonly to: number;
  /** records of the segments that have an entry among them */
  readonly records: number;
}

/** endOfSmallest is where the smallest unit ends that has an entry. */
export const endOfSmallest = (entry: number): number => (Math.floor(entry / ENTRIES_PER_UNIT) + 1) * ENTRIES_PER_UNIT;

/**
 * mergedRanges gives the ranges of which the units of a log of `entries` entries are, and for each its parts: `units` are the smallest
 * ones, or what was merged of them before. The 32 * 32^n entries from a multiple of that on are one unit, if the log has all of them,
 * and their segments at most MAX_UNIT_RECORDS records. As many as can be are one, so the ranges depend on the log alone.
 * docs/format.md, section 9.7.
 */
export function mergedRanges<T extends EntryRange>(units: readonly T[], entries: number): readonly (readonly T[])[] {
  let groups: readonly (readonly T[])[] = units.map((unit) => [unit]);
  for (let width = ENTRIES_PER_UNIT * FAN_OUT; width <= entries; width *= FAN_OUT)
    groups = mergeGroups(groups, width, entries);
  return groups;
}

function mergeGroups<T extends EntryRange>(groups: readonly (readonly T[])[], width: number, entries: number): T[][] {
  const merged: T[][] = [];
  for (let i = 0; i < groups.length;) {
    const place = placeOf(groups[i], width);
    let end = i + 1;
    while (end < groups.length && placeOf(groups[end], width) === place) end++;
    const parts = groups.slice(i, end).flat();
    const records = parts.reduce((sum, part) => sum + part.records, 0);
    if ((place + 1) * width <= entries && records <= MAX_UNIT_RECORDS) merged.push(parts);
    else merged.push(...groups.slice(i, end).map((group) => [...group]));
    i = end;
  }
  return merged;
}

const placeOf = (group: readonly EntryRange[] | undefined, width: number): number =>
  Math.floor((group?.[0]?.from ?? 0) / width);
