import type { TreeHead } from '../merkle/tree.ts';

/** ENTRIES_PER_UNIT is how many entries of the log the smallest unit is of; only the last may be of fewer. */
export const ENTRIES_PER_UNIT = 32;
/** FAN_OUT is how many units become one. */
const FAN_OUT = 32;
/** MAX_UNIT_RECORDS and MAX_UNIT_TERMS bound what units have together that become one. */
export const MAX_UNIT_RECORDS = 4_194_304;
const MAX_UNIT_TERMS = 4_194_304;

/** EntryRange is entries of the log, from `from` to before `to`. */
export interface EntryRange {
  readonly from: number;
  readonly to: number;
}

/** UnitSize is what decides whether a unit becomes part of another. */
export interface UnitSize extends EntryRange {
  readonly records: number;
  readonly tree: Pick<TreeHead, 'size'>;
}

/** endOfSmallest is where the smallest unit ends that has an entry. */
export const endOfSmallest = (entry: number): number => (Math.floor(entry / ENTRIES_PER_UNIT) + 1) * ENTRIES_PER_UNIT;

/** widthsIn gives how many entries the units have that may be made of others, in a log of so many entries, the smallest first. */
export function* widthsIn(entries: number): Generator<number> {
  for (let width = ENTRIES_PER_UNIT * FAN_OUT; width <= entries; width *= FAN_OUT) yield width;
}

/**
 * groupUnits gives the units of a log of `entries` entries in groups, each of which is to be one: those of `width` entries from a multiple
 * of that on, if the log has all of these, and they don't have too many records or terms together. `units` follow each other, and were
 * grouped by all smaller widths; so it depends on the log alone which are one. docs/format.md, section 9.7.
 */
export function groupUnits<T extends UnitSize>(units: readonly T[], width: number, entries: number): readonly T[][] {
  const groups: T[][] = [];
  for (let i = 0; i < units.length;) {
    const place = placeOf(units[i], width);
    let end = i + 1;
    while (end < units.length && placeOf(units[end], width) === place) end++;
    const group = units.slice(i, end);
    if ((place + 1) * width <= entries && areFew(group)) groups.push(group);
    else for (const unit of group) groups.push([unit]);
    i = end;
  }
  return groups;
}

function areFew(units: readonly UnitSize[]): boolean {
  const records = units.reduce((sum, unit) => sum + unit.records, 0);
  const terms = units.reduce((sum, { tree }) => sum + tree.size, 0);
  return records <= MAX_UNIT_RECORDS && terms <= MAX_UNIT_TERMS;
}

const placeOf = (unit: EntryRange | undefined, width: number): number => Math.floor((unit?.from ?? 0) / width);

/** isRange tells whether a unit of a log of `entries` entries can be of a range. */
export function isRange({ from, to }: EntryRange, entries: number): boolean {
  if (from % ENTRIES_PER_UNIT === 0 && to === Math.min(from + ENTRIES_PER_UNIT, entries)) return true;
  return [...widthsIn(entries)].some((width) => from % width === 0 && to === from + width);
}
