import { decodeUtf8, utf8 } from '../bytes.ts';
import { isObject, isTime, parseJson } from '../entry.ts';
import type { Members } from '../entry.ts';
import type { Findings } from './findings.ts';
import type { Folder } from './folder.ts';
import type { Head } from './chain.ts';
import { sha256 } from './hash.ts';
import { isPartition, parseReportName, reportName } from './names.ts';
import { all, among, count, flag, hash, optional, orNull, shape, text, timeOrNone } from './shape.ts';
import type { Check } from './shape.ts';

/** KnownHead is how far an earlier report found the log. */
export interface KnownHead {
  readonly number: number;
  readonly size: number;
  readonly root: string;
}

/** OldReport is what an earlier report says of how far the ledger reached. */
export interface OldReport {
  readonly kind: 'integrity';
  readonly status: string;
  readonly ledger: string | undefined;
  readonly finished: string;
  readonly lastFull: string;
  readonly partitions: readonly Head[];
  readonly log: KnownHead | undefined;
  /** SHA-256 of its page, if it states that */
  readonly page: string | undefined;
}

/** PostureReport is what Azure once said of what guards the ledger. No page and no check goes by it. */
export interface PostureReport {
  readonly kind: 'posture';
  readonly status: string;
  readonly finished: string;
}

/** What JSON is parsed into takes many times its bytes. */
const MAX_REPORT_BYTES = 32 * 1024 * 1024;
const CLOCK_SKEW_MS = 10 * 60_000;
const START = '{"report":';
const END = /,"sha256":"([0-9a-f]{64})"\}\n$/;
const END_LENGTH = ',"sha256":""}\n'.length + 64;

const counts = (names: string): Record<string, Check> =>
  Object.fromEntries(names.split(' ').map((name) => [name, count]));

const status = among('verified', 'violated', 'unverified');
const findings = all(
  shape({
    code: (value) => typeof value === 'string' && /^[a-z]+(-[a-z]+)*$/.test(value),
    severity: among('error', 'warning'),
    object: text,
    detail: text,
  }),
);
const unreadable = all(shape({ object: text, why: text }));

const isIntegrity = shape({
  version: among(1),
  kind: among('integrity'),
  ledger: orNull(text),
  started: isTime,
  finished: isTime,
  status,
  checked: shape({
    ...counts(
      'segments records events duplicates storedBytes lineBytes segmentsNotRehashed findingsRepeated otherObjects',
    ),
    mode: among('full', 'incremental'),
    anchor: orNull(text),
    lastFull: isTime,
  }),
  log: optional((value) => isLog(value)),
  notChecked: all(text),
  partitions: all(
    shape({
      ...counts('index record incarnation'),
      partition: (value) => typeof value === 'string' && isPartition(value),
      root: hash,
      sha256: hash,
      lastEvent: (value) => value === -1 || count(value),
      lastEnqueued: timeOrNone,
      sealed: isTime,
    }),
  ),
  findings,
  findingsOmitted: count,
  unreadable,
  page: optional(hash),
});
const isLog = shape({
  ...counts('batches entries entriesCompared checkpoints signatures tiles segmentsNotIntegrated'),
  signedBy: optional(all(text)),
  cosignatures: optional(
    shape({
      ...counts('verified notChecked'),
      quorum: orNull(shape({ ...counts('number'), witnesses: all(text) })),
      waitingSince: orNull(isTime),
    }),
  ),
  keptCheckpoint: orNull(text),
  head: orNull(shape({ ...counts('number size'), root: hash, time: timeOrNone })),
});

/** What Azure answers, as far as it is named in the format. */
const isPosture = shape({
  version: among(1),
  kind: among('posture'),
  account: text,
  container: text,
  time: isTime,
  status,
  retentionDays: count,
  guard: orNull(
    shape({
      policy: optional(
        shape({
          state: among('Unlocked', 'Locked'),
          days: count,
          etag: text,
          allowsAppends: flag,
          history: all(shape({ update: text, days: count, time: text, who: text })),
        }),
      ),
      allowsHoldAppends: flag,
      publicAccess: text,
      tags: all(shape({ tag: text, time: text, who: text })),
    }),
  ),
  settings: orNull(shape({})),
  locks: orNull(all(text)),
  roles: orNull(all(shape({ role: text, principal: text, scope: text }))),
  drill: optional(
    all(shape({ object: text, change: text, outcome: among('refused', 'done', 'unverified'), said: text })),
  ),
  findings,
  notChecked: all(text),
  unreadable,
});

/** parseReport reads a report of any kind that is whole, and gives undefined for anything else. docs/format.md, sections 8.2 and 8.3. */
export function parseReport(bytes: Uint8Array): OldReport | PostureReport | undefined {
  const file = bytes.length > MAX_REPORT_BYTES ? undefined : decodeUtf8(bytes);
  if (file === undefined || !file.startsWith(START)) return undefined;
  const own = file.slice(START.length, -END_LENGTH);
  const report = parseJson(own);
  if (!isObject(report) || END.exec(file)?.[1] !== sha256(utf8(own)) || JSON.stringify(report) !== own)
    return undefined;
  if (isPosture(report)) {
    return { kind: 'posture', status: report['status'] as string, finished: report['time'] as string };
  }
  if (!isIntegrity(report)) return undefined;
  const { status, ledger, finished, checked, partitions, log, page } = report as Members & { checked: Members };
  return {
    kind: 'integrity',
    status: status as string,
    ledger: (ledger as string | null) ?? undefined,
    finished: finished as string,
    lastFull: checked['lastFull'] as string,
    partitions: partitions as Head[],
    log: (log as { head: KnownHead | null } | undefined)?.head ?? undefined,
    page: page as string | undefined,
  };
}

/** Anchor is the newest report of a folder. */
export interface Anchor {
  readonly name: string;
  readonly report: OldReport;
}

/**
 * newestReport finds the newest report of kind integrity that is whole and not of a time to come, from the first number back
 * that no report has, and names what it passes over and is no report.
 */
export async function newestReport(
  folder: Folder,
  now: number,
): Promise<{ readonly anchor?: Anchor; readonly passed: readonly string[] }> {
  const passed: string[] = [];
  let number = 0;
  while (folder.has(reportName(number))) number++;
  while (number-- > 0) {
    const name = reportName(number);
    const report = parseReport((await folder.readSmall(name)) ?? new Uint8Array());
    if (report === undefined || !isOfThePast(report, now)) passed.push(name);
    else if (report.kind === 'integrity') return { anchor: { name, report }, passed };
  }
  return { passed };
}

function isOfThePast(report: OldReport | PostureReport, now: number): boolean {
  const finished = Date.parse(report.finished);
  if (finished > now + CLOCK_SKEW_MS) return false;
  return report.kind === 'posture' || Date.parse(report.lastFull) <= finished;
}

/** checkNumbers names each report that stands behind a hole: numbers are dense. */
export function checkNumbers(folder: Folder, findings: Findings): void {
  let next = 0;
  for (const name of folder.under('reports/')) {
    const number = parseReportName(name);
    if (number === undefined) continue;
    if (number !== next)
      findings.say('foreign-object', name, `there is no ${reportName(number - 1)}, the report before it`);
    next = number + 1;
  }
}
