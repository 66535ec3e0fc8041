import { batchName, parseReportName } from '../core/objects/names.ts';
import type { CosignatureReport } from '../core/objects/report.ts';
import type { Context } from './context.ts';
import type { VerifyOptions } from './options.ts';
import type { Tally } from './tally.ts';

/** LogLimits is what a check of the log knows of its own limits. */
export interface LogLimits {
  /** the newest batch, if it has no checkpoint */
  readonly unsigned: number | undefined;
  readonly cosignatures: CosignatureReport | undefined;
}

/** Partitions beyond this many are counted, not listed, where a quick check says what it left out. */
const MAX_UNCOMPARED = 100;

/** notChecked says in words what the outcome of a check does not cover; `log` is undefined where the ledger has none. */
export function notChecked({ tally, tiles }: Context, options: VerifyOptions, log: LogLimits | undefined): string[] {
  const { anchor, isIncremental = false, isQuick = false } = options;
  const not: string[] = [];
  if (isQuick) not.push(...notCheckedQuickly(tally, log !== undefined));
  else if (tally.segments === 0) not.push('no segment was found, so nothing was checked');
  if (isIncremental) {
    const before = anchor?.name ?? 'the anchor';
    not.push(`${tally.notRehashed} segments before the heads of ${before} were not read again`);
    not.push(`names before those that ${before} ended with were not listed again`);
    if (options.earlier === undefined && parseReportName(anchor?.name ?? '') !== undefined)
      not.push(`findings that ${before} doesn't repeat: it is from the ledger itself, and may be anybody's`);
  }
  if (anchor === undefined) {
    const which = log === undefined ? '' : ', of those that have no entry in the log,';
    not.push(`no earlier report was at hand, so segments removed from the end of a chain${which} would not be noticed`);
  }
  if (log !== undefined) not.push(...notCheckedOfLog(tally, options, log, tiles !== undefined));
  else if (tally.segments > 0) not.push('there is no log, so nobody has signed anything');
  if (tally.otherObjects > 0) not.push(`${tally.otherObjects} objects outside segments/ were checked by name alone`);
  return not;
}

function notCheckedOfLog(
  { notIntegrated }: Tally,
  { allowance, kept, verifiers = [] }: VerifyOptions,
  { unsigned, cosignatures }: LogLimits,
  hasTiles: boolean,
): string[] {
  const not: string[] = [];
  // Where the clock tells how old a log may be, an old one shows.
  if (kept === undefined && allowance === undefined)
    not.push('no kept checkpoint was given, so an older state of all, or another history by the same key, would pass');
  if (verifiers.length === 0) not.push('no verifier key was given, so anybody may have signed the checkpoints');
  if (cosignatures !== undefined && cosignatures.notChecked > 0) {
    const whose = 'are by keys that no policy named, or of no valid checkpoint';
    not.push(`${cosignatures.notChecked} cosignatures ${whose}`);
  }
  if (!hasTiles) not.push('the tiles of the log were not at hand');
  if (unsigned !== undefined)
    not.push(`${batchName(unsigned)} has no checkpoint yet, so nobody has signed its entries`);
  if (notIntegrated > 0) not.push(`${notIntegrated} segments have no entry in the log yet, so nobody has signed them`);
  return not;
}

function notCheckedQuickly({ uncompared }: Tally, hasLog: boolean): string[] {
  const not = [
    hasLog
      ? 'no segment was looked into: its bytes are those of its entry in the log, and no record, root or chain was computed'
      : 'there is no log, so there was nothing to compare segments with',
  ];
  for (const { first, count } of uncompared.slice(0, MAX_UNCOMPARED))
    not.push(`${first}${count === 1 ? ' is' : ` and the ${count - 1} after it are`} not in the log, and not compared`);
  const more = uncompared.length - MAX_UNCOMPARED;
  if (more > 0) not.push(`segments of ${more} more partitions are not in the log, and not compared`);
  return not;
}
