import { decodeUtf8 } from '../bytes.ts';
import type { Bytes } from '../bytes.ts';
import { isObject, isTime, parseJson } from '../entry.ts';
import { signerOf, splitSigned } from '../signed/documentSignature.ts';
import { isAuditor } from '../signed/reportSignature.ts';
import { shortKey } from '../verifierKey.ts';
import type { VerifierKey } from '../verifierKey.ts';
import type { Head } from './chain.ts';
import type { ClockCheck } from './clock.ts';
import type { StatedIndex } from './entries.ts';
import type { Findings } from './findings.ts';
import type { Folder } from './folder.ts';
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
  readonly partitions: readonly Head[];
  readonly log: KnownHead | undefined;
  /** the index, as the log states it, and how many of its units were made again */
  readonly index: CheckedIndex | undefined;
  /** SHA-256 of its page, if it states that */
  readonly page: string | undefined;
}

/** CheckedIndex is what a report says of the index: how many units it has, and how many were made again. */
export interface CheckedIndex extends StatedIndex {
  readonly units: number;
  readonly rederived: number;
}

/** OtherReport is what Azure once said of what guards the ledger, or how the ledger once stood. No check goes by it. */
export interface OtherReport {
  readonly kind: 'posture' | 'status';
  readonly status: string;
  readonly finished: string;
  /** SHA-256 of its page, if it states that */
  readonly page: string | undefined;
}

/** What JSON is parsed into takes many times its bytes. */
const MAX_REPORT_BYTES = 32 * 1024 * 1024;
const START = '{"report":';

const counts = (names: string): Record<string, Check> =>
  Object.fromEntries(names.split(' ').map((name) => [name, count]));

const status = among('verified', 'violated', 'unverified');
const findings = all(
  shape({
    code: (value) => typeof value === 'string' && /^[a-z]+(-[a-z]+)*$/.test(value),
    severity: among('error', 'warning'),
    object: text,
    detail: text,
    declared: optional(among(true)),
    acknowledged: optional(shape({ action: text, who: text, why: text, time: isTime })),
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
      created: isTime,
      lastEnqueued: timeOrNone,
      sealed: isTime,
    }),
  ),
  findings,
  findingsOmitted: count,
  findingsAcknowledged: count,
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
  index: optional(shape({ ...counts('entries rules units rederived'), manifest: hash })),
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
  page: optional(hash),
});

const check = orNull(
  shape({
    ...counts('segments records'),
    report: text,
    status,
    mode: among('full', 'incremental'),
    finished: isTime,
  }),
);
const countOrMinusOne: Check = (value) => value === -1 || count(value);
const isInPartition: Check = (value) => typeof value === 'string' && isPartition(value);

/** How the ledger stood. docs/format.md, section 8.6. */
const isStatus = shape({
  version: among(1),
  kind: among('status'),
  ledger: orNull(text),
  time: isTime,
  isCopy: flag,
  status,
  todo: orNull(shape({ what: text, section: text })),
  log: orNull(
    shape({
      ...counts('size'),
      root: hash,
      time: timeOrNone,
      signedBy: all(text),
      cosignedBy: all(shape({ name: text, time: isTime })),
    }),
  ),
  lastCheck: check,
  lastFull: check,
  lastFullAt: timeOrNone,
  posture: orNull(
    shape({
      report: text,
      status,
      time: isTime,
      policy: orNull(shape({ ...counts('days extensionsLeft'), state: among('Unlocked', 'Locked') })),
      isRead: flag,
      holds: all(text),
      drill: orNull(shape(counts('refused done unverified'))),
    }),
  ),
  partitions: all(
    shape({
      partition: isInPartition,
      records: orNull(count),
      lastEvent: orNull(countOrMinusOne),
      lastEnqueued: timeOrNone,
      life: shape({
        kind: among('records', 'heartbeat'),
        sealed: timeOrNone,
        hub: optional(shape({ ...counts('behind'), asked: isTime, last: countOrMinusOne })),
      }),
      gaps: shape(counts('open acknowledged')),
      hours: all(count),
    }),
  ),
  sources: orNull(
    shape({
      ...counts('silent omitted'),
      dayFrom: isTime,
      from: isTime,
      sampled: shape(counts('read of')),
      list: all(
        shape({
          ...counts('day'),
          category: text,
          first: timeOrNone,
          last: timeOrNone,
          hours: all(count),
          usual: orNull(count),
          longestSilence: orNull(count),
          threshold: orNull(count),
          isSilent: flag,
        }),
      ),
    }),
  ),
  findings,
  findingsOmitted: count,
  notChecked: all(text),
  unreadable,
  page: optional(hash),
});

