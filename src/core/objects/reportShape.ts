import type { PostureReport, Report } from './report.ts';
import {
  FINDINGS,
  STATUS,
  UNREADABLE,
  count,
  countOrNone,
  flag,
  hash,
  listOf,
  nullOr,
  objectOf,
  oneOf,
  optional,
  partition,
  text,
  textOrNull,
  time,
  timeOrNone,
} from './shapes.ts';
import type { Check } from './shapes.ts';

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
    rehashed: optional(objectOf({ first: time, last: time, slices: count, segments: count })),
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
          quorum: nullOr(objectOf({ number: count, witnesses: listOf(text) })),
          waitingSince: nullOr(time),
        }),
      ),
      index: optional(objectOf({ entries: count, rules: count, manifest: hash, units: count, rederived: count })),
      keptCheckpoint: textOrNull,
      head: nullOr(objectOf({ number: count, size: count, root: hash, time: timeOrNone })),
    }),
  ),
  notChecked: listOf(text),
  partitions: listOf(
    objectOf({
      partition,
      index: count,
      root: hash,
      sha256: hash,
      record: count,
      incarnation: count,
      created: time,
      lastEvent: countOrNone,
      lastEnqueued: timeOrNone,
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
  page: optional(hash),
});

/** isPostureReport tells whether a parsed JSON value, which may come from anybody, has the shape of a report of kind posture. */
export const isPostureReport = (value: unknown): value is PostureReport => POSTURE(value);

/** isReport tells whether a parsed JSON value, which may come from anybody, has the shape of a report of kind integrity. */
export const isReport = (value: unknown): value is Report => INTEGRITY(value);
