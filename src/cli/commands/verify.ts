import { availableParallelism } from 'node:os';
import { MirrorStore } from '../../adapters/mirrorStore.ts';
import { named } from '../../core/errors.ts';
import { EXIT_STATUS } from '../../core/objects/report.ts';
import type { Report } from '../../core/objects/report.ts';
import { formatReport, parseReport } from '../../core/objects/reportFile.ts';
import type { Auditors } from '../../core/objects/reportFile.ts';
import { enteredReports } from '../../integrate/enteredReports.ts';
import { newestReport } from '../../ledger/reports.ts';
import type { Anchor } from '../../ledger/reports.ts';
import { MAX_OBJECT_BYTES } from '../../core/objects/sizes.ts';
import type { ObjectStore, ReadableTiles } from '../../ports/store.ts';
import { DigestWorkers, SegmentWorkers } from '../../threads/workers.ts';
import type { VerifyDeps } from '../../verify/context.ts';
import { verifyLedger } from '../../verify/verify.ts';
import { defineCommand } from '../command.ts';
import { createFile, readUserFile } from '../files.ts';
import { KeptCheckpoint } from '../keptCheckpoint.ts';
import { readTrust } from '../keys.ts';
import type { TrustedKeys } from '../keys.ts';
import { TARGET_MEANING, jsonOption, policyOption } from '../options.ts';
import { printJson, warn } from '../output.ts';
import { Progress } from '../progress.ts';
import { printReport } from '../report.ts';
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
  since: { type: 'file', placeholder: 'FILE', meaning: 'continue from this report, which you kept yourself' },
  key: {
    type: 'texts',
    placeholder: 'VKEY',
    meaning: "a verifier key of the log. Without one, no signature of the log's checkpoints is verified",
  },
  anchor: {
    type: 'file',
    placeholder: 'FILE',
    meaning:
      'a checkpoint that you kept: the log must still contain it. FILE need not exist at first; a check that verifies ' +
      'with a --key writes the newest checkpoint into it',
  },
  'auditor-key': {
    type: 'texts',
    placeholder: 'VKEY',
    meaning:
      "a verifier key of the ledger's auditor, who signs the reports in TARGET; retired ones too. Without one, anybody may " +
      'have filed them, and none is taken for what is known',
  },
  policy: policyOption('the newest checkpoint'),
  tlog: { type: 'target', placeholder: 'DIR|URL', meaning: "where the log's tiles are, if not in TARGET/tlog" },
  ledger: { type: 'text', placeholder: 'NAME', meaning: 'the name that the ledger in TARGET must have' },
  out: {
    type: 'file',
    placeholder: 'FILE',
    meaning: 'write the report to this file too, which must not exist yet: keep it for --since. Not with --quick',
  },
  threads: {
    type: 'number',
    placeholder: 'N',
    least: 1,
    most: 256,
    meaning: 'how many threads hash (default: one for each processor)',
  },
  json: jsonOption('the report'),
} as const satisfies OptionTable;

export const command = defineCommand(
  {
    name: 'verify',
    arguments: ['TARGET'],
    description: [
      'Recomputes every segment of a ledger from its stored bytes, follows every chain and the log, and says what it ' +
        'found and what it did.',
      TARGET_MEANING,
    ],
    options: OPTIONS,
    exits: {
      fine: 'verified',
      wrong: 'violated: at least one finding of severity error',
      unknown: 'unverified: nothing was checked, or something could not be read',
    },
    examples: [
      'auditseal verify ./mirror',
      "auditseal verify 'https://account.blob.core.windows.net/ledger?sv=…&sig=…' --json",
      'auditseal verify https://account.blob.core.windows.net/ledger --since kept/000000000042.json',
    ],
  },
  async ({ given: [target], options }) => {
    refuseContradictions(options);
    const trust = await readTrust(options);
    const { logKeys: verifiers, policy, auditors } = trust;
    const ledger = ledgerIn(options.ledger, auditors);
    if (options.anchor !== undefined && verifiers.length === 0)
      throw usageError('--anchor needs a --key: without one, no checkpoint is verified that it could be compared with');
    const store = await openTarget(target);
    const isApart = options.tlog !== undefined || (await hasTiles(target));
    const tiles = isApart ? await openTiles(target, options.tlog) : undefined;
    const kept = options.anchor === undefined ? undefined : await KeptCheckpoint.open('--anchor', options.anchor);
    const anchor =
      options.since === undefined ? await filedAnchor(store, tiles, trust) : await keptAnchor(options.since);
    if (options.incremental && anchor === undefined)
      throw unusable(
        '--incremental: there is no report in TARGET that the auditor signed and the log has an entry of; leave --incremental out',
      );
    const { threads = availableParallelism() } = options;
    const progress = await Progress.over('verify', store, 'segments/');
    const onProgress: VerifyDeps['onProgress'] = ({ segments, storedBytes }) => progress.show(segments, storedBytes);
    let report: Report;
    let newest: Buffer | undefined;
    const onNewest = (note: Buffer): void => void (newest = note);
    try {
      report = await withThreads(store, threads, (work) =>
        verifyLedger(
          { store, now: Date.now, ...work, ...(tiles !== undefined && { tiles }), onProgress, onNewest },
          {
            isIncremental: options.incremental || options.since !== undefined,
            isQuick: options.quick,
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
    if (options.json) printJson(report);
    else printReport(report, verifiers.length > 0);
    if (options.out !== undefined) await createFile(options.out, formatReport(report));
    if (kept !== undefined && newest !== undefined && report.status === 'verified') await keep(kept, newest);
    return EXIT_STATUS[report.status];
  },
);

function refuseContradictions(options: OptionValues<typeof OPTIONS>): void {
  const { quick, incremental, since, out } = options;

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

/** ledgerIn gives the name that the ledger must have: what is stated, and what the auditor's key says. */
function ledgerIn(stated: string | undefined, auditors: Auditors | undefined): string | undefined {
  if (stated !== undefined && auditors !== undefined && auditors.ledger !== stated)
    throw usageError(`--auditor-key: the key is of ${auditors.ledger}, not of --ledger`);
  return stated ?? auditors?.ledger;
}

type Work = Pick<VerifyDeps, 'summarize' | 'digest' | 'concurrency'>;

/** withThreads runs a check whose hashing is spread over threads, and ends them after it. */
async function withThreads<T>(store: ObjectStore, threads: number, check: (work: Work) => Promise<T>): Promise<T> {
  const concurrency = threads * 3;
  const workers = new SegmentWorkers(threads);
  const digesting = new DigestWorkers(threads);
  const digest =
    store instanceof MirrorStore
      ? digesting.ofFiles((name) => store.pathOf(name))
      : digesting.ofStore(store, concurrency);
  try {
    return await check({ summarize: workers.summarize, digest, concurrency });
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