/** parseReport reads what a signature at the end of a report is over, and gives undefined for anything but a report. */
export function parseReport(signed: Uint8Array): OldReport | OtherReport | undefined {
  const text = decodeUtf8(signed);
  const own = text?.startsWith(START) === true ? text.slice(START.length) : '';
  const report = parseJson(own);
  if (!isObject(report) || JSON.stringify(report) !== own) return undefined;
  for (const [kind, isOfKind] of [
    ['posture', isPosture],
    ['status', isStatus],
  ] as const) {
    if (!isOfKind(report)) continue;
    const { status, time, page } = report as { status: string; time: string; page?: string };
    return { kind, status, finished: time, page };
  }
  if (!isIntegrity(report)) return undefined;
  const { status, ledger, finished, partitions, log, page } = report;
  const { head, index } = (log as { head: KnownHead | null; index?: CheckedIndex } | undefined) ?? {};
  return {
    kind: 'integrity',
    status: status as string,
    ledger: (ledger as string | null) ?? undefined,
    finished: finished as string,
    partitions: partitions as Head[],
    log: head ?? undefined,
    index,
    page: page as string | undefined,
  };
}

/** Anchor is the newest report of a folder that an auditor's key signed, and that has an entry in the log. */
export interface Anchor {
  readonly name: string;
  readonly report: OldReport;
}

/** Reports reads the reports of a folder: those that an auditor's key signed, if there is one. docs/format.md, section 8.2. */
export class Reports {
  readonly #folder: Folder;
  readonly #auditors: readonly VerifierKey[];
  /** keys that verified a signature */
  readonly signers = new Set<string>();
  /** those that an auditor signed and that the log has no entry of, though it has of later ones */
  readonly withoutEntry: string[] = [];

  /** Of `keys` only those of an auditor count; where there is none, nobody's signature is looked at. */
  constructor(folder: Folder, keys: readonly VerifierKey[]) {
    this.#folder = folder;
    this.#auditors = keys.filter(isAuditor);
  }

  get hasKeys(): boolean {
    return this.#auditors.length > 0;
  }

  /** open reads a report of any kind, or says why it is none. */
  async open(name: string, bytes: Bytes): Promise<OldReport | OtherReport | string> {
    if (bytes.length > MAX_REPORT_BYTES) return 'the report has more than 32 MiB';
    const end = splitSigned(bytes);
    if (end === undefined) return 'it does not end with an auditor\u2019s signature';
    if (this.hasKeys) {
      const key = await signerOf(end, 'report', name, this.#auditors);
      if (key === undefined) return 'no auditor\u2019s key that was given signed it under this name';
      this.signers.add(shortKey(key));
    }
    return parseReport(end.signed) ?? 'it has the name of a report and is none';
  }

  /** newest gives the newest report of kind integrity below a number, if an auditor's key signed it. */
  async newest(end: number): Promise<Anchor | undefined> {
    for (let number = end - 1; this.hasKeys && number >= 0; number--) {
      const name = reportName(number);
      const bytes = await this.#folder.readSmall(name);
      const report = bytes && (await this.open(name, bytes));
      if (typeof report === 'object' && report.kind === 'integrity') return { name, report };
    }
    return undefined;
  }

  /** check reads every report: whether it is one, and that numbers are dense. */
  async check(findings: Findings, clock: ClockCheck, lacksReport: (number: number) => boolean): Promise<void> {
    let next = 0;
    for (const name of this.#folder.under('reports/')) {
      const number = parseReportName(name);
      if (number === undefined) continue;
      const isBehindHole = number !== next;
      next = number + 1;
      const bytes = await this.#folder.readSmall(name);
      const report = bytes && (await this.open(name, bytes));
      // What is no report has no number.
      if (isBehindHole && typeof report !== 'string')
        findings.say('foreign-object', name, `there is no ${reportName(number - 1)}, the report before it`);
      if (report === undefined) continue;
      if (typeof report === 'string') findings.say('foreign-object', name, report);
      else {
        clock.date('report', name, report.finished);
        if (this.hasKeys && lacksReport(number)) this.withoutEntry.push(name);
      }
    }
  }
}
