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
import type { StatusReport } from './statusReport.ts';

const HOURS_SHAPE = listOf(count);

const CHECK = nullOr(
  objectOf({
    report: text,
    status: STATUS,
    mode: oneOf('full', 'incremental'),
    finished: time,
    segments: count,
    records: count,
  }),
);

const SHAPE: Check = objectOf({
  version: oneOf(1),
  kind: oneOf('status'),
  ledger: textOrNull,
  time,
  isCopy: flag,
  status: STATUS,
  todo: nullOr(objectOf({ what: text, section: text })),
  log: nullOr(
    objectOf({
      size: count,
      root: hash,
      time: timeOrNone,
      signedBy: listOf(text),
      cosignedBy: listOf(objectOf({ name: text, time })),
    }),
  ),
  lastCheck: CHECK,
  lastFull: CHECK,
  lastFullAt: timeOrNone,
  posture: nullOr(
    objectOf({
      report: text,
      status: STATUS,
      time,
      policy: nullOr(objectOf({ state: oneOf('Unlocked', 'Locked'), days: count, extensionsLeft: count })),
      isRead: flag,
      holds: listOf(text),
      drill: nullOr(objectOf({ refused: count, done: count, unverified: count })),
    }),
  ),
  partitions: listOf(
    objectOf({
      partition,
      records: nullOr(count),
      lastEvent: nullOr(countOrNone),
      lastEnqueued: timeOrNone,
      life: objectOf({
        kind: oneOf('records', 'heartbeat'),
        sealed: timeOrNone,
        hub: optional(objectOf({ asked: time, last: countOrNone, behind: count })),
      }),
      gaps: objectOf({ open: count, acknowledged: count }),
      hours: HOURS_SHAPE,
    }),
  ),
  sources: nullOr(
    objectOf({
      dayFrom: time,
      from: time,
      sampled: objectOf({ read: count, of: count }),
      list: listOf(
        objectOf({
          category: text,
          first: timeOrNone,
          last: timeOrNone,
          day: count,
          hours: HOURS_SHAPE,
          usual: nullOr(count),
          longestSilence: nullOr(count),
          threshold: nullOr(count),
          isSilent: flag,
        }),
      ),
      silent: count,
      omitted: count,
    }),
  ),
  findings: FINDINGS,
  findingsOmitted: count,
  notChecked: listOf(text),
  unreadable: UNREADABLE,
  page: optional(hash),
});

/** isStatusReport tells whether a parsed JSON value, which may come from anybody, has the shape of a report of kind status. */
export const isStatusReport = (value: unknown): value is StatusReport => SHAPE(value);
