import type { PostureReport, Report } from './report.ts';
import { parseHash } from '../hash.ts';
import { isPartition, isTime } from '../text.ts';

type Check = (value: unknown) => boolean;

const text: Check = (value) => typeof value === 'string';
const count: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const time: Check = (value) => typeof value === 'string' && isTime(value);
const hash: Check = (value) => parseHash(value) !== undefined;
const textOrNull: Check = (value) => value === null || text(value);
const oneOf =
  (...values: readonly unknown[]): Check =>
  (value) =>
    values.includes(value);
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const objectOf =
  (members: Readonly<Record<string, Check>>): Check =>
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    Object.entries(members).every(([name, check]) => check((value as Record<string, unknown>)[name]));

const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);

const flag: Check = (value) => typeof value === 'boolean';
const nullOr =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);

const CODE = /^[a-z]+(-[a-z]+)*$/;

const STATUS = oneOf('verified', 'violated', 'unverified');

/** A code is any word of the kind, because an older release must read a newer one's findings. */
const FINDINGS = listOf(
  objectOf({
    code: (value) => typeof value === 'string' && CODE.test(value),
    severity: oneOf('error', 'warning'),
    object: text,
    detail: text,
    declared: optional(oneOf(true)),
    acknowledged: optional(objectOf({ action: text, who: text, why: text, time })),
  }),
);
const UNREADABLE = listOf(objectOf({ object: text, why: text }));

const INTEGRITY: Check = objectOf({
  version: oneOf(1),
  kind: oneOf('integrity'),
  ledger: textOrNull,
  started: time,
  finished: time,
  status: STATUS,
  checked: objectOf({
    mode: oneOf('full', 'incremental'),
    anchor: textOrNull,
    segments: count,
    records: count,
    events: count,
    duplicates: count,
    storedBytes: count,
    lineBytes: count,
    segmentsNotRehashed: count,
    findingsRepeated: count,
    lastFull: time,
    otherObjects: count,
  }),
  log: optional(
    objectOf({
      batches: count,
      entries: count,
      entriesCompared: count,
      checkpoints: count,
      signatures: count,
      signedBy: optional(listOf(text)),
      tiles: count,
      segmentsNotIntegrated: count,
      cosignatures: optional(
        objectOf({
          verified: count,
          notChecked: count,
          quorum: (value) => value === null || objectOf({ number: count, witnesses: listOf(text) })(value),
          waitingSince: (value) => value === null || time(value),
        }),
      ),
      index: optional(objectOf({ entries: count, rules: count, manifest: hash, units: count, rederived: count })),
      keptCheckpoint: textOrNull,
      head: (value) =>
        value === null ||
        objectOf({ number: count, size: count, root: hash, time: (value) => value === '' || time(value) })(value),
    }),
  ),
  notChecked: listOf(text),
  partitions: listOf(
    objectOf({
      partition: (value) => typeof value === 'string' && isPartition(value),
      index: count,
      root: hash,
      sha256: hash,
      record: count,
      incarnation: count,
      created: time,
      lastEvent: (value) => value === -1 || count(value),
      lastEnqueued: (value) => value === '' || time(value),
      sealed: time,
    }),
  ),
  findings: FINDINGS,
  findingsOmitted: count,
  findingsAcknowledged: count,
  unreadable: UNREADABLE,
  page: optional(hash),
});

/** What Azure answers is checked for what is read of it; settings of the account may be any. */
const POSTURE: Check = objectOf({
  version: oneOf(1),
  kind: oneOf('posture'),
  account: text,
  container: text,
  time,
  status: STATUS,
  retentionDays: count,
  guard: nullOr(
    objectOf({
      policy: optional(
        objectOf({
          state: oneOf('Unlocked', 'Locked'),
          days: count,
          etag: text,
          allowsAppends: flag,
          history: listOf(objectOf({ update: text, days: count, time: text, who: text })),
        }),
      ),
      allowsHoldAppends: flag,
      publicAccess: text,
      tags: listOf(objectOf({ tag: text, time: text, who: text })),
    }),
  ),
  settings: nullOr(objectOf({})),
  locks: nullOr(listOf(text)),
  roles: nullOr(listOf(objectOf({ role: text, principal: text, scope: text }))),
  drill: optional(
    listOf(objectOf({ object: text, change: text, outcome: oneOf('refused', 'done', 'unverified'), said: text })),
  ),
  coverage: optional(
    objectOf({
      scopes: listOf(text),
      subscriptions: listOf(text),
      hubs: listOf(text),
      promised: oneOf('none', 'key', 'all'),
      types: listOf(
        objectOf({
          type: text,
          isKey: flag,
          sources: count,
          routed: count,
          partly: count,
          notRouted: count,
          withoutLogs: count,
          leftOut: count,
          gone: count,
          notAsked: count,
        }),
      ),
      findingsOmitted: count,
    }),
  ),
  findings: FINDINGS,
  notChecked: listOf(text),
  unreadable: UNREADABLE,
});

/** isPostureReport tells the same of a report of kind posture. */
export const isPostureReport = (value: unknown): value is PostureReport => POSTURE(value);

/** isReport tells whether a parsed JSON value, which may come from anybody, has the shape of a report of kind integrity. */
export const isReport = (value: unknown): value is Report => INTEGRITY(value);
