import { MirrorStore } from '../adapters/mirrorStore.ts';
import { named } from '../core/errors.ts';
import type { Report } from '../core/objects/report.ts';
import type { LedgerInterval } from '../core/objects/slice.ts';
import { formatReport, parseReport } from '../core/objects/reportFile.ts';
import { enteredReports } from '../integrate/enteredReports.ts';
import { newestReport } from '../ledger/reports.ts';
import type { Anchor } from '../ledger/reports.ts';
import { MAX_OBJECT_BYTES } from '../core/objects/sizes.ts';
import type { ObjectStore, ReadableTiles } from '../ports/store.ts';
import type { VerifyDeps } from '../verify/context.ts';
import { verifyLedger } from '../verify/verify.ts';
import type { CheckThreads } from './checkThreads.ts';
import type { CheckedLedger } from './estate.ts';
import { createFile, readUserFile } from './files.ts';
import { KeptCheckpoint } from './keptCheckpoint.ts';
import { ledgerIn, readTrust } from './keys.ts';
import type { TrustedKeys } from './keys.ts';
import { warn } from './output.ts';
import { Progress } from './progress.ts';
import { printReport } from './report.ts';
import { refuseSlice, shellWord, widerLines } from './sliceFolder.ts';
import { hasTiles, openTarget, openTiles } from './target.ts';
import { unusable, usageError } from './usage.ts';
import type { VerifyOptionValues } from './verifyOptions.ts';

/** checkLedger runs `auditseal verify` of one ledger. */
export async function checkLedger(
  target: string,
  options: VerifyOptionValues,
  interval: LedgerInterval | undefined,
  threads: CheckThreads,
): Promise<CheckedLedger> {
  const trust = await readTrust(options);
  const { logKeys: verifiers, policy, auditors } = trust;
  const ledger = ledgerIn(options.ledger, auditors);
  if (options.anchor !== undefined && verifiers.length === 0)
    throw usageError('--anchor needs a --key: without one, no checkpoint is verified that it could be compared with');
  const store = await openTarget(target);
  if (interval === undefined)
    await refuseSlice(
      target,
      store,
      verifiers,
      (interval) => `To check it as that: ${commandOf(target, options)} ${interval}`,
    );
  const isApart = options.tlog !== undefined || (await hasTiles(target));
  const tiles = isApart ? await openTiles(target, options.tlog) : undefined;
  const kept = options.anchor === undefined ? undefined : await KeptCheckpoint.open('--anchor', options.anchor);
  const anchor = interval === undefined ? await anchorOf(options, store, tiles, trust) : undefined;
  if (options.incremental && anchor === undefined)
    throw unusable(
      '--incremental: there is no report in TARGET that the auditor signed and the log has an entry of; leave --incremental out',
    );
  const progress =
    interval === undefined ? await Progress.over('verify', store, 'segments/') : Progress.ofSearch('verify');
  const onProgress: VerifyDeps['onProgress'] = ({ segments, storedBytes }) =>
    interval === undefined
      ? progress.show(segments, storedBytes)
      : progress.showSegments({ read: segments, of: undefined, bytes: storedBytes });
  let report: Report;
  let newest: Buffer | undefined;
  const onNewest = (note: Buffer): void => void (newest = note);
  try {
    report = await verifyLedger(
      {
        store,
        ...(store instanceof MirrorStore && { ignoredFiles: () => store.ignored() }),
        now: Date.now,
        ...threads.workOn(store),
        ...(tiles !== undefined && { tiles }),
        onProgress,
        onNewest,
      },
      {
        isIncremental: options.incremental || options.since !== undefined,
        isQuick: options.quick,
        ...(interval !== undefined && { interval }),
        verifiers,
        ...(policy !== undefined && { policy }),
        ...(kept?.note !== undefined && { kept: { name: kept.name, note: kept.note } }),
        ...(anchor !== undefined && { anchor }),
        ...(auditors !== undefined && { auditors }),
        ...(ledger !== undefined && { ledger }),
      },
    );
  } finally {
    progress.clear();
  }
  report = { ...report, notChecked: [...(await widerLines(target, interval)), ...report.notChecked] };
  return {
    report,
    print: () => printReport(report, verifiers.length > 0),
    keep: async () => {
      if (options.out !== undefined) await createFile(options.out, formatReport(report));
      if (kept !== undefined && newest !== undefined && report.status === 'verified') await keep(kept, newest);
    },
  };
}

/** anchorOf gives the report that a check goes by. */
const anchorOf = async (
  { since }: VerifyOptionValues,
  store: ObjectStore,
  tiles: ReadableTiles | undefined,
  trust: TrustedKeys,
): Promise<Anchor | undefined> => (since === undefined ? filedAnchor(store, tiles, trust) : keptAnchor(since));

/** commandOf is the command that checks the same with the same keys, for whoever is to add an interval. */
function commandOf(target: string, options: VerifyOptionValues): string {
  const keys = [
    ...options.key.map((key) => `--key=${key}`),
    ...(options.policy === undefined ? [] : [`--policy=${options.policy}`]),
  ];
  return ['auditseal verify', ...[target, ...keys].map(shellWord)].join(' ');
}

/** keptAnchor reads a report that the user kept. */
async function keptAnchor(since: string): Promise<Anchor> {
  const bytes = await readUserFile('--since', since, MAX_OBJECT_BYTES);
  return { name: since, report: named(`--since: ${since}`, () => parseReport(bytes)) };
}

const NO_TILES: ReadableTiles = { read: async () => undefined, async *list() {} };

/** filedAnchor finds the newest report in the ledger that counts. Without the keys none does. */
async function filedAnchor(
  store: ObjectStore,
  tiles: ReadableTiles | undefined,
  { logKeys: verifiers, auditors }: TrustedKeys,
): Promise<Anchor | undefined> {
  if (auditors === undefined || verifiers.length === 0) return undefined;
  const entered = await enteredReports({
    store,
    tiles: tiles ?? NO_TILES,
    origin: auditors.ledger,
    verifiers,
    now: Date.now,
  });
  return newestReport(store, auditors, entered);
}

/** keep keeps the newest checkpoint that was verified. */
async function keep(kept: KeptCheckpoint, newest: Buffer): Promise<void> {
  if ((await kept.replace(newest)) === 'kept') return;
  warn(`--anchor: ${kept.name} was changed while this check ran, so it was left as it is now; check against it again`);
}
