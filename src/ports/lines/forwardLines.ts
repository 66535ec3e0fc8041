import type { LineTable } from './lineShape.ts';

/** FORWARD_LINES is what is said of records that are handed on to Log Analytics. */
export const FORWARD_LINES = {
  forwarded: {
    level: 'info',
    fields: {
      rows: 'count',
      segments: 'count',
      entries: 'number',
      behind: 'count',
      upTo: 'name',
      owed: 'count',
      bare: 'count',
      refused: 'count',
    },
    means:
      'a run of forward has ended, also when there was nothing to do. All that the log had at the time `upTo` is handed on, but for `owed` segments that could not be read; `refused` records that the service takes in no form; `bare` rows of this run have no values; `behind` entries of the log are left',
  },
  'forwarding begins': {
    level: 'warn',
    fields: { entry: 'number', from: 'name', why: 'reason' },
    runbook: 'forwarding-begins',
    means:
      'forward found no position of the rule that is set: it runs for the first time, somebody removed the position, or the rule is another one, as `why` says. What the log has before `entry` is not handed on; where `from` is a time, nor are segments without an event since then',
  },
  'forwarding is held up': {
    level: 'warn',
    fields: { why: 'reason' },
    runbook: 'forwarding-is-held-up',
    means: 'nothing is lost: the next run tries again from the same place',
  },
  'records are forwarded without their values': {
    level: 'warn',
    fields: { records: 'count', why: 'reason' },
    runbook: 'records-are-forwarded-without-their-values',
    means:
      'the service rejects rows of records, and takes a row with all columns in which nothing is of a record: so these came with their place and hash alone. `why` is of the first of them',
  },
  'a record could not be forwarded': {
    level: 'error',
    fields: { object: 'name', record: 'number', why: 'reason' },
    runbook: 'a-record-could-not-be-forwarded',
    means:
      'the service takes the row of a record neither with its values nor without; a row of the kind `missing` stands for it, if the service takes that, and `refused` counts it from now on',
  },
  'records could not be forwarded': {
    level: 'error',
    fields: { object: 'name', records: 'count', why: 'reason' },
    runbook: 'records-could-not-be-forwarded',
    means:
      'a segment is gone, changed or can’t be read; a row of the kind `missing` stands for it, the rest is handed on, and later runs try it again',
  },
} as const satisfies LineTable;
