import { MAX_KEYS, shortKey } from '../verifierKey.ts';
import type { VerifierKey } from '../verifierKey.ts';
import { TLOG } from './folder.ts';
import type { Folder } from './folder.ts';
import type { IntervalCounts } from './checked.ts';
import { notCheckedOutside } from './notCheckedOutside.ts';
import { sayIgnored } from './litter.ts';
import { MAX_LOSSES } from './followBatches.ts';
import type { LogOutcome } from './log.ts';

/** Uncovered is what a check knows of its own limits. */
export interface Uncovered {
  readonly folder: Folder;
  readonly segments: number;
  /** what has the name of a segment and isn't signed by who may */
  readonly foreignSegments: number;
  /** the keys that a log announces which no given key began */
  readonly claimed: readonly VerifierKey[] | undefined;
  /** the interval that alone was checked */
  readonly interval: IntervalCounts | undefined;
  /** how many segments have no entry in the log */
  readonly notIntegrated: number;
  readonly log: LogOutcome | undefined;
  readonly keys: readonly VerifierKey[];
  /** whether a key was given that can have signed the log, and one that can have signed reports */
  readonly hasKeys: boolean;
  readonly hasAuditor: boolean;
  readonly anchor: string | undefined;
  /** reports that an auditor signed and that the log has no entry of, though it has of later ones */
  readonly reportsWithoutEntry: readonly string[];
  /** acknowledgements that the log has no entry of */
  readonly acknowledgementsWithoutEntry: readonly string[];
  /** those that count, and that no listed finding fits */
  readonly acknowledgementsWithoutFinding: readonly string[];
  /** how many objects couldn't be read and aren't listed */
  readonly unreadableOmitted: number;
}

/** notChecked says in words what the outcome of a check does not cover. */
export function notChecked(check: Uncovered): string[] {
  const { folder, segments, claimed, interval, notIntegrated, log, keys, hasAuditor, anchor } = check;
  const not: string[] = [];
  if (interval !== undefined) not.push(...notCheckedOutside(interval, log !== undefined));
  else if (segments === 0) not.push(noSegment(check));
  not.push(...whoSigned(check));
  if (claimed !== undefined)
    not.push(
      `None of the given keys signed for the log in the folder. What has the name of its first batch announces ${claimed.map(shortKey).join(', ')}: that counts only if you know the key from somewhere else.`,
    );
  else if (log === undefined)
    not.push('The folder holds no log, so none of its keys vouches for how many segments there are.');
  else {
    if (log.unsigned !== undefined) not.push(`${log.unsigned} has no checkpoint yet.`);
    if (log.uncompared > 0)
      not.push(`${log.uncompared} checkpoints were not compared: a batch up to them is lost, or can't be read.`);
    if (log.unjudged > 0)
      not.push(
        `${log.unjudged} batches were not looked at: the log was taken up again behind ${MAX_LOSSES} that are lost before.`,
      );
    if (notIntegrated > 0) {
      not.push(`${notIntegrated} segments are not in the log yet, so no checkpoint covers them.`);
    }
    if (folder.under(TLOG).length === 0) not.push('The tiles of the log are not in the folder.');
    not.push(
      'The index of the log, by which searches and answers go: this page made none of its units again, and did not compare its files. The command \u201cverify\u201d does.',
    );
    const { notChecked: left, keys: witnesses } = log.cosignatures;
    if (left > 0) {
      not.push(
        `${left} cosignatures are by keys that you did not give, or of no valid checkpoint: they were checked by their form alone.`,
      );
    }
    if (witnesses > 0) {
      not.push(
        'Whether enough witnesses cosigned: this page counts their cosignatures, and demands no number of them (no quorum).',
      );
    }
  }
  if (interval === undefined && !hasAuditor && folder.under('reports/').length > 0)
    not.push('Who signed the reports: no key of the auditor was given, so nothing was taken from them.');
  if (interval !== undefined) {
    // Nobody asked how far the chains reach.
  } else if (anchor === undefined) {
    not.push(
      'No report that a given key of the auditor signed is in the folder and in the log, so segments that were removed from the end of a chain would not show, unless the log has them.',
    );
  } else {
    not.push(`What ${anchor} said of the chains' length was compared, but it comes from the same folder.`);
  }
  not.push('Whether checkpoints were removed from the end of the log: compare the newest one with one that you kept.');
  const [withoutEntry] = check.reportsWithoutEntry;
  if (withoutEntry !== undefined)
    not.push(
      `When ${check.reportsWithoutEntry.length} reports were filed: they have no entry in the log, though later ones have; ${withoutEntry} is the first. The auditor signed them.`,
    );
  const [waiting] = check.acknowledgementsWithoutEntry;
  if (waiting !== undefined)
    not.push(
      `What ${check.acknowledgementsWithoutEntry.length} actions acknowledge: no entry of them was found in the log, so they don't count yet; ${waiting} is the first.`,
    );
  const [withoutFinding] = check.acknowledgementsWithoutFinding;
  if (withoutFinding !== undefined)
    not.push(
      `Acknowledgements that fit no finding which this page lists: ${check.acknowledgementsWithoutFinding.length}; ${withoutFinding} is the first.`,
    );
  if (check.unreadableOmitted > 0)
    not.push(`${check.unreadableOmitted} more files could not be read, and are not listed.`);
  if (keys.length === MAX_KEYS) not.push(`Only the first ${MAX_KEYS} keys were used.`);
  not.push(...sayIgnored(folder.ignored));
  return not;
}

const noSegment = ({ foreignSegments }: Uncovered): string =>
  foreignSegments === 0
    ? 'No segment was found, so no record was checked.'
    : `None of the ${foreignSegments} files with the names of segments is signed by who counts here, so no record was checked.`;

/** whoSigned says which keys count that the user didn't give. docs/format.md, section 2.1. */
function whoSigned({ hasKeys, log, keys }: Uncovered): string[] {
  const start = 'Who made this ledger: no verifier key of the log was given, so';
  if (!hasKeys && log === undefined) return [`${start} nobody was asked who certified what is signed.`];
  const others = log?.announced.filter((text) => !keys.some((key) => key.text === text)) ?? [];
  if (!hasKeys) return [`${start} the keys were taken that it announces itself: ${others.join(' ')}.`];
  if (others.length === 0) return [];
  return [
    `Keys that the log announces, and that you did not give: ${others.join(' ')}. What they certify was taken too.`,
  ];
}
