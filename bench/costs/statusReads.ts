import { TILE_WIDTH } from '../../src/core/merkle/tile.ts';
import { DAYS, MOST_BEFORE, MOST_OF_DAY } from '../../src/status/activity.ts';

/** To prove a bundle takes so many tiles more with each level of tiles that the log has beyond two, where it was measured. */
const TILES_A_LEVEL = 2;
const MEASURED_LEVELS = 2;

/** StatusReads is what a status reads of the log's entries. */
export interface StatusReads {
  /** of the entry bundles: those of the last day, evenly spaced ones of the four weeks before, and those that a bisection meets */
  readonly entries: number;
  /** tiles beside those that were measured */
  readonly tiles: number;
}

/** statusReads works out what a status reads of a log that grew by so many entries a day, for so many days. */
export function statusReads(entriesADay: number, heldDays: number): StatusReads {
  const bundlesIn = (days: number): number => (entriesADay * Math.min(days, heldDays)) / TILE_WIDTH;
  const ofDay = Math.min(MOST_OF_DAY, bundlesIn(1));
  const spaced = Math.min(MOST_BEFORE, Math.max(0, bundlesIn(DAYS) - ofDay));
  // Two times are looked for: when the last day began, and the weeks.
  const met = 2 * Math.log2(Math.max(1, bundlesIn(heldDays)));
  const bundles = ofDay + spaced + met;
  const levels = Math.ceil(Math.log(Math.max(TILE_WIDTH, entriesADay * heldDays)) / Math.log(TILE_WIDTH));
  return {
    entries: bundles * TILE_WIDTH,
    tiles: bundles * TILES_A_LEVEL * Math.max(0, levels - MEASURED_LEVELS),
  };
}
