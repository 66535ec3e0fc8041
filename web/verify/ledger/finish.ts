import { acknowledge } from './acknowledge.ts';
import { checkActions } from './actionCheck.ts';
import type { ClockCheck } from './clock.ts';
import type { Findings } from './findings.ts';
import type { Folder } from './folder.ts';
import type { LogCheck } from './log.ts';
import { segmentName } from './names.ts';
import type { Walk } from './walk.ts';

/** How long before the newest batch a segment must have been sealed, not to be just on its way into the log. */
const DELAY_MS = 10 * 60_000;

/** untilOf gives before when (ms since the Unix epoch) what was sealed must be in the log; NaN: nothing must. */
export function untilOf(log: LogCheck, hasLog: boolean, isDemanded: boolean): number {
  if (log.isEndUnknown) return NaN;
  if (hasLog) return Date.parse(log.entries.time) - DELAY_MS;
  return isDemanded ? Infinity : NaN;
}

/** sayForeign says of names that the format knows no such object, but for those that mark a folder. */
export function sayForeign(folder: Folder, findings: Findings, names: readonly string[]): void {
  for (const name of folder.takeMarkers(names))
    findings.say('foreign-object', name, 'the format knows no object of this name');
}

/** finishWalk checks what is left of a partition, says what of it should have an entry, and gives how many segments have none. */
export async function finishWalk(
  walk: Walk,
  until: number,
  findings: Findings,
  hasEntry: (index: number) => boolean = () => false,
): Promise<number> {
  const { partition } = walk.chain;
  let first: { readonly index: number; readonly sealed: string } | undefined;
  let count = 0;
  let all = 0;
  for (let object = await walk.next(); object !== undefined; object = await walk.next()) {
    const { index, reading } = object;
    if (hasEntry(index) || reading?.isSegment !== true) continue;
    all += 1;
    const { sealed } = reading.header;
    if (!(Date.parse(sealed) < until)) continue;
    count += 1;
    first ??= { index, sealed };
  }
  walk.chain.finish();
  if (first === undefined) return all;
  const others = count === 1 ? '' : `; nor have the ${count - 1} after it`;
  const why = `it was sealed at ${first.sealed}, and has no entry in the log${others}`;
  findings.say('not-integrated', segmentName(partition, first.index), why);
  return all;
}

/** FinishParts is what the end of a check works with. */
export interface FinishParts {
  readonly folder: Folder;
  readonly findings: Findings;
  readonly clock: ClockCheck;
  readonly log: LogCheck;
  readonly until: number;
  readonly now: number;
}

/** finishActions checks actions, then does what is left, and says last which findings operators acknowledged. */
export async function finishActions(
  { folder, findings, clock, log, until, now }: FinishParts,
  rest: () => Promise<void>,
): Promise<{ readonly waiting: readonly string[]; readonly withoutFinding: readonly string[] }> {
  const { operators } = log;
  const { actions: entries, filed } = log.entries;
  const counted = { integrated: filed.action, entries, until, now, clock, operators };
  const { acknowledgements, waiting } = await checkActions(folder, findings, counted);
  await rest();
  const known = acknowledgements.filter(({ code }) => code === 'clock-ahead').map(({ object }) => object);
  clock.finish(findings, new Set(known));
  return { waiting, withoutFinding: await acknowledge(folder, findings, acknowledgements) };
}
