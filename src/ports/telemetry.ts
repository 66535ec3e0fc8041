/**
 * What the app says of itself: every line that it logs, with its level and fields. Code, queries and alerts know these names
 * from here alone. Messages and names of fields are constants, and no field holds anything of a record.
 */

/** What a field holds, and so its unit. A name is one of an object, a partition, a key, a time or an
 * outcome. */
interface FieldKinds {
  name: string;
  /** why something was refused */
  reason: string;
  /** a position: of an event, a segment, a try */
  number: number;
  count: number;
  bytes: number;
}
export type FieldKind = keyof FieldKinds;

export type Level = 'info' | 'warn' | 'error';

export interface LineShape {
  readonly level: Level;
  readonly fields: Readonly<Record<string, FieldKind>>;
  /** the section of docs/runbook.md, as links name it, or the field that is its name; each line of level warn and error has one */
  readonly runbook?: string | { readonly field: string };
  /** says what happened, for docs/operations.md */
  readonly means: string;
}

interface LoudLine extends LineShape {
  readonly level: 'warn' | 'error';
  readonly runbook: string | { readonly field: string };
}

interface QuietLine extends LineShape {
  readonly level: 'info';
  readonly runbook?: never;
}

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

/** LINES is the table. Each key is a message. */
export const LINES = {
  sealed: {
    level: 'info',
    fields: {
      partition: 'name',
      nextIndex: 'number',
      segments: 'count',
      events: 'count',
      records: 'count',
      duplicates: 'count',
      rawBytes: 'bytes',
      storedBytes: 'bytes',
    },
    means: 'a delivery is sealed: how much, and how well it fills segments',
  },
  'sealed a heartbeat': {
    level: 'info',
    fields: { partition: 'name', index: 'number', lastEvent: 'number' },
    means: 'the hub said that all it has of an idle partition is sealed, and that is in the ledger now',
  },
  'name of the next segment is taken': {
    level: 'warn',
    fields: { partition: 'name', index: 'number', tries: 'number' },
    runbook: 'another-writer-was-first',
    means: 'another writer was first, or the answer to a write was lost; it is planned again',
  },
  'events are missing': {
    level: 'error',
    fields: { partition: 'name', first: 'number', last: 'number', reason: 'name' },
    runbook: 'sequence-gap',
    means:
      'the hub doesn’t have these events any more, or doesn’t give them out; the ledger says so, and why, for ever',
  },
  'event hub was re-created': {
    level: 'error',
    fields: { partition: 'name', incarnation: 'number', lastEvent: 'number', created: 'name' },
    runbook: 'hub-recreated',
    means:
      'the numbers of events begin anew; a new incarnation of the chain is written. What the deleted hub had behind `lastEvent` is gone',
  },
  'events were read from the hub again': {
    level: 'warn',
    fields: { partition: 'name', first: 'number', last: 'number', events: 'count' },
    runbook: 'events-were-read-from-the-hub-again',
    means: 'the trigger didn’t hand these events over; they are sealed as a repair',
  },
  'events of a hub that is gone came too late': {
    level: 'error',
    fields: { partition: 'name', events: 'count' },
    runbook: 'events-of-a-hub-that-is-gone-came-too-late',
    means: 'they are of a hub that was deleted, and the chain has gone on to the next one; they are dropped',
  },
  'sealing was interrupted': {
    level: 'warn',
    fields: { partition: 'name', code: 'name', tries: 'number' },
    runbook: 'sealing-was-interrupted',
    means: 'the store, the hub or a key didn’t answer; the same invocation tries again',
  },
  'a partition is held': {
    level: 'error',
    fields: { partition: 'name', code: 'name' },
    runbook: 'a-partition-is-held',
    means: 'somebody has to mend what this code names: the delivery is tried again until then, and nothing is skipped',
  },
  'another event is sealed under this number': {
    level: 'error',
    fields: { partition: 'name', events: 'count' },
    runbook: 'another-event-is-sealed-under-this-number',
    means:
      'an event came under a number that is sealed, later than all that is sealed: what stands there isn’t this event. A session’s key was stolen, or an event of a hub before was taken for one of this hub',
  },
  'the trigger was passed on': {
    level: 'info',
    fields: { partition: 'name', sequenceNumber: 'number' },
    means:
      'what the trigger couldn’t deliver is sealed, and its position is set behind that, so that it delivers again',
  },
  'the trigger was not passed on': {
    level: 'warn',
    fields: { partition: 'name', why: 'reason' },
    runbook: 'the-trigger-was-not-passed-on',
    means:
      'the position of the trigger couldn’t be set behind what is sealed; nothing is lost, but what comes next may be sealed by `watch` alone, late',
  },
  watched: {
    level: 'info',
    fields: {
      partition: 'name',
      state: 'name',
      lastEvent: 'number',
      enqueued: 'name',
      hubLast: 'number',
      behind: 'count',
      hoursLeft: 'count',
    },
    means:
      'the hub was asked for a partition: `quiet` (all is sealed), `behind` (ingest is at work), `stuck`, `recreated` or `contradicted` (the chain has events that the hub never had): in these three this run reads and seals what nobody delivered. The oldest event that waits expires in `hoursLeft` hours at the earliest; -1 if none waits or HUB_RETENTION_HOURS isn’t set',
  },
  'unsealed events will expire': {
    level: 'error',
    fields: { partition: 'name', behind: 'count', hoursLeft: 'count' },
    runbook: 'unsealed-events-will-expire',
    means:
      'the oldest event that isn’t sealed is deleted by the hub in so many hours; find out what keeps it from being sealed',
  },
  'the chain has events that the hub never had': {
    level: 'error',
    fields: { partition: 'name', lastEvent: 'number', hubLast: 'number' },
    runbook: 'the-chain-has-events-that-the-hub-never-had',
    means:
      'a segment is signed, and says more than the hub: a session’s key was stolen. The next incarnation begins, and all that the hub holds is sealed in it',
  },
  'a partition could not be watched': {
    level: 'error',
    fields: { partition: 'name', why: 'reason' },
    runbook: 'a-partition-could-not-be-watched',
    means:
      'the hub, the store or a key didn’t do what was asked; the next run tries again, and no sign of life is written meanwhile',
  },
  'names of segments are not dense': {
    level: 'error',
    fields: { partition: 'name', firstFree: 'number' },
    runbook: 'segment-missing',
    means: 'a name between those of segments is free: somebody planted objects further on, or a segment is missing',
  },
  'foreign object in the place of a segment': {
    level: 'error',
    fields: { object: 'name', why: 'reason' },
    runbook: 'foreign-object',
    means: 'something that no sealer wrote has a segment’s name; the chain goes on around it',
  },
  'foreign object in the place of a batch': {
    level: 'error',
    fields: { object: 'name', why: 'reason' },
    runbook: 'foreign-object',
    means: 'something that no integration signed as the next batch has a batch’s name; the log goes on around it',
  },
  'a segment is in the archive tier': {
    level: 'error',
    fields: { object: 'name' },
    runbook: 'a-segment-is-in-the-archive-tier',
    means:
      'somebody has archived a segment that the log doesn’t have yet; the log waits in this partition until it is rehydrated',
  },
  'events are taken for sealed by a segment from the future': {
    level: 'error',
    fields: { partition: 'name', first: 'number', last: 'number', sealed: 'name', now: 'name' },
    runbook: 'events-are-taken-for-sealed-by-a-segment-from-the-future',
    means:
      'all of a delivery was dropped as sealed before, and the newest segment is dated ahead of this app’s clock: one of the clocks is wrong, or a session’s key was stolen',
  },
  'foreign object in the place of a report': {
    level: 'error',
    fields: { object: 'name' },
    runbook: 'foreign-object',
    means: 'something that no check wrote has a report’s name',
  },
  'foreign object in the place of an action': {
    level: 'error',
    fields: { object: 'name' },
    runbook: 'foreign-object',
    means: 'something that no command filed has an action’s name',
  },
  'foreign object in the place of a cosignature': {
    level: 'error',
    fields: { object: 'name' },
    runbook: 'foreign-object',
    means: 'something that no witness signed has a cosignature’s name',
  },
  'a newer release writes this partition': {
    level: 'error',
    fields: { object: 'name', why: 'reason' },
    runbook: 'a-newer-release-writes-this-partition',
    means: 'this release can’t read what another one writes, and leaves the partition alone',
  },
  integrated: {
    level: 'info',
    fields: {
      batches: 'count',
      segments: 'count',
      foreign: 'count',
      reports: 'count',
      actions: 'count',
      storedBytes: 'bytes',
    },
    means: 'a run of integrate has ended, also when there was nothing to do; none for minutes: nothing is signed',
  },
  'the log takes no more keys of operators': {
    level: 'error',
    fields: { registered: 'count' },
    runbook: 'the-log-takes-no-more-keys-of-operators',
    means: 'OPERATOR_VERIFIER_KEYS has more keys than a log may ever register; what the others sign doesn’t count',
  },
  'another integration took the next batch': {
    level: 'warn',
    fields: { tries: 'number' },
    runbook: 'another-writer-was-first',
    means: 'two runs met; this one begins again',
  },
  indexed: {
    level: 'info',
    fields: { segments: 'count', entries: 'number', behind: 'count' },
    means:
      'the index covers the log up to `entries`; `behind` are entries that it doesn’t cover yet. The next batch states it',
  },
  'the index is made anew': {
    level: 'error',
    fields: { why: 'reason' },
    runbook: 'the-index-stays-behind',
    means:
      'what the log states of its index isn’t among the tiles, or isn’t that; until it has come as far again, `find` reads more segments',
  },
  'the index stays behind': {
    level: 'error',
    fields: { why: 'reason' },
    runbook: 'the-index-stays-behind',
    means:
      'a segment or the tiles can’t be read, or aren’t what the log says; sealing and signing go on, and `find` reads what the index lacks',
  },
  'the index was swept': {
    level: 'info',
    fields: { removed: 'count' },
    means: 'units and manifests of the index were removed that became part of larger ones more than two days ago',
  },
  'the index was not swept': {
    level: 'warn',
    fields: { why: 'reason' },
    runbook: 'the-index-stays-behind',
    means: 'once a day superseded units of the index are removed; what stays costs room and nothing else',
  },
  'tiles do not fit the log: rebuild them': {
    level: 'error',
    fields: { size: 'count' },
    runbook: 'tile-mismatch',
    means: 'a published tile isn’t what the log says; integrate goes on without it',
  },
  cosigned: {
    level: 'info',
    fields: { checkpoint: 'name', witnesses: 'count' },
    means: 'a checkpoint is published with that many cosignatures',
  },
  'a witness did not cosign': {
    level: 'warn',
    fields: { witness: 'name', checkpoint: 'name', why: 'reason' },
    runbook: 'checkpoint-uncosigned',
    means: 'a witness was away, or refused; asked again at the next run',
  },
  'a witness has seen another log': {
    level: 'error',
    fields: { witness: 'name', checkpoint: 'name', why: 'reason', witnessSize: 'count' },
    runbook: 'a-witness-has-seen-another-log',
    means: 'a witness says that it cosigned a tree that this log doesn’t continue',
  },
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
} as const satisfies Readonly<Record<string, LoudLine | QuietLine>>;

type Message = keyof typeof LINES;

type FieldsOf<M extends Message> = {
  readonly [F in keyof (typeof LINES)[M]['fields']]: FieldKinds[(typeof LINES)[M]['fields'][F] & FieldKind];
};

/**
 * runbookOf gives the section of docs/runbook.md that says what to do about a line, undefined for one of level info. Readers of the
 * log find it in the line itself.
 */
export function runbookOf(message: string, fields: Readonly<Record<string, string | number>>): string | undefined {
  const { runbook }: LineShape = LINES[message as Message];
  return typeof runbook === 'object' ? String(fields[runbook.field]) : runbook;
}

/** LineOf is a message of a level with its fields. A misspelt message or field, or a wrong level, doesn't compile. */
export type LineOf<L extends Level> = {
  [M in Message]: (typeof LINES)[M]['level'] extends L ? [message: M, fields: FieldsOf<M>] : never;
}[Message];
