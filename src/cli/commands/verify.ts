import { readFile, rename, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { DigestWorkers } from '../../threads/workers.ts';
import { FolderStore } from '../../adapters/folderStore.ts';
import { AuditsealError } from '../../core/errors.ts';
import { checkpointName } from '../../core/objects/names.ts';
import { EXIT_STATUS } from '../../core/objects/report.ts';
import type { CosignatureReport, Report } from '../../core/objects/report.ts';
import { parseReport } from '../../core/objects/reportFile.ts';
import { newestReport } from '../../ledger/reports.ts';
import type { Anchor } from '../../ledger/reports.ts';
import type { ObjectStore } from '../../ports/store.ts';
import { SegmentWorkers } from '../../threads/workers.ts';
import { verifyLedger } from '../../verify/verify.ts';
import { callersPath } from '../files.ts';
import { readPolicy, verifierKeys } from '../keys.ts';
import { formatBytes, formatCount, print, printable } from '../output.ts';
import { Progress } from '../progress.ts';
import { hasTiles, openTarget, openTiles } from '../target.ts';
import { parseCommand, usageError, wholeNumber } from '../usage.ts';

export const verifyHelp = `auditseal verify TARGET [options]

Re-computes every segment of a ledger from its bytes, follows every chain, and says what it found and what it did.
TARGET is a mirror folder or a container's URL (with a SAS, or for your own sign-in).

  --quick          only compare the stored bytes of segments and reports with the SHA-256 and size in their entries of the
                   log, and check the log itself. No segment is decompressed: what is stored is what was logged, and whether
                   that was well-formed isn't checked again. Not with --incremental or --since
  --incremental    go on from the newest report in TARGET instead of from the first segments
  --since FILE     go on from this report, which you kept yourself
  --key VKEY       a key that signs the log's checkpoints; may be repeated. Without one no signature is verified
  --anchor FILE    a checkpoint that you kept: the log must still contain it. FILE may be missing at first; after a check
                   that verified with a --key it holds the newest checkpoint
  --policy FILE    witnesses that you trust, and how many of them must have cosigned the newest checkpoint, as
                   c2sp.org/tlog-policy says it; keys in its log lines count as with --key
  --tlog DIR|URL   where the log's tiles are, if not in TARGET/tlog
  --ledger NAME    the ledger's name that TARGET must hold
  --threads N      threads that hash (default: one for each processor)
  --json           print the report as JSON

Exit status: 0 verified, 1 violated (at least one finding of severity error), 2 unverified (nothing was checked, or
something could not be read), 64 wrong usage.

  auditseal verify ./mirror
  auditseal verify 'https://account.blob.core.windows.net/ledger?sv=…&sig=…' --json
  auditseal verify https://account.blob.core.windows.net/ledger --since kept/041500Z-integrity.json
`;

export async function verifyCommand(args: readonly string[]): Promise<number> {
  const { positionals, options } = parseCommand(args, ['TARGET'], {
    quick: 'boolean',
    incremental: 'boolean',
    since: 'string',
    key: 'strings',
    anchor: 'string',
    policy: 'string',
    tlog: 'string',
    ledger: 'string',
    threads: 'string',
    json: 'boolean',
  });
  if (options.incremental === true && options.since !== undefined)
    throw usageError('--since and --incremental exclude each other');
  const isQuick = options.quick === true;
  if (isQuick && (options.incremental === true || options.since !== undefined))
    throw usageError('--quick begins at the first entry of the log, so it excludes --incremental and --since');
  const threads =
    options.threads === undefined ? availableParallelism() : wholeNumber(options.threads, '--threads', 1, 256);
  const policy = options.policy === undefined ? undefined : await readPolicy(options.policy);
  const verifiers = [...verifierKeys(options.key), ...(policy?.logs ?? []).map(({ verifierKey }) => verifierKey)];
  if (options.anchor !== undefined && verifiers.length === 0) throw usageError('--anchor needs a --key to trust');
  const target = positionals[0] as string;
  const store = await openTarget(target);
  const tiles =
    options.tlog !== undefined || (await hasTiles(target)) ? await openTiles(target, options.tlog) : undefined;
  const kept = options.anchor === undefined ? undefined : await readKept(options.anchor);
  const { anchor, malformed } = await findAnchor(store, options.since);
  const isIncremental = options.incremental === true || options.since !== undefined;
  if (options.incremental === true && anchor === undefined) {
    throw new AuditsealError('TARGET_INVALID', '--incremental: there is no report in TARGET to go on from');
  }

  const progress = new Progress('verify', Progress.isShown ? await totalBytes(store) : 0);
  const workers = new SegmentWorkers(threads);
  const digesting = new DigestWorkers(threads);
  let report: Report;
  try {
    report = await verifyLedger(
      {
        store,
        now: Date.now,
        summarize: workers.summarize,
        digest:
          store instanceof FolderStore
            ? digesting.ofFiles((name) => store.pathOf(name))
            : digesting.ofStore(store, threads * 3),
        concurrency: threads * 3,
        ...(tiles !== undefined && { tiles }),
        onProgress: ({ segments, storedBytes }) => progress.show(segments, storedBytes),
      },
      {
        isIncremental,
        isQuick,
        malformedReports: malformed,
        verifiers,
        ...(policy !== undefined && { policy }),
        ...(kept !== undefined && { kept }),
        ...(anchor !== undefined && { anchor }),
        ...(options.ledger !== undefined && { ledger: options.ledger }),
      },
    );
  } finally {
    progress.clear();
    await Promise.all([workers.close(), digesting.close()]);
  }
  if (options.anchor !== undefined && report.status === 'verified') await keepNewest(store, options.anchor, report);
  if (options.json === true) print(printable(JSON.stringify(report)));
  else printReport(report);
  return EXIT_STATUS[report.status];
}

async function findAnchor(
  store: ObjectStore,
  since: string | undefined,
): Promise<{ anchor?: Anchor; malformed: readonly string[] }> {
  if (since === undefined) return newestReport(store, Date.now());
  let bytes: Buffer;
  try {
    bytes = await readFile(callersPath(since));
  } catch (error) {
    throw new AuditsealError('TARGET_INVALID', `--since: ${since} can't be read`, { cause: error });
  }
  return { anchor: { name: since, report: parseReport(bytes) }, malformed: [] };
}

/** readKept reads a kept checkpoint; there is none before the first check. */
async function readKept(file: string): Promise<{ name: string; note: Buffer } | undefined> {
  try {
    return { name: file, note: await readFile(callersPath(file)) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new AuditsealError('TARGET_INVALID', `--anchor: ${file} can't be read`, { cause: error });
  }
}

/** keepNewest keeps the newest checkpoint that was verified. The file appears whole, or stays as it was. */
async function keepNewest(store: ObjectStore, file: string, { log }: Report): Promise<void> {
  if (log === undefined || log.head === null || log.signatures === 0) return;
  const note = await store.read(checkpointName(log.head.number));
  if (note === undefined) return;
  const path = callersPath(file);
  await writeFile(`${path}.partial`, note);
  await rename(`${path}.partial`, path);
}

async function totalBytes(store: ObjectStore): Promise<number> {
  let total = 0;
  for await (const { size } of store.list('segments/')) total += size;
  return total;
}

function printReport({
  status,
  ledger,
  checked,
  log,
  notChecked,
  partitions,
  findings,
  findingsOmitted,
  unreadable,
}: Report): void {
  print(`${status}: ${printable(ledger ?? 'no ledger')}`);
  if (checked.mode === 'quick') {
    print(
      `  quick check: stored bytes compared with the log, ${formatCount(checked.segments)} segments, ${formatBytes(checked.storedBytes)}`,
    );
  } else {
    print(
      `  checked in full: ${formatCount(checked.segments)} segments, ${formatCount(checked.records)} records, ` +
        `${formatCount(checked.events)} events, ${formatBytes(checked.storedBytes)} stored, ${formatBytes(checked.lineBytes)} of lines`,
    );
  }
  const start = { full: 'the first segments', incremental: 'the heads of the anchor', quick: 'the first entry' };
  print(`  from ${start[checked.mode]}; anchor: ${printable(checked.anchor ?? 'none')}`);
  if (log !== undefined) {
    print(
      `  log: ${formatCount(log.entries)} entries, ${formatCount(log.checkpoints)} checkpoints, ` +
        `${formatCount(log.signatures)} signatures verified, ${formatCount(log.tiles)} tiles compared; ` +
        `${formatCount(log.segmentsNotIntegrated)} segments not in it yet`,
    );
  }
  if (log?.cosignatures !== undefined) printCosignatures(log.cosignatures);
  for (const head of partitions) {
    print(`  partition ${head.partition}: up to index ${head.index}, record ${head.record - 1}, root ${head.root}`);
  }
  for (const text of notChecked) print(`  not checked: ${printable(text)}`);
  for (const { object, why } of unreadable) print(`  unreadable: ${printable(object)}: ${printable(why)}`);
  for (const { code, severity, object, detail } of findings) {
    print(`  ${severity} ${code}: ${printable(object)}: ${printable(detail)}`);
  }
  if (findingsOmitted > 0) print(`  and ${formatCount(findingsOmitted)} findings more`);
}

function printCosignatures({ verified, notChecked, quorum }: CosignatureReport): void {
  if (quorum === null && verified + notChecked === 0) return;
  const by =
    quorum === null
      ? 'no checkpoint has the quorum of a policy'
      : `${checkpointName(quorum.number)} by ${quorum.witnesses.join(', ') || 'nobody, as the policy demands'}`;
  print(`  cosigned: ${printable(by)}; ${formatCount(verified)} cosignatures verified, ${formatCount(notChecked)} not`);
}
