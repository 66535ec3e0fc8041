import type { LineTable } from './lineShape.ts';

const verdict = {
  status: 'name',
  report: 'name',
  mode: 'name',
  segments: 'count',
  findings: 'count',
  /** of these, and of those that nobody acknowledged: those that the run before didn't have, and those that it had */
  newFindings: 'count',
  standingFindings: 'count',
  acknowledged: 'count',
} as const;

const guard = {
  status: 'name',
  report: 'name',
  findings: 'count',
  newFindings: 'count',
  standingFindings: 'count',
  warnings: 'count',
  unreadable: 'count',
} as const;

/** CHECK_LINES is what is said by who checks, and by a witness. */
export const CHECK_LINES = {
  finding: {
    level: 'error',
    fields: { code: 'name', object: 'name' },
    runbook: { field: 'code' },
    means:
      'a check found something wrong that the run before did not, or that an operator no longer acknowledges; an alert is raised from it',
  },
  'standing finding': {
    level: 'warn',
    fields: { code: 'name', object: 'name' },
    runbook: { field: 'code' },
    means:
      'a check found again what the run before found, and nobody has acknowledged it; an alert reminds of it once a day',
  },
  'more findings than a report lists': {
    level: 'error',
    fields: { omitted: 'count', before: 'count' },
    runbook: 'more-findings-than-a-report-lists',
    means:
      'a report lists a thousand findings of a kind; more than before are only counted, and at least one of them is new',
  },
  'acknowledged finding': {
    level: 'info',
    fields: { code: 'name', object: 'name', action: 'name' },
    means: 'a check found again what an operator has acknowledged, by that action; it is a finding still',
  },
  verified: {
    level: 'info',
    fields: verdict,
    means: 'a check ended, and found nothing wrong but what an operator has acknowledged: `acknowledged` says how much',
  },
  'nothing to verify yet': { level: 'info', fields: verdict, means: 'a check ended, and the ledger is empty' },
  'not verified': {
    level: 'error',
    fields: verdict,
    runbook: 'not-verified',
    means: 'a check ended: something is wrong, or was not checked',
  },
  'recheck begun': {
    level: 'info',
    fields: { pass: 'name', slices: 'count', segments: 'count', storedBytes: 'bytes' },
    means: 'a full recheck is too much for one run: it was cut into slices, each of which a message hands out',
  },
  'recheck under way': {
    level: 'info',
    fields: { pass: 'name', slices: 'count', done: 'count', sent: 'count' },
    means: 'of the slices of a recheck so many are done; `sent` were handed out, for the first time or again',
  },
  'recheck joined in part': {
    level: 'info',
    fields: { segments: 'count', entries: 'count' },
    means: 'joining the slices of a recheck takes longer than one run: it has come so far, and the next run goes on',
  },
  'slice re-hashed': {
    level: 'info',
    fields: { pass: 'name', slice: 'number', segments: 'count', confirmed: 'count', findings: 'count' },
    means: 'the segments of a slice were read and hashed; `confirmed` are what the log says of them',
  },
  'slice passed over': {
    level: 'info',
    fields: { pass: 'name', slice: 'number' },
    means: 'a message named a slice that is done already, or one of a recheck that is over',
  },
  'recheck message ignored': {
    level: 'warn',
    fields: { why: 'reason' },
    runbook: 'recheck-message-ignored',
    means: 'a message of the queue of rechecks is none that this app sends: somebody else writes there',
  },
  'recheck messages given up': {
    level: 'error',
    fields: { messages: 'count' },
    runbook: 'recheck-messages-given-up',
    means: 'the host moved messages to the poison queue, after it had tried each of them several times',
  },
  'recheck not planned': {
    level: 'warn',
    fields: { why: 'reason' },
    runbook: 'recheck-not-planned',
    means:
      'the tiles of the log don’t prove what it has, so that a recheck can’t be cut into slices: this run does it whole',
  },
  'recheck not possible': {
    level: 'error',
    fields: { why: 'reason' },
    runbook: 'recheck-not-possible',
    means: 'the queue, the plan or the results of a recheck can’t be reached; what is new is checked all the same',
  },
  'posture is as promised': {
    level: 'info',
    fields: guard,
    means: 'Azure was asked what guards the ledger, and it is what was promised',
  },
  'posture is not as promised': {
    level: 'error',
    fields: guard,
    runbook: 'posture-is-not-as-promised',
    means: 'the ledger is guarded less than was promised; the findings before it say how',
  },
  'posture could not be read': {
    level: 'error',
    fields: guard,
    runbook: 'posture-could-not-be-read',
    means: 'Azure was asked what guards the ledger, and did not show all of it',
  },
  'sources fell silent': {
    level: 'warn',
    fields: { silent: 'count', newlySilent: 'count' },
    runbook: 'source-silent',
    means:
      'of so many categories no record came for longer than is usual or than is set, `newlySilent` of them since the last status: that names them',
  },
  status: {
    level: 'info',
    fields: {
      status: 'name',
      report: 'name',
      findings: 'count',
      newFindings: 'count',
      standingFindings: 'count',
      partitions: 'count',
      silent: 'count',
    },
    means: 'how the ledger stands was filed; `silent` are categories of records that stopped coming',
  },
  'a request could not be answered': {
    level: 'error',
    fields: { error: 'reason' },
    runbook: 'a-request-could-not-be-answered',
    means:
      'of `auditseal witness`: the state file can’t be read or written, or was changed or lost its lock while the witness ran',
  },
} as const satisfies LineTable;
