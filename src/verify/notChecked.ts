import { formatVerifierKey, parseVerifierKey } from '../core/note/verifierKey.ts';
import type { VerifierKey } from '../core/note/verifierKey.ts';
import { batchName } from '../core/objects/names.ts';
import type { CosignatureReport } from '../core/objects/report.ts';
import type { Context } from './context.ts';
import { MAX_LOSSES } from './log/followBatches.ts';
import type { VerifyOptions } from './options.ts';
import type { Tally } from './tally.ts';

/** LogLimits is what a check of the log knows of its own limits. */
export interface LogLimits {
  /** the newest batch, if it has no checkpoint */
  readonly unsigned: number | undefined;
  readonly cosignatures: CosignatureReport | undefined;
  /** how many checkpoints were not compared, and batches not judged, because batches before them are lost */
  readonly uncompared: number;
  readonly unjudged: number;
  /** the keys that it announces */
  readonly keys: readonly string[];
}

/** Partitions beyond this many are counted, not listed, where a quick check says what it left out. */
const MAX_UNCOMPARED = 100;

/** notChecked says in words what the outcome of a check does not cover; `log` is undefined where the ledger has none. */
export function notChecked(
  { tally, tiles, ledger }: Context,
  options: VerifyOptions,
  log: LogLimits | undefined,
): string[] {
  const { anchor, auditors, isIncremental = false, isQuick = false, interval } = options;
  const not: string[] = [];
  if (isQuick) not.push(...notCheckedQuickly(tally, log !== undefined));
  else if (interval === undefined && tally.segments === 0) not.push(noSegment(tally));
  if (isIncremental) {
    const before = anchor?.name ?? 'the anchor';
    not.push(`${tally.notRehashed} segments before the heads of ${before} were not read again`);
    not.push(`names before those that ${before} ended with were not listed again`);
  }
  if (anchor === undefined) {
    const which = log === undefined ? '' : ', of those that have no entry in the log,';
    not.push(`no earlier report was at hand, so segments removed from the end of a chain${which} would not be noticed`);
  }
  if (log !== undefined) not.push(...notCheckedOfLog(tally, options, log, tiles !== undefined));
  else if (tally.segments > 0 || interval !== undefined) not.push(notCheckedWithoutLog(options));
  if (log === undefined && ledger.claimed !== undefined) not.push(notCheckedOfClaim(options, ledger.claimed));
  if (auditors === undefined && tally.reports > 0)
    not.push(`no key of the auditor was given, so anybody may have filed the ${tally.reports} reports`);
  const [withoutEntry] = tally.reportsWithoutEntry;
  if (withoutEntry !== undefined)
    not.push(
      `${tally.reportsWithoutEntry.length} reports that an auditor's key signed have no entry in the log, though later ones have: ${withoutEntry} is the first, and nothing but that signature says when it was filed`,
    );
  const [acknowledgement] = tally.acknowledgementsWithoutEntry;
  if (acknowledgement !== undefined)
    not.push(
      `${tally.acknowledgementsWithoutEntry.length} acknowledgements don't count yet, because no entry of them was found in the log: ${acknowledgement} is the first`,
    );
  const [withoutFinding] = tally.acknowledgementsWithoutFinding;
  if (withoutFinding !== undefined && !isIncremental && !isQuick && interval === undefined)
    not.push(
      `acknowledgements that fit no finding which this check lists: ${tally.acknowledgementsWithoutFinding.length}; ${withoutFinding} is the first`,
    );
  if (tally.unreadableOmitted > 0)
    not.push(`${tally.unreadableOmitted} more objects could not be read, and are not listed`);
  if (tally.otherObjects > 0) not.push(`${tally.otherObjects} objects outside segments/ were checked by name alone`);
  return not;
}

function notCheckedOfLog(
  { notIntegrated }: Tally,
  { allowance, kept, verifiers = [] }: VerifyOptions,
  { unsigned, cosignatures, keys, uncompared, unjudged }: LogLimits,
  hasTiles: boolean,
): string[] {
  const not: string[] = [];
  // Where the clock tells how old a log may be, an old one shows.
  if (kept === undefined && allowance === undefined)
    not.push('no kept checkpoint was given, so an older state of all, or another history by the same key, would pass');
  not.push(...notCheckedOfKeys(verifiers, keys));
  if (cosignatures !== undefined && cosignatures.notChecked > 0) {
    const whose = 'are by keys that no policy named, or of no valid checkpoint';
    not.push(`${cosignatures.notChecked} cosignatures ${whose}`);
  }
  if (uncompared > 0)
    not.push(`${uncompared} checkpoints were not compared: a batch up to them is lost, or can't be read`);
  if (unjudged > 0)
    not.push(
      `${unjudged} batches were not looked at: the log was taken up again behind ${MAX_LOSSES} that are lost before`,
    );
  if (!hasTiles) not.push('the tiles of the log were not at hand');
  if (unsigned !== undefined)
    not.push(`${batchName(unsigned)} has no checkpoint yet, so only a session has signed its entries`);
  if (notIntegrated > 0)
    not.push(`${notIntegrated} segments have no entry in the log yet, so only a session has signed them`);
  return not;
}

const noSegment = ({ foreignSegments }: Tally): string =>
  foreignSegments === 0
    ? 'no segment was found, so nothing was checked'
    : `none of the ${foreignSegments} objects with the names of segments is signed by who counts here, so nothing was checked`;

/** notCheckedOfClaim says that the keys which were given may be the wrong ones. */
const notCheckedOfClaim = ({ verifiers = [] }: VerifyOptions, claimed: readonly string[]): string =>
  `none of the given keys signed for a log here: ${verifiers.map(formatVerifierKey).map(shortKey).join(', ')}; what has the name of its first batch announces ${claimed.map(shortKey).join(', ')}, which counts only if you know that key from somewhere else`;

function notCheckedWithoutLog({ verifiers = [] }: VerifyOptions): string {
  if (verifiers.length > 0) return 'there is no log, so only sessions have signed anything';
  return 'there is no log, and no verifier key was given, so anybody may have made all of it';
}

/** notCheckedOfKeys says whose word is taken for who made the ledger. */
function notCheckedOfKeys(verifiers: readonly VerifierKey[], announced: readonly string[]): string[] {
  if (verifiers.length === 0) {
    const taken = announced.map(shortKey).join(', ');
    return [
      `no verifier key was given, so who made the ledger isn't known: the keys that its own log announces were taken, ${taken}`,
    ];
  }
  const given = verifiers.map(formatVerifierKey);
  const lacking = announced.filter((key) => !given.includes(key)).map(shortKey);
  if (lacking.length === 0) return [];
  const whose = lacking.length === 1 ? 'a key that was not given' : 'keys that were not given';
  return [
    `the log announces ${whose}, ${lacking.join(', ')}: what sessions of theirs signed counts, because a key before said so`,
  ];
}

/** shortKey prints a key as `name+id`. */
function shortKey(key: string): string {
  const { keyName, keyId } = parseVerifierKey(key);
  return `${keyName}+${keyId}`;
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
