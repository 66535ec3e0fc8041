import { decodeUtf8, utf8 } from '../bytes.ts';
import { isObject, isTime, parseJson } from '../entry.ts';
import type { Members } from '../entry.ts';
import type { Folder } from './folder.ts';
import type { Head } from './chain.ts';
import { sha256 } from './hash.ts';
import { isPartition, isReportName, reportNameAt } from './names.ts';
import { all, among, count, hash, optional, orNull, shape, text, timeOrNone } from './shape.ts';
import type { Check } from './shape.ts';

/** KnownHead is how far an earlier report found the log. */
export interface KnownHead {
  readonly number: number;
  readonly size: number;
  readonly root: string;
}

/** OldReport is what an earlier report says of how far the ledger reached. */
export interface OldReport {
  readonly status: string;
  readonly ledger: string | undefined;
  readonly finished: string;
  readonly lastFull: string;
  readonly partitions: readonly Head[];
  readonly log: KnownHead | undefined;
  /** SHA-256 of its page, if it states that */
  readonly page: string | undefined;
}

const CLOCK_SKEW_MS = 10 * 60_000;
const START = '{"report":';
const END = /,"sha256":"([0-9a-f]{64})"\}\n$/;
const END_LENGTH = ',"sha256":""}\n'.length + 64;

const counts = (names: string): Record<string, Check> =>
  Object.fromEntries(names.split(' ').map((name) => [name, count]));

const isReport = shape({
  version: among(1),
  kind: among('integrity'),
  ledger: orNull(text),
  started: isTime,
  finished: isTime,
  status: among('verified', 'violated', 'unverified'),
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
  findings: all(
    shape({
      code: (value) => typeof value === 'string' && /^[a-z]+(-[a-z]+)*$/.test(value),
      severity: among('error', 'warning'),
      object: text,
      detail: text,
    }),
  ),
  findingsOmitted: count,
  unreadable: all(shape({ object: text, why: text })),
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

/** parseReport reads a report that is whole, and gives undefined for anything else. docs/format.md, section 8.3. */
export function parseReport(bytes: Uint8Array): OldReport | undefined {
  const file = decodeUtf8(bytes);
  if (file === undefined || !file.startsWith(START)) return undefined;
  const own = file.slice(START.length, -END_LENGTH);
  const report = parseJson(own);
  if (!isObject(report) || !isReport(report) || END.exec(file)?.[1] !== sha256(utf8(own))) return undefined;
  if (JSON.stringify(report) !== own) return undefined;
  const { status, ledger, finished, checked, partitions, log, page } = report as Members & { checked: Members };
  return {
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

/** newestReport finds the newest report that is whole and of its time, and names those that it passes over. */
export async function newestReport(
  folder: Folder,
  now: number,
): Promise<{ readonly anchor?: Anchor; readonly passed: readonly string[] }> {
  const passed: string[] = [];
  for (const name of folder.under('reports/').filter(isReportName).toReversed()) {
    const report = parseReport((await folder.readSmall(name)) ?? new Uint8Array());
    if (report !== undefined) {
      const time = Date.parse(report.finished);
      const isOfItsTime = time <= now + CLOCK_SKEW_MS && Date.parse(report.lastFull) <= time;
      if (isOfItsTime && reportNameAt(report.finished) === name) return { anchor: { name, report }, passed };
    }
    passed.push(name);
  }
  return { passed };
}
