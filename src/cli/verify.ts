import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { SegmentWorkers } from '../adapters/segmentWorkers.ts';
import { AuditsealError } from '../core/errors.ts';
import { EXIT_STATUS, newestReport, parseReport } from '../pipeline/report.ts';
import type { Anchor, Report } from '../pipeline/report.ts';
import { verifyLedger } from '../pipeline/verify.ts';
import type { ObjectStore } from '../ports.ts';
import { callersPath } from './callersPath.ts';
import { formatBytes, formatCount, print, printable } from './output.ts';
import { Progress } from './progress.ts';
import { openTarget } from './target.ts';
import { parseCommand, usageError, wholeNumber } from './usage.ts';

export const verifyHelp = `auditseal verify TARGET [options]

Re-computes every segment of a ledger from its bytes, follows every chain, and says what it found and what it did.
TARGET is a mirror folder or a container's URL (with a SAS, or for your own sign-in).

  --incremental    go on from the newest report in TARGET instead of from the first segments
  --since FILE     go on from this report, which you kept yourself
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
    incremental: 'boolean',
    since: 'string',
    ledger: 'string',
    threads: 'string',
    json: 'boolean',
  });
  if (options.incremental === true && options.since !== undefined)
    throw usageError('--since and --incremental exclude each other');
  const threads =
    options.threads === undefined ? availableParallelism() : wholeNumber(options.threads, '--threads', 1, 256);
  const store = await openTarget(positionals[0] as string);
  const { anchor, malformed } = await findAnchor(store, options.since);
  const isIncremental = options.incremental === true || options.since !== undefined;
  if (options.incremental === true && anchor === undefined) {
    throw new AuditsealError('TARGET_INVALID', '--incremental: there is no report in TARGET to go on from');
  }

  const progress = new Progress('verify', Progress.isShown ? await totalBytes(store) : 0);
  const workers = new SegmentWorkers(threads);
  let report: Report;
  try {
    report = await verifyLedger(
      {
        store,
        now: Date.now,
        summarize: workers.summarize,
        concurrency: threads * 3,
        onProgress: ({ segments, storedBytes }) => progress.show(segments, storedBytes),
      },
      {
        isIncremental,
        malformedReports: malformed,
        ...(anchor !== undefined && { anchor }),
        ...(options.ledger !== undefined && { ledger: options.ledger }),
      },
    );
  } finally {
    progress.clear();
    await workers.close();
  }
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

async function totalBytes(store: ObjectStore): Promise<number> {
  let total = 0;
  for await (const { size } of store.list('segments/')) total += size;
  return total;
}

function printReport({
  status,
  ledger,
  checked,
  notChecked,
  partitions,
  findings,
  findingsOmitted,
  unreadable,
}: Report): void {
  print(`${status}: ${printable(ledger ?? 'no ledger')}`);
  print(
    `  checked in full: ${formatCount(checked.segments)} segments, ${formatCount(checked.records)} records, ` +
      `${formatCount(checked.events)} events, ${formatBytes(checked.storedBytes)} stored, ${formatBytes(checked.lineBytes)} of lines`,
  );
  print(
    `  from ${checked.mode === 'full' ? 'the first segments' : 'the heads of the anchor'}; anchor: ${printable(checked.anchor ?? 'none')}`,
  );
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
