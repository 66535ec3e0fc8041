import { availableParallelism } from 'node:os';
import { MirrorStore } from '../../adapters/mirrorStore.ts';
import { named } from '../../core/errors.ts';
import type { Report } from '../../core/objects/report.ts';
import type { LedgerInterval } from '../../core/objects/slice.ts';
import { formatReport, parseReport } from '../../core/objects/reportFile.ts';
import { enteredReports } from '../../integrate/enteredReports.ts';
import { newestReport } from '../../ledger/reports.ts';
import type { Anchor } from '../../ledger/reports.ts';
import { MAX_OBJECT_BYTES } from '../../core/objects/sizes.ts';
import type { ObjectStore, ReadableTiles } from '../../ports/store.ts';
import { DigestWorkers, SegmentWorkers } from '../../threads/workers.ts';
import type { VerifyDeps } from '../../verify/context.ts';
import { verifyLedger } from '../../verify/verify.ts';
import type { CheckedLedger } from '../estate.ts';
import { createFile, readUserFile } from '../files.ts';
import { intervalIn, intervalOptions } from '../intervalOptions.ts';
import { KeptCheckpoint } from '../keptCheckpoint.ts';
import { ledgerIn, readTrust } from '../keys.ts';
import type { TrustedKeys } from '../keys.ts';
import { defineLedgerCommand } from '../ledgerCommand.ts';
import { LEDGER_OPTIONS } from '../ledgerOptions.ts';
import { LIST_MEANING, TARGET_MEANING, jsonOption } from '../options.ts';
import { warn } from '../output.ts';
import { Progress } from '../progress.ts';
import { printReport } from '../report.ts';
import { refuseSlice, shellWord, widerLines } from '../sliceFolder.ts';
import { hasTiles, openTarget, openTiles } from '../target.ts';
import { unusable, usageError } from '../usage.ts';
import type { OptionTable, OptionValues } from '../usage.ts';

const OPTIONS = {
  quick: {
    type: 'flag',
    meaning:
      'only compare the stored bytes of segments and reports with the SHA-256 and size in their log entries, and check ' +
      'the log itself. No segment is decompressed: what is stored is what was logged; whether that was well-formed is not ' +
      'checked again. Not with --incremental or --since',
  },
  incremental: {
    type: 'flag',
    meaning:
      'continue from the newest report in TARGET that the auditor signed and the log has an entry of, instead of beginning ' +
      'at the first segments. It needs --key and --auditor-key',
  },
  ...intervalOptions('check only the segments'),
  ...LEDGER_OPTIONS.verify,
  threads: {
    type: 'number',
    placeholder: 'N',
    least: 1,
    most: 256,
    meaning: 'how many threads hash (default: one for each processor)',
  },
  json: jsonOption('the report'),
} as const satisfies OptionTable;

export const command = defineLedgerCommand(
  {
    name: 'verify',
    arguments: ['TARGET'],
    usage: ['TARGET [options]', 'LIST [options]'],
    description: [
      'Recomputes every segment of a ledger from its stored bytes, follows every chain and the log, and says what it ' +
        'found and what it did.',
      'With --from and --to it checks the log in whole and, of the segments, those alone that the log puts into that interval, and how ' +
        'they go on from those around it: so it checks a day of a ledger, or a slice that auditseal mirror made.',
      TARGET_MEANING,
      LIST_MEANING,
    ],
    options: OPTIONS,
    exits: {
      fine: 'verified; with --from and --to, that interval alone, which is complete',
      wrong: 'violated: at least one finding of severity error',
      unknown:
        'unverified: nothing was checked, or something could not be read; or what is sealed of an interval is verified, and it is not complete',
    },
    examples: [
      'auditseal verify ./mirror',
      "auditseal verify 'https://account.blob.core.windows.net/ledger?sv=…&sig=…' --json",
      'auditseal verify https://account.blob.core.windows.net/ledger --since kept/000000000042.json',
      'auditseal verify ./slice --from 2026-11-01 --to 2026-11-22 --key VKEY',
      'auditseal verify estate.json --json',
    ],
  },
  {
    ofLedger: LEDGER_OPTIONS.verify,
    // Each already uses all threads.
    atOnce: 1,
    plan: ({ target, options }) => {
      refuseContradictions(options);
      const interval = intervalIn(options);
      return async () => checkOne(target, options, interval);
    },
  },
);

async function checkOne(
  target: string,
  options: OptionValues<typeof OPTIONS>,
  interval: LedgerInterval | undefined,
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
  const { threads = availableParallelism() } = options;
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
    report = await withThreads(store, threads, (work) =>
      verifyLedger(
        {
          store,
          ...(store instanceof MirrorStore && { ignoredFiles: () => store.ignored() }),
          now: Date.now,
          ...work,
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
      ),
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
  { since }: OptionValues<typeof OPTIONS>,
  store: ObjectStore,
  tiles: ReadableTiles | undefined,
  trust: TrustedKeys,
): Promise<Anchor | undefined> => (since === undefined ? filedAnchor(store, tiles, trust) : keptAnchor(since));

/** commandOf is the command that checks the same with the same keys, for whoever is to add an interval. */
function commandOf(target: string, options: OptionValues<typeof OPTIONS>): string {
  const keys = [
    ...options.key.map((key) => `--key=${key}`),
    ...(options.policy === undefined ? [] : [`--policy=${options.policy}`]),
  ];
  return ['auditseal verify', ...[target, ...keys].map(shellWord)].join(' ');
}

function refuseContradictions(options: OptionValues<typeof OPTIONS>): void {
  const { quick, incremental, since, out, from, to } = options;
  if ((from ?? to) !== undefined && (quick || incremental || since !== undefined))
    throw usageError(
      '--from and --to check an interval in full, from no report on: they exclude --quick, --incremental and --since',
    );

  if (incremental && since !== undefined) throw usageError('--since and --incremental exclude each other');
  if (quick && (incremental || since !== undefined))
    throw usageError('--quick begins at the first entry of the log, so it excludes --incremental and --since');
  if (quick && out !== undefined)
    throw usageError('--quick makes no report that a check could go on from, so it excludes --out');
  if (
    incremental &&
    ((options.key.length === 0 && options.policy === undefined) || options['auditor-key'].length === 0)
  )
    throw usageError(
      '--incremental needs --key and --auditor-key: else anybody may have made the report to go on from',
    );
}

type Work = Pick<VerifyDeps, 'summarize' | 'summarizeFile' | 'indexSegment' | 'digest' | 'concurrency'>;

/** withThreads runs a check whose hashing is spread over threads, and ends them after it. */
async function withThreads<T>(store: ObjectStore, threads: number, check: (work: Work) => Promise<T>): Promise<T> {
  const concurrency = threads * 3;
  const workers = new SegmentWorkers(threads);
  const digesting = new DigestWorkers(threads);
  const pathOf = store instanceof MirrorStore ? (name: string) => store.pathOf(name) : undefined;
  const digest = pathOf === undefined ? digesting.ofStore(store, concurrency) : digesting.ofFiles(pathOf);
  try {
    return await check({
      summarize: workers.summarize,
      ...(pathOf !== undefined && { summarizeFile: workers.ofFiles(pathOf) }),
      indexSegment: workers.index,
      digest,
      concurrency,
    });
  } finally {
    await Promise.all([workers.close(), digesting.close()]);
  }
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
