import type { Uncompared } from './chain/walk.ts';
import type { VerifyOptions } from './options.ts';
import { batchName } from '../core/objects/names.ts';

/** Uncovered is what a check knows of its own limits. */
export interface Uncovered extends VerifyOptions {
  readonly hasTiles: boolean;
  readonly segments: number;
  readonly notRehashed: number;
  readonly notIntegrated: number;
  readonly otherObjects: number;
  readonly uncompared: readonly Uncompared[];
  /** undefined if the ledger has no log; unsigned: the newest batch, if it has no checkpoint; cosignatures: those not verified */
  readonly log?: { readonly unsigned: number | undefined; readonly cosignatures: number };
}

/** Partitions beyond this many are counted, not listed, where a quick check says what it left out. */
const MAX_UNCOMPARED = 100;

/** notChecked says in words what the outcome of a check does not cover. */
export function notChecked(check: Uncovered): string[] {
  const { anchor, allowance, hasTiles, isIncremental, isQuick, kept, log, otherObjects, segments, verifiers } = check;
  const not: string[] = [];
  if (isQuick === true) not.push(...notCheckedQuickly(check));
  else if (segments === 0) not.push('no segment was found, so nothing was checked');
  if (isIncremental === true) {
    const before = anchor?.name ?? 'the anchor';
    not.push(`${check.notRehashed} segments before the heads of ${before} were not read again`);
    not.push(`names before those that ${before} ended with were not listed again`);
  }
  if (anchor === undefined) {
    const which = log === undefined ? '' : ', of those that have no entry in the log,';
    not.push(`no earlier report was at hand, so segments removed from the end of a chain${which} would not be noticed`);
  }
  if (log === undefined && segments > 0) not.push('there is no log, so nobody has signed anything');
  if (log !== undefined) {
    // Where the clock tells how old a log may be, an old one shows.
    if (kept === undefined && allowance === undefined)
      not.push(
        'no kept checkpoint was given, so an older state of all, or another history by the same key, would pass',
      );
    if ((verifiers ?? []).length === 0)
      not.push('no verifier key was given, so anybody may have signed the checkpoints');
    if (log.cosignatures > 0)
      not.push(`${log.cosignatures} cosignatures are by keys that no policy named, or of no valid checkpoint`);
    if (!hasTiles) not.push('the tiles of the log were not at hand');
    if (log.unsigned !== undefined)
      not.push(`${batchName(log.unsigned)} has no checkpoint yet, so nobody has signed its entries`);
    if (check.notIntegrated > 0)
      not.push(`${check.notIntegrated} segments have no entry in the log yet, so nobody has signed them`);
  }
  if (otherObjects > 0) not.push(`${otherObjects} objects outside segments/ were checked by name alone`);
  return not;
}

function notCheckedQuickly({ log, uncompared }: Uncovered): string[] {
  const not = [
    log === undefined
      ? 'there is no log, so there was nothing to compare segments with'
      : 'no segment was looked into: its bytes are those of its entry in the log, and no record, root or chain was computed',
  ];
  for (const { first, count } of uncompared.slice(0, MAX_UNCOMPARED))
    not.push(`${first}${count === 1 ? ' is' : ` and the ${count - 1} after it are`} not in the log, and not compared`);
  const more = uncompared.length - MAX_UNCOMPARED;
  if (more > 0) not.push(`segments of ${more} more partitions are not in the log, and not compared`);
  return not;
}
